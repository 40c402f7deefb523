//! Which points a run passes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A point, and the how manieth time it is passed, from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub name: String,
    pub passing: u64,
    /// The disk is used there.
    pub disk: bool,
}

impl Point {
    pub fn plan(&self, act: &str) -> String {
        format!("{act}@{}#{}", self.name, self.passing)
    }
}

/// The points of a trace, in the order they were passed; of a program that was held, those since.
pub fn read(trace: &Path) -> Vec<Point> {
    let mut passings = BTreeMap::<String, u64>::new();
    let text = fs::read_to_string(trace).unwrap_or_default();
    let since = text.rsplit("went on\n").next().unwrap_or_default();
    since
        .lines()
        .map(|line| {
            let (what, name) = line.split_once(' ').unwrap();
            let passing = passings.entry(name.to_owned()).or_default();
            *passing += 1;
            Point { name: name.to_owned(), passing: *passing, disk: what == "disk" }
        })
        .collect()
}

/// The points that each of several traces has, in the order of the first: how often a step speaks depends on how
/// long it takes.
pub fn common(traces: &[Vec<Point>]) -> Vec<Point> {
    let (first, others) = traces.split_first().unwrap();
    first.iter().filter(|point| others.iter().all(|other| other.contains(point))).cloned().collect()
}
