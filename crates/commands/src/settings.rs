use oreforge_protocol::{ErrorReport, Settings};

use crate::Oreforge;

/// Folders that are absent stay as they are: a page may change the rest without knowing them.
pub(crate) async fn save(forge: &Oreforge, settings: Settings) -> Result<Settings, ErrorReport> {
    let settings = forge.engines.tidy_settings(settings)?;
    let saved = settings.clone();
    forge.jobs.write(move |store| store.save_settings(&settings)).await?;
    forge.engines.configure(saved.clone());
    Ok(saved)
}
