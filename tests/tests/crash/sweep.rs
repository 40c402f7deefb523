//! Tries something at every point, two at a time, and counts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use libtest_mimic::Failed;

use crate::points::Point;

/// How often a point is tried that a run did not come to: the number of times that progress is written depends on
/// how long the steps take.
const MAX_ATTEMPTS: usize = 8;

pub enum Tried {
    Reached,
    NotReached,
}

pub struct Sweep {
    what: &'static str,
}

impl Sweep {
    pub fn new(what: &'static str) -> Self {
        Self { what }
    }

    pub fn over(&self, points: Vec<Point>, attempt: impl Fn(&Point) -> Tried + Sync) -> Result<(), Failed> {
        let started = Instant::now();
        let next = AtomicUsize::new(0);
        let failures = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let reached = catch_unwind(AssertUnwindSafe(|| {
                            (0..MAX_ATTEMPTS).any(|_| matches!(attempt(point), Tried::Reached))
                        }));
                        let failure = match reached {
                            Ok(true) => continue,
                            Ok(false) => "was never reached",
                            Err(_) => "see above",
                        };
                        failures.lock().unwrap().push(format!("{}#{}: {failure}", point.name, point.passing));
                    }
                });
            }
        });
        let failures = failures.into_inner().unwrap();
        let held = points.len() - failures.len();
        println!("{} tried: {held} of {} in {:.0?}", self.what, points.len(), started.elapsed());
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
    }
}
