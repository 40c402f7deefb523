//! The disk fails: full, unreadable, read-only, its files held by others; once, or from some moment on.

use libtest_mimic::Failed;
use serde_json::Value;

use crate::desk::{Desk, Ended};
use crate::judge::Found;
use crate::kills::{start_again, undisturbed};
use crate::points::Point;
use crate::sweep::{Sweep, Tried};

pub fn at_every_use() -> Result<(), Failed> {
    let (reference, points) = undisturbed();
    let uses: Vec<Point> = points.into_iter().filter(|point| point.disk).collect();
    let sweep = |what, faults: &'static [&'static str], codes: &'static [&'static str]| {
        Sweep::new(what).over(uses.clone(), |point| {
            // The first of its kind meets every fault, the others take turns.
            let position = uses.iter().position(|at| at == point).unwrap();
            let its = if point.passing == 1 { faults } else { &faults[position % faults.len()..][..1] };
            for fault in its {
                let desk = Desk::new();
                let ended = desk.forge(&point.plan(fault));
                if !ended.points.contains(point) {
                    return Tried::NotReached;
                }
                must_explain(&ended, codes);
                let found = Found::read(&desk);
                found.must_stand(&desk, &reference);
                found.must_hold(&ended.lines());
                start_again(&desk, &reference, &found);
            }
            Tried::Reached
        })
    };
    sweep("uses of a full disk", &["enospc", "enospc+"], &["disk_full"])?;
    let faults = &["eio", "erofs+", "ebusy", "erofs", "eio+", "ebusy+", "ebusy"];
    sweep("uses of a failing, read-only or held disk", faults, &UNWRITABLE)
}

const UNWRITABLE: [&str; 2] = ["store_unavailable", "output_unwritable"];

/// A forge that could not do its work says so, in words, with a hint and the right code.
fn must_explain(ended: &Ended, codes: &[&str]) {
    if ended.code == Some(0) {
        return;
    }
    assert!(matches!(ended.code, Some(2 | 6)), "{:?} {}", ended.code, ended.stderr);
    let mut lines = ended.stderr.lines();
    let error =
        lines.find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("no word: {}", ended.stderr));
    assert!(lines.next().is_some_and(|hint| hint.starts_with("  ")), "no hint: {}", ended.stderr);
    let full = error.contains("full") || error.contains("no room");
    assert_eq!(full, codes == ["disk_full"], "{error}");
    let told = ended.lines();
    for code in told.iter().filter_map(|event| event["error"]["code"].as_str()) {
        assert!(codes.contains(&code), "{code}: {}", Value::Array(told.clone()));
    }
}
