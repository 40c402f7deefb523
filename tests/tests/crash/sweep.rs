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

/// Of every so many points one may stay out of reach: a machine that is busier while the points are collected than
/// while they are tried writes progress more often.
const POINTS_PER_MISSED: usize = 20;

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
        let missed = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let reached = catch_unwind(AssertUnwindSafe(|| {
                            (0..MAX_ATTEMPTS).any(|_| matches!(attempt(point), Tried::Reached))
                        }));
                        let failure = match reached {
                            Ok(true) => continue,
                            Ok(false) if point.passing > 1 => {
                                missed.fetch_add(1, Ordering::Relaxed);
                                continue;
                            }
                            Ok(false) => "was never reached",
                            Err(_) => "see above",
                        };
                        failures.lock().unwrap().push(format!("{}#{}: {failure}", point.name, point.passing));
                    }
                });
            }
        });
        let (mut failures, missed) = (failures.into_inner().unwrap(), missed.into_inner());
        let held = points.len() - failures.len() - missed;
        if missed > points.len() / POINTS_PER_MISSED {
            failures.push(format!("{missed} points were never reached"));
        }
        println!("{} tried: {held} of {} in {:.0?}", self.what, points.len(), started.elapsed());
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
    }
}
