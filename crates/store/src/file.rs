//! Files that are either whole or not there.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use uuid::Uuid;

use crate::faults;

/// Ending of files that are being written.
pub(crate) const PART_ENDING: &str = ".part";

/// Writes `bytes` under `path` so that a reader sees the old file or the whole new one, also after a power cut:
/// temporary file in the same folder, fsync, rename, fsync of the folder. `tag` says whose the temporary file is.
pub fn write_atomically(path: &Path, bytes: &[u8], tag: &str) -> io::Result<()> {
    write_renamed(path, bytes, tag)?;
    sync_folder(parent_of(path)?)
}

/// [`write_atomically`] without the fsync of the folder, for several files in a row.
pub(crate) fn write_renamed(path: &Path, bytes: &[u8], tag: &str) -> io::Result<()> {
    path.file_name().ok_or_else(no_file_name)?;
    // A name of its own, so that two writers of one file never share a part, and one that is short however long
    // the final name is.
    let part = parent_of(path)?.join(format!(".{}.{tag}{PART_ENDING}", Uuid::new_v4().simple()));
    let written = write_synced(&part, bytes).and_then(|()| {
        faults::disk("file rename")?;
        fs::rename(&part, path)
    });
    if written.is_err() {
        // The first error is the one worth telling; a part that stays is collected at the next start.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    faults::disk("file create")?;
    let mut file = File::create(path)?;
    faults::write_all(&mut file, bytes)?;
    faults::disk("file sync")?;
    file.sync_all()
}

/// Makes renames in a folder survive a power cut. Windows does so by itself and cannot open folders.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    faults::disk("folder sync")?;
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes what writers with one of `tags` left half written in `folder`.
pub(crate) fn sweep_parts(folder: &Path, tags: &[String]) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_dead_part = name
            .strip_suffix(PART_ENDING)
            .is_some_and(|rest| tags.iter().any(|tag| rest.ends_with(tag.as_str())));
        if is_dead_part && let Err(error) = fs::remove_file(entry.path()) {
            tracing::warn!(path = %entry.path().display(), %error, "a half written file stays");
        }
    }
}

fn parent_of(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(parent) => Ok(parent),
        None => Err(no_file_name()),
    }
}

fn no_file_name() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the path names no file")
}
