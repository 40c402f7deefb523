//! Model files on their way: a queue of their own beside that of the jobs.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use oreforge_pipeline::{Checkpoint, Engines, FetchLedger, PlannedModel, discard};
use oreforge_protocol::{
    DownloadId, DownloadState, ErrorCode, ErrorReport, ModelDownload, ModelRequest, ModelSite,
};
use oreforge_store::{DownloadCheckpoint, NewDownload, NextDownload, StoreError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::Jobs;
use crate::queue::Inner;

/// How often one that waits looks whether another process is done with its own.
const TURN_INTERVAL: Duration = Duration::from_secs(1);
/// Speed is what came in this time.
const SPEED_WINDOW: Duration = Duration::from_secs(5);
const SPEED_SAMPLE: Duration = Duration::from_millis(250);

/// The downloads of this process. Cheap to clone.
#[derive(Clone)]
pub struct Downloads {
    shared: Arc<Shared>,
}

struct Shared {
    inner: Arc<Inner>,
    engines: Engines,
    queued: Notify,
    running: Mutex<HashMap<DownloadId, Arc<Running>>>,
}

impl Downloads {
    /// Starts their queue, on the Tokio runtime this is called in. It ends with that of the jobs.
    pub fn start(jobs: &Jobs, engines: Engines) -> Self {
        let inner = Arc::clone(&jobs.inner);
        let shared = Arc::new(Shared { inner, engines, queued: Notify::new(), running: Mutex::default() });
        shared.inner.tasks.spawn(run_queue(Arc::clone(&shared)));
        Self { shared }
    }

    pub async fn queue(&self, request: ModelRequest) -> Result<ModelDownload, ErrorReport> {
        let PlannedModel { url, folder, path, sha256 } = self.shared.engines.plan_model(request).await?;
        let new = NewDownload { url, folder, path: path.display().to_string(), sha256 };
        let queued = self.shared.inner.write(move |store| store.queue_download(&new)).await?;
        self.shared.queued.notify_one();
        Ok(queued)
    }

    /// Newest first.
    pub async fn list(&self) -> Result<Vec<ModelDownload>, ErrorReport> {
        let mut all = self.shared.inner.read(|store| store.downloads()).await?;
        for download in &mut all {
            if let Some(running) = self.shared.running(download.id) {
                running.show(download);
            }
        }
        Ok(all)
    }

    /// Answers at once; what runs here stops within moments, what runs in another process within seconds.
    pub async fn cancel(&self, id: DownloadId) -> Result<ModelDownload, ErrorReport> {
        let download = self.shared.inner.write(move |store| store.cancel_download(id)).await?;
        if let Some(running) = self.shared.running(id) {
            running.cancel.cancel();
        }
        Ok(download)
    }

    pub async fn resume(&self, id: DownloadId) -> Result<ModelDownload, ErrorReport> {
        let download = self.shared.inner.write(move |store| store.resume_download(id)).await?;
        self.shared.queued.notify_one();
        Ok(download)
    }

    /// Takes those that are over off the list, and what came of the ones that are not done off the disk.
    pub async fn clear(&self, id: Option<DownloadId>) -> Result<u32, ErrorReport> {
        let all = self.shared.inner.read(|store| store.downloads()).await?;
        let mut cleared = 0;
        for download in all.into_iter().filter(|known| id.is_none_or(|id| known.id == id)) {
            if !download.state.is_over() {
                if id.is_some() {
                    return Err(ErrorReport::new(ErrorCode::WrongState, "It is still on its way.")
                        .with_hint("Cancel it first."));
                }
                continue;
            }
            if download.state != DownloadState::Done {
                let target = PathBuf::from(&download.path);
                let thrown_away = tokio::task::spawn_blocking(move || discard(&target)).await;
                thrown_away.map_err(|ended| internal(&ended))??;
            }
            let id = download.id;
            self.shared.inner.write(move |store| store.forget_download(id)).await?;
            cleared += 1;
        }
        Ok(cleared)
    }

    /// The sites that model files come from, and which of them have a token.
    pub async fn sites(&self) -> Result<Vec<ModelSite>, ErrorReport> {
        let all = self.shared.inner.read(|store| store.downloads()).await?;
        self.shared.engines.model_sites(all.into_iter().map(|download| download.url).collect()).await
    }
}

impl Shared {
    fn running(&self, id: DownloadId) -> Option<Arc<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}

async fn run_queue(shared: Arc<Shared>) {
    let stop = shared.inner.stop.clone();
    while !stop.is_cancelled() {
        let waits = match shared.inner.write(|store| store.begin_download()).await {
            Ok(NextDownload::Begun(download, from)) => {
                let shared = Arc::clone(&shared);
                shared.inner.tasks.clone().spawn(run(shared, *download, from));
                continue;
            }
            Ok(NextDownload::InTurn) => true,
            Ok(NextDownload::None) => false,
            Err(error) => {
                tracing::error!(%error, details = error.details, "the queue of downloads cannot be read");
                true
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = shared.queued.notified() => {}
            () = sleep(TURN_INTERVAL), if waits => {}
        }
    }
}

async fn run(shared: Arc<Shared>, download: ModelDownload, from: DownloadCheckpoint) {
    let id = download.id;
    let running = Arc::new(Running::new(shared.inner.stop.child_token(), from.bytes));
    shared.running.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&running));
    let fetching = tokio::spawn(fetch(Arc::clone(&shared), Arc::clone(&running), download, from));
    let ended = fetching.await.unwrap_or_else(|ended| Err(internal(&ended)));
    let (state, bytes, error) = match ended {
        Ok(bytes) => (DownloadState::Done, Some(bytes), None),
        // The next start of the program offers to go on.
        Err(report) if report.code == ErrorCode::Cancelled && shared.inner.stop.is_cancelled() => {
            (DownloadState::Interrupted, None, None)
        }
        Err(report) if report.code == ErrorCode::Cancelled => (DownloadState::Cancelled, None, None),
        Err(report) => (DownloadState::Failed, None, Some(report)),
    };
    tracing::info!(download = %id, ?state, error = error.as_ref().map(|error| &error.message), "a download ended");
    let written = shared.inner.write(move |store| store.end_download(id, state, bytes, error.as_ref())).await;
    if let Err(error) = written {
        tracing::error!(%error, details = error.details, "the end of a download could not be kept");
    }
    shared.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    shared.queued.notify_one();
}

