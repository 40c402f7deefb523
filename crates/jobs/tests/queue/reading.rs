//! What readers of a job's log are told.

use std::path::PathBuf;

use oreforge_jobs::{NewJob, Store};
use oreforge_protocol::{EventBody, EventSeq, JobId, JobState, StepName};

use crate::{all, create, open, state, until};

#[tokio::test(flavor = "multi_thread")]
async fn live_and_replay_tell_the_same_to_everybody() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let id = create(&jobs, "quick").await;
    let readers: Vec<_> = (0..20).map(|_| tokio::spawn(all(jobs.events(id, EventSeq(0))))).collect();
    let without_progress = |bodies: Vec<EventBody>| -> Vec<EventBody> {
        bodies.into_iter().filter(|body| !matches!(body, EventBody::Progress { .. })).collect()
    };
    let mut live = Vec::new();
    for reader in readers {
        live.push(without_progress(reader.await.unwrap()));
    }
    let replay = without_progress(all(jobs.events(id, EventSeq(0))).await);
    assert!(live.iter().all(|one| *one == replay));
    assert!(matches!(replay.last(), Some(EventBody::Done { .. })));
    assert_eq!(replay.iter().filter(|body| matches!(body, EventBody::StepDone { .. })).count(), 6);
    assert_eq!(replay.iter().filter(|body| matches!(body, EventBody::Log { .. })).count(), 6);
    let last = jobs.read(move |store| store.snapshot(id)).await.unwrap().last_seq;
    assert!(all(jobs.events(id, last)).await.is_empty(), "nothing follows the end");
    assert!(all(jobs.events(JobId::new(), EventSeq(0))).await.is_empty(), "an unknown job has no events");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_watches_and_cancels_what_the_owner_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (owner, guest) = (open(dir.path()), open(dir.path()));
    let id = create(&owner, "hang-mesh").await;
    let mut seen = Box::pin(guest.events(id, EventSeq(0)));
    until(&mut seen, |body| matches!(body, EventBody::StepActive { step: StepName::Mesh, .. })).await;
    assert!(guest.cancel(id).await.unwrap().cancelling);
    until(&mut seen, |body| *body == EventBody::Cancelled).await;
    assert_eq!(state(&owner, id).await, JobState::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_hears_the_end_of_a_job_whose_process_died() {
    let dir = tempfile::tempdir().unwrap();
    let guest = open(dir.path());
    let dying = Store::open(dir.path()).unwrap();
    let queued = create(&guest, "hang-prepare").await;
    let request = guest.read(move |store| store.snapshot(queued)).await.unwrap().request;
    let job = NewJob { name: "doomed".to_owned(), project: None, request, in_front: false, failure: None };
    let id = dying.create_job(job).unwrap();
    dying.begin(id, "fake").unwrap();
    let mut seen = Box::pin(guest.events(id, EventSeq(0)));
    until(&mut seen, |body| matches!(body, EventBody::StepActive { .. })).await;
    drop(dying);
    until(&mut seen, |body| *body == EventBody::Interrupted).await;
    guest.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_after_a_project_was_renamed_names_the_files_where_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let example = create(&jobs, "quick").await;
    let request = jobs.read(move |store| store.snapshot(example)).await.unwrap().request;
    let project = Some("Pond".to_owned());
    let new = NewJob { name: "quick".to_owned(), project, request, in_front: false, failure: None };
    let id = jobs.create(new).await.unwrap().id;
    let paths = async || -> Vec<PathBuf> {
        let artifact = |body| match body {
            EventBody::ViewReady { artifact, .. } | EventBody::MeshReady { artifact, .. } => {
                Some(artifact.path.into())
            }
            _ => None,
        };
        all(jobs.events(id, EventSeq(0))).await.into_iter().filter_map(artifact).collect()
    };
    let before = paths().await;
    assert!(!before.is_empty());
    for name in ["Lake", "Pond"] {
        let other = if name == "Lake" { "Pond" } else { "Lake" };
        jobs.write(move |store| store.rename_project(other, name)).await.unwrap();
        let after = paths().await;
        assert_eq!(after.len(), before.len());
        assert!(after.iter().all(|path| path.exists()), "{after:?}");
    }
}
