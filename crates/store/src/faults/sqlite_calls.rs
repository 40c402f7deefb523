//! Makes points of the system calls SQLite writes with, in the way SQLite's own tests do.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::mem::transmute;

use rusqlite::ffi::{sqlite3_syscall_ptr, sqlite3_vfs_find};

use super::{disk, removal};

/// Bytes of a page of the database. Smaller writes announce a page or seal one.
const PAGE_BYTES: usize = 4096;

pub(super) fn watch() {
    // SAFETY: the replacements have the signatures of the calls they replace, and SQLite keeps the default file
    // system for as long as the program lives.
    unsafe {
        let vfs = sqlite3_vfs_find(std::ptr::null());
        let set = vfs.as_ref().and_then(|vfs| vfs.xSetSystemCall).expect("SQLite has a file system on Unix");
        let calls: [(&CStr, *const c_void); 4] = [
            // Which of the two it uses depends on the platform.
            (c"pwrite", pwrite as *const c_void),
            (c"pwrite64", pwrite as *const c_void),
            (c"ftruncate", ftruncate as *const c_void),
            (c"unlink", unlink as *const c_void),
        ];
        for (name, call) in calls {
            set(vfs, name.as_ptr(), transmute::<*const c_void, sqlite3_syscall_ptr>(call));
        }
    }
}

/// A page is torn: what is planned happens when half of it is written. A call may write less than it was asked
/// to, and SQLite comes back with the rest.
unsafe extern "C" fn pwrite(file: c_int, bytes: *const c_void, count: usize, offset: libc::off_t) -> isize {
    let (count, is_page) = if count < PAGE_BYTES { (count, false) } else { (count / 2, true) };
    // SAFETY: SQLite's own arguments, and no more bytes than it gave.
    let written = unsafe { libc::pwrite(file, bytes, count, offset) };
    match if is_page { disk("sqlite write") } else { Ok(()) } {
        Ok(()) => written,
        Err(error) => fail(&error) as isize,
    }
}

unsafe extern "C" fn ftruncate(file: c_int, length: libc::off_t) -> c_int {
    match removal("sqlite truncate") {
        // SAFETY: SQLite's own arguments.
        Ok(()) => unsafe { libc::ftruncate(file, length) },
        Err(error) => fail(&error),
    }
}

unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    match removal("sqlite remove") {
        // SAFETY: SQLite's own argument.
        Ok(()) => unsafe { libc::unlink(path) },
        Err(error) => fail(&error),
    }
}

fn fail(error: &io::Error) -> c_int {
    let number = match error.kind() {
        io::ErrorKind::StorageFull => libc::ENOSPC,
        io::ErrorKind::ReadOnlyFilesystem => libc::EROFS,
        _ => libc::EIO,
    };
    // SAFETY: points to this thread's error number.
    unsafe { *errno() = number };
    -1
}

#[cfg(target_os = "macos")]
unsafe fn errno() -> *mut c_int {
    // SAFETY: always valid for the calling thread.
    unsafe { libc::__error() }
}

#[cfg(not(target_os = "macos"))]
unsafe fn errno() -> *mut c_int {
    // SAFETY: always valid for the calling thread.
    unsafe { libc::__errno_location() }
}
