//! Going on with a job, and running it again.

use std::time::Duration;

use futures_util::StreamExt;
use oreforge_jobs::Store;
use oreforge_protocol::{
    Artifact, ErrorCode, EventBody, EventSeq, JobKind, JobRequest, JobState, SourceRef, StepName,
};

use crate::{all, create, open, prospect, until};

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_are_there_are_not_made_again_and_numbers_tell_them_apart() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let id = prospect(&jobs, "stop-half-way", false).await;
    let mut events = Box::pin(jobs.events(id, EventSeq(0)));
    for _ in 0..2 {
        until(&mut events, |body| matches!(body, EventBody::ImageReady { .. })).await;
    }
    jobs.shutdown().await;
    drop((jobs, events));
    let jobs = open(dir.path());
    let before = jobs.read(move |store| store.snapshot(id)).await.unwrap();
    assert_eq!((before.state, before.request.kind()), (JobState::Interrupted, JobKind::Prospect));
    assert_eq!(before.artifacts.len(), 2, "what was finished is kept");
    jobs.resume(id, None).await.unwrap();
    let bodies = all(jobs.events(id, before.last_seq)).await;
    assert_eq!(bodies[0], EventBody::Resumed { step: StepName::Pictures });
    assert_eq!(bodies.iter().filter(|body| matches!(body, EventBody::ImageReady { .. })).count(), 2);
    let done = jobs.read(move |store| store.snapshot(id)).await.unwrap();
    assert_eq!((done.state, done.checkpoint), (JobState::Done, Some(StepName::Pictures)));
    let numbers: Vec<_> = done.artifacts.iter().map(|artifact| artifact.number).collect();
    assert_eq!(numbers, (0..4).map(Some).collect::<Vec<_>>());
    let refused = jobs.retry(id, StepName::Mesh, None).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::WrongState);
    jobs.retry(id, StepName::Pictures, None).await.unwrap();
    let mut events = Box::pin(jobs.events(id, done.last_seq));
    for _ in 0..2 {
        until(&mut events, |body| matches!(body, EventBody::ImageReady { .. })).await;
    }
    jobs.cancel(id).await.unwrap();
    until(&mut events, |body| *body == EventBody::Cancelled).await;
    let stopped = jobs.read(move |store| store.snapshot(id)).await.unwrap();
    assert_eq!(stopped.artifacts, done.artifacts, "a retry begins anew beside what stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_interrupts_and_another_process_goes_on_after_the_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let id = create(&jobs, "hang-mesh").await;
    let mut events = Box::pin(jobs.events(id, EventSeq(0)));
    until(&mut events, |body| matches!(body, EventBody::StepActive { step: StepName::Mesh, .. })).await;
    jobs.shutdown().await;
    until(&mut events, |body| *body == EventBody::Interrupted).await;
    assert!(events.next().await.is_none(), "streams end with the process");
    drop((jobs, events));

    let jobs = open(dir.path());
    let before = jobs.read(move |store| store.snapshot(id)).await.unwrap();
    assert_eq!((before.state, before.checkpoint), (JobState::Interrupted, Some(StepName::Gate)));
    jobs.resume(id, None).await.unwrap();
    let mut events = Box::pin(jobs.events(id, before.last_seq));
    until(&mut events, |body| *body == EventBody::Resumed { step: StepName::Mesh }).await;
    until(&mut events, |body| matches!(body, EventBody::StepActive { step: StepName::Mesh, .. })).await;
    jobs.cancel(id).await.unwrap();
    let after = jobs.read(move |store| store.snapshot(id)).await.unwrap();
    assert_eq!(after.artifacts[..3], before.artifacts[..3], "finished steps are not run again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_does_not_wait_for_an_engine_that_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let id = create(&jobs, "deaf-mesh").await;
    let mut events = Box::pin(jobs.events(id, EventSeq(0)));
    until(&mut events, |body| matches!(body, EventBody::StepActive { step: StepName::Mesh, .. })).await;
    tokio::time::timeout(Duration::from_secs(20), jobs.shutdown()).await.unwrap();
    until(&mut events, |body| *body == EventBody::Interrupted).await;
    let left = Store::open(dir.path()).unwrap();
    let job = left.snapshot(id).unwrap();
    assert_eq!((job.state, job.checkpoint), (JobState::Interrupted, Some(StepName::Gate)));
    left.resume(id, None).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_fails_keeps_the_older_result_and_a_resume_completes_it() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let id = create(&jobs, "quick").await;
    all(jobs.events(id, EventSeq(0))).await;
    let done = jobs.read(move |store| store.snapshot(id)).await.unwrap();
    // Its picture is gone when the retry wants it, and back for the resume.
    let JobRequest::Forge(request) = done.request else { panic!() };
    let SourceRef::Imported { id: source, .. } = request.source else { panic!() };
    let picture = jobs.read(move |store| store.source(&source)).await.unwrap().path;
    let aside = picture.with_extension("aside");
    std::fs::rename(&picture, &aside).unwrap();
    let queued = jobs.retry(id, StepName::Prepare, None).await.unwrap();
    assert_eq!(queued.retry.as_ref().map(|retry| retry.from), Some(StepName::Prepare));
    let failed = all(jobs.events(id, done.last_seq)).await;
    assert_eq!(failed[0], EventBody::Retried { from: StepName::Prepare });
    assert!(matches!(failed.last(), Some(EventBody::Error { step: Some(StepName::Prepare), .. })));
    let stopped = jobs.read(move |store| store.snapshot(id)).await.unwrap();
    assert_eq!((&stopped.artifacts, stopped.checkpoint), (&done.artifacts, done.checkpoint));
    std::fs::rename(&aside, &picture).unwrap();
    jobs.resume(id, None).await.unwrap();
    let again = all(jobs.events(id, stopped.last_seq)).await;
    assert!(matches!(again.last(), Some(EventBody::Done { .. })), "{again:?}");
    let after = jobs.read(move |store| store.snapshot(id)).await.unwrap();
    assert!(after.artifacts.iter().all(|new| done.artifacts.iter().all(|old| old.id != new.id)));
    let bytes =
        |list: &[Artifact]| -> Vec<String> { list.iter().map(|artifact| artifact.sha256.clone()).collect() };
    assert_eq!(bytes(&after.artifacts), bytes(&done.artifacts), "the same inputs give the same bytes");
}
