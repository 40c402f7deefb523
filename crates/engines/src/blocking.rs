//! Long computations, off the async runtime.

use oreforge_geometry::{Cancel, Cancelled};
use tokio_util::sync::CancellationToken;

/// Runs `work` on a thread that may block, within the caller's tracing span. A panic in it goes on in the caller,
/// whose owner reports it.
pub async fn blocking<T, E>(
    token: &CancellationToken,
    work: impl FnOnce(Cancel<'_>) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Cancelled> + Send + 'static,
{
    let token = token.clone();
    let span = tracing::Span::current();
    let task = tokio::task::spawn_blocking(move || {
        let _inside = span.enter();
        let asked = || token.is_cancelled();
        let cancel = Cancel::new(&asked);
        cancel.check()?;
        work(cancel)
    });
    match task.await {
        Ok(result) => result,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Cancelled.into()),
        },
    }
}
