//! The system's own dialogs to open and to save.

use std::path::{Path, PathBuf};

use oreforge_commands::page_policy;
use oreforge_protocol::{
    ArtifactId, Command, DepthRequest, ErrorCode, ErrorReport, ExportPreset, ExportRoute, ExportedMesh,
    MeshExport, MeshRef, Reply, SavedFile, Settings, SourceInfo, SourceRef,
};
use serde::{Deserialize, Serialize};
use tauri::ipc::Channel;
use tauri::{State, WebviewWindow};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};
use tokio::sync::oneshot;

use crate::core::Core;

const PICTURES: [&str; 9] = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tga", "tif", "tiff"];

fn dialog(window: &WebviewWindow) -> FileDialogBuilder<tauri::Wry> {
    window.dialog().file().set_parent(window)
}

/// The chosen file, or `None` when the dialog was closed without a choice.
async fn chosen(
    ask: impl FnOnce(Box<dyn FnOnce(Option<FilePath>) + Send>),
) -> Result<Option<PathBuf>, ErrorReport> {
    let (tell, told) = oneshot::channel();
    let answer = Box::new(move |path| {
        // Nobody waits any more once the window is closed.
        let _ = tell.send(path);
    });
    ask(answer);
    let Ok(Some(path)) = told.await else { return Ok(None) };
    path.into_path().map(Some).map_err(|error| {
        ErrorReport::new(
            ErrorCode::BadRequest,
            "The dialog named something that is not a file on this computer.",
        )
        .with_details(error.to_string())
    })
}

/// A dialog to save begins in the folder of the settings, while that is there.
async fn begun_in_its_folder(
    core: &Core,
    dialog: FileDialogBuilder<tauri::Wry>,
) -> Result<FileDialogBuilder<tauri::Wry>, ErrorReport> {
    let folder = settings(core).await?.save_folder.map(PathBuf::from);
    Ok(match folder.filter(|folder| folder.is_dir()) {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    })
}

async fn settings(core: &Core) -> Result<Settings, ErrorReport> {
    match core.forge()?.execute(Command::GetSettings {}).await? {
        Reply::GetSettings(settings) => Ok(settings),
        _ => Err(other_answer()),
    }
}

fn other_answer() -> ErrorReport {
    ErrorReport::new(ErrorCode::Internal, "The core answered another question.")
}

/// Lets the person choose where dialogs to save begin; answers the settings that hold then.
#[tauri::command]
pub async fn pick_save_folder(
    core: State<'_, Core>,
    window: WebviewWindow,
) -> Result<Option<Settings>, ErrorReport> {
    let dialog = begun_in_its_folder(&core, dialog(&window)).await?;
    let folder = chosen(|answer| dialog.set_title("Where to save").pick_folder(answer)).await?;
    let Some(folder) = folder else { return Ok(None) };
    let settings = Settings { save_folder: Some(folder.display().to_string()), ..settings(&core).await? };
    match core.forge()?.execute(Command::SaveSettings { settings }).await? {
        Reply::SaveSettings(saved) => Ok(Some(saved)),
        _ => Err(other_answer()),
    }
}

#[tauri::command]
pub async fn pick_picture(
    core: State<'_, Core>,
    window: WebviewWindow,
) -> Result<Option<SourceInfo>, ErrorReport> {
    let path = chosen(|answer| {
        dialog(&window)
            .set_title("Open picture")
            .add_filter("Pictures", &PICTURES)
            .add_filter("All files", &["*"])
            .pick_file(answer);
    })
    .await?;
    let Some(path) = path else { return Ok(None) };
    core.import(SourceRef::Path { path: path.display().to_string() }).await.map(Some)
}

