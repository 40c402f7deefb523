//! A finished job's files in a folder of the artist's choice.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use oreforge_commands::{Oreforge, faults};
use oreforge_protocol::{
    Artifact, ArtifactKind, Command, ErrorCode, ErrorReport, JobKind, JobRequest, JobSnapshot,
};

use crate::follow::Place;
use crate::staging::{Staging, tidy_abandoned};

/// Makes sure that results can be written before work is spent on them, and that nothing half written lies there.
/// True when the folder was not there.
pub fn prepare(dir: &Path) -> Result<bool, ErrorReport> {
    // The core takes places as text.
    if dir.to_str().is_none() {
        return Err(ErrorReport::new(
            ErrorCode::OutputUnwritable,
            format!("{} is no readable name.", dir.display()),
        )
        .with_hint("Choose another folder with --out."));
    }
    let is_new = !dir.exists();
    faults::disk("out create")
        .and_then(|()| fs::create_dir_all(dir))
        .and_then(|()| {
            tidy_abandoned(dir);
            Staging::open(dir)
        })
        .map_err(|error| {
            tidy(dir, is_new);
            unwritable(dir, &error)
        })?;
    Ok(is_new)
}

/// Takes back what [`prepare`] made, unless there is something in it now.
pub fn tidy(dir: &Path, is_new: bool) {
    if is_new {
        // Goes only when it is empty.
        let _ = fs::remove_dir(dir);
    }
}

/// Writes every result, each whole or not at all. Returns the paths.
pub async fn write(forge: &Oreforge, job: &JobSnapshot, place: &Place<'_>) -> anyhow::Result<Vec<PathBuf>> {
    let staging = Staging::open(place.dir).map_err(|error| unwritable(place.dir, &error))?;
    let names = match job.request.kind() {
        JobKind::Forge => stage_mesh(forge, job, &staging, place).await?,
        JobKind::Prospect => stage_pictures(forge, job, &staging, place).await?,
    };
    let mut written = Vec::new();
    for name in names {
        written.push(staging.publish(&name).map_err(|error| unwritable(&place.dir.join(&name), &error))?);
    }
    faults::pass("out written");
    Ok(written)
}

/// The mesh comes last, so that it is there when all are.
async fn stage_mesh(
    forge: &Oreforge,
    job: &JobSnapshot,
    staging: &Staging,
    place: &Place<'_>,
) -> anyhow::Result<Vec<String>> {
    let views = format!("{}.views", place.stem);
    faults::disk("out folder create")
        .and_then(|()| fs::create_dir(staging.path().join(&views)))
        .map_err(|error| unwritable(&place.dir.join(&views), &error))?;
    for view in job.artifacts.iter().filter(|artifact| artifact.kind == ArtifactKind::View) {
        if let Some(slot) = view.slot {
            stage(forge, view, staging, place, &format!("{views}/{slot}.png")).await?;
        }
    }
    let mut names = vec![views];
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
        let name = format!("{}.{ending}", place.stem);
        stage(forge, artifact, staging, place, &name).await?;
        names.push(name);
    }
    Ok(names)
}

async fn stage_pictures(
    forge: &Oreforge,
    job: &JobSnapshot,
    staging: &Staging,
    place: &Place<'_>,
) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for picture in job.artifacts.iter().filter(|artifact| artifact.kind == ArtifactKind::Picture) {
        let name = picture_name(job, picture, place);
        stage(forge, picture, staging, place, &name).await?;
        names.push(name);
    }
    Ok(names)
}

/// Writes one of a prompt's pictures as soon as it is there.
pub async fn write_picture(
    forge: &Oreforge,
    job: &JobSnapshot,
    picture: &Artifact,
    place: &Place<'_>,
) -> anyhow::Result<Vec<PathBuf>> {
    let staging = Staging::open(place.dir).map_err(|error| unwritable(place.dir, &error))?;
    let name = picture_name(job, picture, place);
    stage(forge, picture, &staging, place, &name).await?;
    Ok(vec![staging.publish(&name).map_err(|error| unwritable(&place.dir.join(&name), &error))?])
}

/// Called after its seed, with which it can be made again.
fn picture_name(job: &JobSnapshot, picture: &Artifact, place: &Place<'_>) -> String {
    let number = picture.number.unwrap_or_default();
    let seed = match &job.request {
        JobRequest::Prospect(request) => request.seed_of(number),
        JobRequest::Forge(_) => number.into(),
    };
    format!("{}-{seed}.png", place.stem)
}

async fn stage(
    forge: &Oreforge,
    artifact: &Artifact,
    staging: &Staging,
    place: &Place<'_>,
    name: &str,
) -> Result<(), ErrorReport> {
    let path = staging.path().join(name).to_string_lossy().into_owned();
    match forge.execute(Command::SaveArtifact { id: artifact.id, path }).await {
        Ok(_) => Ok(()),
        // Said of the place that a person knows.
        Err(report) if matches!(report.code, ErrorCode::DiskFull | ErrorCode::OutputUnwritable) => {
            let details = report.details.unwrap_or_default();
            Err(unwritable_because(&place.dir.join(name), report.code, details))
        }
        Err(report) => Err(report),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> ErrorReport {
    if error.kind() == io::ErrorKind::IsADirectory {
        return ErrorReport::new(ErrorCode::OutputUnwritable, format!("{} is a folder.", path.display()))
            .with_hint("Move it away, or choose another folder with --out.")
            .with_details(error.to_string());
    }
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        _ => ErrorCode::OutputUnwritable,
    };
    unwritable_because(path, code, error.to_string())
}

fn unwritable_because(path: &Path, code: ErrorCode, details: String) -> ErrorReport {
    let place = path.display();
    let report = match code {
        ErrorCode::DiskFull => ErrorReport::new(code, format!("There is no room left for {place}."))
            .with_hint("Free some space or choose another folder with --out; what is done is kept."),
        _ => ErrorReport::new(code, format!("{place} cannot be written."))
            .with_hint("Check that you may write there, or choose another folder with --out."),
    };
    report.with_details(details)
}
