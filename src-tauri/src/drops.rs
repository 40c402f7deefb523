//! Files dropped on the window.

use std::path::PathBuf;

use oreforge_protocol::{ErrorCode, ErrorReport, SourceInfo, SourceRef};
use serde::Serialize;
use tauri::DragDropEvent;

use crate::core::Core;

/// One drop; a folder full of pictures let go by accident must not fill the queue.
const MAX_PICTURES: usize = 24;

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Drop {
    /// Files hang over the window.
    Over {
        files: usize,
    },
    Left,
    Dropped {
        pictures: Vec<SourceInfo>,
        errors: Vec<ErrorReport>,
    },
}

/// Takes dropped files into the store and tells the page.
pub fn tell(core: &Core, event: &DragDropEvent) {
    match event {
        DragDropEvent::Enter { paths, .. } => core.tell_drop(Drop::Over { files: paths.len() }),
        DragDropEvent::Leave => core.tell_drop(Drop::Left),
        DragDropEvent::Drop { paths, .. } => take(core, paths.clone()),
        // `Over` says only where the pointer is, and later kinds of event are not about files.
        _ => {}
    }
}

/// As if they had been dropped.
pub fn take(core: &Core, paths: Vec<PathBuf>) {
    let core = core.clone();
    tauri::async_runtime::spawn(async move {
        let drop = take_in(&core, paths).await;
        core.tell_drop(drop);
    });
}

async fn take_in(core: &Core, paths: Vec<PathBuf>) -> Drop {
    let mut pictures = Vec::new();
    let mut errors = Vec::new();
    if paths.len() > MAX_PICTURES {
        errors.push(ErrorReport::new(
            ErrorCode::BadRequest,
            format!(
                "{} files were dropped; the limit is {MAX_PICTURES} at once. None was taken.",
                paths.len()
            ),
        ));
        return Drop::Dropped { pictures, errors };
    }
    for path in paths {
        match core.import(SourceRef::Path { path: path.display().to_string() }).await {
            Ok(picture) => pictures.push(picture),
            Err(error) => errors.push(error),
        }
    }
    Drop::Dropped { pictures, errors }
}
