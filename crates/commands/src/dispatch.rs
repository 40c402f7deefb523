use oreforge_jobs::{Store, cutout, guarded};
use oreforge_protocol::{
    Command, ErrorReport, JobRequest, MaskStroke, QueueState, Reply, SourceInfo, SourceRef,
};

use crate::pictures::{self, Picture};
use crate::{
    Oreforge, blender, bug_report, depth, doctor, gallery, mesh_files, projects, requests, samples, save,
    settings,
};

/// Most events one call gives.
const MAX_EVENTS: u32 = 1000;

pub(crate) async fn execute(forge: &Oreforge, command: Command) -> Result<Reply, ErrorReport> {
    Ok(match command {
        Command::StartForge { request } => {
            Reply::StartForge(requests::start(forge, JobRequest::Forge(request), false).await?)
        }
        Command::StartProspect { request, in_front } => {
            Reply::StartProspect(requests::start(forge, JobRequest::Prospect(request), in_front).await?)
        }
        Command::GetJob { id } => Reply::GetJob(forge.jobs.read(move |store| store.snapshot(id)).await?),
        Command::ListJobs { limit } => {
            Reply::ListJobs(forge.jobs.read(move |store| store.list(limit)).await?)
        }
        Command::CancelJob { id } => Reply::CancelJob(forge.jobs.cancel(id).await?),
        Command::ResumeJob { id } => {
            let request = requests::usable(forge, id).await?;
            Reply::ResumeJob(forge.jobs.resume(id, Some(request)).await?)
        }
        Command::RetryJob { id, from } => {
            let request = requests::usable(forge, id).await?;
            Reply::RetryJob(forge.jobs.retry(id, from, Some(request)).await?)
        }
        Command::MoveJob { id, to } => Reply::MoveJob(
            forge
                .jobs
                .write(move |store| {
                    store.move_queued(id, to)?;
                    store.snapshot(id)
                })
                .await?,
        ),
        Command::GetQueue {} => {
            Reply::GetQueue(QueueState { paused: forge.jobs.read(Store::queue_is_paused).await? })
        }
        Command::PauseQueue { paused } => {
            forge.jobs.write(move |store| store.pause_queue(paused)).await?;
            Reply::PauseQueue(QueueState { paused })
        }
        Command::ListProjects {} => Reply::ListProjects(forge.jobs.read(Store::projects).await?),
        Command::RenameProject { name, new_name } => {
            Reply::RenameProject(projects::rename(forge, name, &new_name).await?)
        }
        Command::ArchiveProject { name, archived } => {
            Reply::ArchiveProject(projects::archive(forge, name, archived).await?)
        }
        Command::JobEvents { id, after } => Reply::JobEvents(
            forge
                .jobs
                .read(move |store| {
                    store.state(id)?;
                    store.events(id, after, MAX_EVENTS)
                })
                .await?,
        ),
        Command::ImportPicture { source } => {
            Reply::ImportPicture(pictures::import(forge, pictures::read(forge, source).await?).await?)
        }
        Command::PreviewCutout { source, strokes, feather_px } => {
            let picture = pictures::read(forge, source).await?;
            let feather_px = feather_px.unwrap_or(0.0);
            let preview = move || cutout::preview(&picture.bytes, &strokes, feather_px);
            Reply::PreviewCutout(guarded(preview).await?)
        }
        Command::SaveMask { source, strokes, feather_px } => {
            Reply::SaveMask(save_mask(forge, source, strokes, feather_px.unwrap_or(0.0)).await?)
        }
        Command::ListSamples {} => Reply::ListSamples(samples::list()),
        Command::RetryWith { id, from, engine, server } => {
            let request = requests::with_engine(forge, id, from, engine, server).await?;
            Reply::RetryWith(forge.jobs.retry(id, from, Some(request)).await?)
        }
        Command::AcceptViews { id } => {
            let request = requests::accepting_views(forge, id).await?;
            Reply::AcceptViews(forge.jobs.resume(id, Some(request)).await?)
        }
        Command::GetSettings {} => Reply::GetSettings(forge.engines.settings()),
        Command::SaveSettings { settings } => Reply::SaveSettings(settings::save(forge, settings).await?),
        Command::SaveSecret { server, secret } => {
            Reply::SaveSecret(forge.engines.save_secret(&server, secret).await?)
        }
        Command::DownloadModel { request } => Reply::DownloadModel(forge.downloads.queue(request).await?),
        Command::FindModelsFolder { server } => {
            Reply::FindModelsFolder(forge.engines.models_folder(server.as_deref()).await)
        }
        Command::ListDownloads {} => Reply::ListDownloads(forge.downloads.list().await?),
        Command::CancelDownload { id } => Reply::CancelDownload(forge.downloads.cancel(id).await?),
        Command::ResumeDownload { id } => Reply::ResumeDownload(forge.downloads.resume(id).await?),
        Command::ClearDownloads { id } => Reply::ClearDownloads(forge.downloads.clear(id).await?),
        Command::ListModelSites {} => Reply::ListModelSites(forge.downloads.sites().await?),
        Command::SaveSiteToken { site, token } => {
            Reply::SaveSiteToken(forge.engines.save_site_token(&site, token).await?)
        }
        Command::EngineStatus {} => Reply::EngineStatus(forge.engines.status().await),
        Command::Workflows { comfy } => Reply::Workflows(forge.engines.offers(comfy.as_deref()).await?),
        Command::Doctor { comfy } => Reply::Doctor(doctor::examine(forge, comfy).await?),
        Command::InspectMesh { mesh, reference } => {
            Reply::InspectMesh(mesh_files::inspect(forge, mesh, reference).await?)
        }
        Command::PreviewDepth { depth } => Reply::PreviewDepth(depth::preview(forge, depth).await?),
        Command::KeepDepth { depth } => Reply::KeepDepth(depth::keep(forge, depth).await?),
        Command::SaveDepth { depth, path } => Reply::SaveDepth(depth::save(forge, depth, path).await?),
        Command::RenderSprites { sprites } => {
            Reply::RenderSprites(mesh_files::sprites(forge, sprites).await?)
        }
        Command::FindBlender {} => Reply::FindBlender(blender::find(forge).await),
        Command::ExportMesh { export } => Reply::ExportMesh(mesh_files::export(forge, export).await?),
        Command::ListGallery { query, offset, limit } => {
            Reply::ListGallery(gallery::list(forge, query, offset, limit).await?)
        }
        Command::GalleryOverview { query, utc_offset_min } => {
            Reply::GalleryOverview(gallery::overview(forge, query, utc_offset_min).await?)
        }
        Command::MarkArtifacts { ids, change } => {
            Reply::MarkArtifacts(gallery::mark(forge, ids, change).await?)
        }
        Command::TrashArtifacts { ids } => Reply::TrashArtifacts(gallery::trash(forge, ids).await?),
        Command::RestoreArtifacts { ids } => Reply::RestoreArtifacts(gallery::restore(forge, ids).await?),
        Command::EmptyTrash {} => Reply::EmptyTrash(forge.jobs.write(Store::empty_trash).await?),
        Command::SaveArtifacts { ids, folder } => {
            Reply::SaveArtifacts(gallery::save_all(forge, ids, folder).await?)
        }
        Command::FinishMesh { finish } => Reply::FinishMesh(mesh_files::finish(forge, finish).await?),
        Command::GatherBugReport {} => Reply::GatherBugReport(bug_report::gather(forge).await?),
        Command::SaveArtifact { id, path } => Reply::SaveArtifact(save::save(forge, id, path).await?),
    })
}

async fn save_mask(
    forge: &Oreforge,
    source: SourceRef,
    strokes: Vec<MaskStroke>,
    feather_px: f32,
) -> Result<SourceInfo, ErrorReport> {
    let picture = pictures::read(forge, source).await?;
    let file_name = format!("{}.mask.png", requests::stem(&picture.file_name));
    let bytes = guarded(move || cutout::mask_png(&picture.bytes, &strokes, feather_px)).await?;
    pictures::import(forge, Picture::from_bytes(file_name, bytes)?).await
}
