//! What the page may ask for, apart from dialogs and the clipboard.

use oreforge_commands::page_policy;
use oreforge_protocol::{Command, ErrorReport, Event, EventSeq, JobId, LivePreview, Reply};
use tauri::State;
use tauri::ipc::Channel;

use crate::core::{Core, Opening};
use crate::drops::Drop;

#[tauri::command]
pub async fn execute(core: State<'_, Core>, command: Command) -> Result<Reply, ErrorReport> {
    page_policy::check(&command)?;
    core.forge()?.execute(command).await
}

#[tauri::command]
pub async fn opening(core: State<'_, Core>) -> Result<Opening, ErrorReport> {
    Ok(core.opening().await)
}

/// `subscription` is the page's own number for it, to end it by.
#[tauri::command]
pub async fn subscribe(
    core: State<'_, Core>,
    subscription: u32,
    job_id: JobId,
    after: EventSeq,
    channel: Channel<Event>,
    previews: Channel<LivePreview>,
) -> Result<(), ErrorReport> {
    core.subscribe(subscription, job_id, after, channel, previews)
}

#[tauri::command]
pub async fn unsubscribe(core: State<'_, Core>, subscription: u32) -> Result<(), ErrorReport> {
    core.unsubscribe(subscription);
    Ok(())
}

#[tauri::command]
pub async fn watch_drops(core: State<'_, Core>, channel: Channel<Drop>) -> Result<(), ErrorReport> {
    core.watch_drops(channel);
    Ok(())
}
