//! What must hold for a job in the store, whatever is asked of it and in whatever order.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::{bodies, commit, crash, error, files_below, new_job, picture, request};

use oreforge_protocol::{
    Artifact, ArtifactKind, ErrorCode, ErrorReport, EventBody, EventSeq, JobKind, JobState, LogLevel,
    StepName, StepState,
};
use oreforge_store::{Begun, CancelAnswer, NewJob, Store, StoreError};
use proptest::prelude::*;

#[test]
fn a_job_runs_through_its_steps_and_ends_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    assert_eq!(store.next_queued().unwrap().unwrap().id, id);
    let mut next = match store.begin(id, "draft").unwrap() {
        Begun::Step(step) => Some(step),
        Begun::NothingLeft => None,
    };
    let mut ran = Vec::new();
    while let Some(step) = next {
        ran.push(step);
        let staged = match step {
            StepName::Export => store.stage(id, step, picture(ArtifactKind::Mesh, b"glTF")).unwrap(),
            _ => Vec::new(),
        };
        next = store.commit_step(id, commit(step, staged)).unwrap();
    }
    assert_eq!(ran, JobKind::Forge.steps());
    let snapshot = store.snapshot(id).unwrap();
    assert_eq!((snapshot.state, snapshot.checkpoint), (JobState::Done, Some(StepName::Export)));
    assert!(snapshot.steps.iter().all(|s| s.state == StepState::Done && s.estimate_ms == Some(5)));
    assert_eq!(bodies(&store, id).last(), Some(&EventBody::Done { elapsed_ms: 30 }));
    let mesh = &snapshot.artifacts[0];
    assert_eq!(std::fs::read(&mesh.path).unwrap(), b"glTF");
    assert_eq!(Path::new(&mesh.path).file_name().unwrap(), "duck.glb");
    assert!(store.next_queued().unwrap().is_none());
    assert_eq!(snapshot.last_seq, store.events(id, EventSeq(0), 1000).unwrap().last().unwrap().seq);
}

#[test]
fn a_job_that_cannot_start_is_kept_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let job = NewJob {
        name: "x".to_owned(),
        project: None,
        request: request(),
        in_front: false,
        failure: Some(error()),
    };
    let id = store.create_job(job).unwrap();
    let snapshot = store.snapshot(id).unwrap();
    assert_eq!((snapshot.state, snapshot.error), (JobState::Failed, Some(error())));
    assert_eq!(bodies(&store, id).last(), Some(&EventBody::Error { step: None, error: error() }));
    assert!(store.next_queued().unwrap().is_none());
}

#[test]
fn progress_is_one_event_that_moves_to_the_end_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    store.begin(id, "draft").unwrap();
    store.progress(id, StepName::Prepare, 0.25, "looking").unwrap();
    let cursor = store.events(id, EventSeq(0), 1000).unwrap().last().unwrap().seq;
    store.log(id, vec![(LogLevel::Info, "hello".to_owned())]).unwrap();
    store.progress(id, StepName::Prepare, 0.5, "cutting").unwrap();
    let fractions: Vec<f32> = bodies(&store, id)
        .iter()
        .filter_map(|b| if let EventBody::Progress { fraction, .. } = b { Some(*fraction) } else { None })
        .collect();
    assert_eq!(fractions, [0.5]);
    let later = store.events(id, cursor, 1000).unwrap();
    assert!(
        matches!(later[1].body, EventBody::Progress { .. }),
        "a reader that saw the old one gets the new one"
    );
}

#[test]
fn an_empty_artifact_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    store.begin(id, "draft").unwrap();
    let refused = store.stage(id, StepName::Prepare, picture(ArtifactKind::Cutout, b""));
    assert!(matches!(refused, Err(StoreError::EmptyArtifact)));
}

#[test]
fn publishing_again_keeps_equal_files_and_replaces_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    store.begin(id, "draft").unwrap();
    let publish = |bytes: &[u8]| {
        let staged = store.stage(id, StepName::Prepare, picture(ArtifactKind::Cutout, bytes)).unwrap();
        store.publish(id, staged).unwrap();
        store.artifacts(id).unwrap().remove(0)
    };
    let first = publish(b"one");
    assert_eq!(publish(b"one"), first);
    let second = publish(b"two");
    assert_ne!(second.path, first.path, "a row's file never changes under it");
    assert!(!Path::new(&first.path).exists());
    assert_eq!(store.artifact_bytes(&second).unwrap(), b"two");
    std::fs::write(&second.path, b"2wo").unwrap();
    assert!(matches!(store.artifact_bytes(&second), Err(StoreError::FileChanged { .. })));
}

