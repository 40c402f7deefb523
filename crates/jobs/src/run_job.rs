use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use oreforge_pipeline::{StepError, StepHost, StepOutput};
use oreforge_protocol::{ErrorCode, ErrorReport, JobId, StepName};
use oreforge_store::{Begun, QueuedJob, StepCommit, Store, StoreError, faults};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::inputs::{StoreInputs, spec};
use crate::prompts::StorePrompts;
use crate::queue::{Inner, RETRY_INTERVAL};
use crate::runs::Run;
use crate::sink::{StoreSink, to_store};

/// Runs a queued job to its end, whatever that is.
///
/// # Errors
/// When the store cannot keep what happened; the job may still stand as queued or running.
pub(crate) async fn run_job(inner: &Arc<Inner>, job: QueuedJob) -> Result<(), ErrorReport> {
    let id = job.id;
    let inputs = StoreInputs { store: Arc::clone(&inner.store), job: id, request: job.request.clone() };
    let started = match spec(&job) {
        Ok(spec) => tokio::select! {
            started = inner.runs.start(spec, Arc::new(inputs)) => started,
            // It stays in the queue.
            () = inner.stop.cancelled() => return Ok(()),
        },
        Err(report) => Err(report),
    };
    let (mut run, engine) = match started {
        Ok(started) => started,
        // Somebody may have cancelled it while it was being started.
        Err(report) => match inner.write(move |store| store.fail(id, None, report)).await {
            Err(late) if late.code == ErrorCode::WrongState => return Ok(()),
            ended => return ended,
        },
    };
    // Before it counts as running, so that nobody can ask a running job to stop and not be heard.
    let running = inner.track(id);
    let mut next = match inner.write(move |store| store.begin(id, &engine)).await {
        Ok(Begun::Step(step)) => Some(step),
        Ok(Begun::NothingLeft) => None,
        // Somebody cancelled it while it was being started.
        Err(report) if report.code == ErrorCode::WrongState => return Ok(()),
        Err(report) => return Err(report),
    };
    while let Some(step) = next {
        let span = tracing::info_span!("step", job = %id, %step);
        next = run_step(inner, id, step, &mut *run, &running.token).instrument(span).await?;
    }
    Ok(())
}

async fn run_step(
    inner: &Arc<Inner>,
    id: JobId,
    step: StepName,
    run: &mut dyn Run,
    cancel: &CancellationToken,
) -> Result<Option<StepName>, ErrorReport> {
    faults::pass("step start");
    let begun = Instant::now();
    let needed_bytes = run.written_bytes(step);
    if let Err(report) = inner.read(move |store| store.check_room(needed_bytes)).await {
        tracing::warn!(message = %report.message, details = report.details, "step not begun");
        keep_end(inner, move |store| store.fail(id, Some((step, 0)), report.clone())).await?;
        return Ok(None);
    }
    let sink = Arc::new(StoreSink::new(Arc::clone(inner), id, step));
    let over = CancellationToken::new();
    let writer = inner.tasks.spawn(Arc::clone(&sink).write_until(over.clone()));
    let host = StepHost {
        cancel: cancel.clone(),
        leaving: inner.stop.clone(),
        sink,
        prompts: Arc::new(StorePrompts { inner: Arc::clone(inner), job: id, step }),
    };
    let outcome = AssertUnwindSafe(run.run_step(step, host)).catch_unwind().await;
    faults::pass("step end");
    over.cancel();
    if let Err(ended) = writer.await {
        tracing::error!(%ended, "the writer of progress ended early");
    }
    inner.previews.clear();
    let elapsed_ms = move || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let error = match outcome {
        Ok(Ok(output)) => match commit(inner, id, step, output, elapsed_ms).await {
            Ok(next) => {
                faults::pass("step committed");
                tracing::info!(elapsed_ms = elapsed_ms(), "step done");
                return Ok(next);
            }
            Err(report) => report,
        },
        Ok(Err(StepError::Cancelled)) => {
            let shutting_down = inner.stop.is_cancelled();
            tracing::info!(shutting_down, "step stopped");
            let end = move |store: &Store| {
                if shutting_down {
                    store.interrupt(id, step, elapsed_ms())
                } else {
                    store.cancelled(id, step, elapsed_ms())
                }
            };
            keep_end(inner, end).await?;
            return Ok(None);
        }
        Ok(Err(StepError::Failed(report))) => report,
        Err(panic) => panic_report(step, &*panic),
    };
    tracing::warn!(code = ?error.code, message = %error.message, details = error.details, "step failed");
    keep_end(inner, move |store| store.fail(id, Some((step, elapsed_ms())), error.clone())).await?;
    Ok(None)
}

/// Writes how a job ended, also to a store that takes it only later: whoever follows the job waits for its end.
async fn keep_end(
    inner: &Arc<Inner>,
    end: impl Fn(&Store) -> Result<(), StoreError> + Clone + Send + 'static,
) -> Result<(), ErrorReport> {
    faults::pass("job end");
    loop {
        let report = match inner.write(end.clone()).await {
            Ok(()) => {
                inner.trouble.send_replace(None);
                return Ok(());
            }
            Err(report) => report,
        };
        let may_pass =
            matches!(report.code, ErrorCode::DiskFull | ErrorCode::StoreBusy | ErrorCode::StoreUnavailable);
        if !may_pass || inner.stop.is_cancelled() {
            return Err(report);
        }
        tracing::error!(error = %report, details = report.details, "the end of the job cannot be written yet");
        inner.trouble.send_replace(Some(report));
        tokio::select! {
            () = inner.stop.cancelled() => {}
            () = tokio::time::sleep(RETRY_INTERVAL) => {}
        }
    }
}

async fn commit(
    inner: &Arc<Inner>,
    id: JobId,
    step: StepName,
    output: StepOutput,
    elapsed_ms: impl FnOnce() -> u64 + Send + 'static,
) -> Result<Option<StepName>, ErrorReport> {
    inner
        .write(move |store| {
            let files = output.artifacts.into_iter().map(to_store).collect();
            let artifacts = store.stage(id, step, files)?;
            faults::pass("step staged");
            store.commit_step(
                id,
                StepCommit { step, elapsed_ms: elapsed_ms(), facts: output.facts, artifacts },
            )
        })
        .await
}

fn panic_report(step: StepName, panic: &(dyn Any + Send)) -> ErrorReport {
    let words = panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    ErrorReport::new(ErrorCode::StepPanicked, format!("The step \"{step}\" broke down."))
        .with_details(words)
        .with_hint("This is a bug of ours: please report it. Other jobs go on.")
}