#[tauri::command]
pub async fn save_artifact(
    core: State<'_, Core>,
    window: WebviewWindow,
    id: ArtifactId,
    suggested_name: String,
) -> Result<Option<SavedFile>, ErrorReport> {
    let name = Path::new(&suggested_name).file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(|| "mesh.glb".to_owned());
    let (kind, extension) = if name.ends_with(".png") { ("PNG", "png") } else { ("GLB", "glb") };
    let dialog = begun_in_its_folder(&core, dialog(&window)).await?;
    let path = chosen(|answer| {
        dialog
            .set_title(format!("Save {kind}"))
            .set_file_name(name)
            .add_filter(kind, &[extension])
            .save_file(answer);
    })
    .await?;
    let Some(path) = path else { return Ok(None) };
    let path = with_extension(path, extension).display().to_string();
    match core.forge()?.execute(Command::SaveArtifact { id, path }).await? {
        Reply::SaveArtifact(saved) => Ok(Some(saved)),
        _ => Err(other_answer()),
    }
}

/// Files of a mesh, by the format that the chosen name's ending says; the first is proposed.
const MESHES: [(&str, &str); 7] = [
    ("GLB", "glb"),
    ("FBX", "fbx"),
    ("OBJ", "obj"),
    ("STL", "stl"),
    ("PLY", "ply"),
    ("USDZ", "usdz"),
    ("glTF", "gltf"),
];

/// What Blender writes of them.
const MESHES_OF_BLENDER: [&str; 5] = ["glb", "fbx", "obj", "stl", "ply"];

/// What a mesh is saved as, before the dialog is answered.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeshWish {
    suggested_name: String,
    preset: Option<ExportPreset>,
    /// A GLB packed for the web.
    compressed: bool,
    via: ExportRoute,
}

/// A mesh file of the artist's.
#[derive(Debug, Serialize)]
pub struct SavedMesh {
    #[serde(flatten)]
    file: SavedFile,
    /// What was changed or cannot be carried, as sentences.
    notes: Vec<String>,
}

/// A mesh in the format of the artist's choice, laid out for whom it is; the file to open. `writing` hears the name once it is
/// chosen. From then on `stop_saving` ends it with nothing written.
#[tauri::command]
pub async fn save_mesh(
    core: State<'_, Core>,
    window: WebviewWindow,
    id: ArtifactId,
    wish: MeshWish,
    writing: Channel<String>,
) -> Result<Option<SavedMesh>, ErrorReport> {
    let MeshWish { suggested_name, preset, compressed, via } = wish;
    let name = Path::new(&suggested_name).file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(|| "mesh.glb".to_owned());
    let proposed = MESHES.into_iter().find(|(_, ending)| name.ends_with(&format!(".{ending}")));
    let (kind, extension) = proposed.unwrap_or(MESHES[0]);
    let dialog = begun_in_its_folder(&core, dialog(&window)).await?;
    let path = chosen(|answer| {
        let is_written = |ending| via == ExportRoute::Oreforge || MESHES_OF_BLENDER.contains(&ending);
        let others = MESHES.into_iter().filter(|&(_, ending)| ending != extension && is_written(ending));
        let dialog = std::iter::once((kind, extension))
            .chain(others)
            .fold(dialog, |dialog, (kind, ending)| dialog.add_filter(kind, &[ending]));
        dialog.set_title(format!("Save {kind}")).set_file_name(name).save_file(answer);
    })
    .await?;
    let Some(path) = path else { return Ok(None) };
    let path = with_extension(path, extension);
    // A page that has gone hears of nothing.
    let _ = writing.send(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let is_glb = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("glb"));
    let path = path.display().to_string();
    let command = match preset {
        // As it was made, to the byte.
        None if is_glb && !compressed && via == ExportRoute::Oreforge => Command::SaveArtifact { id, path },
        preset => {
            let mesh = MeshRef::Artifact { id };
            Command::ExportMesh {
                export: MeshExport {
                    mesh,
                    path,
                    via,
                    preset,
                    repair: false,
                    fix: false,
                    triangles: None,
                    lods: 0,
                    // Another format was typed into the dialog: its packing is its own.
                    compressed: compressed && is_glb,
                },
            }
        }
    };
    let forge = core.forge()?;
    let stop = core.saving();
    let reply = tokio::select! {
        reply = forge.execute(command) => reply?,
        () = stop.cancelled() => return Ok(None),
    };
    match reply {
        Reply::SaveArtifact(file) => Ok(Some(SavedMesh { file, notes: Vec::new() })),
        Reply::ExportMesh(ExportedMesh { mut files, notes, .. }) => {
            Ok(files.pop().map(|file| SavedMesh { file, notes }))
        }
        _ => Err(other_answer()),
    }
}

