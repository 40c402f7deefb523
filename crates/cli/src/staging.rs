//! Results on their way into the artist's folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use oreforge_commands::faults;

const PREFIX: &str = ".oreforge-";
const ENDING: &str = ".part";
/// Held for as long as the writer lives; the lock of one that died is free, whatever killed it.
const LOCK: &str = "lock";
/// Folders that were in the place of new ones.
const REPLACED: &str = "replaced";

/// A hidden folder beside the results. Whatever is whole in it is moved to its place; what is left goes with it.
pub struct Staging {
    place: PathBuf,
    path: PathBuf,
    _lock: File,
}

impl Staging {
    pub fn open(place: &Path) -> io::Result<Self> {
        // Somebody who tidies up may take the folder for abandoned until its lock is held.
        for attempt in 0.. {
            let path = place.join(format!("{PREFIX}{}-{attempt}{ENDING}", std::process::id()));
            match Self::make(place, path) {
                Err(error) if attempt < 9 && may_pass(&error) => {}
                made => return made,
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn make(place: &Path, path: PathBuf) -> io::Result<Self> {
        faults::disk("out folder create")?;
        fs::create_dir(&path)?;
        faults::disk("out lock create")?;
        let locked = File::create(path.join(LOCK)).and_then(|lock| {
            lock.lock()?;
            path.join(LOCK).metadata()?;
            Ok(lock)
        });
        match locked {
            Ok(lock) => Ok(Self { place: place.to_owned(), path, _lock: lock }),
            Err(error) => {
                let _ = fs::remove_dir_all(&path);
                Err(error)
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves a whole file or folder to its place, over what was there.
    pub fn publish(&self, name: &str) -> io::Result<PathBuf> {
        let (staged, target) = (self.path.join(name), self.place.join(name));
        let replaced = self.path.join(REPLACED);
        let stands_in_the_way = staged.is_dir() && target.is_dir();
        if stands_in_the_way {
            fs::create_dir_all(&replaced)?;
            faults::disk("out set aside")?;
            fs::rename(&target, replaced.join(name))?;
        }
        let moved = faults::disk("out rename").and_then(|()| fs::rename(&staged, &target));
        if moved.is_err() && stands_in_the_way {
            let _ = fs::rename(replaced.join(name), &target);
        }
        moved?;
        faults::disk("out sync")?;
        sync_folder(&self.place)?;
        Ok(target)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        faults::pass("out tidy");
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Takes away what programs that died left in `place`, and puts back what they had only just set aside.
pub fn tidy_abandoned(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(ENDING) {
            tidy(place, &entry.path());
        }
    }
}

fn tidy(place: &Path, abandoned: &Path) {
    let lock = match File::open(abandoned.join(LOCK)) {
        Ok(lock) => lock,
        Err(_) => {
            // Without a lock there is nothing in it yet; with something in it, it stays.
            let _ = fs::remove_dir(abandoned);
            return;
        }
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return,
    }
    for entry in fs::read_dir(abandoned.join(REPLACED)).into_iter().flatten().flatten() {
        let target = place.join(entry.file_name());
        if !target.exists() {
            let _ = fs::rename(entry.path(), target);
        }
    }
    let _ = fs::remove_dir_all(abandoned);
}

fn may_pass(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound)
}

/// Makes renames in a folder survive a power cut. Windows does so by itself and cannot open folders.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_the_dead_left_goes_and_what_the_living_hold_stays() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path();
        let living = Staging::open(place).unwrap();
        let dead = place.join(".oreforge-1-0.part");
        fs::create_dir_all(dead.join("replaced/duck.views")).unwrap();
        fs::write(dead.join("lock"), b"").unwrap();
        fs::write(dead.join("half.glb"), b"gl").unwrap();
        fs::create_dir(place.join(".oreforge-2-0.part")).unwrap();
        tidy_abandoned(place);
        assert!(living.path().exists());
        assert!(place.join("duck.views").is_dir(), "set aside for a new one that never came");
        assert!(!dead.exists() && !place.join(".oreforge-2-0.part").exists());
        drop(living);
        assert_eq!(fs::read_dir(place).unwrap().count(), 1);
    }
}
