//! A finished job's files in a folder of the artist's choice.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use oreforge_commands::{Oreforge, faults};
use oreforge_protocol::{Artifact, ArtifactKind, Command, ErrorCode, ErrorReport, JobSnapshot};

use crate::follow::Place;

/// Makes sure that results can be written before work is spent on them. True when the folder was not there.
pub fn prepare(dir: &Path) -> Result<bool, ErrorReport> {
    let unwritable = |error: io::Error| {
        ErrorReport::new(ErrorCode::OutputUnwritable, format!("Nothing can be written to {}.", dir.display()))
            .with_hint("Choose another folder with --out.")
            .with_details(error.to_string())
    };
    // The core takes places as text.
    if dir.to_str().is_none() {
        return Err(ErrorReport::new(
            ErrorCode::OutputUnwritable,
            format!("{} is no readable name.", dir.display()),
        )
        .with_hint("Choose another folder with --out."));
    }
    let is_new = !dir.exists();
    faults::disk("out create").and_then(|()| fs::create_dir_all(dir)).map_err(unwritable)?;
    let probe = dir.join(format!(".oreforge-{}.part", std::process::id()));
    faults::disk("out probe")
        .and_then(|()| fs::write(&probe, b""))
        .and_then(|()| {
            faults::pass("out probed");
            fs::remove_file(&probe)
        })
        .map_err(unwritable)?;
    Ok(is_new)
}

/// Takes back what [`prepare`] made, unless there is something in it now.
pub fn tidy(dir: &Path, is_new: bool) {
    if is_new {
        // Goes only when it is empty.
        let _ = fs::remove_dir(dir);
    }
}

/// Writes every result, each whole or not at all; the mesh comes last, so that it is there when all are.
/// Returns the paths.
pub async fn write(forge: &Oreforge, job: &JobSnapshot, place: &Place<'_>) -> anyhow::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let views: Vec<&Artifact> = job.artifacts.iter().filter(|a| a.kind == ArtifactKind::View).collect();
    written.push(write_views(forge, &views, place).await?);
    for (kind, ending) in [
        (ArtifactKind::Preview, "preview.png"),
        (ArtifactKind::Report, "report.json"),
        (ArtifactKind::Mesh, "glb"),
    ] {
        let artifact = job
            .artifacts
            .iter()
            .find(|a| a.kind == kind && a.slot.is_none())
            .with_context(|| format!("the job made no {}", kind.as_str()))?;
        let path = place.dir.join(format!("{}.{ending}", place.stem));
        save(forge, artifact, &path).await?;
        written.push(path);
    }
    faults::pass("out written");
    Ok(written)
}

/// The views appear as one folder, complete.
async fn write_views(forge: &Oreforge, views: &[&Artifact], place: &Place<'_>) -> anyhow::Result<PathBuf> {
    let target = place.dir.join(format!("{}.views", place.stem));
    let hidden =
        |ending: &str| place.dir.join(format!(".{}.views.{}.{ending}", place.stem, std::process::id()));
    let (part, old) = (hidden("part"), hidden("old"));
    let result = async {
        faults::disk("out views create")?;
        fs::create_dir_all(&part)?;
        for artifact in views {
            if let Some(slot) = artifact.slot {
                save(forge, artifact, &part.join(format!("{slot}.png"))).await?;
            }
        }
        if target.is_dir() {
            faults::disk("out views set aside")?;
            fs::rename(&target, &old)?;
        }
        faults::disk("out views rename")?;
        fs::rename(&part, &target)?;
        faults::pass("out views renamed");
        anyhow::Ok(())
    }
    .await;
    // On the good way there is no part, on the bad way nothing worth keeping in it.
    let _ = fs::remove_dir_all(&part);
    if result.is_ok() {
        let _ = fs::remove_dir_all(&old);
    } else if !target.exists() {
        let _ = fs::rename(&old, &target);
    }
    result.map_err(|error| match error.downcast::<io::Error>() {
        Ok(error) => {
            ErrorReport::new(ErrorCode::OutputUnwritable, format!("{} cannot be written.", target.display()))
                .with_details(error.to_string())
                .into()
        }
        Err(error) => error,
    })?;
    Ok(target)
}

async fn save(forge: &Oreforge, artifact: &Artifact, path: &Path) -> Result<(), ErrorReport> {
    let path = path.to_string_lossy().into_owned();
    forge.execute(Command::SaveArtifact { id: artifact.id, path }).await?;
    Ok(())
}
