//! Makes points of the system calls SQLite writes with, in the way SQLite's own tests do.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::mem::transmute;

use rusqlite::ffi::{sqlite3_syscall_ptr, sqlite3_vfs_find};

use super::disk;

/// Bytes from which on a write is torn in two: a page of the database.
const PAGE_BYTES: usize = 4096;

pub(super) fn watch() {
    // SAFETY: the replacements have the signatures of the calls they replace, and SQLite keeps the default file
    // system for as long as the program lives.
    unsafe {
        let vfs = sqlite3_vfs_find(std::ptr::null());
        let set = vfs.as_ref().and_then(|vfs| vfs.xSetSystemCall).expect("SQLite has a file system on Unix");
        let calls: [(&CStr, sqlite3_syscall_ptr); 3] = [
            (c"write", transmute::<*const c_void, sqlite3_syscall_ptr>(write as *const c_void)),
            (c"ftruncate", transmute::<*const c_void, sqlite3_syscall_ptr>(ftruncate as *const c_void)),
            (c"unlink", transmute::<*const c_void, sqlite3_syscall_ptr>(unlink as *const c_void)),
        ];
        for (name, call) in calls {
            set(vfs, name.as_ptr(), call);
        }
    }
}

unsafe extern "C" fn write(file: c_int, bytes: *const c_void, count: usize) -> isize {
    if let Err(error) = disk("sqlite write") {
        return fail(&error) as isize;
    }
    // A call may write less than it was asked to; SQLite comes back with the rest.
    let count = if count >= PAGE_BYTES { count / 2 } else { count };
    // SAFETY: SQLite's own arguments, and no more bytes than it gave.
    unsafe { libc::write(file, bytes, count) }
}

unsafe extern "C" fn ftruncate(file: c_int, length: libc::off_t) -> c_int {
    match disk("sqlite truncate") {
        // SAFETY: SQLite's own arguments.
        Ok(()) => unsafe { libc::ftruncate(file, length) },
        Err(error) => fail(&error),
    }
}

unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    match disk("sqlite remove") {
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
