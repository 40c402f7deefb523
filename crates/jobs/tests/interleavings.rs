//! Every moment at which what happens to a job can meet a reader of its log. The reader is the real stream, moved
//! by hand from one of its waits to the next; whatever it asks of the store is answered before anything else moves.
#![allow(clippy::unwrap_used)]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use async_trait::async_trait;
use futures_util::Stream;
use oreforge_jobs::{
    HostKind, JobSpec, Jobs, NewJob, Run, Runs, StepError, StepHost, StepInputs, StepOutput, Store,
};
use oreforge_protocol::{
    ErrorReport, Event, EventSeq, ForgeRequest, JobId, JobRequest, PromptNote, SourceRef, StepName,
};
use tokio::runtime::{Builder, Runtime};

/// Waits of the reader that something may happen at; it has fewer.
const MAX_WAITS: usize = 10;

struct Silent;

#[async_trait]
impl Run for Silent {
    fn written_bytes(&self, _: StepName) -> u64 {
        0
    }

    async fn run_step(&mut self, _: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        host.cancel.cancelled().await;
        Err(StepError::Cancelled)
    }
}

#[async_trait]
impl Runs for Silent {
    async fn start(&self, _: JobSpec, _: Arc<dyn StepInputs>) -> Result<(Box<dyn Run>, String), ErrorReport> {
        Ok((Box::new(Silent), "silent".to_owned()))
    }

    async fn take_back(&self, _: PromptNote) -> bool {
        false
    }
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Cancel,
    Resume,
    Shutdown,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A job that waits behind one that never ends.
async fn set_up(jobs: &Jobs) -> JobId {
    let source = jobs.import("a.png".to_owned(), b"a picture"[..].into()).await.unwrap();
    let request = JobRequest::Forge(ForgeRequest::new(SourceRef::Imported {
        id: source.id,
        file_name: source.file_name,
    }));
    let new = |name: &str| NewJob {
        name: name.to_owned(),
        project: None,
        request: request.clone(),
        in_front: false,
        failure: None,
    };
    jobs.create(new("endless")).await.unwrap();
    jobs.create(new("waits")).await.unwrap().id
}

/// Everything asked of the store so far is answered: there is one thread for that, and it works in order.
fn settle(runtime: &Runtime) {
    runtime.block_on(async { tokio::task::spawn_blocking(|| {}).await.unwrap() });
}

fn read_while(happenings: &[(usize, Happening)]) {
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    let dir = tempfile::tempdir_in(if cfg!(target_os = "linux") { "/dev/shm" } else { "." }).unwrap();
    let _inside = runtime.enter();
    let jobs = Jobs::start(Arc::new(Store::open(dir.path()).unwrap()), Arc::new(Silent), HostKind::Resident);
    let id = runtime.block_on(set_up(&jobs));
    let mut events: Pin<Box<dyn Stream<Item = Event>>> = Box::pin(jobs.events(id, EventSeq(0)));
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut heard = Vec::new();
    let mut is_over = false;
    for wait in 0..=MAX_WAITS {
        for (_, happening) in happenings.iter().filter(|(at, _)| *at == wait) {
            runtime.block_on(async {
                match happening {
                    Happening::Cancel => drop(jobs.cancel(id).await.unwrap()),
                    // Cancelled before, or not.
                    Happening::Resume => drop(jobs.resume(id, None).await),
                    Happening::Shutdown => jobs.shutdown().await,
                }
            });
        }
        // As an executor does: a reader that nobody woke is left alone.
        while !is_over && woken.0.swap(false, Ordering::SeqCst) {
            match events.as_mut().poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(event)) => {
                    heard.push(event);
                    woken.0.store(true, Ordering::SeqCst);
                }
                Poll::Ready(None) => is_over = true,
                Poll::Pending => {
                    settle(&runtime);
                    // One wait a round, so that something may happen between any two.
                    break;
                }
            }
        }
    }
    // The rest without anything in between.
    for _ in 0..10 {
        while !is_over && woken.0.swap(false, Ordering::SeqCst) {
            match events.as_mut().poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(event)) => {
                    heard.push(event);
                    woken.0.store(true, Ordering::SeqCst);
                }
                Poll::Ready(None) => is_over = true,
                Poll::Pending => settle(&runtime),
            }
        }
    }
    let log = runtime.block_on(jobs.read(move |store| store.events(id, EventSeq(0), 1000))).unwrap();
    assert_eq!(heard, log[..heard.len()], "{happenings:?}: a gap, or something twice");
    let ended = heard.last().is_some_and(|event| event.body.is_terminal());
    let is_shut = happenings.iter().any(|(_, happening)| matches!(happening, Happening::Shutdown));
    assert!(is_over, "{happenings:?}: the reader sleeps on, having heard {} of {}", heard.len(), log.len());
    assert!(ended || is_shut && heard.len() == log.len(), "{happenings:?}: ended early, at {}", heard.len());
}

#[test]
fn a_reader_misses_nothing_whenever_it_happens() {
    let mut count = 0;
    for first in 0..=MAX_WAITS {
        for second in first..=MAX_WAITS {
            for third in second..=MAX_WAITS {
                read_while(&[
                    (first, Happening::Cancel),
                    (second, Happening::Resume),
                    (third, Happening::Cancel),
                ]);
                count += 1;
            }
            read_while(&[(first, Happening::Cancel), (second, Happening::Shutdown)]);
            count += 1;
        }
        read_while(&[(first, Happening::Shutdown)]);
    }
    println!("orders tried: {count}");
}
