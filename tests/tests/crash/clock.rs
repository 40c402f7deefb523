//! The clock jumps in the middle of the work.

use libtest_mimic::Failed;

use crate::desk::Desk;
use crate::judge::Found;
use crate::kills::undisturbed;
use crate::points::Point;
use crate::sweep::{Sweep, Tried};

const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;
/// Longer than any step of these jobs takes.
const LONG_MS: u64 = 60_000;

/// A year forth, a year back or a little back, by turns, at each start and end of a step and each third event.
pub fn jumps() -> Result<(), Failed> {
    let (reference, points) = undisturbed();
    let is_boundary = |point: &&Point| {
        point.name.starts_with("step") || (point.name == "event append" && point.passing.is_multiple_of(3))
    };
    let points: Vec<Point> = points.iter().filter(is_boundary).cloned().collect();
    Sweep::new("jumps of the clock").over(points.clone(), |point| {
        let position = points.iter().position(|at| at == point).unwrap();
        let by_ms = [YEAR_MS, -YEAR_MS, -50][position % 3];
        let desk = Desk::new();
        let ended = desk.forge(&point.plan(&format!("clock:{by_ms}")));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        Found::read(&desk).must_be_done(&desk, &reference);
        let told = ended.lines();
        assert!(told.is_sorted_by(|a, b| a["seq"].as_i64() < b["seq"].as_i64()), "out of order");
        for elapsed_ms in told.iter().filter_map(|event| event["elapsed_ms"].as_u64()) {
            assert!(elapsed_ms < LONG_MS, "{elapsed_ms} ms");
        }
        // The next job is still the newer one.
        assert_eq!(desk.forge("").code, Some(0));
        let jobs = desk.list();
        let newest = jobs[0]["id"].as_str().unwrap();
        assert_eq!(newest, Found::read(&desk).jobs[1].id, "newest first, whatever the clock says");
        Tried::Reached
    })
}
