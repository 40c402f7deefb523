//! The program is killed, and started again.

use libtest_mimic::Failed;
use serde_json::Value;

use crate::desk::{Desk, FORGE, Power};
use crate::judge::{Found, Reference};
use crate::points::{self, Point};
use crate::sweep::{Sweep, Tried};

/// What an undisturbed forge leaves, and the points every one passes.
pub fn undisturbed() -> (Reference, Vec<Point>) {
    let desks = [Desk::new(), Desk::new(), Desk::new()];
    let traces = desks.each_ref().map(|desk| {
        let ended = desk.forge("");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.points
    });
    let reference = Reference::of(&desks[0]);
    Found::read(&desks[0]).must_be_done(&desks[0], &reference);
    (reference, points::common(&traces))
}

/// A forge is killed once at each of its points.
pub fn at_every_point() -> Result<(), Failed> {
    let (reference, points) = undisturbed();
    Sweep::new("crash points of a forge")
        .over(points, |point| killed_once(&Desk::new(), point, &reference, Found::must_hold))
}

/// The power goes at every third point of a forge, and with it what was not made durable; every other time all
/// renames were.
pub fn by_a_power_cut() -> Result<(), Failed> {
    let (reference, points) = undisturbed();
    let points: Vec<Point> = points.into_iter().step_by(3).collect();
    Sweep::new("power cuts of a forge").over(points.clone(), |point| {
        let position = points.iter().position(|at| at == point).unwrap();
        let power = [Power::Cut, Power::CutAfterRenames][position % 2];
        killed_once(&Desk::without(power), point, &reference, Found::must_hold_what_was_done)
    })
}

fn killed_once(desk: &Desk, point: &Point, reference: &Reference, must_hold: fn(&Found, &[Value])) -> Tried {
    let killed = desk.forge(&point.plan("kill"));
    if !killed.was_killed() {
        return Tried::NotReached;
    }
    let ruins = Found::read(desk);
    ruins.must_stand(desk, reference);
    must_hold(&ruins, &killed.lines());
    start_again(desk, reference, &ruins);
    Tried::Reached
}

/// A job whose process was killed is resumed, and killed again at each point of that.
pub fn twice() -> Result<(), Failed> {
    let (reference, _) = undisturbed();
    let ruined = Desk::new();
    assert!(ruined.forge("kill@step committed#3").was_killed());
    let id = Found::read(&ruined).jobs[0].id.clone();
    let resumed = || ruined.copy().resume(&id, "").points;
    let points = points::common(&[resumed(), resumed(), resumed()]);
    Sweep::new("crash points of a resume").over(points, |point| {
        let desk = ruined.copy();
        let before = Found::read(&desk);
        let killed = desk.resume(&id, &point.plan("kill"));
        if !killed.was_killed() {
            return Tried::NotReached;
        }
        let ruins = Found::read(&desk);
        ruins.must_stand(&desk, &reference);
        ruins.must_continue(&before);
        ruins.must_hold(&killed.lines());
        start_again(&desk, &reference, &ruins);
        Tried::Reached
    })
}

/// A person asks for the end of a running job, and the program that asks is killed at each of its points.
pub fn while_asking_for_the_end() -> Result<(), Failed> {
    let (reference, _) = undisturbed();
    let asked = |faults: &str| {
        let desk = Desk::new();
        let mut owner = desk.start(&FORGE, "stop@step start#4");
        assert!(owner.stops());
        let id = Found::read(&desk).jobs[0].id.clone();
        let ended = desk.run(&["jobs", "cancel", &id, "--json"], faults);
        (desk, owner, ended)
    };
    let (_desk, owner, undisturbed) = asked("");
    owner.go_on();
    assert_eq!(owner.end().code, Some(130));
    Sweep::new("crash points of a request to cancel").over(undisturbed.points, |point| {
        let (desk, owner, killed) = asked(&point.plan("kill"));
        owner.go_on();
        let ended = owner.end();
        if !killed.was_killed() {
            return Tried::NotReached;
        }
        let found = Found::read(&desk);
        found.must_stand(&desk, &reference);
        found.must_hold(&ended.lines());
        let was_asked = found.events.iter().any(|event| event.kind() == "cancelling");
        let (code, state) = if was_asked { (130, "cancelled") } else { (0, "done") };
        assert_eq!((ended.code, &*found.jobs[0].state), (Some(code), state));
        start_again(&desk, &reference, &found);
        Tried::Reached
    })
}

