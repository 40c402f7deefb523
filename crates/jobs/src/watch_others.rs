use std::sync::Arc;
use std::time::Duration;

use oreforge_protocol::ErrorReport;

use crate::queue::Inner;

/// How often the database is asked whether another process wrote to it.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// How many of these intervals pass between two looks for processes that died.
const POLLS_PER_ROLL_CALL: u32 = 4;

/// Hears what other processes write, while anybody here cares: wakes readers of the log, and hands on requests
/// to cancel, and ends what died with the process that ran it.
pub(crate) async fn watch_others(inner: Arc<Inner>) {
    let mut interest = inner.hub.interest();
    let mut last_seen = 0;
    for poll_count in (0..POLLS_PER_ROLL_CALL).cycle() {
        let wanted = tokio::select! {
            () = inner.stop.cancelled() => break,
            wanted = interest.wait_for(|count| *count > 0) => wanted.is_ok(),
        };
        if !wanted {
            break;
        }
        let heard = async {
            last_seen = poll(&inner, last_seen).await?;
            if poll_count == 0 && inner.read(|store| store.collect_dead()).await? {
                inner.hub.wake();
            }
            Ok::<(), ErrorReport>(())
        };
        if let Err(error) = heard.await {
            tracing::warn!(%error, details = error.details, "other processes cannot be heard");
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
