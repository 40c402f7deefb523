//! Files and folders shown in the system's own file manager. The page names none: it says which of ours it means.

use std::path::PathBuf;

use oreforge_commands::{Shown, ShownFile};
use oreforge_protocol::{ArtifactId, Command, ErrorCode, ErrorReport, Reply};
use serde::Deserialize;
use tauri::State;

use crate::core::Core;

/// A folder of ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "folder", rename_all = "snake_case")]
pub enum Folder {
    /// Where jobs are kept.
    Data,
    /// The artist's own workflows.
    Workflows,
    Project {
        name: String,
    },
}

#[tauri::command]
pub async fn reveal_artifact(core: State<'_, Core>, id: ArtifactId) -> Result<(), ErrorReport> {
    let ShownFile::OnDisk { path, .. } = core.forge()?.shown(Shown::Artifact(id)).await? else {
        return Err(other_answer());
    };
    show(path, tauri_plugin_opener::reveal_item_in_dir).await
}

#[tauri::command]
pub async fn reveal_folder(core: State<'_, Core>, folder: Folder) -> Result<(), ErrorReport> {
    let forge = core.forge()?;
    let path = match folder {
        Folder::Data => forge.data_folder().to_owned(),
        Folder::Workflows => match forge.execute(Command::GetSettings {}).await? {
            Reply::GetSettings(settings) => {
                settings.workflows_folder.map_or_else(|| forge.data_folder().join("workflows"), PathBuf::from)
            }
            _ => return Err(other_answer()),
        },
        Folder::Project { name } => match forge.execute(Command::ListProjects {}).await? {
            Reply::ListProjects(projects) => {
                let project = projects.into_iter().find(|project| project.name == name);
                project.map(|project| PathBuf::from(project.folder)).ok_or_else(|| {
                    ErrorReport::new(ErrorCode::ProjectNotFound, format!("There is no project \"{name}\"."))
                })?
            }
            _ => return Err(other_answer()),
        },
    };
    if !path.is_dir() {
        let message = format!("{} is not there yet.", path.display());
        return Err(ErrorReport::new(ErrorCode::BadRequest, message)
            .with_hint("A folder of ours is made when something is put into it."));
    }
    show(path, |path| tauri_plugin_opener::open_path(path, None::<&str>)).await
}

/// Waits for the file manager's answer.
async fn show(
    path: PathBuf,
    open: impl FnOnce(PathBuf) -> Result<(), tauri_plugin_opener::Error> + Send + 'static,
) -> Result<(), ErrorReport> {
    let wanted = path.clone();
    let unshown = |details: String| {
        ErrorReport::new(ErrorCode::Internal, "The file manager could not be opened.")
            .with_hint(format!("What you want to see is {}.", path.display()))
            .with_details(details)
    };
    match tauri::async_runtime::spawn_blocking(move || open(wanted)).await {
        Ok(answer) => answer.map_err(|error| unshown(error.to_string())),
        Err(ended) => Err(unshown(ended.to_string())),
    }
}

fn other_answer() -> ErrorReport {
    ErrorReport::new(ErrorCode::Internal, "The core answered another question.")
}
