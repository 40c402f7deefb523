//! Jobs with steps that do as their job's name says: `panic-views`, `hang-mesh`, `deaf-mesh`, `fail-gate`,
//! `huge-finish`, `refuse-start`.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{Stream, StreamExt};
use oreforge_jobs::{
    HostKind, JobSpec, Jobs, NewJob, Run, Runs, StepError, StepHost, StepInputs, StepOutput, Store,
};
use oreforge_pipeline::NewArtifact;
use oreforge_protocol::{
    ArtifactKind, ErrorCode, ErrorReport, Event, EventBody, EventSeq, ForgeRequest, JobId, JobKind,
    JobRequest, JobState, LogLevel, PromptNote, ProspectRequest, QueueMove, SourceRef, StepName, ViewSlot,
};
use proptest::prelude::*;

struct FakeRuns;
struct FakeRun {
    name: String,
    inputs: Arc<dyn StepInputs>,
}

#[async_trait]
impl Runs for FakeRuns {
    async fn start(
        &self,
        spec: JobSpec,
        inputs: Arc<dyn StepInputs>,
    ) -> Result<(Box<dyn Run>, String), ErrorReport> {
        let name = match spec {
            JobSpec::Forge(spec) => spec.name,
            JobSpec::Prospect(spec) => spec.name,
        };
        if name == "refuse-start" {
            return Err(ErrorReport::new(ErrorCode::EngineUnavailable, "no server"));
        }
        Ok((Box::new(FakeRun { name, inputs }), "fake".to_owned()))
    }

    async fn take_back(&self, _: PromptNote) -> bool {
        false
    }
}

#[async_trait]
impl Run for FakeRun {
    fn written_bytes(&self, step: StepName) -> u64 {
        if self.name.strip_prefix("huge-") == Some(step.as_str()) { u64::MAX } else { 0 }
    }

    async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        for percent in 0..100 {
            host.sink.progress(percent as f32 / 100.0, "counting");
        }
        host.sink.log(LogLevel::Info, format!("in {step}"));
        match self.name.split_once('-') {
            Some(("panic", at)) if at == step.as_str() => panic!("the fake broke"),
            Some(("fail", at)) if at == step.as_str() => {
                return Err(ErrorReport::new(ErrorCode::EngineFailed, "no luck").into());
            }
            Some(("deaf", at)) if at == step.as_str() => std::future::pending().await,
            Some(("hang", at)) if at == step.as_str() => {
                host.cancel.cancelled().await;
                return Err(StepError::Cancelled);
            }
            _ => {}
        }
        let inputs = Arc::clone(&self.inputs);
        let picture = move |kind, slot: Option<ViewSlot>| NewArtifact {
            kind,
            slot,
            number: None,
            bytes: format!("{kind:?} {slot:?}").into_bytes(),
            stats: None,
        };
        let mut output = StepOutput::default();
        match step {
            StepName::Prepare => {
                let source = tokio::task::spawn_blocking(move || inputs.source()).await.unwrap()?;
                assert_eq!(source, b"a picture");
                output.artifacts.push(picture(ArtifactKind::Cutout, None));
            }
            StepName::Views => {
                tokio::task::spawn_blocking(move || {
                    for slot in [ViewSlot::Front, ViewSlot::Back] {
                        host.sink.publish(picture(ArtifactKind::View, Some(slot))).unwrap();
                    }
                })
                .await
                .unwrap();
            }
            StepName::Mesh => output.artifacts.push(picture(ArtifactKind::RawMesh, None)),
            StepName::Finish => output.artifacts.push(picture(ArtifactKind::Mesh, None)),
            StepName::Gate | StepName::Export => {}
            StepName::Pictures => {
                let (hangs, sink) = (self.name == "stop-half-way", host.sink);
                let missing = tokio::task::spawn_blocking(move || {
                    let known = inputs.pictures().unwrap();
                    let missing: Vec<u32> = (0..4).filter(|number| !known.contains(number)).collect();
                    let so_many = if hangs && known.is_empty() { 2 } else { missing.len() };
                    for number in &missing[..so_many] {
                        let picture = picture(ArtifactKind::Picture, None);
                        sink.publish(NewArtifact { number: Some(*number), ..picture }).unwrap();
                    }
                    missing.len() - so_many
                })
                .await
                .unwrap();
                if missing > 0 {
                    host.cancel.cancelled().await;
                    return Err(StepError::Cancelled);
                }
            }
        }
        Ok(output)
    }
}

fn open(dir: &Path) -> Jobs {
    Jobs::start(Arc::new(Store::open(dir).unwrap()), Arc::new(FakeRuns), HostKind::Resident)
}

