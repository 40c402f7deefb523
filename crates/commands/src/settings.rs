use std::path::Path;

use oreforge_protocol::{ErrorReport, Settings};

use crate::Oreforge;
use crate::blender::Blender;

/// Folders that are absent stay as they are: a page may change the rest without knowing them. A Blender is started once, to
/// see that it is one, before it is kept.
pub(crate) async fn save(forge: &Oreforge, settings: Settings) -> Result<Settings, ErrorReport> {
    let before = forge.engines.settings();
    let settings = forge.engines.tidy_settings(settings)?;
    if let Some(program) = &settings.blender
        && settings.blender != forge.engines.settings().blender
    {
        Blender::pointed_at(Path::new(program))?.version().await?;
    }
    let saved = settings.clone();
    forge.jobs.write(move |store| store.save_settings(&settings)).await?;
    forge.engines.configure(saved.clone());
    forge.engines.forget_secrets_since(&before).await;
    Ok(saved)
}
