//! A project is renamed, and the program killed, or its disk failed, on the way.

use std::fs;

use libtest_mimic::Failed;

use crate::desk::{Desk, FORGE, Power, files_below};
use crate::judge::{Found, Reference};
use crate::sweep::{Sweep, Tried};

const RENAME: [&str; 4] = ["projects", "rename", "Pond", "Lake"];

/// A forge of a project, done, and a file of the artist's own beside it.
fn laid_out() -> (Desk, Reference) {
    let desk = Desk::new();
    let forge: Vec<&str> = FORGE.into_iter().chain(["--project", "Pond"]).collect();
    assert_eq!(desk.run(&forge, "").code, Some(0));
    let reference = Reference::of(&desk);
    (desk, reference)
}

/// What a start of the program finds after a rename that did not end well: all of the project under one name.
fn must_have_one_name(desk: &Desk, reference: &Reference) -> String {
    let listed = desk.run(&["projects", "list", "--json"], "");
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    let [project] = &listed.lines()[..] else { panic!("one project, not {}", listed.stdout) };
    let name = project["name"].as_str().unwrap().to_owned();
    let folders: Vec<String> = fs::read_dir(desk.data().join("projects"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, [&*name]);
    let found = Found::read(desk);
    found.must_be_done(desk, reference);
    let path = format!("projects/{name}/");
    for event in found.events.iter().filter(|event| event.body["artifact"].is_object()) {
        assert!(event.body["artifact"]["path"].as_str().unwrap().starts_with(&path), "{event:?}");
    }
    name
}

pub fn killed_at_every_point() -> Result<(), Failed> {
    let (laid_out, reference) = laid_out();
    let undisturbed = laid_out.copy();
    let ended = undisturbed.run(&RENAME, "");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(must_have_one_name(&undisturbed, &reference), "Lake");
    assert!(ended.points.iter().any(|point| point.name == "project rename"));
    Sweep::new("crash points of a renamed project").over(ended.points.clone(), |point| {
        let position = ended.points.iter().position(|at| at == point).unwrap();
        let desk = if position % 3 == 0 { laid_out.copy_without(Power::Cut) } else { laid_out.copy() };
        if !desk.run(&RENAME, &point.plan("kill")).was_killed() {
            return Tried::NotReached;
        }
        if must_have_one_name(&desk, &reference) == "Pond" {
            assert_eq!(desk.run(&RENAME, "").code, Some(0));
            assert_eq!(must_have_one_name(&desk, &reference), "Lake");
        }
        Tried::Reached
    })
}

pub fn on_a_failing_disk() -> Result<(), Failed> {
    let (laid_out, reference) = laid_out();
    let points = laid_out.copy().run(&RENAME, "").points.into_iter().filter(|point| point.disk).collect();
    Sweep::new("disk failures of a renamed project").over(points, |point| {
        let desk = laid_out.copy();
        let ended = desk.run(&RENAME, &point.plan("eio"));
        let told = if ended.code == Some(0) { "Lake" } else { "Pond" };
        assert_eq!(must_have_one_name(&desk, &reference), told, "{}", ended.stderr);
        assert!(told == "Lake" || ended.stderr.contains("error: "), "no word: {}", ended.stderr);
        assert!(files_below(&desk.data().join("runners")).is_empty());
        Tried::Reached
    })
}
