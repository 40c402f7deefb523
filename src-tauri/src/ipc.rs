//! What the page may ask for, apart from dialogs.

use oreforge_protocol::{Command, ErrorCode, ErrorReport, Event, EventSeq, JobId, Reply, SourceInfo};
use tauri::State;
use tauri::ipc::{Channel, InvokeBody, Request};

use crate::core::{Core, Opening};
use crate::drops::Drop;
use crate::page_policy;

/// Longer names are cut by no file system we write to.
const MAX_FILE_NAME_BYTES: usize = 255;

#[tauri::command]
pub async fn execute(core: State<'_, Core>, command: Command) -> Result<Reply, ErrorReport> {
    page_policy::check(&command)?;
    core.forge()?.execute(command).await
}

/// A picture that was pasted: its bytes as the body, its name in the header `x-file-name`, percent-encoded.
#[tauri::command]
pub async fn import_picture(core: State<'_, Core>, request: Request<'_>) -> Result<SourceInfo, ErrorReport> {
    let InvokeBody::Raw(bytes) = request.body() else {
        return Err(ErrorReport::new(ErrorCode::BadRequest, "A pasted picture comes as plain bytes."));
    };
    let name = request.headers().get("x-file-name").map_or(&b"pasted"[..], |value| value.as_bytes());
    let name = percent_encoding::percent_decode(name).decode_utf8_lossy();
    let name = name.rsplit(['/', '\\']).next().unwrap_or("pasted");
    if name.len() > MAX_FILE_NAME_BYTES {
        return Err(ErrorReport::new(
            ErrorCode::BadRequest,
            format!("The name of the picture has {} bytes; the limit is {MAX_FILE_NAME_BYTES}.", name.len()),
        ));
    }
    core.forge()?.import_bytes(name.to_owned(), bytes.clone()).await
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
) -> Result<(), ErrorReport> {
    core.subscribe(subscription, job_id, after, channel)
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
