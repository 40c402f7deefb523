use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use oreforge_pipeline::guarded;
use oreforge_protocol::{ErrorReport, Event, EventSeq, JobId, JobRequest, JobSnapshot, StepName};
use oreforge_store::{CancelAnswer, NewJob, QueuedJob, Store, StoreError, StoredSource};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::follow::{self, News};
use crate::hub::{Hub, Interest};
use crate::pages::Pages;
use crate::previews::Previews;
use crate::run_job::run_job;
use crate::runs::Runs;
use crate::{events, keep_trash, take_back, watch_others};

/// How long the queue waits before it asks a store again that would not answer.
pub(crate) const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// How long steps may take to stop when this process ends. The draft engine needs 50 ms; an engine that is silent
/// is not waited for.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

/// How long the start or the end of a job may wait for a store that does not take it, before whoever waits for the
/// job is told.
const TROUBLE_LIMIT: Duration = Duration::from_secs(2);

/// What a process is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// It stays, like a window or a server; a pause of the queue holds up its jobs.
    Resident,
    /// It runs what it was asked for, and ends.
    Errand,
}

/// The jobs of this process. Cheap to clone; when the last clone goes, running work is told to stop.
#[derive(Clone)]
pub struct Jobs {
    pub(crate) inner: Arc<Inner>,
    _stop_with_the_last: Arc<DropGuard>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) runs: Arc<dyn Runs>,
    pub(crate) hub: Hub,
    pub(crate) pages: Pages,
    pub(crate) previews: Previews,
    pub(crate) tasks: TaskTracker,
    /// Why the start or the end of a job cannot be written at the moment.
    pub(crate) trouble: watch::Sender<Option<ErrorReport>>,
    /// Running work ends; jobs stay resumable.
    pub(crate) stop: CancellationToken,
    /// Nothing more will be written by this process.
    pub(crate) closed: CancellationToken,
    queued: Notify,
    /// A job may have left a prompt that nobody waits for.
    pub(crate) unwanted: Notify,
    running: Mutex<HashMap<JobId, CancellationToken>>,
}

impl Jobs {
    /// Starts the queue, on the Tokio runtime this is called in.
    pub fn start(store: Arc<Store>, runs: Arc<dyn Runs>, host: HostKind) -> Self {
        let stop = CancellationToken::new();
        let inner = Arc::new(Inner {
            store,
            runs,
            hub: Hub::new(),
            pages: Pages::default(),
            previews: Previews::new(),
            tasks: TaskTracker::new(),
            trouble: watch::Sender::new(None),
            stop: stop.clone(),
            closed: CancellationToken::new(),
            queued: Notify::new(),
            unwanted: Notify::new(),
            running: Mutex::default(),
        });
        inner.tasks.spawn(run_queue(Arc::clone(&inner), host));
        inner.tasks.spawn(watch_others::watch_others(Arc::clone(&inner)));
        inner.tasks.spawn(take_back::take_back(Arc::clone(&inner)));
        if host == HostKind::Resident {
            let looks = keep_trash::hourly().take_until(stop.clone().cancelled_owned());
            let expiring = Arc::clone(&inner);
            inner.tasks.spawn(keep_trash::keep_trash(looks, move |now_ms| {
                let inner = Arc::clone(&expiring);
                async move { inner.write(move |store| store.expire_trash(now_ms)).await }
            }));
        }
        Self { inner, _stop_with_the_last: Arc::new(stop.drop_guard()) }
    }

    pub async fn create(&self, job: NewJob) -> Result<JobSnapshot, ErrorReport> {
        let snapshot = self
            .inner
            .write(move |store| {
                let id = store.create_job(job)?;
                store.snapshot(id)
            })
            .await?;
        self.inner.queued.notify_one();
        Ok(snapshot)
    }

    /// Answers as soon as the request is safe; the job's `cancelled` event follows.
    pub async fn cancel(&self, id: JobId) -> Result<JobSnapshot, ErrorReport> {
        match self.inner.write(move |store| store.request_cancel(id)).await? {
            CancelAnswer::Asked => self.inner.cancel_running(id),
            CancelAnswer::Cancelled => self.inner.unwanted.notify_one(),
            CancelAnswer::Over(_) => {}
        }
        self.read(move |store| store.snapshot(id)).await
    }

    /// Puts a job that stopped back into the queue, from its checkpoint, with `request` in place of the one it
    /// had.
    pub async fn resume(&self, id: JobId, request: Option<JobRequest>) -> Result<JobSnapshot, ErrorReport> {
        self.inner.write(move |store| store.resume(id, request.as_ref())).await?;
        self.inner.queued.notify_one();
        self.read(move |store| store.snapshot(id)).await
    }

    /// Puts a job back into the queue, to run again from a step; what it made stays until the new result is
    /// complete.
    pub async fn retry(
        &self,
        id: JobId,
        from: StepName,
        request: Option<JobRequest>,
    ) -> Result<JobSnapshot, ErrorReport> {
        self.inner.write(move |store| store.retry(id, from, request.as_ref())).await?;
        self.inner.queued.notify_one();
        self.read(move |store| store.snapshot(id)).await
    }

