//! Names every command of the window, so that each needs a permission of its own in `capabilities/`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let commands = tauri_build::AppManifest::new().commands(&[
        "execute",
        "notify",
        "opening",
        "paste_picture",
        "pick_blender",
        "pick_picture",
        "pick_save_folder",
        "reveal_artifact",
        "reveal_folder",
        "save_artifact",
        "save_artifacts",
        "save_depth",
        "save_mesh",
        "stop_saving",
        "subscribe",
        "unsubscribe",
        "watch_drops",
    ]);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands))?;
    Ok(())
}