/// Ends the writing of a mesh: Blender with it, where that writes.
#[tauri::command]
pub fn stop_saving(core: State<'_, Core>) {
    core.stop_saving();
}

/// Lets the person point to the Blender that may write meshes; answers the settings that hold then.
#[tauri::command]
pub async fn pick_blender(
    core: State<'_, Core>,
    window: WebviewWindow,
) -> Result<Option<Settings>, ErrorReport> {
    let program = chosen(|answer| dialog(&window).set_title("Where Blender is").pick_file(answer)).await?;
    let Some(program) = program else { return Ok(None) };
    // macOS shows a program as one file, which is a folder.
    let inner = program.join("Contents/MacOS/Blender");
    let program = if inner.is_file() { inner } else { program };
    let settings = Settings { blender: Some(program.display().to_string()), ..settings(&core).await? };
    match core.forge()?.execute(Command::SaveSettings { settings }).await? {
        Reply::SaveSettings(saved) => Ok(Some(saved)),
        _ => Err(other_answer()),
    }
}

/// The depth map of a picture.
#[tauri::command]
pub async fn save_depth(
    core: State<'_, Core>,
    window: WebviewWindow,
    depth: DepthRequest,
    suggested_name: String,
) -> Result<Option<SavedFile>, ErrorReport> {
    let name = Path::new(&suggested_name).file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(|| "depth.png".to_owned());
    let dialog = begun_in_its_folder(&core, dialog(&window)).await?;
    let path = chosen(|answer| {
        dialog.set_title("Save depth map").set_file_name(name).add_filter("PNG", &["png"]).save_file(answer);
    })
    .await?;
    let Some(path) = path else { return Ok(None) };
    let path = with_extension(path, "png").display().to_string();
    // The page names pictures of the store alone; the place comes from the dialog.
    page_policy::check(&Command::KeepDepth { depth: depth.clone() })?;
    match core.forge()?.execute(Command::SaveDepth { depth, path }).await? {
        Reply::SaveDepth(saved) => Ok(Some(saved)),
        _ => Err(other_answer()),
    }
}

/// Copies into a folder of the artist's choice; none replaces a file that is there.
#[tauri::command]
pub async fn save_artifacts(
    core: State<'_, Core>,
    window: WebviewWindow,
    ids: Vec<ArtifactId>,
) -> Result<Option<Vec<SavedFile>>, ErrorReport> {
    let dialog = begun_in_its_folder(&core, dialog(&window)).await?;
    let folder = chosen(|answer| dialog.set_title("Save to folder").pick_folder(answer)).await?;
    let Some(folder) = folder else { return Ok(None) };
    let folder = folder.display().to_string();
    match core.forge()?.execute(Command::SaveArtifacts { ids, folder }).await? {
        Reply::SaveArtifacts(saved) => Ok(Some(saved)),
        _ => Err(other_answer()),
    }
}

/// A name typed without its ending gets one, unless that would replace a file the dialog did not ask about.
fn with_extension(path: PathBuf, extension: &str) -> PathBuf {
    let completed = path.with_extension(extension);
    if path.extension().is_none() && !completed.exists() { completed } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_gets_its_ending_but_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let bare = folder.path().join("scarab");
        assert_eq!(with_extension(bare.clone(), "glb"), folder.path().join("scarab.glb"));
        std::fs::write(folder.path().join("scarab.glb"), b"mine").unwrap();
        assert_eq!(with_extension(bare.clone(), "glb"), bare);
        assert_eq!(with_extension("a.gltf".into(), "glb"), PathBuf::from("a.gltf"));
    }
}
