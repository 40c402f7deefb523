//! Projects: plain folders that are renamed whole, or put away.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{bodies, files_below, forged, queued, run_through};
use oreforge_protocol::{ErrorCode, ErrorReport, EventBody, GalleryQuery, JobId, JobRequest, StepName};
use oreforge_store::{Store, StoreError};

fn listed(store: &Store) -> Vec<(String, u32, bool)> {
    store.projects().unwrap().into_iter().map(|p| (p.name, p.entries, p.archived)).collect()
}

fn entries(store: &Store, project: Option<&str>) -> usize {
    let query = GalleryQuery { project: project.map(str::to_owned), ..GalleryQuery::default() };
    store.gallery(&query, 0, 100).unwrap().entries.len()
}

/// Every file of a job is where its rows and its events say, below a folder, with the bytes it had.
fn must_lie_in(store: &Store, id: JobId, folder: &Path) {
    let job = store.snapshot(id).unwrap();
    assert!(!job.artifacts.is_empty());
    for artifact in &job.artifacts {
        assert!(Path::new(&artifact.path).starts_with(folder), "{}", artifact.path);
        store.artifact_bytes(artifact).unwrap();
    }
    for body in bodies(store, id) {
        if let EventBody::ImageReady { artifact } | EventBody::MeshReady { artifact, .. } = body {
            assert!(Path::new(&artifact.path).starts_with(folder), "{}", artifact.path);
        }
    }
}

#[test]
fn a_project_is_renamed_with_its_folder_and_all_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (frog, duck) = (forged(&store, "frog", Some("Pond")), forged(&store, "duck", Some("Pond")));
    let other = forged(&store, "robot", None);
    let projects = store.root().join("projects");
    fs::write(projects.join("Pond/notes.txt"), "mine").unwrap();

    store.rename_project("Pond", "Blue / lake").unwrap();
    assert_eq!(listed(&store), [("Blue / lake".to_owned(), 6, false)]);
    assert!(!projects.join("Pond").exists());
    assert_eq!(fs::read_to_string(projects.join("Blue _ lake/notes.txt")).unwrap(), "mine");
    for id in [frog, duck] {
        must_lie_in(&store, id, &projects.join("Blue _ lake"));
        let job = store.snapshot(id).unwrap();
        assert_eq!(job.project.as_deref(), Some("Blue / lake"));
        let JobRequest::Forge(request) = job.request else { panic!("a forge") };
        assert_eq!(request.project.as_deref(), Some("Blue / lake"));
    }
    must_lie_in(&store, other, &projects.join("default"));

    // What runs again goes to the same place, and a name that leads to the same folder moves nothing.
    store.retry(frog, StepName::Finish, None).unwrap();
    run_through(&store, frog, "anew");
    must_lie_in(&store, frog, &projects.join("Blue _ lake"));
    store.rename_project("Blue / lake", "Blue : lake").unwrap();
    must_lie_in(&store, duck, &projects.join("Blue _ lake"));
    assert_eq!(listed(&store), [("Blue : lake".to_owned(), 6, false)]);
}

#[test]
fn a_rename_that_would_hurt_is_refused_in_words_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let duck = forged(&store, "duck", Some("Pond"));
    forged(&store, "robot", Some("Factory"));
    forged(&store, "crate", None);
    forged(&store, "barrel", Some("default"));
    let projects = store.root().join("projects");
    fs::create_dir(projects.join("Mine")).unwrap();
    let before = files_below(&projects);
    let refused = |name: &str, new_name: &str| {
        let report = ErrorReport::from(store.rename_project(name, new_name).unwrap_err());
        assert_eq!(files_below(&projects), before);
        (report.code, report.message)
    };
    for taken in ["Factory", "factory", "Mine", "default"] {
        let (code, message) = refused("Pond", taken);
        assert_eq!(code, ErrorCode::BadRequest, "{message}");
    }
    assert_eq!(refused("default", "Yard").0, ErrorCode::WrongState, "jobs of no project lie there too");
    assert_eq!(refused("Lake", "Sea").0, ErrorCode::ProjectNotFound);

    store.retry(duck, StepName::Finish, None).unwrap();
    assert_eq!(refused("Pond", "Lake").1, "\"Pond\" has a job at work or waiting.");
    assert!(matches!(store.archive_project("Pond", true), Err(StoreError::ProjectBusy { jobs: 1, .. })));
    // Another process sees it the same way.
    let guest = Store::open(dir.path()).unwrap();
    assert!(matches!(guest.rename_project("Pond", "Lake"), Err(StoreError::ProjectBusy { .. })));
    run_through(&store, duck, "anew");
    guest.rename_project("Pond", "Lake").unwrap();
    must_lie_in(&store, duck, &projects.join("Lake"));
}

#[test]
fn work_under_the_old_name_of_a_half_renamed_project_brings_its_folder_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let frog = forged(&store, "frog", Some("Pond"));
    let projects = store.root().join("projects");
    fs::write(projects.join("Pond/notes.txt"), "mine").unwrap();
    // As a process leaves it that is killed between the folder and the rows.
    let database = rusqlite::Connection::open(store.root().join("oreforge.sqlite3")).unwrap();
    let announced =
        "INSERT INTO folder_moves VALUES('gone', 'Pond', 'Lake', 'projects/Pond', 'projects/Lake')";
    database.execute(announced, []).unwrap();
    fs::rename(projects.join("Pond"), projects.join("Lake")).unwrap();

    let duck = forged(&store, "duck", Some("Pond"));
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    for id in [frog, duck] {
        must_lie_in(&store, id, &projects.join("Pond"));
    }
    assert_eq!(fs::read_to_string(projects.join("Pond/notes.txt")).unwrap(), "mine");
    assert!(!projects.join("Lake").exists());
    store.rename_project("Pond", "Lake").unwrap();
    must_lie_in(&store, frog, &projects.join("Lake"));
}

#[test]
fn an_archived_project_leaves_the_gallery_and_comes_back_with_work() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let duck = forged(&store, "duck", Some("Pond"));
    forged(&store, "robot", None);
    assert_eq!(entries(&store, None), 6);
    store.archive_project("Pond", true).unwrap();
    assert_eq!((entries(&store, None), entries(&store, Some("Pond"))), (3, 3));
    let overview = store.gallery_overview(&GalleryQuery::default(), 0).unwrap();
    assert_eq!((overview.pictures, overview.views, overview.meshes), (1, 1, 1));
    store.rename_project("Pond", "Lake").unwrap();
    assert_eq!(listed(&store), [("Lake".to_owned(), 3, true)]);

    store.archive_project("Lake", false).unwrap();
    assert_eq!(entries(&store, None), 6);
    let new_job = || {
        queued(&store, "frog", Some("Lake"));
    };
    let retry = || store.retry(duck, StepName::Finish, None).unwrap();
    for work in [&new_job as &dyn Fn(), &retry] {
        store.archive_project("Lake", true).unwrap();
        work();
        assert!(!store.projects().unwrap()[0].archived);
        while let Some(job) = store.next_queued().unwrap() {
            run_through(&store, job.id, "on");
        }
    }
    let unknown = store.archive_project("Sea", true).unwrap_err();
    assert_eq!(ErrorReport::from(unknown).code, ErrorCode::ProjectNotFound);
}
