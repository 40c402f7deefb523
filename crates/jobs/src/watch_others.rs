use std::sync::Arc;
use std::time::Duration;

use oreforge_protocol::ErrorReport;

use crate::queue::Inner;

/// How often the database is asked whether another process wrote to it.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Hears what other processes write, while anybody here cares: wakes readers of the log, and hands on requests
/// to cancel.
pub(crate) async fn watch_others(inner: Arc<Inner>) {
    let mut interest = inner.hub.interest();
    let mut last_seen = 0;
    loop {
        let wanted = tokio::select! {
            () = inner.stop.cancelled() => break,
            wanted = interest.wait_for(|count| *count > 0) => wanted.is_ok(),
        };
        if !wanted {
            break;
        }
        match poll(&inner, last_seen).await {
            Ok(seen) => last_seen = seen,
            Err(error) => tracing::warn!(%error, details = error.details, "other processes cannot be heard"),
        }
        tokio::select! {
            () = inner.stop.cancelled() => break,
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
}

async fn poll(inner: &Inner, mut last_seen: i64) -> Result<i64, ErrorReport> {
    let (changed, seen) = inner
        .read(move |store| {
            let changed = store.changed_by_others(&mut last_seen)?;
            Ok((changed, last_seen))
        })
        .await?;
    if changed {
        inner.hub.wake();
        for id in inner.read(|store| store.cancel_requests()).await? {
            inner.cancel_running(id);
        }
    }
    Ok(seen)
}
