use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::queue::Inner;

/// How often the trash is looked through for what has lain there long enough.
const LOOK_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Deletes for good what lies in the trash for longer than the settings say.
pub(crate) async fn keep_trash(inner: Arc<Inner>) {
    loop {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
        match inner.write(move |store| store.expire_trash(now_ms)).await {
            Ok(gone) if gone.files > 0 => tracing::info!(files = gone.files, "deleted from the trash"),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, details = error.details, "the trash cannot be looked through")
            }
        }
        tokio::select! {
            () = inner.stop.cancelled() => break,
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
        }
    }
}
