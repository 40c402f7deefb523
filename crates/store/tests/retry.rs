//! Running a job again from a step, beside the result that stands.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use common::{bodies, crash, error, files_below, new_job, run_one, run_through};
use oreforge_protocol::{
    Artifact, ErrorCode, ErrorReport, EventBody, JobId, JobKind, JobState, StepName, StepState,
};
use oreforge_store::{Begun, Store};

fn words(store: &Store, artifacts: &[Artifact]) -> Vec<String> {
    artifacts.iter().map(|a| String::from_utf8(store.artifact_bytes(a).unwrap()).unwrap()).collect()
}

fn done_job(store: &Store) -> JobId {
    let id = new_job(store);
    run_through(store, id, "old");
    id
}

const OLD: [&str; 6] = ["old prepare", "old views", "old gate", "old mesh", "old finish", "old export"];

#[test]
fn the_older_result_stays_until_the_new_one_replaces_it_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = done_job(&store);
    let before = store.snapshot(id).unwrap();
    store.retry(id, StepName::Mesh, None).unwrap();
    assert_eq!(bodies(&store, id).last(), Some(&EventBody::Retried { from: StepName::Mesh }));
    assert_eq!(store.begin(id, "draft").unwrap(), Begun::Step(StepName::Mesh));
    for step in [StepName::Mesh, StepName::Finish] {
        let next = run_one(&store, id, step, "new");
        let during = store.snapshot(id).unwrap();
        assert_eq!((&during.artifacts, during.checkpoint), (&before.artifacts, Some(StepName::Export)));
        assert_eq!(words(&store, &during.artifacts), OLD);
        assert_eq!(during.steps[3].state, StepState::Done);
        assert_eq!(during.steps[next.unwrap().index()].state, StepState::Running);
        let inputs = store.input_artifacts(id).unwrap();
        let inputs = words(&store, &inputs);
        assert!(
            inputs.contains(&format!("new {step}")) && inputs.contains(&"old gate".to_owned()),
            "{inputs:?}"
        );
        assert!(!inputs.contains(&"old export".to_owned()), "what is to be made again is no input");
        assert_eq!(store.step_reports(id).unwrap().len(), step.index() + 1);
    }
    assert_eq!(run_one(&store, id, StepName::Export, "new"), None);
    let after = store.snapshot(id).unwrap();
    assert_eq!((after.state, after.retry), (JobState::Done, None));
    let wanted = ["old prepare", "old views", "old gate", "new mesh", "new finish", "new export"];
    assert_eq!(words(&store, &after.artifacts), wanted);
    let named = after.artifacts.iter().map(|a| PathBuf::from(&a.path)).collect();
    assert_eq!(files_below(&dir.path().join("projects")), named, "the older files are gone");
    assert!(matches!(bodies(&store, id).last(), Some(EventBody::Done { elapsed_ms: 30 })));
}

#[test]
fn a_retry_that_does_not_get_through_costs_nothing_and_can_go_on() {
    for way in ["fail", "cancel", "interrupt", "crash"] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let id = done_job(&store);
        store.retry(id, StepName::Views, None).unwrap();
        store.begin(id, "draft").unwrap();
        run_one(&store, id, StepName::Views, "new");
        let state = match way {
            "fail" => {
                store.fail(id, Some((StepName::Gate, 1)), error()).unwrap();
                JobState::Failed
            }
            "cancel" => {
                store.cancelled(id, StepName::Gate, 1).unwrap();
                JobState::Cancelled
            }
            "interrupt" => {
                store.interrupt(id, StepName::Gate, 1).unwrap();
                JobState::Interrupted
            }
            _ => {
                crash(dir.path(), store);
                store = Store::open(dir.path()).unwrap();
                JobState::Interrupted
            }
        };
        let stopped = store.snapshot(id).unwrap();
        assert_eq!((stopped.state, stopped.checkpoint), (state, Some(StepName::Export)), "{way}");
        assert_eq!(words(&store, &stopped.artifacts), OLD, "{way}");
        store.resume(id, None).unwrap();
        assert_eq!(bodies(&store, id).last(), Some(&EventBody::Resumed { step: StepName::Gate }), "{way}");
        let ran = run_through(&store, id, "new");
        assert_eq!(ran, &JobKind::Forge.steps()[2..], "{way}: the views are not paid for twice");
        let artifacts = store.artifacts(id).unwrap();
        assert_eq!(words(&store, &artifacts)[1..3], ["new views", "new gate"], "{way}");
    }
}

#[test]
fn a_retry_can_be_given_up_for_another_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = done_job(&store);
    store.retry(id, StepName::Prepare, None).unwrap();
    store.begin(id, "draft").unwrap();
    run_one(&store, id, StepName::Prepare, "given up");
    store.cancelled(id, StepName::Views, 1).unwrap();
    store.retry(id, StepName::Export, None).unwrap();
    assert_eq!(files_below(&dir.path().join("projects")).len(), 6, "what was given up is gone");
    assert_eq!(run_through(&store, id, "new"), [StepName::Export]);
    assert_eq!(words(&store, &store.artifacts(id).unwrap())[..2], OLD[..2]);
}

#[test]
fn only_a_job_that_rests_and_has_been_there_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    let code = |result: Result<(), _>| ErrorReport::from(result.unwrap_err()).code;
    assert_eq!(code(store.retry(id, StepName::Prepare, None)), ErrorCode::WrongState, "it waits");
    store.begin(id, "draft").unwrap();
    run_one(&store, id, StepName::Prepare, "old");
    assert_eq!(code(store.retry(id, StepName::Prepare, None)), ErrorCode::WrongState, "it runs");
    store.fail(id, Some((StepName::Views, 1)), error()).unwrap();
    assert_eq!(code(store.retry(id, StepName::Gate, None)), ErrorCode::WrongState, "it has not been there");
    assert_eq!(store.snapshot(id).unwrap().state, JobState::Failed);
    store.retry(id, StepName::Views, None).unwrap();
    assert_eq!(store.begin(id, "draft").unwrap(), Begun::Step(StepName::Views));
    run_one(&store, id, StepName::Views, "new");
    let during = store.snapshot(id).unwrap();
    assert_eq!(during.checkpoint, Some(StepName::Prepare), "what a retry makes is not safe before it stands");
}