async fn fetch(
    shared: Arc<Shared>,
    running: Arc<Running>,
    download: ModelDownload,
    from: DownloadCheckpoint,
) -> Result<u64, ErrorReport> {
    let ledger =
        StoreDownload { inner: Arc::clone(&shared.inner), id: download.id, running: Arc::clone(&running) };
    let model = PlannedModel {
        url: download.url,
        folder: download.folder,
        path: PathBuf::from(download.path),
        sha256: download.sha256,
    };
    let from = Checkpoint { bytes: from.bytes, total_bytes: from.total_bytes, validator: from.validator };
    shared.engines.fetch_model(model, from, &ledger, &running.cancel).await
}

/// A download of this process, and how fast it is.
struct Running {
    cancel: CancellationToken,
    come: Mutex<Come>,
}

struct Come {
    bytes: u64,
    total_bytes: Option<u64>,
    /// When how much was there, oldest first.
    samples: VecDeque<(Instant, u64)>,
}

impl Running {
    fn new(cancel: CancellationToken, bytes: u64) -> Self {
        Self { cancel, come: Mutex::new(Come { bytes, total_bytes: None, samples: VecDeque::new() }) }
    }

    fn progress(&self, bytes: u64, total_bytes: Option<u64>) {
        let mut come = self.come.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if bytes < come.bytes {
            come.samples.clear();
        }
        (come.bytes, come.total_bytes) = (bytes, total_bytes);
        if come.samples.back().is_none_or(|(at, _)| now - *at >= SPEED_SAMPLE) {
            come.samples.push_back((now, bytes));
        }
        while come.samples.front().is_some_and(|(at, _)| now - *at > SPEED_WINDOW) {
            come.samples.pop_front();
        }
    }

    fn show(&self, download: &mut ModelDownload) {
        let come = self.come.lock().unwrap_or_else(PoisonError::into_inner);
        download.bytes = come.bytes;
        download.total_bytes = come.total_bytes.or(download.total_bytes);
        let Some((at, bytes)) = come.samples.front() else { return };
        let seconds = at.elapsed().as_secs_f64();
        if seconds > SPEED_SAMPLE.as_secs_f64() {
            download.bytes_per_s = Some((come.bytes.saturating_sub(*bytes) as f64 / seconds) as u64);
        }
    }
}

/// The ledger of one download, in the store.
struct StoreDownload {
    inner: Arc<Inner>,
    id: DownloadId,
    running: Arc<Running>,
}

#[async_trait]
impl FetchLedger for StoreDownload {
    async fn note(&self, safe: &Checkpoint) -> Result<(), ErrorReport> {
        let (id, safe) = (self.id, safe.clone());
        let wanted = self
            .inner
            .read(move |store| -> Result<bool, StoreError> {
                let Checkpoint { bytes, total_bytes, validator } = safe;
                store.note_download(id, &DownloadCheckpoint { bytes, total_bytes, validator })
            })
            .await?;
        // Another process may have asked for the end of it.
        if wanted {
            Ok(())
        } else {
            Err(ErrorReport::new(ErrorCode::Cancelled, "The download was cancelled."))
        }
    }

    fn progress(&self, bytes: u64, total_bytes: Option<u64>) {
        self.running.progress(bytes, total_bytes);
    }
}

fn internal(ended: &tokio::task::JoinError) -> ErrorReport {
    ErrorReport::new(ErrorCode::Internal, "The download met an error of ours.")
        .with_details(ended.to_string())
}
