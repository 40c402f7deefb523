use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oreforge_pipeline::{NewArtifact, Preview, StepSink, thumbnail};
use oreforge_protocol::{ErrorReport, GateReport, JobId, LivePreview, LogLevel, StepName};
use oreforge_store::{ArtifactBytes, faults};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::queue::Inner;

/// At most this often progress is written: 20 times a second.
const WRITE_INTERVAL: Duration = Duration::from_millis(50);

/// Notes kept between two writes; what a step says beyond that is counted, not kept.
const MAX_PENDING_LOGS: usize = 200;

/// Writes what a running step says: files at once, progress and notes a few times a second, and previews as often to
/// whoever looks.
pub(crate) struct StoreSink {
    inner: Arc<Inner>,
    job: JobId,
    step: StepName,
    pending: Mutex<Pending>,
    said: Notify,
}

#[derive(Default)]
struct Pending {
    fraction: f32,
    doing: String,
    progress_is_new: bool,
    logs: Vec<(LogLevel, String)>,
    logs_dropped: usize,
    preview: Option<(Option<u32>, Arc<Preview>)>,
}

impl StoreSink {
    pub(crate) fn new(inner: Arc<Inner>, job: JobId, step: StepName) -> Self {
        Self { inner, job, step, pending: Mutex::default(), said: Notify::new() }
    }

    /// Writes until `over`, then what is left of the notes.
    pub(crate) async fn write_until(self: Arc<Self>, over: CancellationToken) {
        loop {
            tokio::select! {
                () = self.said.notified() => {}
                () = over.cancelled() => break,
            }
            self.flush().await;
            self.show().await;
            tokio::select! {
                () = tokio::time::sleep(WRITE_INTERVAL) => {}
                () = over.cancelled() => break,
            }
        }
        self.pending().progress_is_new = false;
        self.flush().await;
    }

    async fn flush(&self) {
        let (progress, logs) = {
            let mut pending = self.pending();
            let progress =
                mem::take(&mut pending.progress_is_new).then(|| (pending.fraction, pending.doing.clone()));
            let mut logs = mem::take(&mut pending.logs);
            let dropped = mem::take(&mut pending.logs_dropped);
            if dropped > 0 {
                logs.push((LogLevel::Warn, format!("{dropped} more notes were left out.")));
            }
            (progress, logs)
        };
        let (job, step) = (self.job, self.step);
        let written = self
            .inner
            .write(move |store| {
                if !logs.is_empty() {
                    store.log(job, logs)?;
                }
                match progress {
                    Some((fraction, doing)) => store.progress(job, step, fraction, &doing),
                    None => Ok(()),
                }
            })
            .await;
        // The step goes on: its commit meets the same store and reports what is wrong with it.
        if let Err(error) = written {
            tracing::warn!(%error, "progress was not written");
        }
    }

    async fn show(&self) {
        let Some((number, preview)) = self.pending().preview.take() else { return };
        let small = tokio::task::spawn_blocking(move || thumbnail::of_preview(&preview.bytes)).await;
        let (job_id, step) = (self.job, self.step);
        match small {
            Ok(Ok(jpeg)) => {
                let jpeg = BASE64_STANDARD.encode(jpeg);
                self.inner.previews.show(LivePreview { job_id, step, number, jpeg });
            }
            Ok(Err(report)) => tracing::debug!(%report, details = report.details, "a preview is no picture"),
            Err(ended) => tracing::warn!(%ended, "a preview could not be read"),
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StepSink for StoreSink {
    fn progress(&self, fraction: f32, doing: &str) {
        let mut pending = self.pending();
        let fraction = fraction.max(pending.fraction);
        if fraction > pending.fraction || pending.doing != doing {
            pending.fraction = fraction;
            doing.clone_into(&mut pending.doing);
            pending.progress_is_new = true;
            self.said.notify_one();
        }
    }

    fn log(&self, level: LogLevel, message: String) {
        match level {
            LogLevel::Info => tracing::info!(job = %self.job, step = %self.step, "{message}"),
            LogLevel::Warn => tracing::warn!(job = %self.job, step = %self.step, "{message}"),
        }
        let mut pending = self.pending();
        if pending.logs.len() < MAX_PENDING_LOGS {
            pending.logs.push((level, message));
        } else {
            pending.logs_dropped += 1;
        }
        self.said.notify_one();
    }

    fn preview(&self, number: Option<u32>, preview: Arc<Preview>) {
        self.pending().preview = Some((number, preview));
        self.said.notify_one();
    }

    fn publish(&self, artifact: NewArtifact) -> Result<(), ErrorReport> {
        let staged = self.inner.store.stage(self.job, self.step, vec![to_store(artifact)])?;
        faults::pass("publish staged");
        self.inner.store.publish(self.job, staged)?;
        faults::pass("published");
        self.inner.hub.wake();
        Ok(())
    }

    fn quality(&self, report: GateReport) -> Result<(), ErrorReport> {
        self.inner.store.quality(self.job, report)?;
        self.inner.hub.wake();
        Ok(())
    }
}

pub(crate) fn to_store(artifact: NewArtifact) -> ArtifactBytes {
    let NewArtifact { kind, slot, number, bytes, stats } = artifact;
    ArtifactBytes { kind, slot, number, bytes, stats }
}
