//! A data folder of the first schema is brought up to date, and the program killed on the way there.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use rusqlite::Connection;

use crate::desk::{Desk, Power, files_below};
use crate::judge::Found;
use crate::points;
use crate::sweep::{Sweep, Tried};

/// A folder that version 1 made: a job done, one that wants a mask, one whose process was killed in its mesh step.
fn lay_out(desk: &Desk) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/store/tests/fixtures/data-folder-v1");
    for file in files_below(&fixture) {
        let target = desk.data().join(file.strip_prefix(&fixture).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

fn old_desk() -> Desk {
    let desk = Desk::new();
    lay_out(&desk);
    desk
}

const LIST: [&str; 3] = ["jobs", "list", "--json"];

/// The schema's number, and what is in the database.
fn version(database: PathBuf) -> (i64, i64) {
    let db = Connection::open(database).unwrap();
    let health: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(health, "ok");
    let number = |sql: &str| db.query_row(sql, [], |row| row.get(0)).unwrap();
    (number("SELECT value FROM meta WHERE key = 'schema_version'"), number("SELECT count(*) FROM events"))
}

/// Killed, and every other time without power, at each point of the first start of a newer version.
pub fn killed_at_every_point() -> Result<(), Failed> {
    let traces = [(); 3].map(|()| {
        let ended = old_desk().run(&LIST, "");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.points
    });
    let points = points::common(&traces);
    assert!(points.iter().any(|point| point.name == "schema step"), "nothing to migrate");
    let (old, before) = {
        let desk = old_desk();
        (version(desk.data().join("oreforge.sqlite3")), Found::read(&desk))
    };
    Sweep::new("crash points of a migration").over(points.clone(), |point| {
        let position = points.iter().position(|at| at == point).unwrap();
        let desk = if position % 2 == 0 { Desk::new() } else { Desk::without(Power::Cut) };
        lay_out(&desk);
        let killed = desk.run(&LIST, &point.plan("kill"));
        if !killed.was_killed() {
            return Tried::NotReached;
        }
        Found::read(&desk).must_continue(&before);
        let states: Vec<String> =
            desk.list().iter().map(|job| job["state"].as_str().unwrap().to_owned()).collect();
        assert_eq!(states, ["interrupted", "failed", "done"]);
        let after = Found::read(&desk);
        after.must_continue(&before);
        after.must_be_tidy(&desk);
        assert_eq!(
            version(desk.data().join("oreforge.sqlite3.backup-v1")),
            old,
            "the copy is the old folder"
        );
        Tried::Reached
    })
}