#[test]
fn what_a_dead_process_ran_becomes_interrupted_and_its_parts_go() {
    let dir = tempfile::tempdir().unwrap();
    let (id, folder) = {
        let store = Store::open(dir.path()).unwrap();
        let id = new_job(&store);
        store.begin(id, "draft").unwrap();
        let staged = store.stage(id, StepName::Prepare, picture(ArtifactKind::Cutout, b"cut")).unwrap();
        store.commit_step(id, commit(StepName::Prepare, staged)).unwrap();
        let cutout = store.artifacts(id).unwrap().remove(0);
        let folder = Path::new(&cutout.path).parent().unwrap().to_owned();
        let lock = std::fs::read_dir(dir.path().join("runners")).unwrap().next().unwrap().unwrap().path();
        let tag = lock.file_stem().unwrap().to_string_lossy().into_owned();
        std::fs::write(folder.join(format!(".duck.glb.{tag}.part")), b"half").unwrap();
        std::fs::write(folder.join("notes.part"), b"the artist's own").unwrap();
        (id, folder)
    };
    let store = Store::open(dir.path()).unwrap();
    let snapshot = store.snapshot(id).unwrap();
    assert_eq!((snapshot.state, snapshot.checkpoint), (JobState::Interrupted, Some(StepName::Prepare)));
    let mut left: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["duck.cutout.png", "notes.part"]);
    store.resume(id, None).unwrap();
    assert_eq!(store.begin(id, "draft").unwrap(), Begun::Step(StepName::Views));
}

#[test]
fn a_cancel_ends_the_step_of_a_dead_process_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let dying = Store::open(dir.path()).unwrap();
    let ids = [new_job(&dying), new_job(&dying)];
    for id in ids {
        dying.begin(id, "draft").unwrap();
    }
    assert_eq!(store.request_cancel(ids[0]).unwrap(), CancelAnswer::Asked);
    drop(dying);
    assert_eq!(store.request_cancel(ids[1]).unwrap(), CancelAnswer::Cancelled);
    assert!(store.collect_dead().unwrap());
    for id in ids {
        let snapshot = store.snapshot(id).unwrap();
        assert_eq!((snapshot.state, snapshot.steps[0].state), (JobState::Cancelled, StepState::Cancelled));
        assert_eq!(bodies(&store, id).last(), Some(&EventBody::Cancelled));
    }
}

#[test]
fn two_writers_of_one_file_and_names_as_long_as_they_come_disturb_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x".repeat(255));
    std::thread::scope(|threads| {
        for byte in [b'a', b'b', b'c', b'd'] {
            let path = &path;
            threads.spawn(move || {
                for _ in 0..20 {
                    oreforge_store::write_atomically(path, &[byte; 4096], "same").unwrap();
                }
            });
        }
        for _ in 0..200 {
            if let Ok(seen) = std::fs::read(&path) {
                assert!(seen.len() == 4096 && seen.iter().all(|byte| *byte == seen[0]), "half a file");
            }
        }
    });
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no part stays");
    let store = Store::open(&dir.path().join("data")).unwrap();
    for name in ["🦆".repeat(80), "x".repeat(300), "../..".to_owned()] {
        let job = NewJob {
            name,
            project: Some("../x".to_owned()),
            request: request(),
            in_front: false,
            failure: None,
        };
        let id = store.create_job(job).unwrap();
        store.begin(id, "draft").unwrap();
        let staged = store.stage(id, StepName::Mesh, picture(ArtifactKind::RawMesh, b"raw")).unwrap();
        store.publish(id, staged).unwrap();
        let file = std::fs::canonicalize(&store.artifacts(id).unwrap()[0].path).unwrap();
        assert!(file.starts_with(std::fs::canonicalize(store.root()).unwrap().join("projects")));
    }
}

#[test]
fn a_guest_cannot_move_a_job_that_somebody_runs_but_may_ask_for_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let owner = Store::open(dir.path()).unwrap();
    let guest = Store::open(dir.path()).unwrap();
    assert!(owner.is_owner() && !guest.is_owner());
    let id = new_job(&owner);
    owner.begin(id, "draft").unwrap();
    assert!(matches!(
        guest.commit_step(id, commit(StepName::Prepare, Vec::new())),
        Err(StoreError::NotOurs(_))
    ));
    assert!(guest.next_queued().unwrap().is_none());
    let mut seen = 0;
    owner.changed_by_others(&mut seen).unwrap();
    assert_eq!(guest.request_cancel(id).unwrap(), CancelAnswer::Asked);
    assert!(owner.changed_by_others(&mut seen).unwrap());
    assert!(!owner.changed_by_others(&mut seen).unwrap());
    assert_eq!(owner.cancel_requests().unwrap(), [id]);
    owner.cancelled(id, StepName::Prepare, 3).unwrap();
    assert_eq!(guest.snapshot(id).unwrap().state, JobState::Cancelled);
}

#[test]
fn a_newer_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    let db = rusqlite::Connection::open(dir.path().join("oreforge.sqlite3")).unwrap();
    db.execute("UPDATE meta SET value = 99 WHERE key = 'schema_version'", []).unwrap();
    drop(db);
    let Err(refused) = Store::open(dir.path()) else { panic!("opened") };
    assert_eq!(ErrorReport::from(refused).code, ErrorCode::StoreTooNew);
}

