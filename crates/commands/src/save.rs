use std::io;
use std::path::{Path, PathBuf};

use oreforge_jobs::{guarded, write_atomically};
use oreforge_protocol::{ArtifactId, ErrorCode, ErrorReport, SavedFile};

use crate::Oreforge;

/// Copies an artifact to a place of the artist's choice: whole or not at all.
pub(crate) async fn save(forge: &Oreforge, id: ArtifactId, path: String) -> Result<SavedFile, ErrorReport> {
    let bytes = forge.jobs.read(move |store| store.artifact_bytes(&store.artifact(id)?)).await?;
    guarded(move || put(path, &bytes)).await
}

pub(crate) fn put(path: String, bytes: &[u8]) -> Result<SavedFile, ErrorReport> {
    let target = PathBuf::from(&path);
    if target.is_dir() {
        return Err(ErrorReport::new(ErrorCode::OutputUnwritable, format!("{path} is a folder."))
            .with_hint("Add a file name."));
    }
    write_atomically(&target, bytes, "oreforge").map_err(|error| unwritable(&target, &error))?;
    Ok(SavedFile { path, bytes: bytes.len() as u64 })
}

pub(crate) fn unwritable(path: &Path, error: &io::Error) -> ErrorReport {
    let place = path.display();
    let report = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ErrorReport::new(ErrorCode::DiskFull, format!("There is no room left for {place}."))
                .with_hint("Free some space or save to another disk; the result is kept.")
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            ErrorReport::new(ErrorCode::OutputUnwritable, format!("The folder for {place} is not there."))
                .with_hint("Choose another folder; the result is kept.")
        }
        _ => ErrorReport::new(ErrorCode::OutputUnwritable, format!("{place} cannot be written."))
            .with_hint("Check that you may write there and that no other program has the file open."),
    };
    report.with_details(error.to_string())
}
