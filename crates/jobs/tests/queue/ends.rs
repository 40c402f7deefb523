//! How jobs end.

use oreforge_protocol::{ErrorCode, EventBody, EventSeq, JobState, StepName};

use crate::{all, create, open, state, terminals, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_and_a_failure_end_their_job_and_the_next_one_runs() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let panics = create(&jobs, "panic-views").await;
    let fails = create(&jobs, "fail-gate").await;
    let refused = create(&jobs, "refuse-start").await;
    let runs = create(&jobs, "quick").await;
    assert!(matches!(all(jobs.events(runs, EventSeq(0))).await.last(), Some(EventBody::Done { .. })));
    for (id, at, code) in [
        (panics, Some(StepName::Views), ErrorCode::StepPanicked),
        (fails, Some(StepName::Gate), ErrorCode::EngineFailed),
        (refused, None, ErrorCode::EngineUnavailable),
    ] {
        let bodies = all(jobs.events(id, EventSeq(0))).await;
        assert_eq!(terminals(&bodies), 1);
        let Some(EventBody::Error { step, error }) = bodies.last() else { panic!("{bodies:?}") };
        assert_eq!((*step, error.code), (at, code));
        assert_eq!(state(&jobs, id).await, JobState::Failed);
    }
    let kept = jobs.read(move |store| store.artifacts(fails)).await.unwrap();
    assert_eq!(kept.len(), 3, "what succeeded before the failure stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_what_waits_at_once_and_what_runs_when_it_hears() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let id = create(&jobs, "hang-mesh").await;
    let waiting = create(&jobs, "quick").await;
    let mut events = Box::pin(jobs.events(id, EventSeq(0)));
    until(&mut events, |body| matches!(body, EventBody::StepActive { step: StepName::Mesh, .. })).await;
    assert_eq!(jobs.cancel(waiting).await.unwrap().state, JobState::Cancelled);
    let answer = jobs.cancel(id).await.unwrap();
    assert!(answer.cancelling || answer.state == JobState::Cancelled);
    until(&mut events, |body| *body == EventBody::Cancelled).await;
    assert_eq!(jobs.cancel(id).await.unwrap().state, JobState::Cancelled);
    let mut bodies = all(jobs.events(id, EventSeq(0))).await;
    // What the step said before may be written a moment later.
    bodies.retain(|body| !matches!(body, EventBody::Log { .. } | EventBody::Progress { .. }));
    assert_eq!(bodies[bodies.len() - 2..], [EventBody::Cancelling, EventBody::Cancelled]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_finds_no_room_is_not_begun_and_what_was_made_stays() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let id = create(&jobs, "huge-mesh").await;
    for _ in 0..2 {
        let bodies = all(jobs.events(id, EventSeq(0))).await;
        let Some(EventBody::Error { step: Some(StepName::Mesh), error }) = bodies.last() else {
            panic!("{bodies:?}")
        };
        assert_eq!(error.code, ErrorCode::DiskFull);
        assert!(
            error.message.contains("MB are needed") && error.message.contains(&*dir.path().to_string_lossy())
        );
        let job = jobs.read(move |store| store.snapshot(id)).await.unwrap();
        assert_eq!(
            (job.state, job.checkpoint, job.artifacts.len()),
            (JobState::Failed, Some(StepName::Gate), 3)
        );
        let done = bodies.iter().filter(|body| matches!(body, EventBody::StepDone { .. })).count();
        assert_eq!(done, 3, "finished steps are not run again");
        jobs.resume(id, None).await.unwrap();
    }
}
