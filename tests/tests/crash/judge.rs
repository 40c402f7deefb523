//! What is in a data folder and a folder of results, seen without the program's own eyes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::desk::{Desk, files_below, name_of};

/// What an undisturbed run leaves.
pub struct Reference {
    /// Hashes of whole files, in the data folder or the results.
    hashes: BTreeSet<String>,
    /// Results by name; of the report only that it is there.
    results: BTreeMap<String, Option<String>>,
}

impl Reference {
    pub fn of(desk: &Desk) -> Self {
        let files = files_below(&desk.data()).into_iter().chain(files_below(&desk.out()));
        Self { hashes: files.map(|path| sha256(&path)).collect(), results: results(desk) }
    }

    fn must_be_whole(&self, path: &Path) {
        if is_report(path) {
            serde_json::from_slice::<Value>(&fs::read(path).unwrap()).expect("a whole report");
        } else {
            assert!(self.hashes.contains(&sha256(path)), "{} is not what it should be", path.display());
        }
    }
}

fn results(desk: &Desk) -> BTreeMap<String, Option<String>> {
    let out = desk.out();
    let files = files_below(&out).into_iter();
    files
        .map(|path| {
            let name = path.strip_prefix(&out).unwrap().to_str().unwrap().to_owned();
            (name, (!is_report(&path)).then(|| sha256(&path)))
        })
        .collect()
}

fn is_report(path: &Path) -> bool {
    name_of(path).ends_with("report.json") || name_of(path).contains(".report")
}

fn sha256(path: &Path) -> String {
    Sha256::digest(fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    pub state: String,
    pub checkpoint: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LoggedEvent {
    pub seq: i64,
    pub job: String,
    pub body: Value,
}

impl LoggedEvent {
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }
}

/// The rows of a data folder at one moment.
#[derive(Debug, Default)]
pub struct Found {
    pub jobs: Vec<Job>,
    pub events: Vec<LoggedEvent>,
    /// Path in the data folder, bytes, hash.
    artifacts: Vec<(String, i64, String)>,
    last_given_seq: i64,
}

impl Found {
    /// Reads a copy: opening the real one would already mend it.
    pub fn read(desk: &Desk) -> Self {
        let copy = oreforge_tests::quick_folder().unwrap();
        for ending in ["", "-wal"] {
            let name = format!("oreforge.sqlite3{ending}");
            let original = desk.data().join(&name);
            if original.exists() {
                fs::copy(original, copy.path().join(name)).unwrap();
            }
        }
        let database = copy.path().join("oreforge.sqlite3");
        if !database.exists() {
            return Self::default();
        }
        let db = Connection::open(database).unwrap();
        let health: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(health, "ok");
        let orphans =
            db.prepare("PRAGMA foreign_key_check").unwrap().query([]).unwrap().next().unwrap().is_some();
        assert!(!orphans, "rows without their job");
        let tables: i64 = db
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'jobs', 'events')",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(tables == 0 || tables == 3, "half a schema");
        if tables == 0 {
            return Self::default();
        }
        Self {
            jobs: rows(&db, "SELECT id, state, checkpoint FROM jobs ORDER BY rowid", |row| Job {
                id: row.get_unwrap(0),
                state: row.get_unwrap(1),
                checkpoint: row.get_unwrap(2),
            }),
            events: rows(&db, "SELECT seq, job_id, body FROM events ORDER BY seq", |row| LoggedEvent {
                seq: row.get_unwrap(0),
                job: row.get_unwrap(1),
                body: serde_json::from_str(&row.get_unwrap::<_, String>(2)).unwrap(),
            }),
            artifacts: rows(&db, "SELECT path, bytes, sha256 FROM artifacts", |row| {
                (row.get_unwrap(0), row.get_unwrap(1), row.get_unwrap(2))
            }),
            last_given_seq: rows(&db, "SELECT seq FROM sqlite_sequence WHERE name = 'events'", |row| {
                row.get_unwrap(0)
            })
            .first()
            .copied()
            .unwrap_or(0),
        }
    }

    pub fn job(&self, id: &str) -> &Job {
        self.jobs.iter().find(|job| job.id == id).expect("the job is still there")
    }

    pub fn log(&self, id: &str) -> Vec<&LoggedEvent> {
        self.events.iter().filter(|event| event.job == id).collect()
    }

    /// What holds at every moment, also in the ruins of a killed process.
    pub fn must_stand(&self, desk: &Desk, reference: &Reference) {
        for (path, bytes, hash) in &self.artifacts {
            let path = desk.data().join(path);
            let found = fs::metadata(&path).unwrap_or_else(|_| panic!("{} is lost", path.display()));
            assert_eq!(i64::try_from(found.len()).unwrap(), *bytes, "{}", path.display());
            assert_eq!(sha256(&path), *hash, "{}", path.display());
        }
        for folder in [desk.data().join("projects"), desk.data().join("sources"), desk.out()] {
            for path in files_below(&folder).iter().filter(|path| !is_hidden(path)) {
                reference.must_be_whole(path);
            }
        }
        assert!(self.events.is_sorted_by(|a, b| a.seq < b.seq));
        assert_eq!(
            self.events.last().map_or(0, |event| event.seq),
            self.last_given_seq,
            "the newest event is lost"
        );
        for job in &self.jobs {
            must_be_a_log(job, &self.log(&job.id));
        }
    }

    /// What a program said it had done is there.
    pub fn must_hold(&self, said: &[Value]) {
        self.must_hold_all_but(&["progress"], said);
    }

    /// The same after a cut of power: only words may be gone.
    pub fn must_hold_what_was_done(&self, said: &[Value]) {
        self.must_hold_all_but(&["progress", "log"], said);
    }

    fn must_hold_all_but(&self, fleeting: &[&str], said: &[Value]) {
        for event in said.iter().filter(|event| !fleeting.iter().any(|kind| event["type"] == *kind)) {
            let kept = self.events.iter().find(|kept| Some(kept.seq) == event["seq"].as_i64());
            let kept = kept.unwrap_or_else(|| panic!("told and not kept: {event}"));
            assert_eq!(event["type"], kept.body["type"]);
            assert_eq!(event["job_id"], *kept.job);
        }
    }

    /// Nothing of what was there before is gone.
    pub fn must_continue(&self, before: &Found) {
        for event in before.events.iter().filter(|event| event.kind() != "progress") {
            assert!(self.events.contains(event), "lost: {event:?}");
        }
        for job in &before.jobs {
            assert!(self.job(&job.id).checkpoint >= job.checkpoint, "the checkpoint fell");
        }
    }

    /// What holds when a program has started and ended in peace.
    pub fn must_be_tidy(&self, desk: &Desk) {
        for folder in ["projects", "sources"] {
            let hidden: Vec<PathBuf> =
                files_below(&desk.data().join(folder)).into_iter().filter(|path| is_hidden(path)).collect();
            assert!(hidden.is_empty(), "left behind: {hidden:?}");
        }
        let runners = files_below(&desk.data().join("runners"));
        assert!(runners.is_empty(), "left behind: {runners:?}");
        assert!(self.jobs.iter().all(|job| job.state != "running"), "{:?}", self.jobs);
    }

    /// The one job is done and its results are those of an undisturbed run; nothing lies about.
    pub fn must_be_done(&self, desk: &Desk, reference: &Reference) {
        self.must_stand(desk, reference);
        self.must_be_tidy(desk);
        let [job] = &self.jobs[..] else { panic!("one job, not {:?}", self.jobs) };
        assert_eq!((&*job.state, job.checkpoint), ("done", 6));
        assert_eq!(results(desk), reference.results);
        let known: BTreeSet<PathBuf> =
            self.artifacts.iter().map(|(path, ..)| desk.data().join(path)).collect();
        let there: BTreeSet<PathBuf> = files_below(&desk.data().join("projects")).into_iter().collect();
        assert_eq!(there, known, "files without a row");
    }
}

