//! Every order in which those who write about a job can meet: its runner, two who cancel, a shutdown, and somebody
//! in another process who resumes. Each move is one transaction of the real store; all orders are tried.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::orders;
use oreforge_protocol::{
    ErrorCode, ErrorReport, EventBody, EventSeq, ForgeRequest, JobId, JobRequest, JobState, SourceRef,
    StepName,
};
use oreforge_store::{Begun, CancelAnswer, NewJob, StepCommit, Store};

/// Who moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    /// The process that queued the job, running it.
    Owner,
    /// Somebody who cancels, in the owner's process.
    Cancel,
    /// Somebody who cancels, in another process.
    OtherCancel,
    /// The owner's process is asked to end.
    Shutdown,
    /// Another process resumes the job, and runs it.
    Other,
}

/// How the owner's last step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Well,
    Badly,
}

/// A process that runs a job as `run_job` does, one transaction a move.
struct Runner<'a> {
    store: &'a Store,
    last: Last,
    at: At,
    stop: bool,
    /// Its cancellation token.
    told: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Resume,
    Begin,
    Step(StepName),
    Over,
}

impl Runner<'_> {
    fn moves(&mut self, id: JobId) {
        self.at = match self.at {
            At::Resume => match self.store.resume(id, None) {
                Ok(()) => At::Begin,
                Err(_) => At::Over,
            },
            At::Begin => match self.store.begin(id, "fake") {
                Ok(Begun::Step(step)) => At::Step(step),
                Ok(Begun::NothingLeft) | Err(_) => At::Over,
            },
            At::Step(step) => self.step(id, step),
            At::Over => At::Over,
        };
    }

    fn step(&self, id: JobId, step: StepName) -> At {
        let ended = if self.told {
            self.store.cancelled(id, step, 1).map(|()| None)
        } else if self.stop {
            self.store.interrupt(id, step, 1).map(|()| None)
        } else if self.last == Last::Badly && step == StepName::Export {
            let error = ErrorReport::new(ErrorCode::EngineFailed, "no luck");
            self.store.fail(id, Some((step, 1)), error).map(|()| None)
        } else {
            let commit = StepCommit { step, elapsed_ms: 1, facts: BTreeMap::new(), artifacts: Vec::new() };
            self.store.commit_step(id, commit)
        };
        match ended {
            Ok(Some(next)) => At::Step(next),
            Ok(None) => At::Over,
            Err(error) => panic!("a runner that keeps its job is refused: {error}"),
        }
    }
}

struct World<'a> {
    id: JobId,
    owner: Runner<'a>,
    other: Runner<'a>,
}

impl World<'_> {
    fn moves(&mut self, actor: Actor) {
        match actor {
            Actor::Owner => self.owner.moves(self.id),
            Actor::Other => self.other.moves(self.id),
            Actor::Cancel => self.cancel(self.owner.store),
            Actor::OtherCancel => self.cancel(self.other.store),
            Actor::Shutdown => self.owner.stop = true,
        }
    }

    fn cancel(&mut self, store: &Store) {
        if store.request_cancel(self.id).unwrap() == CancelAnswer::Asked {
            // Whoever runs it hears of it: at once in the same process, by its row in another.
            self.owner.told |= self.owner.store.cancel_requests().unwrap().contains(&self.id);
            self.other.told |= self.other.store.cancel_requests().unwrap().contains(&self.id);
        }
    }
}

fn request() -> JobRequest {
    JobRequest::Forge(ForgeRequest::new(SourceRef::Sample { name: "duck".to_owned() }))
}

/// A job whose last two steps are left.
fn job(store: &Store) -> JobId {
    let new =
        NewJob { name: "duck".to_owned(), project: None, request: request(), in_front: false, failure: None };
    let id = store.create_job(new).unwrap();
    store.begin(id, "fake").unwrap();
    for step in [StepName::Prepare, StepName::Views, StepName::Gate, StepName::Mesh] {
        let commit = StepCommit { step, elapsed_ms: 1, facts: BTreeMap::new(), artifacts: Vec::new() };
        store.commit_step(id, commit).unwrap();
    }
    store.interrupt(id, StepName::Finish, 1).unwrap();
    store.resume(id, None).unwrap();
    id
}

fn must_be_consistent(store: &Store, id: JobId, order: &[Actor]) {
    let snapshot = store.snapshot(id).unwrap();
    let log: Vec<EventBody> =
        store.events(id, EventSeq(0), 1000).unwrap().into_iter().map(|event| event.body).collect();
    let why = || format!("{order:?}: {:?} {log:?}", snapshot.state);
    let mut is_over = false;
    let mut done = Vec::new();
    for body in &log {
        assert!(!is_over || matches!(body, EventBody::Resumed { .. }), "after the end: {}", why());
        is_over = body.is_terminal();
        if let EventBody::StepDone { step, .. } = body {
            assert!(!done.contains(step), "{step} twice: {}", why());
            done.push(*step);
        }
    }
    assert_eq!(is_over, snapshot.state.is_terminal(), "{}", why());
    assert_eq!(snapshot.checkpoint.map(|step| step.index() + 1), Some(done.len()), "{}", why());
    let since_start = log.rsplit(|body| matches!(body, EventBody::Resumed { .. })).next().unwrap();
    let was_asked = since_start.contains(&EventBody::Cancelling);
    if was_asked && snapshot.state.is_terminal() {
        assert_eq!(snapshot.state, JobState::Cancelled, "asked for and not done: {}", why());
    }
}

fn explore(dir: &Path, last: Last, moves: &[(Actor, usize)]) -> usize {
    let (own, other) = (Store::open(dir).unwrap(), Store::open(dir).unwrap());
    let mut count = 0;
    orders(&mut moves.iter().copied().collect(), &mut Vec::new(), &mut |order| {
        let runner = |store, at| Runner { store, last, at, stop: false, told: false };
        let mut world =
            World { id: job(&own), owner: runner(&own, At::Begin), other: runner(&other, At::Resume) };
        let mut checkpoint = None;
        for actor in order {
            world.moves(*actor);
            let reached = own.snapshot(world.id).unwrap().checkpoint;
            assert!(reached >= checkpoint, "the checkpoint fell: {order:?}");
            checkpoint = reached;
        }
        // Whoever still runs it comes to an end.
        for _ in 0..4 {
            if world.owner.at != At::Over {
                world.owner.moves(world.id);
            }
            if world.other.at != At::Over && world.other.at != At::Resume {
                world.other.moves(world.id);
            }
        }
        must_be_consistent(&own, world.id, order);
        let state = own.state(world.id).unwrap();
        assert!(state.is_terminal() || state == JobState::Interrupted, "{order:?} ends {state:?}");
        count += 1;
    });
    count
}

#[test]
fn whoever_meets_over_a_job_it_ends_once() {
    use Actor::{Cancel, Other, OtherCancel, Owner, Shutdown};
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let mut count = 0;
    for last in [Last::Well, Last::Badly] {
        count += explore(dir.path(), last, &[(Owner, 3), (Cancel, 1), (OtherCancel, 1), (Shutdown, 1)]);
        count += explore(dir.path(), last, &[(Owner, 3), (Cancel, 1), (Other, 4)]);
        count += explore(dir.path(), last, &[(Owner, 3), (Shutdown, 1), (Other, 3)]);
        count += explore(dir.path(), last, &[(Owner, 2), (Shutdown, 1), (OtherCancel, 1), (Other, 3)]);
    }
    println!("orders tried: {count}");
}
