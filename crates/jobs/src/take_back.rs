//! Prompts that nobody waits for any more, taken out of the servers they are on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::queue::Inner;

/// What a server may take, in one try.
const LIMIT: Duration = Duration::from_secs(60);
/// What the end of this process leaves for it.
const LIMIT_AT_THE_END: Duration = Duration::from_millis(1500);

/// Takes back what there is, at the start and whenever a job may have left something. What a server does not confirm
/// is tried again the next time.
pub(crate) async fn take_back(inner: Arc<Inner>) {
    loop {
        let all = take_back_all(&inner);
        let over = async {
            inner.stop.cancelled().await;
            sleep(LIMIT_AT_THE_END).await;
        };
        tokio::select! {
            () = all => {}
            () = over => return,
        }
        tokio::select! {
            // What was just cancelled has its try, also when this process ends.
            biased;
            () = inner.unwanted.notified() => {}
            () = inner.stop.cancelled() => return,
        }
    }
}

async fn take_back_all(inner: &Arc<Inner>) {
    let notes = match inner.read(|store| store.unwanted_prompts()).await {
        Ok(notes) => notes,
        Err(error) => {
            tracing::warn!(%error, "prompts that are to be taken back cannot be read");
            return;
        }
    };
    let mut silent = BTreeSet::new();
    for note in notes {
        if silent.contains(&note.server) {
            continue;
        }
        let (prompt_id, server) = (note.prompt_id.clone(), note.server.clone());
        if !matches!(timeout(LIMIT, inner.runs.take_back(note)).await, Ok(true)) {
            tracing::info!(prompt = prompt_id, server, "not taken back yet");
            silent.insert(server);
            continue;
        }
        tracing::info!(prompt = prompt_id, server, "taken back");
        if let Err(error) = inner.read(move |store| store.forget_unwanted_prompt(&prompt_id)).await {
            tracing::warn!(%error, "a prompt that was taken back is still noted");
        }
    }
}
