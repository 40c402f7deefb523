//! Prompts on ComfyUI servers, noted so that they outlive whoever sent them.

#![allow(clippy::unwrap_used)]

mod common;

use common::{crash, error, new_job, run_one};
use oreforge_protocol::{JobId, OutputFile, PromptNote, PromptState, ServerFolder, StepName};
use oreforge_store::{CancelAnswer, Store, StoreError};

fn note(prompt_id: &str, state: PromptState) -> PromptNote {
    PromptNote {
        prompt_id: prompt_id.to_owned(),
        server: "http://127.0.0.1:8188".to_owned(),
        purpose: "views".to_owned(),
        graph_sha256: "ab".repeat(32),
        crashes: 0,
        state,
        files: Vec::new(),
    }
}

/// A job in its views step, with one prompt of each state.
fn asking(store: &Store) -> JobId {
    let id = new_job(store);
    store.begin(id, "comfy").unwrap();
    run_one(store, id, StepName::Prepare, "cut");
    for (prompt_id, state) in [
        ("open", PromptState::Open),
        ("unwanted", PromptState::Unwanted),
        ("closed", PromptState::Closed),
        ("aside", PromptState::SetAside),
    ] {
        store.note_prompt(id, StepName::Views, &note(prompt_id, state)).unwrap();
    }
    id
}

fn left(store: &Store, id: JobId) -> Vec<(String, PromptState)> {
    let notes = store.prompts(id, StepName::Views).unwrap();
    notes.into_iter().map(|note| (note.prompt_id, note.state)).collect()
}

fn unwanted(ids: &[&str]) -> Vec<(String, PromptState)> {
    ids.iter().map(|id| ((*id).to_owned(), PromptState::Unwanted)).collect()
}

#[test]
fn a_newer_note_of_a_prompt_replaces_the_older_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = asking(&store);
    let picture = OutputFile {
        node_id: "7".to_owned(),
        kind: "images".to_owned(),
        file_name: "Bär_00001_.png".to_owned(),
        subfolder: "views".to_owned(),
        folder: ServerFolder::Output,
    };
    let crashed = PromptNote { crashes: 1, files: vec![picture], ..note("open", PromptState::Closed) };
    store.note_prompt(id, StepName::Views, &crashed).unwrap();
    let notes = store.prompts(id, StepName::Views).unwrap();
    assert_eq!(notes.len(), 4);
    assert_eq!(notes[0], crashed);
    assert_eq!(store.prompts(id, StepName::Mesh).unwrap(), []);
}

#[test]
fn prompts_outlive_a_crash_an_interrupt_and_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let id = asking(&store);
    let before = left(&store, id);
    crash(dir.path(), store);
    store = Store::open(dir.path()).unwrap();
    assert_eq!(left(&store, id), before);
    store.resume(id, None).unwrap();
    store.begin(id, "comfy").unwrap();
    store.interrupt(id, StepName::Views, 1).unwrap();
    assert_eq!(left(&store, id), before);
    store.resume(id, None).unwrap();
    store.begin(id, "comfy").unwrap();
    store.fail(id, Some((StepName::Views, 1)), error()).unwrap();
    assert_eq!(left(&store, id), before, "a server that was away may have finished meanwhile");
}

#[test]
fn what_nobody_waits_for_is_kept_until_it_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let committed = asking(&store);
    run_one(&store, committed, StepName::Views, "view");
    assert_eq!(left(&store, committed), unwanted(&["unwanted"]));
    store.cancelled(committed, StepName::Gate, 1).unwrap();

    let cancelled = new_job(&store);
    store.begin(cancelled, "comfy").unwrap();
    store.note_prompt(cancelled, StepName::Views, &note("early", PromptState::Open)).unwrap();
    store.interrupt(cancelled, StepName::Prepare, 1).unwrap();
    assert_eq!(store.request_cancel(cancelled).unwrap(), CancelAnswer::Cancelled);
    assert_eq!(left(&store, cancelled), unwanted(&["early"]));

    store.resume(cancelled, None).unwrap();
    store.begin(cancelled, "comfy").unwrap();
    run_one(&store, cancelled, StepName::Prepare, "cut");
    store.note_prompt(cancelled, StepName::Views, &note("again", PromptState::Open)).unwrap();
    store.fail(cancelled, Some((StepName::Views, 1)), error()).unwrap();
    store.retry(cancelled, StepName::Views, None).unwrap();
    assert_eq!(left(&store, cancelled), unwanted(&["early", "again"]));
}

#[test]
fn a_step_that_was_let_go_of_notes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = asking(&store);
    store.let_go().unwrap();
    let late = store.note_prompt(id, StepName::Views, &note("late", PromptState::Open));
    assert!(matches!(late, Err(StoreError::WrongState { .. })), "{late:?}");
    assert_eq!(left(&store, id).len(), 4);
}