    /// A job's events after a cursor: first those in the log, then those to come. Ends after the event that
    /// ends the job, at once for a job that does not exist, and when this process shuts down.
    pub fn events(&self, id: JobId, after: EventSeq) -> impl Stream<Item = Event> + Send + 'static + use<> {
        events::stream(Arc::clone(&self.inner), id, after)
    }

    /// [`Jobs::events`], and between them what the running step is about to bring.
    pub fn follow(&self, id: JobId, after: EventSeq) -> impl Stream<Item = News> + Send + 'static + use<> {
        follow::stream(Arc::clone(&self.inner), id, after)
    }

    /// Asks the store, off the async runtime.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ErrorReport> {
        self.inner.read(query).await
    }

    /// Changes something in the store that is no job's state, off the async runtime.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ErrorReport> {
        self.inner.write(change).await
    }

    /// Adds a picture to the store.
    pub async fn import(
        &self,
        file_name: String,
        bytes: Cow<'static, [u8]>,
    ) -> Result<StoredSource, ErrorReport> {
        self.inner.read(move |store| store.import_source(&file_name, &bytes)).await
    }

    /// Resolves when the start or the end of a job has waited for long for a store that does not take it.
    pub async fn stuck(&self) -> ErrorReport {
        let mut trouble = self.inner.trouble.subscribe();
        loop {
            let seen = trouble.wait_for(Option::is_some).await.ok().and_then(|report| report.clone());
            let Some(report) = seen else { return std::future::pending().await };
            if timeout(TROUBLE_LIMIT, trouble.wait_for(Option::is_none)).await.is_err() {
                return report;
            }
        }
    }

    /// Ends running work, leaving its jobs interrupted and resumable, and then every stream of events. Takes at
    /// most a few seconds, whatever a step is waiting for.
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        if timeout(SHUTDOWN_LIMIT, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!("a step does not stop and is left behind");
            match timeout(SHUTDOWN_LIMIT, self.inner.write(|store| store.let_go())).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, details = error.details, "its job could not be let go")
                }
                Err(_) => tracing::error!("the store does not answer"),
            }
        }
        self.inner.closed.cancel();
    }
}

impl Inner {
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ErrorReport> {
        let store = Arc::clone(&self.store);
        guarded(move || call(&store).map_err(ErrorReport::from)).await
    }

    /// [`Inner::read`] for calls that change something: wakes those who read the log.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ErrorReport> {
        let answer = self.read(call).await;
        self.hub.wake();
        answer
    }

    /// Makes a job's cancellation reachable until the guard goes.
    pub(crate) fn track(self: &Arc<Self>, id: JobId) -> Running {
        let token = self.stop.child_token();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(id, token.clone());
        Running { inner: Arc::clone(self), id, token, _interest: self.hub.interested() }
    }

    pub(crate) fn cancel_running(&self, id: JobId) {
        if let Some(token) = self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            token.cancel();
        }
    }
}

pub(crate) struct Running {
    inner: Arc<Inner>,
    id: JobId,
    pub(crate) token: CancellationToken,
    // Another process may ask for the end of what runs here.
    _interest: Interest,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// What the queue does next.
enum Turn {
    Job(Box<QueuedJob>),
    /// Nothing waits.
    Idle,
    Paused,
    /// The store would not answer, or not take what happened.
    Trouble,
}

async fn run_queue(inner: Arc<Inner>, host: HostKind) {
    while !inner.stop.is_cancelled() {
        // From before the store is asked, so that no change of its answer is missed.
        let mut writes = inner.hub.writes();
        let turn = match turn(&inner, host).await {
            Turn::Job(job) => match take_turn(&inner, *job).await {
                Ok(()) => continue,
                Err(()) => Turn::Trouble,
            },
            turn => turn,
        };
        tokio::select! {
            () = inner.stop.cancelled() => {}
            () = inner.queued.notified(), if matches!(turn, Turn::Idle) => {}
            () = tokio::time::sleep(RETRY_INTERVAL), if matches!(turn, Turn::Trouble) => {}
            () = until_written(&inner, &mut writes), if matches!(turn, Turn::Paused) => {}
        }
    }
}

async fn turn(inner: &Inner, host: HostKind) -> Turn {
    let asked = inner
        .read(move |store| {
            if host == HostKind::Resident && store.queue_is_paused()? {
                return Ok(Turn::Paused);
            }
            Ok(store.next_queued()?.map_or(Turn::Idle, |job| Turn::Job(Box::new(job))))
        })
        .await;
    asked.unwrap_or_else(|error| {
        tracing::error!(%error, details = error.details, "the queue cannot be read");
        inner.trouble.send_replace(Some(error));
        Turn::Trouble
    })
}

async fn take_turn(inner: &Arc<Inner>, job: QueuedJob) -> Result<(), ()> {
    let id = job.id;
    match run_job(inner, job).await {
        Ok(()) => {
            inner.trouble.send_replace(None);
            inner.unwanted.notify_one();
            Ok(())
        }
        Err(error) => {
            tracing::error!(job = %id, %error, details = error.details, "the job could not be kept");
            inner.trouble.send_replace(Some(error));
            Err(())
        }
    }
}

/// Resolves when this process, or another, has written to the store.
async fn until_written(inner: &Inner, writes: &mut watch::Receiver<u64>) {
    let _interest = inner.hub.interested();
    // The sender lives as long as `inner`.
    let _ = writes.changed().await;
}
