//! Every order in which two who run a finished job again can meet, with one who cancels and a shutdown. Each move is
//! one transaction of the real store; all orders are tried.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{bodies, files_below, new_job, orders, run_one, run_through};
use oreforge_protocol::{EventBody, JobId, JobState, StepName};
use oreforge_store::{Begun, CancelAnswer, Store};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    First,
    /// In another process.
    Second,
    Cancel,
    /// The first one's process is asked to end.
    Shutdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Retry,
    Begin,
    Step(StepName),
    Over,
}

/// Somebody who runs the last two steps again and puts a word of their own into every file.
struct Retrier<'a> {
    store: &'a Store,
    word: &'static str,
    at: At,
    stop: bool,
    /// Its cancellation token.
    told: bool,
}

impl<'a> Retrier<'a> {
    fn new(store: &'a Store, word: &'static str) -> Self {
        Self { store, word, at: At::Retry, stop: false, told: false }
    }

    fn moves(&mut self, id: JobId) {
        self.at = match self.at {
            At::Retry => self.store.retry(id, StepName::Finish, None).map_or(At::Over, |()| At::Begin),
            At::Begin => match self.store.begin(id, "fake") {
                Ok(Begun::Step(step)) => At::Step(step),
                Ok(Begun::NothingLeft) | Err(_) => At::Over,
            },
            At::Step(step) if self.told => {
                self.store.cancelled(id, step, 1).unwrap();
                At::Over
            }
            At::Step(step) if self.stop => {
                self.store.interrupt(id, step, 1).unwrap();
                At::Over
            }
            At::Step(step) => run_one(self.store, id, step, self.word).map_or(At::Over, At::Step),
            At::Over => At::Over,
        };
    }

    fn is_at_work(&self) -> bool {
        matches!(self.at, At::Begin | At::Step(_))
    }
}

/// The result that stands, as the words in its files.
fn standing(store: &Store, id: JobId) -> Vec<String> {
    let artifacts = store.artifacts(id).unwrap();
    artifacts.iter().map(|a| String::from_utf8(store.artifact_bytes(a).unwrap()).unwrap()).collect()
}

/// Old, or one retrier's from the step that was run again: never some of each.
fn must_be_whole(found: &[String], order: &[Actor]) {
    let one_of = |word| {
        found[..4] == ["old prepare", "old views", "old gate", "old mesh"]
            && found[4..] == [format!("{word} finish"), format!("{word} export")]
    };
    assert!(["old", "first", "second"].into_iter().any(one_of), "{order:?}: {found:?}");
}

fn must_be_a_log(store: &Store, id: JobId, order: &[Actor]) {
    let log = bodies(store, id);
    let why = || format!("{order:?}: {log:?}");
    let mut is_over = false;
    for body in &log {
        match body {
            EventBody::Retried { .. } => is_over = false,
            _ => assert!(!is_over, "after the end: {}", why()),
        }
        is_over |= body.is_terminal();
    }
    assert_eq!(is_over, store.state(id).unwrap().is_terminal(), "{}", why());
    let since_retry = log.rsplit(|body| matches!(body, EventBody::Retried { .. })).next().unwrap();
    if since_retry.contains(&EventBody::Cancelling) && is_over {
        assert_eq!(log.last(), Some(&EventBody::Cancelled), "asked for and not done: {}", why());
    }
}

fn explore(dir: &Path, moves: &[(Actor, usize)]) -> usize {
    let (here, there) = (Store::open(dir).unwrap(), Store::open(dir).unwrap());
    let mut count = 0;
    orders(&mut moves.iter().copied().collect::<BTreeMap<_, _>>(), &mut Vec::new(), &mut |order| {
        let id = new_job(&here);
        run_through(&here, id, "old");
        let (mut first, mut second) = (Retrier::new(&here, "first"), Retrier::new(&there, "second"));
        let look = || {
            must_be_whole(&standing(&here, id), order);
            assert_eq!(here.snapshot(id).unwrap().checkpoint, Some(StepName::Export), "{order:?}");
        };
        for actor in order {
            match actor {
                Actor::First => first.moves(id),
                Actor::Second => second.moves(id),
                Actor::Shutdown => first.stop = true,
                Actor::Cancel => {
                    // Refused where the job rests.
                    if here.request_cancel(id).is_ok_and(|answer| answer == CancelAnswer::Asked) {
                        first.told |= here.cancel_requests().unwrap().contains(&id);
                        second.told |= there.cancel_requests().unwrap().contains(&id);
                    }
                }
            }
            look();
        }
        for retrier in [&mut first, &mut second] {
            while retrier.is_at_work() {
                retrier.moves(id);
                look();
            }
        }
        must_be_a_log(&here, id, order);
        let snapshot = here.snapshot(id).unwrap();
        assert!(snapshot.state.is_terminal() || snapshot.state == JobState::Interrupted, "{order:?}");
        if snapshot.retry.is_none() {
            let named: Vec<PathBuf> = snapshot.artifacts.iter().map(|a| PathBuf::from(&a.path)).collect();
            let folder = named[0].parent().unwrap();
            assert_eq!(files_below(folder).len(), named.len(), "{order:?}: files are left behind");
        }
        count += 1;
    });
    count
}

#[test]
fn whoever_meets_over_a_retry_one_whole_result_stands() {
    use Actor::{Cancel, First, Second, Shutdown};
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let mut count = explore(dir.path(), &[(First, 4), (Second, 4)]);
    count += explore(dir.path(), &[(First, 4), (Cancel, 2), (Shutdown, 1)]);
    count += explore(dir.path(), &[(First, 4), (Second, 3), (Cancel, 1)]);
    count += explore(dir.path(), &[(First, 4), (Second, 3), (Shutdown, 1)]);
    println!("orders tried: {count}");
}
