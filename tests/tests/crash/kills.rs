//! The program is killed, and started again.

use libtest_mimic::Failed;

use crate::desk::Desk;
use crate::judge::{Found, Reference};
use crate::points::{self, Point};
use crate::sweep::{Sweep, Tried};

/// A forge is killed once at each of its points.
pub fn at_every_point() -> Result<(), Failed> {
    let (reference, points) = undisturbed();
    Sweep::new("crash points of a forge").over(points, |point| kill_a_forge(&reference, point))
}

/// What an undisturbed forge leaves, and the points every one passes.
pub fn undisturbed() -> (Reference, Vec<Point>) {
    let runs: Vec<(Desk, Vec<Point>)> = (0..3)
        .map(|_| {
            let desk = Desk::new();
            let ended = desk.forge("");
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            let points = points::read(&desk.trace());
            (desk, points)
        })
        .collect();
    let desk = &runs[0].0;
    let reference = Reference::of(desk);
    Found::read(desk).must_be_done(desk, &reference);
    let traces: Vec<Vec<Point>> = runs.into_iter().map(|(_, points)| points).collect();
    (reference, points::common(&traces))
}

fn kill_a_forge(reference: &Reference, point: &Point) -> Tried {
    let desk = Desk::new();
    let killed = desk.forge(&point.plan("kill"));
    if !killed.was_killed() {
        return Tried::NotReached;
    }
    let ruins = Found::read(&desk);
    ruins.must_stand(&desk, reference);
    ruins.must_hold(&killed.lines());

    let listed = desk.list();
    let tidied = Found::read(&desk);
    tidied.must_stand(&desk, reference);
    tidied.must_be_tidy(&desk);
    tidied.must_continue(&ruins);

    let ended = match &listed[..] {
        [] => desk.forge(""),
        [job] => desk.resume(job["id"].as_str().unwrap(), ""),
        more => panic!("one job, not {more:?}"),
    };
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let done = Found::read(&desk);
    done.must_be_done(&desk, reference);
    done.must_continue(&tidied);
    done.must_hold(&ended.lines());
    Tried::Reached
}
