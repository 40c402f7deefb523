//! Which processes use a data folder. Each holds a lock on a file of its own for as long as it lives; the lock
//! of a process that died is free, whatever killed it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::file::sync_folder;
use crate::store::make_folder;
use crate::{StoreError, faults};

/// Ending of a lock file that does not yet have its name.
const EARLY_ENDING: &str = ".new";

/// How often a process makes its lock file anew.
const MAX_CLAIMS: u32 = 3;

pub(crate) struct Runner {
    pub(crate) id: String,
    path: PathBuf,
    _lock: File,
}

impl Runner {
    pub(crate) fn register(root: &Path) -> Result<Self, StoreError> {
        let folder = root.join("runners");
        make_folder(&folder)?;
        let id = Uuid::new_v4().simple().to_string();
        let path = lock_path(root, &id);
        // Locked before it has its name, so that nobody ever sees it free. Until then somebody who tidies up may
        // take it for abandoned.
        let mut claimed = claim(&folder, &id, &path);
        for _ in 0..MAX_CLAIMS {
            match claimed {
                Err(error) if error.kind() == io::ErrorKind::NotFound => claimed = claim(&folder, &id, &path),
                _ => break,
            }
        }
        let lock = claimed.map_err(|e| StoreError::io(&path, e))?;
        faults::pass("runner registered");
        Ok(Self { id, path, _lock: lock })
    }
}

fn claim(folder: &Path, id: &str, path: &Path) -> io::Result<File> {
    let early = folder.join(format!("{id}{EARLY_ENDING}"));
    faults::disk("runner create")?;
    let lock = File::create(&early)?;
    lock.lock()?;
    faults::disk("runner rename")?;
    fs::rename(&early, path)?;
    // After a power cut this file is how the next process knows that there was one.
    sync_folder(folder)?;
    Ok(lock)
}

impl Drop for Runner {
    fn drop(&mut self) {
        // What stays is free once the process is gone, and then removed by `collect_dead`.
        let _ = faults::removal("runner remove").and_then(|()| fs::remove_file(&self.path));
    }
}

fn lock_path(root: &Path, id: &str) -> PathBuf {
    root.join("runners").join(format!("{id}.lock"))
}

/// Does the process still live?
pub(crate) fn is_alive(root: &Path, id: &str) -> bool {
    match File::open(lock_path(root, id)) {
        // Shared, so that two who ask at once do not take each other for the process.
        Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    }
}

/// Ids of processes that ended without tidying up; `forget` them when what they left is put in order.
pub(crate) fn dead(root: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(root.join("runners")) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".lock").map(str::to_owned))
        .filter(|id| !is_alive(root, id))
        .collect()
}

/// Removes what processes left that died before they had a name.
pub(crate) fn tidy_early(root: &Path) {
    let Ok(entries) = fs::read_dir(root.join("runners")) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_early = path.to_string_lossy().ends_with(EARLY_ENDING);
        if is_early && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            // Another process may have been quicker.
            let _ = fs::remove_file(&path);
        }
    }
}

pub(crate) fn forget(root: &Path, ids: &[String]) {
    for id in ids {
        // Another process may have been quicker.
        let _ = faults::removal("runner forget").and_then(|()| fs::remove_file(lock_path(root, id)));
    }
}

/// The lock of the one process that owns the data folder, if nobody has it yet.
pub(crate) fn try_own(root: &Path) -> Result<Option<File>, StoreError> {
    let path = root.join("owner.lock");
    let file = faults::disk("owner create")
        .and_then(|()| OpenOptions::new().create(true).truncate(false).write(true).open(&path))
        .map_err(|e| StoreError::io(&path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(StoreError::io(&path, e)),
    }
}
