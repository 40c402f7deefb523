use std::time::Duration;

use thiserror::Error;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::back_off::BackOff;
use super::http::HttpError;
use super::limits::Limits;

/// How long one request is tried again, where trying again does no harm.
pub(crate) struct Patience {
    back_off: BackOff,
    first_failure: Option<Instant>,
    limit: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatienceError {
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Failed(#[from] HttpError),
}

impl Patience {
    pub(crate) fn new(limits: &Limits, seed: u64) -> Self {
        Self { back_off: BackOff::new(limits.back_off, seed), first_failure: None, limit: limits.unreachable }
    }

    /// Waits until the next try.
    ///
    /// # Errors
    /// With what failed, when another try would fail too or the time is over; when cancelled.
    pub(crate) async fn after(
        &mut self,
        error: HttpError,
        cancel: &CancellationToken,
    ) -> Result<(), PatienceError> {
        let since = *self.first_failure.get_or_insert_with(Instant::now);
        if !error.may_pass() || since.elapsed() >= self.limit {
            return Err(error.into());
        }
        tracing::debug!(%error, "once more");
        tokio::select! {
            () = sleep(self.back_off.pause()) => Ok(()),
            () = cancel.cancelled() => Err(PatienceError::Cancelled),
        }
    }
}