fn is_hidden(path: &Path) -> bool {
    path.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        part.starts_with('.') && (part.ends_with(".part") || part.ends_with(".old"))
    })
}

fn rows<T>(db: &Connection, sql: &str, read: impl Fn(&rusqlite::Row<'_>) -> T) -> Vec<T> {
    let mut statement = db.prepare(sql).unwrap();
    statement.query_map([], |row| Ok(read(row))).unwrap().map(Result::unwrap).collect()
}

/// Starts, steps and ends follow each other as they must, and the job's row says the same.
fn must_be_a_log(job: &Job, log: &[&LoggedEvent]) {
    let kinds: Vec<&str> = log.iter().map(|event| event.kind()).collect();
    let why = || format!("{job:?}: {kinds:?}");
    assert_eq!(kinds.first(), Some(&"queued"), "{}", why());
    assert_eq!(kinds.iter().filter(|kind| **kind == "queued").count(), 1, "{}", why());
    let mut done = Vec::new();
    let mut is_over = false;
    for event in log {
        let step = event.body["step"].as_str().unwrap_or_default();
        assert!(!is_over || event.kind() == "resumed", "after the end: {}", why());
        match event.kind() {
            "resumed" => is_over = false,
            "done" | "error" | "cancelled" => is_over = true,
            "step_active" => assert!(!done.contains(&step), "{step} is paid for twice: {}", why()),
            "step_done" => {
                assert!(!done.contains(&step), "{step} is done twice: {}", why());
                done.push(step);
            }
            _ => {}
        }
    }
    assert_eq!(usize::try_from(job.checkpoint).unwrap(), done.len(), "{}", why());
    assert_eq!(is_over, matches!(&*job.state, "done" | "failed" | "cancelled"), "{}", why());
}
