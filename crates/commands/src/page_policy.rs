//! What a page may ask for. It never names a place on the disk, and on the network only where a model file comes from,
//! which goes into the models folder under a model's name: files come in and go out by the system's dialogs, by being
//! dropped, or as bytes, so that a page gone wrong can neither read nor write where the artist did not point.

use oreforge_protocol::{Command, ErrorCode, ErrorReport, MeshRef, SourceRef};

/// # Errors
/// `bad_request` for a command that names a path or a server.
pub fn check(command: &Command) -> Result<(), ErrorReport> {
    match command {
        Command::StartForge { request } if request.params.comfy.server.is_some() => {
            Err(refusal("A server is named in the settings."))
        }
        Command::StartForge { request } => {
            let sources = std::iter::once(&request.source)
                .chain(request.views.values())
                .chain(&request.mask)
                .chain(&request.depth_map);
            sources.into_iter().try_for_each(source)
        }
        Command::StartProspect { request, .. } if request.server.is_some() => {
            Err(refusal("A server is named in the settings."))
        }
        Command::StartProspect { request, .. } => request.source.iter().try_for_each(source),
        Command::RetryWith { server: Some(_), .. } => Err(refusal("A server is named in the settings.")),
        Command::ImportPicture { source: picture }
        | Command::PreviewCutout { source: picture, .. }
        | Command::SaveMask { source: picture, .. } => source(picture),
        Command::Doctor { comfy: Some(_) } | Command::Workflows { comfy: Some(_) } => {
            Err(refusal("A server is named on the command line."))
        }
        Command::DownloadModel { request } if request.models_folder.is_some() || request.server.is_some() => {
            Err(refusal("A models folder is named on the command line."))
        }
        Command::FindModelsFolder { server: Some(_) } => {
            Err(refusal("A server is named on the command line."))
        }
        Command::InspectMesh { mesh: MeshRef::Path { .. }, .. } => {
            Err(refusal("A mesh is opened through the system's dialog."))
        }
        Command::InspectMesh { mesh: MeshRef::Artifact { .. }, reference } => {
            reference.iter().try_for_each(source)
        }
        Command::PreviewDepth { depth } | Command::KeepDepth { depth } => {
            std::iter::once(&depth.source).chain(&depth.mask).chain(&depth.map).try_for_each(source)
        }
        Command::SaveSettings { settings } => {
            // Servers are what an artist names here; folders are not, but one may be forgotten.
            let names = |folder: &Option<String>| folder.as_deref().is_some_and(|folder| !folder.is_empty());
            if [&settings.workflows_folder, &settings.models_folder, &settings.save_folder]
                .into_iter()
                .any(names)
            {
                return Err(refusal("A folder is named on the command line."));
            }
            if names(&settings.blender) {
                return Err(refusal("A program is chosen through the system's dialog."));
            }
            Ok(())
        }
        Command::ExportMesh { .. }
        | Command::FinishMesh { .. }
        | Command::RenderSprites { .. }
        | Command::SaveDepth { .. }
        | Command::SaveArtifact { .. }
        | Command::SaveArtifacts { .. } => Err(refusal("A file is saved through the system's dialog.")),
        Command::GetJob { .. }
        | Command::ListJobs { .. }
        | Command::CancelJob { .. }
        | Command::ResumeJob { .. }
        | Command::RetryJob { .. }
        | Command::RetryWith { server: None, .. }
        | Command::AcceptViews { .. }
        | Command::SaveSecret { .. }
        | Command::DownloadModel { .. }
        | Command::FindModelsFolder { server: None }
        | Command::ListDownloads {}
        | Command::CancelDownload { .. }
        | Command::ResumeDownload { .. }
        | Command::ClearDownloads { .. }
        | Command::ListModelSites {}
        | Command::SaveSiteToken { .. }
        | Command::JobEvents { .. }
        | Command::MoveJob { .. }
        | Command::GetQueue {}
        | Command::PauseQueue { .. }
        | Command::ListProjects {}
        | Command::RenameProject { .. }
        | Command::ArchiveProject { .. }
        | Command::ListSamples {}
        | Command::EngineStatus {}
        | Command::Workflows { comfy: None }
        | Command::GetSettings {}
        | Command::GatherBugReport {}
        | Command::FindBlender {}
        | Command::ListGallery { .. }
        | Command::GalleryOverview { .. }
        | Command::MarkArtifacts { .. }
        | Command::TrashArtifacts { .. }
        | Command::RestoreArtifacts { .. }
        | Command::EmptyTrash {}
        | Command::Doctor { comfy: None } => Ok(()),
    }
}

fn source(source: &SourceRef) -> Result<(), ErrorReport> {
    match source {
        SourceRef::Path { .. } => Err(refusal("A picture is opened through the system's dialog.")),
        SourceRef::Imported { .. } | SourceRef::Sample { .. } | SourceRef::Artifact { .. } => Ok(()),
    }
}

fn refusal(message: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use oreforge_protocol::{
        ArtifactId, ForgeParams, ForgeRequest, ModelRequest, ProspectRequest, Settings, ViewSlot,
    };

    use super::*;

    fn path() -> SourceRef {
        SourceRef::Path { path: "/etc/passwd".to_owned() }
    }

    fn sample() -> SourceRef {
        SourceRef::Sample { name: "duck".to_owned() }
    }

    fn forge(source: SourceRef, view: SourceRef, mask: SourceRef) -> Command {
        let request = ForgeRequest {
            source,
            views: [(ViewSlot::Back, view)].into(),
            mask: Some(mask),
            depth_map: None,
            params: ForgeParams::default(),
            name: None,
            project: None,
        };
        Command::StartForge { request }
    }

    #[test]
    fn no_command_of_the_page_names_a_path() {
        let refused = [
            forge(path(), sample(), sample()),
            forge(sample(), path(), sample()),
            forge(sample(), sample(), path()),
            Command::StartProspect {
                request: ProspectRequest { source: Some(path()), ..ProspectRequest::new("a duck") },
                in_front: false,
            },
            Command::ImportPicture { source: path() },
            Command::PreviewCutout { source: path(), strokes: Vec::new(), feather_px: None },
            Command::SaveMask { source: path(), strokes: Vec::new(), feather_px: None },
            Command::SaveArtifact { id: ArtifactId::new(), path: "/tmp/x.glb".to_owned() },
            Command::SaveSettings {
                settings: Settings { models_folder: Some("/etc".to_owned()), ..Settings::default() },
            },
            Command::SaveSettings {
                settings: Settings { save_folder: Some("/etc".to_owned()), ..Settings::default() },
            },
            Command::SaveSettings {
                settings: Settings { blender: Some("/tmp/blender".to_owned()), ..Settings::default() },
            },
            Command::SaveArtifacts { ids: Vec::new(), folder: "/tmp".to_owned() },
            Command::DownloadModel {
                request: ModelRequest { models_folder: Some("/etc".to_owned()), ..ModelRequest::default() },
            },
            Command::Doctor { comfy: Some("http://10.0.0.1".to_owned()) },
        ];
        for command in refused {
            assert!(check(&command).is_err(), "{command:?} was let through");
        }
    }

    #[test]
    fn pictures_of_the_store_and_samples_pass() {
        check(&forge(sample(), sample(), sample())).unwrap();
        check(&Command::ImportPicture { source: sample() }).unwrap();
    }
}