#[test]
fn a_file_that_is_no_database_is_said_to_be_unreadable() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("oreforge.sqlite3"), "a letter, not a database; ".repeat(100)).unwrap();
    let Err(refused) = Store::open(dir.path()) else { panic!("opened") };
    let report = ErrorReport::from(refused);
    assert_eq!(report.code, ErrorCode::StoreUnavailable);
    assert!(report.message.contains("unreadable"), "{report:?}");
}

#[test]
fn the_same_picture_twice_is_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let first = store.import_source("a.png", b"picture").unwrap();
    let second = store.import_source("b.PNG", b"picture").unwrap();
    assert_eq!((first.id.clone(), first.path.clone()), (second.id, second.path));
    assert_eq!(store.source_bytes(&first.id).unwrap(), b"picture");
}

#[derive(Debug, Clone)]
enum Call {
    Begin,
    Commit(StepName),
    Publish,
    Progress,
    Fail,
    Cancelled,
    Interrupt,
    RequestCancel,
    Resume,
    Retry(StepName),
    Reopen,
    /// The process is gone without tidying up.
    Crash,
    GuestCancel,
}

fn any_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => Just(Call::Begin),
        6 => proptest::sample::select(&StepName::ALL[..]).prop_map(Call::Commit),
        1 => Just(Call::Publish),
        1 => Just(Call::Progress),
        1 => Just(Call::Fail),
        1 => Just(Call::Cancelled),
        1 => Just(Call::Interrupt),
        2 => Just(Call::RequestCancel),
        4 => Just(Call::Resume),
        3 => proptest::sample::select(&StepName::ALL[..]).prop_map(Call::Retry),
        2 => Just(Call::Crash),
        1 => Just(Call::Reopen),
        1 => Just(Call::GuestCancel),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// No order of calls lowers the checkpoint, ends a job twice, says anything after its end, takes away what a
    /// retry has not replaced yet, or leaves a file without a row.
    #[test]
    fn checkpoints_grow_and_jobs_end_once(calls in proptest::collection::vec(any_call(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let id = new_job(&store);
        let mut checkpoint = None;
        let mut standing: Vec<Artifact> = Vec::new();
        for call in calls {
            // Refusals are answers too: only what is in the store afterwards counts.
            match call {
                Call::Begin => drop(store.begin(id, "draft")),
                Call::Commit(step) => {
                    let staged = store.stage(id, step, picture(ArtifactKind::Cutout, step.as_str().as_bytes())).unwrap();
                    drop(store.commit_step(id, commit(step, staged)));
                }
                Call::Publish => {
                    let staged = store.stage(id, StepName::Mesh, picture(ArtifactKind::RawMesh, b"raw")).unwrap();
                    drop(store.publish(id, staged));
                }
                Call::Retry(from) => drop(store.retry(id, from, None)),
                Call::Crash => { crash(dir.path(), store); store = Store::open(dir.path()).unwrap(); }
                Call::Progress => store.progress(id, StepName::Views, 0.5, "…").unwrap(),
                Call::Fail => drop(store.fail(id, Some((StepName::Views, 1)), error())),
                Call::Cancelled => drop(store.cancelled(id, StepName::Views, 1)),
                Call::Interrupt => drop(store.interrupt(id, StepName::Views, 1)),
                Call::RequestCancel => drop(store.request_cancel(id).unwrap()),
                Call::Resume => drop(store.resume(id, None)),
                Call::Reopen => { drop(store); store = Store::open(dir.path()).unwrap(); }
                Call::GuestCancel => drop(Store::open(dir.path()).unwrap().request_cancel(id).unwrap()),
            }
            let snapshot = store.snapshot(id).unwrap();
            prop_assert!(snapshot.checkpoint >= checkpoint);
            checkpoint = snapshot.checkpoint;
            let made = snapshot.retry.iter().flat_map(|retry| &retry.artifacts);
            for artifact in snapshot.artifacts.iter().chain(made) {
                prop_assert!(store.artifact_bytes(artifact).is_ok());
            }
            if snapshot.retry.is_some() {
                prop_assert_eq!(&snapshot.artifacts, &standing);
            }
            standing.clone_from(&snapshot.artifacts);
            let mut over = false;
            for body in bodies(&store, id) {
                if over {
                    let again = matches!(body, EventBody::Resumed { .. } | EventBody::Retried { .. });
                    prop_assert!(again, "after the end came {:?}", body);
                }
                over = body.is_terminal();
            }
            prop_assert_eq!(over, snapshot.state.is_terminal());
        }
        crash(dir.path(), store);
        let store = Store::open(dir.path()).unwrap();
        let snapshot = store.snapshot(id).unwrap();
        let made = snapshot.retry.iter().flat_map(|retry| &retry.artifacts);
        let named: BTreeSet<PathBuf> = snapshot.artifacts.iter().chain(made).map(|a| (&a.path).into()).collect();
        prop_assert_eq!(files_below(&dir.path().join("projects")), named);
    }
}
