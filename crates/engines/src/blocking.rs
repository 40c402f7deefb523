//! Work that blocks, off the async runtime.

use oreforge_geometry::{Cancel, Cancelled};
use oreforge_protocol::{ErrorCode, ErrorReport};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Runs `work` on a thread that may block, within the caller's tracing span. A panic in it goes on in the caller,
/// whose owner reports it.
pub async fn off_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match begin(work).await {
        Ok(value) => value,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going, and whoever waits here with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// As [`off_runtime`], with a panic as a report: for work that nobody above watches over.
///
/// # Errors
/// Those of `work`, and `Internal`.
pub async fn guarded<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ErrorReport> + Send + 'static,
) -> Result<T, ErrorReport> {
    begin(work).await.unwrap_or_else(|ended| {
        Err(ErrorReport::new(ErrorCode::Internal, "Oreforge broke down over this.")
            .with_details(ended.to_string())
            .with_hint("This is a bug of ours: please report it."))
    })
}

/// As [`off_runtime`], for long computations that ask whether they are still wanted.
pub async fn blocking<T, E>(
    token: &CancellationToken,
    work: impl FnOnce(Cancel<'_>) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Cancelled> + Send + 'static,
{
    let token = token.clone();
    off_runtime(move || {
        let asked = || token.is_cancelled();
        let cancel = Cancel::new(&asked);
        cancel.check()?;
        work(cancel)
    })
    .await
}

fn begin<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
}
