use oreforge_protocol::{ErrorCode, ErrorReport, Settings};

use crate::Oreforge;

/// Folders that are absent stay as they are: a page may change the rest without knowing them.
pub(crate) async fn save(forge: &Oreforge, mut settings: Settings) -> Result<Settings, ErrorReport> {
    let problems = settings.problems();
    if !problems.is_empty() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, problems.join(" ")));
    }
    let before = forge.engines.settings();
    settings.workflows_folder = settings.workflows_folder.or(before.workflows_folder);
    settings.models_folder = settings.models_folder.or(before.models_folder);
    let saved = settings.clone();
    forge.jobs.write(move |store| store.save_settings(&settings)).await?;
    forge.engines.configure(saved.clone());
    Ok(saved)
}
