//! What processes that died leave behind, and data folders of older versions.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;
use std::thread;

use common::{bodies, crash, files_below, new_job, picture, run_one};
use oreforge_protocol::{
    ArtifactKind, ErrorCode, ErrorReport, EventBody, GalleryQuery, JobState, StepName, StepState,
};
use oreforge_store::{Begun, Store};

#[test]
fn a_job_whose_process_dies_twice_in_one_step_is_set_aside_until_a_person_wants_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    let die = |store: Store, advance: bool| {
        store.begin(id, "draft").unwrap();
        if advance {
            run_one(&store, id, StepName::Prepare, "cut");
        }
        crash(dir.path(), store);
        let store = Store::open(dir.path()).unwrap();
        let snapshot = store.snapshot(id).unwrap();
        (store, snapshot)
    };
    let mut snapshot;
    (store, snapshot) = die(store, false);
    assert_eq!(snapshot.state, JobState::Interrupted);
    store.resume(id, None).unwrap();
    (store, snapshot) = die(store, true);
    assert_eq!(snapshot.state, JobState::Interrupted, "a step was done meanwhile: another cause");
    store.resume(id, None).unwrap();
    (store, snapshot) = die(store, false);
    let error = snapshot.error.unwrap();
    assert_eq!((snapshot.state, error.code), (JobState::Failed, ErrorCode::Quarantined));
    assert!(error.message.contains("views"), "{error:?}");
    assert_eq!(snapshot.steps[1].state, StepState::Failed);
    assert_eq!(bodies(&store, id).last(), Some(&EventBody::Error { step: Some(StepName::Views), error }));
    assert!(store.next_queued().unwrap().is_none());
    store.resume(id, None).unwrap();
    (store, snapshot) = die(store, false);
    assert_eq!(snapshot.error.unwrap().code, ErrorCode::Quarantined, "and set aside again");
    assert_eq!(store.snapshot(id).unwrap().checkpoint, Some(StepName::Prepare));
}

#[test]
fn an_end_in_good_order_is_no_crash() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    for _ in 0..3 {
        store.begin(id, "draft").unwrap();
        // Closed without a word, as when nothing could be written any more.
        drop(store);
        store = Store::open(dir.path()).unwrap();
        assert_eq!(store.snapshot(id).unwrap().state, JobState::Interrupted);
        store.resume(id, None).unwrap();
    }
}

#[test]
fn files_without_a_row_go_with_their_process_and_nobody_elses() {
    let dir = tempfile::tempdir().unwrap();
    let alive = Store::open(dir.path()).unwrap();
    let dying = Store::open(dir.path()).unwrap();
    let staged = |store: &Store| {
        let id = new_job(store);
        store.begin(id, "draft").unwrap();
        store.stage(id, StepName::Prepare, picture(ArtifactKind::Cutout, b"cut")).unwrap();
        id
    };
    let (kept, lost) = (staged(&alive), staged(&dying));
    dying.import_source("a.png", b"a picture with a row").unwrap();
    let projects = dir.path().join("projects");
    let files = files_below(&projects);
    assert_eq!(files.len(), 2);
    let folder_of = |id: oreforge_protocol::JobId| {
        let short = id.to_string()[28..].to_owned();
        files
            .iter()
            .find(|path| path.to_string_lossy().contains(&short))
            .unwrap()
            .parent()
            .unwrap()
            .to_owned()
    };
    fs::write(folder_of(lost).join("duck-2.glb"), b"the artist's own").unwrap();
    crash(dir.path(), dying);
    let third = Store::open(dir.path()).unwrap();
    assert_eq!(third.snapshot(kept).unwrap().state, JobState::Running);
    assert_eq!(files_below(&folder_of(kept)).len(), 1, "a living process still writes it");
    assert_eq!(files_below(&folder_of(lost)), [folder_of(lost).join("duck-2.glb")].into());
    assert_eq!(files_below(&dir.path().join("sources")).len(), 1);
}

#[test]
fn a_folder_that_is_taken_away_is_not_made_anew_and_goes_on_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let (root, aside) = (dir.path().join("data"), dir.path().join("elsewhere"));
    let store = Store::open(&root).unwrap();
    let id = new_job(&store);
    store.begin(id, "draft").unwrap();
    run_one(&store, id, StepName::Prepare, "cut");
    fs::rename(&root, &aside).unwrap();
    for refused in [
        store.check_room(0).unwrap_err(),
        store.stage(id, StepName::Views, picture(ArtifactKind::View, b"view")).unwrap_err(),
    ] {
        let report = ErrorReport::from(refused);
        assert_eq!(report.code, ErrorCode::StoreUnavailable);
        assert!(report.message.contains("is not there any more"), "{report:?}");
    }
    assert!(!root.exists());
    fs::rename(&aside, &root).unwrap();
    drop(store);
    let store = Store::open(&root).unwrap();
    assert_eq!(store.snapshot(id).unwrap().checkpoint, Some(StepName::Prepare));
    store.resume(id, None).unwrap();
    store.begin(id, "draft").unwrap();
    run_one(&store, id, StepName::Views, "view");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_said_and_the_step_can_be_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    store.begin(id, "draft").unwrap();
    run_one(&store, id, StepName::Prepare, "cut");
    let cutout = std::path::PathBuf::from(&store.artifacts(id).unwrap()[0].path);
    let in_the_way = cutout.with_file_name("duck.raw_mesh.glb");
    fs::create_dir(&in_the_way).unwrap();
    fs::write(in_the_way.join("x"), b"x").unwrap();
    let stage = || store.stage(id, StepName::Mesh, picture(ArtifactKind::RawMesh, b"raw"));
    let report = ErrorReport::from(stage().unwrap_err());
    assert!(
        report.message.contains("in the way of") && report.message.contains("raw_mesh.glb"),
        "{report:?}"
    );
    fs::remove_dir_all(&in_the_way).unwrap();
    stage().unwrap();
}

