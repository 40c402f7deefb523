use oreforge_protocol::{ErrorCode, ErrorReport, ProjectInfo};

use crate::{Oreforge, requests};

pub(crate) async fn rename(
    forge: &Oreforge,
    name: String,
    new_name: &str,
) -> Result<Vec<ProjectInfo>, ErrorReport> {
    let Some(new_name) = requests::project_name(new_name) else {
        return Err(ErrorReport::new(ErrorCode::BadRequest, "A project needs a name."));
    };
    forge
        .jobs
        .write(move |store| {
            if name != new_name {
                store.rename_project(&name, &new_name)?;
            }
            store.projects()
        })
        .await
}

pub(crate) async fn archive(
    forge: &Oreforge,
    name: String,
    archived: bool,
) -> Result<Vec<ProjectInfo>, ErrorReport> {
    forge
        .jobs
        .write(move |store| {
            store.archive_project(&name, archived)?;
            store.projects()
        })
        .await
}
