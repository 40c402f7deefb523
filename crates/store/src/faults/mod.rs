//! Planned points of failure: moments at which a test kills this program, fails its disk or moves its clock.
//! Without the feature `faults`, which tests alone turn on, every one of them compiles to nothing.

#[cfg(feature = "faults")]
mod planned;
#[cfg(all(feature = "faults", unix))]
mod sqlite_calls;

#[cfg(feature = "faults")]
pub(crate) use planned::{clock_offset_ms, watch_sqlite, write_all};
#[cfg(feature = "faults")]
pub use planned::{disk, pass, removal};

#[cfg(not(feature = "faults"))]
pub(crate) use unplanned::{clock_offset_ms, watch_sqlite, write_all};
#[cfg(not(feature = "faults"))]
pub use unplanned::{disk, pass, removal};

#[cfg(not(feature = "faults"))]
mod unplanned {
    use std::fs::File;
    use std::io::{self, Write};

    /// A moment the program may be killed at.
    #[inline(always)]
    pub fn pass(_point: &'static str) {}

    /// A use of the disk that may fail, or that the program may be killed just before.
    #[inline(always)]
    pub fn disk(_point: &'static str) -> io::Result<()> {
        Ok(())
    }

    /// A use of the disk that takes something away: it may fail too, but never for want of room.
    #[inline(always)]
    pub fn removal(_point: &'static str) -> io::Result<()> {
        Ok(())
    }

    /// Writes everything; may fail or be killed before or half way.
    #[inline(always)]
    pub(crate) fn write_all(file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// How far the clock is off.
    #[inline(always)]
    pub(crate) fn clock_offset_ms() -> i64 {
        0
    }

    /// Makes points of SQLite's own writes.
    #[inline(always)]
    pub(crate) fn watch_sqlite() {}
}
