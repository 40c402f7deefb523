use oreforge_jobs::doctor::check_servers;
use oreforge_protocol::{Check, CheckState, DoctorReport, ErrorReport};

use crate::Oreforge;

pub(crate) async fn examine(forge: &Oreforge, comfy: Option<String>) -> Result<DoctorReport, ErrorReport> {
    let mut checks = vec![data_folder(forge).await];
    checks.push(Check {
        subject: "draft engine".to_owned(),
        state: CheckState::Good,
        message: forge.engines.draft_note(),
        hint: None,
    });
    checks.extend(check_servers(&forge.engines, comfy.as_deref()).await?);
    Ok(DoctorReport { version: env!("CARGO_PKG_VERSION").to_owned(), checks })
}

/// No fault when it is not there: only those who export by way of it need it.
pub(crate) async fn blender(forge: &Oreforge) -> Check {
    let (message, hint) = match forge.blender().version().await {
        Ok(version) => (format!("{version} is there for `oreforge export --via blender`."), None),
        Err(report) => (report.message + " Only `oreforge export --via blender` needs it.", report.hint),
    };
    Check { subject: "blender".to_owned(), state: CheckState::Good, message, hint }
}

async fn data_folder(forge: &Oreforge) -> Check {
    let subject = "data folder".to_owned();
    match forge.jobs.read(|store| store.list(1).map(|_| store.root().display().to_string())).await {
        Ok(root) => Check {
            subject,
            state: CheckState::Good,
            message: format!("Jobs are kept in {root}."),
            hint: None,
        },
        Err(ErrorReport { message, hint, .. }) => Check { subject, state: CheckState::Bad, message, hint },
    }
}