async fn create(jobs: &Jobs, name: &str) -> JobId {
    let source = jobs.import("a.png".to_owned(), b"a picture"[..].into()).await.unwrap();
    let request = JobRequest::Forge(ForgeRequest::new(SourceRef::Imported {
        id: source.id,
        file_name: source.file_name,
    }));
    jobs.create(NewJob { name: name.to_owned(), project: None, request, in_front: false, failure: None })
        .await
        .unwrap()
        .id
}

async fn prospect(jobs: &Jobs, name: &str, in_front: bool) -> JobId {
    let request = JobRequest::Prospect(ProspectRequest::new("a duck"));
    jobs.create(NewJob { name: name.to_owned(), project: None, request, in_front, failure: None })
        .await
        .unwrap()
        .id
}

async fn state(jobs: &Jobs, id: JobId) -> JobState {
    jobs.read(move |store| store.state(id)).await.unwrap()
}

async fn until(events: &mut (impl Stream<Item = Event> + Unpin), wanted: impl Fn(&EventBody) -> bool) {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(20), events.next()).await.unwrap();
        if wanted(&event.expect("the stream ended early").body) {
            return;
        }
    }
}

/// Every event to the end of the job, with its sequence numbers checked.
async fn all(events: impl Stream<Item = Event>) -> Vec<EventBody> {
    let events: Vec<Event> = tokio::time::timeout(Duration::from_secs(20), events.collect()).await.unwrap();
    assert!(events.is_sorted_by(|a, b| a.seq < b.seq), "in order, none twice");
    events.into_iter().map(|event| event.body).collect()
}

fn terminals(bodies: &[EventBody]) -> usize {
    bodies.iter().filter(|body| body.is_terminal()).count()
}

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
    let bytes = |list: &[oreforge_protocol::Artifact]| -> Vec<String> {
        list.iter().map(|artifact| artifact.sha256.clone()).collect()
    };
    assert_eq!(bytes(&after.artifacts), bytes(&done.artifacts), "the same inputs give the same bytes");
}

#[derive(Debug, Clone, Copy)]
enum Signal {
    Cancel,
    Resume,
    Retry(StepName),
    Shutdown,
    Yield,
}

const SIGNALS: [Signal; 6] = [
    Signal::Cancel,
    Signal::Resume,
    Signal::Retry(StepName::Prepare),
    Signal::Retry(StepName::Gate),
    Signal::Shutdown,
    Signal::Yield,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Cancel, resume, retry and shutdown race with the steps of a job; each of its runs ends once, and no step
    /// that is done is run again unless a retry asks for it.
    #[test]
    fn whatever_races_a_job_ends_once(
        name in proptest::sample::select(vec!["quick", "hang-gate", "fail-finish", "panic-export"]),
        signals in proptest::collection::vec(
            (proptest::sample::select(SIGNALS.to_vec()), 0u64..3000),
            1..8,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bodies = runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let mut jobs = open(dir.path());
            let id = create(&jobs, name).await;
            for (signal, after_us) in signals {
                // Not a wait for something: the pause is what varies the interleaving.
                tokio::time::sleep(Duration::from_micros(after_us)).await;
                match signal {
                    Signal::Cancel => drop(jobs.cancel(id).await.unwrap()),
                    Signal::Resume => drop(jobs.resume(id, None).await),
                    Signal::Retry(from) => drop(jobs.retry(id, from, None).await),
                    Signal::Shutdown => {
                        jobs.shutdown().await;
                        drop(jobs);
                        jobs = open(dir.path());
                    }
                    Signal::Yield => tokio::task::yield_now().await,
                }
            }
            // A job of a process that ended while it was queued waits for somebody to take it on.
            drop(jobs.resume(id, None).await);
            jobs.cancel(id).await.unwrap();
            let bodies = all(jobs.events(id, EventSeq(0))).await;
            assert!(state(&jobs, id).await.is_terminal());
            jobs.shutdown().await;
            bodies
        });
        let is_again = |body: &EventBody| matches!(body, EventBody::Resumed { .. } | EventBody::Retried { .. });
        let runs: Vec<&[EventBody]> = bodies.split(is_again).collect();
        for run in &runs {
            prop_assert!(terminals(run) <= 1, "{:?}", bodies);
            prop_assert!(run[..run.len().saturating_sub(1)].iter().all(|body| !body.is_terminal()), "{:?}", bodies);
        }
        prop_assert_eq!(terminals(runs[runs.len() - 1]), 1);
        for attempt in bodies.split(|body| matches!(body, EventBody::Retried { .. })) {
            for &step in JobKind::Forge.steps() {
                let times = attempt.iter().filter(|body| matches!(body, EventBody::StepDone { step: s, .. } if *s == step)).count();
                prop_assert!(times <= 1, "{} ran {} times", step, times);
            }
        }
    }
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
