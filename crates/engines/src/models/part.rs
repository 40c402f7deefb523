//! A file on its way: its bytes are under a name of their own until all of them are there.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::FetchError;

/// Not `.part` alone: what browsers leave under that name is not ours to go on with.
const ENDING: &str = ".oreforge.part";

/// Held by this process alone while it is open.
#[derive(Debug)]
pub(super) struct PartFile {
    file: File,
    path: PathBuf,
    target: PathBuf,
    bytes: u64,
}

impl PartFile {
    /// What is there is used up to `safe_bytes`: what lies behind may have been lost in a power cut.
    pub(super) fn open(target: &Path, safe_bytes: u64) -> Result<Self, FetchError> {
        let path = part_of(target);
        let disk = |error| FetchError::Disk { path: path.clone(), error };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .read(true)
            .open(&path)
            .map_err(disk)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FetchError::Held(target.to_owned())),
            Err(TryLockError::Error(error)) => return Err(disk(error)),
        }
        let there = file.metadata().map_err(disk)?.len();
        let mut part = Self { path: path.clone(), file, target: target.to_owned(), bytes: 0 };
        part.cut(safe_bytes.min(there)).map_err(disk)?;
        Ok(part)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    pub(super) fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)?;
        self.file.seek(SeekFrom::Start(bytes))?;
        self.bytes = bytes;
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes);
        if written.is_err() {
            // Half a piece may be there; only what is known to be whole counts.
            self.cut(self.bytes)?;
        }
        written?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Another handle on the same bytes, to wait for the disk on.
    pub(super) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    pub(super) fn discard(&self) -> Result<(), FetchError> {
        fs::remove_file(&self.path).map_err(|error| FetchError::Disk { path: self.path.clone(), error })
    }

    /// Gives the file its name; one that has it by now stays as it is.
    pub(super) fn finish(&self) -> Result<(), FetchError> {
        let disk = |error| FetchError::Disk { path: self.target.clone(), error };
        self.file.sync_all().map_err(disk)?;
        match fs::hard_link(&self.path, &self.target) {
            Ok(()) => fs::remove_file(&self.path).map_err(disk)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FetchError::Exists(self.target.clone()));
            }
            // A file system without hard links.
            Err(_) if self.target.exists() => return Err(FetchError::Exists(self.target.clone())),
            Err(_) => fs::rename(&self.path, &self.target).map_err(disk)?,
        }
        let folder = self.target.parent().unwrap_or(Path::new("."));
        // Windows keeps renames by itself and cannot open folders.
        if cfg!(unix) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)
        } else {
            Ok(())
        }
    }
}

fn part_of(target: &Path) -> PathBuf {
    let mut name: OsString = target.as_os_str().to_owned();
    name.push(ENDING);
    PathBuf::from(name)
}

/// Throws away what has come of a file that nobody fetches now. Blocks on the disk.
///
/// # Errors
/// When somebody does fetch it, or the disk does not let it go.
pub fn discard(target: &Path) -> Result<(), FetchError> {
    if !part_of(target).exists() {
        return Ok(());
    }
    PartFile::open(target, 0)?.discard()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_one_writer_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.safetensors");
        let mut part = PartFile::open(&target, 0).unwrap();
        part.write(b"0123456789").unwrap();
        assert!(matches!(PartFile::open(&target, 0), Err(FetchError::Held(_))));
        assert!(matches!(discard(&target), Err(FetchError::Held(_))));
        drop(part);
        let part = PartFile::open(&target, 4).unwrap();
        assert_eq!((part.bytes(), fs::read(part.path()).unwrap().as_slice()), (4, &b"0123"[..]));
        fs::write(&target, b"mine").unwrap();
        assert!(matches!(part.finish(), Err(FetchError::Exists(_))));
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        fs::remove_file(&target).unwrap();
        part.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"0123");
        assert!(!part.path().exists());
    }
}
