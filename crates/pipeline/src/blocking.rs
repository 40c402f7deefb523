//! Long computations, off the async runtime.

use oreforge_geometry::Cancel;
use tokio_util::sync::CancellationToken;

use crate::StepError;

/// Runs `work` on a thread that may block. A panic in it goes on in the caller, whose owner reports it.
pub(crate) async fn blocking<T: Send + 'static>(
    token: &CancellationToken,
    work: impl FnOnce(Cancel<'_>) -> Result<T, StepError> + Send + 'static,
) -> Result<T, StepError> {
    let token = token.clone();
    let span = tracing::Span::current();
    let task = tokio::task::spawn_blocking(move || {
        let _inside = span.enter();
        let asked = || token.is_cancelled();
        work(Cancel::new(&asked))
    });
    match task.await {
        Ok(result) => result,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StepError::Cancelled),
        },
    }
}
