//! A power cut: when the program is killed, what it never made durable is taken back first.
//!
//! The calls by which files change are defined here, in the program's own binary, and come before the system's. Each
//! notes how to undo itself until an fsync makes it durable, after the model that journalled file systems give:
//! the data of a file lasts when the file is synced, a rename when its folder is.

#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Names the folder whose files forget.
pub const FORGETFUL: &str = "OREFORGE_CRASH_FORGETFUL";
/// Set where renames last by themselves, and only data is forgotten.
pub const KEEPS_RENAMES: &str = "OREFORGE_CRASH_KEEPS_RENAMES";

enum Undo {
    /// Bytes that were in the file before, from an offset, and its length then.
    Data { inode: u64, offset: u64, bytes: Vec<u8>, len: u64 },
    /// What stood at `to` before, under another name.
    Rename { from: PathBuf, to: PathBuf, replaced: Option<PathBuf> },
}

struct Disk {
    folder: PathBuf,
    keeps_renames: bool,
    undos: Vec<Undo>,
    /// Files written to, each by a descriptor of its own. Never closed: that would end SQLite's locks on them.
    files: BTreeMap<u64, File>,
}

/// `None` in a process whose files do not forget.
fn disk() -> Option<MutexGuard<'static, Disk>> {
    static DISK: OnceLock<Option<Mutex<Disk>>> = OnceLock::new();
    let disk = DISK.get_or_init(|| {
        let folder = std::env::var_os(FORGETFUL)?;
        let keeps_renames = std::env::var_os(KEEPS_RENAMES).is_some();
        let (undos, files) = (Vec::new(), BTreeMap::new());
        Some(Mutex::new(Disk { folder: folder.into(), keeps_renames, undos, files }))
    });
    disk.as_ref().map(|disk| disk.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Disk {
    fn is_forgotten(&self, path: &Path) -> bool {
        ["data", "out"].iter().any(|part| path.starts_with(self.folder.join(part)))
    }

    /// Notes what is in a file before bytes from `offset` on change, or all behind it.
    fn before_data(&mut self, file: c_int, offset: Option<u64>, count: Option<u64>) -> io::Result<()> {
        let place = format!("/proc/self/fd/{file}");
        let path = fs::read_link(&place)?;
        // Shared memory of SQLite is made anew after a cut.
        if !self.is_forgotten(&path) || path.as_os_str().as_bytes().ends_with(b"-shm") {
            return Ok(());
        }
        let metadata = fs::metadata(&place)?;
        let (inode, len) = (metadata.ino(), metadata.len());
        let own = match self.files.entry(inode) {
            Entry::Occupied(own) => own.into_mut(),
            Entry::Vacant(free) => free.insert(OpenOptions::new().read(true).write(true).open(&place)?),
        };
        let offset = offset.unwrap_or(len);
        let end = count.map_or(len, |count| len.min(offset + count));
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(offset)).expect("small files")];
        own.read_exact_at(&mut bytes, offset)?;
        self.undos.push(Undo::Data { inode, offset, bytes, len });
        Ok(())
    }

    fn before_rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if self.keeps_renames || !self.is_forgotten(to) {
            return Ok(());
        }
        let replaced = to.is_file().then(|| self.folder.join(format!("replaced-{}", self.undos.len())));
        if let Some(replaced) = &replaced {
            fs::hard_link(to, replaced)?;
        }
        self.undos.push(Undo::Rename { from: from.to_owned(), to: to.to_owned(), replaced });
        Ok(())
    }

    fn synced(&mut self, file: c_int) -> io::Result<()> {
        let place = format!("/proc/self/fd/{file}");
        let (path, synced) = (fs::read_link(&place)?, fs::metadata(&place)?.ino());
        for undo in mem::take(&mut self.undos) {
            match undo {
                Undo::Data { inode, .. } if inode == synced => {}
                Undo::Rename { to, replaced, .. } if to.parent() == Some(&path) => {
                    replaced.map_or(Ok(()), fs::remove_file)?;
                }
                lasting => self.undos.push(lasting),
            }
        }
        Ok(())
    }

    fn forget(&mut self) -> io::Result<()> {
        while let Some(undo) = self.undos.pop() {
            match undo {
                Undo::Data { inode, offset, bytes, len } => {
                    let file = &self.files[&inode];
                    call(unsafe { libc::syscall(libc::SYS_ftruncate, file.as_raw_fd(), len) })?;
                    let (bytes, count) = (bytes.as_ptr(), bytes.len());
                    call(unsafe {
                        libc::syscall(libc::SYS_pwrite64, file.as_raw_fd(), bytes, count, offset)
                    })?;
                }
                Undo::Rename { from, to, replaced } => {
                    // Whoever removed it since, or its folder, wanted it gone.
                    let _ = rename_now(&c_path(&to), &c_path(&from));
                    if let Some(replaced) = replaced {
                        call(rename_now(&c_path(&replaced), &c_path(&to)).into())?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn call(answer: i64) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no path holds a zero")
}

fn rename_now(from: &CStr, to: &CStr) -> c_int {
    // SAFETY: two strings that end.
    let answer = unsafe {
        libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from.as_ptr(), libc::AT_FDCWD, to.as_ptr(), 0)
    };
    answer as c_int
}

unsafe fn path_at(text: *const c_char) -> PathBuf {
    // SAFETY: the caller's own path.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(text) }.to_bytes()));
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A call that cannot be noted would make the test lie.
fn noted(result: io::Result<()>) {
    if let Err(error) = result {
        let words = format!("the cut of power cannot be played: {error}\n");
        unsafe { libc::syscall(libc::SYS_write, libc::STDERR_FILENO, words.as_ptr(), words.len()) };
        std::process::abort();
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(file: c_int, bytes: *const c_void, count: usize) -> isize {
    let mut disk = disk();
    // Terminals and pipes have no place in them.
    let at = unsafe { libc::syscall(libc::SYS_lseek, file, 0, libc::SEEK_CUR) };
    if let (Some(disk), Ok(at)) = (&mut disk, u64::try_from(at)) {
        noted(disk.before_data(file, Some(at), Some(count as u64)));
    }
    unsafe { libc::syscall(libc::SYS_write, file, bytes, count) as isize }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(file: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    let mut disk = disk();
    if let (Some(disk), Ok(offset)) = (&mut disk, u64::try_from(offset)) {
        noted(disk.before_data(file, Some(offset), Some(count as u64)));
    }
    unsafe { libc::syscall(libc::SYS_pwrite64, file, bytes, count, offset) as isize }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(file: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    unsafe { pwrite(file, bytes, count, offset) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate(file: c_int, len: i64) -> c_int {
    let mut disk = disk();
    if let (Some(disk), Ok(len)) = (&mut disk, u64::try_from(len)) {
        noted(disk.before_data(file, Some(len), None));
    }
    unsafe { libc::syscall(libc::SYS_ftruncate, file, len) as c_int }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(file: c_int, len: i64) -> c_int {
    unsafe { ftruncate(file, len) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    let mut disk = disk();
    if let Some(disk) = &mut disk {
        noted(disk.before_rename(&unsafe { path_at(from) }, &unsafe { path_at(to) }));
    }
    unsafe { rename_now(CStr::from_ptr(from), CStr::from_ptr(to)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(file: c_int) -> c_int {
    let mut disk = disk();
    let answer = unsafe { libc::syscall(libc::SYS_fsync, file) as c_int };
    if let (Some(disk), 0) = (&mut disk, answer) {
        noted(disk.synced(file));
    }
    answer
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(file: c_int) -> c_int {
    unsafe { fsync(file) }
}

/// The planned kill of `faults`: whatever else the process does waits for its end.
#[unsafe(no_mangle)]
unsafe extern "C" fn kill(process: c_int, signal: c_int) -> c_int {
    let mut disk = disk();
    if let (Some(disk), libc::SIGKILL) = (&mut disk, signal) {
        noted(disk.forget());
    }
    unsafe { libc::syscall(libc::SYS_kill, process, signal) as c_int }
}
