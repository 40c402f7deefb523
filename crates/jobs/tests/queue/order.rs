//! Whose turn it is.

use std::sync::Arc;

use futures_util::StreamExt;
use oreforge_jobs::{HostKind, Jobs, Store};
use oreforge_protocol::{Event, EventBody, EventSeq, JobState, QueueMove, StepName};

use crate::fake::FakeRuns;
use crate::{all, create, open, prospect, state, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_in_front_runs_before_all_that_waits() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = open(dir.path());
    let running = create(&jobs, "hang-mesh").await;
    let mut events = Box::pin(jobs.events(running, EventSeq(0)));
    until(&mut events, |body| matches!(body, EventBody::StepActive { step: StepName::Mesh, .. })).await;
    let patient = prospect(&jobs, "patient", false).await;
    let urgent = prospect(&jobs, "urgent", true).await;
    jobs.cancel(running).await.unwrap();
    let begun = async |id| -> EventSeq {
        let events: Vec<Event> = jobs.events(id, EventSeq(0)).collect().await;
        events.into_iter().find(|e| matches!(e.body, EventBody::StepActive { .. })).unwrap().seq
    };
    assert!(begun(urgent).await < begun(patient).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_what_waits_until_another_process_lets_it_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let (window, elsewhere) = (open(dir.path()), Store::open(dir.path()).unwrap());
    elsewhere.pause_queue(true).unwrap();
    let (first, second) = (create(&window, "quick").await, create(&window, "quick").await);
    let errand =
        Jobs::start(Arc::new(Store::open(dir.path()).unwrap()), Arc::new(FakeRuns), HostKind::Errand);
    let own = create(&errand, "quick").await;
    assert!(matches!(all(errand.events(own, EventSeq(0))).await.last(), Some(EventBody::Done { .. })));
    assert_eq!(state(&window, first).await, JobState::Queued, "what the command line was asked for goes on");
    elsewhere.move_queued(second, QueueMove::Front).unwrap();
    elsewhere.pause_queue(false).unwrap();
    let is_done = |bodies: Vec<EventBody>| assert!(matches!(bodies.last(), Some(EventBody::Done { .. })));
    is_done(all(window.events(first, EventSeq(0))).await);
    is_done(all(window.events(second, EventSeq(0))).await);
    let start = |id| {
        let events = elsewhere.events(id, EventSeq(0), 100).unwrap();
        events.into_iter().find(|event| matches!(event.body, EventBody::StepActive { .. })).unwrap().seq
    };
    assert!(start(second) < start(first));
}
