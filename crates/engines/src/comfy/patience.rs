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
    foreign: u32,
}

/// A page of a proxy may stand in for an answer for a moment; what is no ComfyUI never becomes one.
const MAX_FOREIGN: u32 = 3;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatienceError {
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Failed(#[from] HttpError),
}

impl Patience {
    pub(crate) fn new(limits: &Limits, seed: u64) -> Self {
        Self {
            back_off: BackOff::new(limits.back_off, seed),
            first_failure: None,
            limit: limits.unreachable,
            foreign: 0,
        }
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
        let foreign = matches!(error, HttpError::Foreign(_));
        self.foreign += u32::from(foreign);
        let may_pass = if foreign { self.foreign <= MAX_FOREIGN } else { error.may_pass() };
        if !may_pass || since.elapsed() >= self.limit {
            return Err(error.into());
        }
        tracing::debug!(%error, "once more");
        tokio::select! {
            () = sleep(self.back_off.pause()) => Ok(()),
            () = cancel.cancelled() => Err(PatienceError::Cancelled),
        }
    }
}
