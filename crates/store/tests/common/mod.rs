//! Jobs for tests.
#![allow(dead_code)] // Each test file uses its part.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use oreforge_protocol::{
    ArtifactKind, ErrorCode, ErrorReport, EventBody, EventSeq, ForgeRequest, JobId, JobRequest, SourceRef,
    StepName,
};
use oreforge_store::{ArtifactBytes, Begun, NewJob, Staged, StepCommit, Store};

pub fn request() -> JobRequest {
    JobRequest::Forge(ForgeRequest::new(SourceRef::Sample { name: "duck".to_owned() }))
}

pub fn new_job(store: &Store) -> JobId {
    let job =
        NewJob { name: "duck".to_owned(), project: None, request: request(), in_front: false, failure: None };
    store.create_job(job).unwrap()
}

/// A job that is done, with a file from each step.
pub fn forged(store: &Store, name: &str, project: Option<&str>) -> JobId {
    let id = queued(store, name, project);
    run_through(store, id, name);
    id
}

pub fn queued(store: &Store, name: &str, project: Option<&str>) -> JobId {
    let (name, project) = (name.to_owned(), project.map(str::to_owned));
    store.create_job(NewJob { name, project, request: request(), in_front: false, failure: None }).unwrap()
}

pub fn commit(step: StepName, artifacts: Vec<Staged>) -> StepCommit {
    StepCommit { step, elapsed_ms: 5, facts: BTreeMap::new(), artifacts }
}

pub fn bodies(store: &Store, id: JobId) -> Vec<EventBody> {
    store.events(id, EventSeq(0), 1000).unwrap().into_iter().map(|e| e.body).collect()
}

pub fn picture(kind: ArtifactKind, bytes: &[u8]) -> Vec<ArtifactBytes> {
    vec![ArtifactBytes { kind, slot: None, number: None, bytes: bytes.to_vec(), stats: None }]
}

pub fn error() -> ErrorReport {
    ErrorReport::new(ErrorCode::EngineFailed, "no")
}

/// Ends a store as a process ends that is killed: nothing is tidied up.
pub fn crash(root: &Path, store: Store) {
    let folder = root.join("runners");
    let before: BTreeSet<PathBuf> = files_below(&folder);
    drop(store);
    let after = files_below(&folder);
    before.difference(&after).for_each(|lock| fs::write(lock, b"").unwrap());
}

/// Every file below a folder, hidden ones too; none when there is no folder.
pub fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeSet::new() };
    entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { BTreeSet::from([path]) })
        .collect()
}

/// Starts a queued job and runs it to its end. Every step makes a file that holds `words`.
pub fn run_through(store: &Store, id: JobId, words: &str) -> Vec<StepName> {
    let Begun::Step(first) = store.begin(id, "draft").unwrap() else { return Vec::new() };
    let (mut ran, mut next) = (Vec::new(), Some(first));
    while let Some(step) = next {
        ran.push(step);
        next = run_one(store, id, step, words);
    }
    ran
}

/// Ends a running step well, with a file that holds `words`.
pub fn run_one(store: &Store, id: JobId, step: StepName, words: &str) -> Option<StepName> {
    let kind = match step {
        StepName::Prepare => ArtifactKind::Cutout,
        StepName::Views => ArtifactKind::View,
        StepName::Gate => ArtifactKind::Preview,
        StepName::Mesh => ArtifactKind::RawMesh,
        StepName::Finish => ArtifactKind::Mesh,
        StepName::Export => ArtifactKind::Report,
        StepName::Pictures => ArtifactKind::Picture,
    };
    let staged = store.stage(id, step, picture(kind, format!("{words} {step}").as_bytes())).unwrap();
    store.commit_step(id, commit(step, staged)).unwrap()
}

/// Calls `visit` with every order of the moves left to each actor; those of one actor keep theirs.
pub fn orders<A: Copy + Ord>(
    left: &mut BTreeMap<A, usize>,
    order: &mut Vec<A>,
    visit: &mut impl FnMut(&[A]),
) {
    let actors: Vec<A> = left.iter().filter(|(_, moves)| **moves > 0).map(|(actor, _)| *actor).collect();
    if actors.is_empty() {
        visit(order);
    }
    for actor in actors {
        *left.get_mut(&actor).unwrap() -= 1;
        order.push(actor);
        orders(left, order, visit);
        order.pop();
        *left.get_mut(&actor).unwrap() += 1;
    }
}