/// A running job is told to end, and its program is killed at each point on the way there.
pub fn while_ending() -> Result<(), Failed> {
    let (reference, _) = undisturbed();
    let ending = |faults: &str| {
        let desk = Desk::new();
        let mut owner = desk.start(&FORGE, &format!("stop@step start#4;{faults}"));
        if !owner.stops() {
            return None;
        }
        let id = Found::read(&desk).jobs[0].id.clone();
        assert_eq!(desk.run(&["jobs", "cancel", &id], "").code, Some(0));
        owner.go_on();
        Some((desk, owner.end()))
    };
    let traces = [(); 3].map(|()| {
        let (_, ended) = ending("").expect("it stops");
        assert_eq!(ended.code, Some(130), "{}", ended.stderr);
        ended.points
    });
    Sweep::new("crash points of a cancelled forge").over(points::common(&traces), |point| {
        let Some((desk, killed)) = ending(&point.plan("kill")) else { return Tried::NotReached };
        if !killed.was_killed() {
            return Tried::NotReached;
        }
        let ruins = Found::read(&desk);
        ruins.must_stand(&desk, &reference);
        ruins.must_hold(&killed.lines());
        desk.list();
        let tidied = Found::read(&desk);
        assert_eq!(tidied.jobs[0].state, "cancelled", "what was asked for outlives the program");
        start_again(&desk, &reference, &ruins);
        Tried::Reached
    })
}

/// Guests are killed at every fifth of their points, two at a time, while an owner works in the same data folder.
pub fn beside_an_owner() -> Result<(), Failed> {
    let (reference, _) = undisturbed();
    let desk = Desk::new();
    let mut owner = desk.start(&FORGE, "stop@step start#4");
    assert!(owner.stops());
    let mut guest = FORGE;
    guest[4] = "guest-out";
    let undisturbed = || desk.run(&guest, "").points;
    let points = points::common(&[undisturbed(), undisturbed()]).into_iter().step_by(5).collect();
    let swept = Sweep::new("crash points of guests").over(points, |point| {
        let killed = desk.run(&guest, &point.plan("kill"));
        if killed.was_killed() { Tried::Reached } else { Tried::NotReached }
    });
    owner.go_on();
    let ended = owner.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let found = Found::read(&desk);
    found.must_stand(&desk, &reference);
    found.must_hold(&ended.lines());
    assert_eq!(found.jobs[0].state, "done", "the owner was not disturbed");
    desk.list();
    let tidied = Found::read(&desk);
    tidied.must_stand(&desk, &reference);
    tidied.must_be_tidy(&desk);
    tidied.must_continue(&found);
    swept
}

/// Starts the program in the ruins, finishes the job, and looks whether everything is as if nothing had happened.
pub fn start_again(desk: &Desk, reference: &Reference, ruins: &Found) {
    let listed = desk.list();
    let tidied = Found::read(desk);
    tidied.must_stand(desk, reference);
    tidied.must_be_tidy(desk);
    tidied.must_continue(ruins);
    let ended = match &listed[..] {
        [] => desk.forge(""),
        [job] => desk.resume(job["id"].as_str().unwrap(), ""),
        more => panic!("one job, not {more:?}"),
    };
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let done = Found::read(desk);
    done.must_be_done(desk, reference);
    done.must_continue(&tidied);
    done.must_hold(&ended.lines());
}