#[test]
fn files_of_a_step_that_stops_go_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = new_job(&store);
    store.begin(id, "draft").unwrap();
    store.stage(id, StepName::Prepare, picture(ArtifactKind::Cutout, b"cut")).unwrap();
    store.cancelled(id, StepName::Prepare, 1).unwrap();
    assert!(files_below(&dir.path().join("projects")).is_empty());
}

fn folder_of_version(version: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/data-folder-v{version}"));
    for file in files_below(&fixture) {
        let target = dir.path().join(file.strip_prefix(&fixture).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, &target).unwrap();
    }
    dir
}

/// A folder that version 2 made: a job done whose process was killed while it was run again from its mesh.
#[test]
fn a_folder_of_the_second_schema_keeps_its_open_retry() {
    let dir = folder_of_version(2);
    let store = Store::open(dir.path()).unwrap();
    let job = &store.list(10).unwrap()[0];
    assert_eq!((job.state, job.checkpoint), (JobState::Interrupted, Some(StepName::Export)));
    assert_eq!(job.retry.as_ref().unwrap().from, StepName::Mesh);
    let mesh = job.artifacts.iter().find(|a| a.kind == ArtifactKind::Mesh).unwrap();
    assert_eq!(&store.artifact_bytes(mesh).unwrap()[..4], b"glTF");
    store.resume(job.id, None).unwrap();
    assert_eq!(store.begin(job.id, "draft").unwrap(), Begun::Step(StepName::Mesh));
    assert_eq!(store.prompts(job.id, StepName::Mesh).unwrap(), []);
    assert!(dir.path().join("oreforge.sqlite3.backup-v2").is_file());
}

/// A folder that version 1 made: a job done, one that wants a mask, one whose process was killed in its mesh step.
#[test]
fn a_folder_of_the_first_schema_is_brought_up_to_date_after_a_backup() {
    let dir = folder_of_version(1);
    let database = fs::read(dir.path().join("oreforge.sqlite3")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    let jobs = store.list(10).unwrap();
    let seen: Vec<_> = jobs.iter().map(|job| (job.name.as_str(), job.state, job.checkpoint)).collect();
    assert_eq!(
        seen,
        [
            ("duck", JobState::Interrupted, Some(StepName::Gate)),
            ("coffee", JobState::Failed, None),
            ("mushroom", JobState::Done, Some(StepName::Export)),
        ]
    );
    let mesh = jobs[2].artifacts.iter().find(|a| a.kind == ArtifactKind::Mesh).unwrap();
    assert_eq!(&store.artifact_bytes(mesh).unwrap()[..4], b"glTF");
    assert_eq!(store.step_reports(jobs[2].id).unwrap().len(), 6);
    assert!(matches!(bodies(&store, jobs[2].id).last(), Some(EventBody::Done { .. })));
    let entries = store.gallery(&GalleryQuery::default(), 0, 10).unwrap().entries;
    let entry = entries.iter().find(|entry| entry.artifact == *mesh).unwrap();
    assert!(entry.created_at >= jobs[2].created_at, "the time it was made is known");
    store.retry(jobs[2].id, StepName::Export, None).unwrap();

    // The copy is the folder as it was, for the version that made it.
    let backup = dir.path().join("oreforge.sqlite3.backup-v1");
    let versions = |path: &Path| -> (i64, i64) {
        let db = rusqlite::Connection::open(path).unwrap();
        let count = |sql: &str| db.query_row(sql, [], |row| row.get(0)).unwrap();
        (count("SELECT value FROM meta WHERE key = 'schema_version'"), count("SELECT count(*) FROM events"))
    };
    let old = dir.path().join("old.sqlite3");
    fs::write(&old, &database).unwrap();
    assert_eq!(versions(&backup), versions(&old));
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().list(10).unwrap().len(), 3, "and opens again");
}

#[test]
fn all_who_make_a_data_folder_at_once_open_it() {
    for _ in 0..30 {
        let dir = tempfile::tempdir().unwrap();
        thread::scope(|scope| {
            let opens = [(); 4].map(|()| scope.spawn(|| Store::open(dir.path()).map(drop)));
            for open in opens {
                open.join().unwrap().unwrap();
            }
        });
    }
}
