//! Files shown in the system's own file manager.

use oreforge_commands::{Shown, ShownFile};
use oreforge_protocol::{ArtifactId, ErrorCode, ErrorReport};
use tauri::State;

use crate::core::Core;

#[tauri::command]
pub async fn reveal_artifact(core: State<'_, Core>, id: ArtifactId) -> Result<(), ErrorReport> {
    let ShownFile::OnDisk { path, .. } = core.forge()?.shown(Shown::Artifact(id)).await? else {
        return Err(ErrorReport::new(ErrorCode::Internal, "The core answered another question."));
    };
    let unshown = |details: String| {
        ErrorReport::new(ErrorCode::Internal, "The file manager could not be opened.")
            .with_hint(format!("The file is {}.", path.display()))
            .with_details(details)
    };
    let wanted = path.clone();
    // Waits for the file manager's answer.
    match tauri::async_runtime::spawn_blocking(move || tauri_plugin_opener::reveal_item_in_dir(wanted)).await
    {
        Ok(answer) => answer.map_err(|error| unshown(error.to_string())),
        Err(ended) => Err(unshown(ended.to_string())),
    }
}
