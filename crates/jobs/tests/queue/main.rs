//! The queue with jobs whose steps do as their names say.

#![allow(clippy::unwrap_used)]

mod again;
mod ends;
mod fake;
mod order;
mod races;
mod reading;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use oreforge_jobs::{HostKind, Jobs, NewJob, Store};
use oreforge_protocol::{
    Event, EventBody, ForgeRequest, JobId, JobRequest, JobState, ProspectRequest, SourceRef,
};

use fake::FakeRuns;

pub fn open(dir: &Path) -> Jobs {
    Jobs::start(Arc::new(Store::open(dir).unwrap()), Arc::new(FakeRuns), HostKind::Resident)
}

pub async fn create(jobs: &Jobs, name: &str) -> JobId {
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

pub async fn prospect(jobs: &Jobs, name: &str, in_front: bool) -> JobId {
    let request = JobRequest::Prospect(ProspectRequest::new("a duck"));
    jobs.create(NewJob { name: name.to_owned(), project: None, request, in_front, failure: None })
        .await
        .unwrap()
        .id
}

pub async fn state(jobs: &Jobs, id: JobId) -> JobState {
    jobs.read(move |store| store.state(id)).await.unwrap()
}

pub async fn until(events: &mut (impl Stream<Item = Event> + Unpin), wanted: impl Fn(&EventBody) -> bool) {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(20), events.next()).await.unwrap();
        if wanted(&event.expect("the stream ended early").body) {
            return;
        }
    }
}

/// Every event to the end of the job, with its sequence numbers checked.
pub async fn all(events: impl Stream<Item = Event>) -> Vec<EventBody> {
    let events: Vec<Event> = tokio::time::timeout(Duration::from_secs(20), events.collect()).await.unwrap();
    assert!(events.is_sorted_by(|a, b| a.seq < b.seq), "in order, none twice");
    events.into_iter().map(|event| event.body).collect()
}

pub fn terminals(bodies: &[EventBody]) -> usize {
    bodies.iter().filter(|body| body.is_terminal()).count()
}
