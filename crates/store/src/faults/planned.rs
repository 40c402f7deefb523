//! What the environment of the process plans:
//!
//! - `OREFORGE_FAULT_TRACE=FILE` adds a line to a file for every point passed: `pass` or `disk`, and its name.
//! - `OREFORGE_FAULTS=ACT@POINT#K;…` acts when `POINT` is passed for the `K`th time, from 1. `kill` ends the process
//!   with no warning; `stop` holds it until it is told to go on, and counts anew from there; `enospc`, `eio`, `erofs`
//!   and `ebusy` (another program holds the file) fail one use of the disk, with a `+` behind them every one from
//!   there on; `clock:MS` moves the clock.

use std::collections::BTreeMap;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, Once, OnceLock, PoisonError};

static CLOCK_OFFSET_MS: AtomicI64 = AtomicI64::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Kill,
    Stop,
    Fail { kind: io::ErrorKind, for_good: bool },
    MoveClock { by_ms: i64 },
}

struct Plan {
    act: Act,
    point: String,
    passing: u64,
}

#[derive(Default)]
struct Progress {
    passings: BTreeMap<&'static str, u64>,
    stops: usize,
    broken: Option<io::ErrorKind>,
}

struct Faults {
    plans: Vec<Plan>,
    trace: Option<File>,
    progress: Mutex<Progress>,
}

/// A moment the program may be killed at.
pub fn pass(point: &'static str) {
    let _ = reach("pass", point);
}

/// A use of the disk that may fail, or that the program may be killed just before.
pub fn disk(point: &'static str) -> io::Result<()> {
    match reach("disk", point) {
        Some(kind) => Err(io::Error::new(kind, format!("planned at {point}"))),
        None => Ok(()),
    }
}

/// A use of the disk that takes something away: it may fail too, but never for want of room.
pub fn removal(point: &'static str) -> io::Result<()> {
    disk(point).or_else(|error| if error.kind() == io::ErrorKind::StorageFull { Ok(()) } else { Err(error) })
}

/// Writes everything; may fail or be killed before or half way.
pub(crate) fn write_all(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let (head, tail) = bytes.split_at(bytes.len() / 2);
    disk("file write")?;
    file.write_all(head)?;
    disk("file half written")?;
    file.write_all(tail)
}

/// How far the clock is off.
pub(crate) fn clock_offset_ms() -> i64 {
    CLOCK_OFFSET_MS.load(Ordering::Relaxed)
}

/// Makes points of SQLite's own writes.
pub(crate) fn watch_sqlite() {
    static WATCHED: Once = Once::new();
    #[cfg(unix)]
    WATCHED.call_once(super::sqlite_calls::watch);
    #[cfg(not(unix))]
    WATCHED.call_once(|| {});
}

/// Counts the passing and does what is planned for it; gives the error that a use of the disk meets here.
fn reach(what: &str, point: &'static str) -> Option<io::ErrorKind> {
    static FAULTS: OnceLock<Faults> = OnceLock::new();
    let Faults { plans, trace, progress } = FAULTS.get_or_init(Faults::from_environment);
    let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
    let passing = progress.passings.entry(point).or_default();
    *passing += 1;
    let passing = *passing;
    // What stands behind a stop is planned for the time after it.
    let mut stretches = plans.split_inclusive(|plan| plan.act == Act::Stop);
    let current = stretches.nth(progress.stops).unwrap_or_default();
    let planned = current.iter().find(|plan| plan.point == point && plan.passing == passing);
    if let Some(mut trace) = trace.as_ref() {
        // A trace on a full disk tells less; nothing else depends on it.
        let _ = trace.write_all(format!("{what} {point}\n").as_bytes());
    }
    match planned.map(|plan| plan.act) {
        None => {}
        Some(Act::Kill) => kill(),
        Some(Act::Stop) => {
            stop();
            // How often a point was passed before depends on how long the steps took.
            progress.passings.clear();
            progress.stops += 1;
            if let Some(mut trace) = trace.as_ref() {
                let _ = trace.write_all(b"went on\n");
            }
        }
        Some(Act::Fail { kind, for_good }) => {
            if for_good {
                progress.broken = Some(kind);
            }
            return Some(kind);
        }
        Some(Act::MoveClock { by_ms }) => {
            CLOCK_OFFSET_MS.fetch_add(by_ms, Ordering::Relaxed);
        }
    }
    progress.broken
}

#[cfg(unix)]
#[allow(unsafe_code)]
fn signal_self(signal: libc::c_int) {
    // SAFETY: takes two numbers and touches no memory of ours.
    unsafe { libc::kill(libc::getpid(), signal) };
}

#[cfg(unix)]
fn kill() {
    signal_self(libc::SIGKILL);
}

#[cfg(unix)]
fn stop() {
    signal_self(libc::SIGSTOP);
}

#[cfg(not(unix))]
fn kill() {
    std::process::abort();
}

#[cfg(not(unix))]
fn stop() {}

impl Faults {
    fn from_environment() -> Self {
        let plans = env::var("OREFORGE_FAULTS").unwrap_or_default();
        let plans = plans
            .split_terminator(';')
            .map(|plan| Plan::parse(plan).unwrap_or_else(|| panic!("OREFORGE_FAULTS: {plan} is no plan")))
            .collect();
        let trace = env::var_os("OREFORGE_FAULT_TRACE").map(|path| {
            OpenOptions::new().create(true).append(true).open(path).expect("the trace can be written")
        });
        Self { plans, trace, progress: Mutex::default() }
    }
}

impl Plan {
    fn parse(text: &str) -> Option<Self> {
        let (act, place) = text.split_once('@')?;
        let (point, passing) = place.rsplit_once('#')?;
        let (name, for_good) = act.strip_suffix('+').map_or((act, false), |name| (name, true));
        let act = match name {
            "kill" => Act::Kill,
            "stop" => Act::Stop,
            "enospc" => Act::Fail { kind: io::ErrorKind::StorageFull, for_good },
            "eio" => Act::Fail { kind: io::ErrorKind::Other, for_good },
            "erofs" => Act::Fail { kind: io::ErrorKind::ReadOnlyFilesystem, for_good },
            "ebusy" => Act::Fail { kind: io::ErrorKind::ResourceBusy, for_good },
            _ => Act::MoveClock { by_ms: name.strip_prefix("clock:")?.parse().ok()? },
        };
        Some(Self { act, point: point.to_owned(), passing: passing.parse().ok()? })
    }
}
