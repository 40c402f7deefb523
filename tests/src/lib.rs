//! What the tests of several rooms share. Nothing in the product depends on it.

use std::io;
use std::path::Path;

use tempfile::TempDir;

pub mod fake_comfy;
pub mod file_site;

/// A folder in memory where the system has such: tests of many small writes need not wait for a disk.
pub fn quick_folder() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}
