use std::collections::BTreeMap;
use std::path::Path;

use oreforge_jobs::{NewJob, Store, cutout};
use oreforge_protocol::{
    Command, ErrorCode, ErrorReport, ForgeRequest, JobId, JobSnapshot, MaskStroke, Reply, SourceInfo,
    SourceRef, ViewSlot,
};

use crate::pictures::{self, Picture, blocking};
use crate::{Oreforge, doctor, gallery, mesh_files, samples, save};

/// Most events one call gives.
const MAX_EVENTS: u32 = 1000;

/// Longest name of a job or project.
const MAX_NAME_CHARS: usize = 200;

pub(crate) async fn execute(forge: &Oreforge, command: Command) -> Result<Reply, ErrorReport> {
    Ok(match command {
        Command::StartForge { request } => Reply::StartForge(start(forge, request).await?),
        Command::GetJob { id } => Reply::GetJob(forge.jobs.read(move |store| store.snapshot(id)).await?),
        Command::ListJobs { limit } => {
            Reply::ListJobs(forge.jobs.read(move |store| store.list(limit)).await?)
        }
        Command::CancelJob { id } => Reply::CancelJob(forge.jobs.cancel(id).await?),
        Command::ResumeJob { id } => {
            let request = usable_request(forge, id).await?;
            Reply::ResumeJob(forge.jobs.resume(id, Some(request)).await?)
        }
        Command::RetryJob { id, from } => {
            let request = usable_request(forge, id).await?;
            Reply::RetryJob(forge.jobs.retry(id, from, Some(request)).await?)
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
        Command::PreviewCutout { source, strokes } => {
            let picture = pictures::read(forge, source).await?;
            Reply::PreviewCutout(blocking(move || cutout::preview(&picture.bytes, &strokes)).await?)
        }
        Command::SaveMask { source, strokes } => Reply::SaveMask(save_mask(forge, source, strokes).await?),
        Command::ListSamples {} => Reply::ListSamples(samples::list()),
        Command::EngineStatus {} => Reply::EngineStatus(forge.engines.status()),
        Command::Doctor { comfy } => Reply::Doctor(doctor::examine(forge, comfy).await?),
        Command::InspectMesh { mesh } => Reply::InspectMesh(mesh_files::inspect(forge, mesh).await?),
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
        Command::SaveArtifact { id, path } => Reply::SaveArtifact(save::save(forge, id, path).await?),
    })
}

async fn start(forge: &Oreforge, mut request: ForgeRequest) -> Result<JobSnapshot, ErrorReport> {
    let name = job_name(&request);
    let project = request.project.as_deref().map(shorten).filter(|project| !project.is_empty());
    let failure = match sensible(&request) {
        Ok(()) => keep_pictures(forge, &mut request).await.err(),
        Err(report) => Some(report),
    };
    forge.jobs.create(NewJob { name, project, request, failure }).await
}

/// A job's request, with its pictures in the store: one that failed over a picture that was not there is worth
/// another look.
async fn usable_request(forge: &Oreforge, id: JobId) -> Result<ForgeRequest, ErrorReport> {
    let mut request = forge.jobs.read(move |store| store.snapshot(id)).await?.request;
    sensible(&request)?;
    keep_pictures(forge, &mut request).await?;
    Ok(request)
}

async fn save_mask(
    forge: &Oreforge,
    source: SourceRef,
    strokes: Vec<MaskStroke>,
) -> Result<SourceInfo, ErrorReport> {
    let picture = pictures::read(forge, source).await?;
    let file_name = format!("{}.mask.png", stem(&picture.file_name));
    let bytes = blocking(move || cutout::mask_png(&picture.bytes, &strokes)).await?;
    pictures::import(forge, Picture::from_bytes(file_name, bytes)?).await
}

/// Copies every picture of a request into the store and refers to the copies.
async fn keep_pictures(forge: &Oreforge, request: &mut ForgeRequest) -> Result<(), ErrorReport> {
    request.source = pictures::keep(forge, request.source.clone()).await?;
    let mut views = BTreeMap::new();
    for (&slot, source) in &request.views {
        let kept = pictures::keep(forge, source.clone())
            .await
            .map_err(|report| about(&format!("The {slot} view"), report))?;
        views.insert(slot, kept);
    }
    request.views = views;
    if let Some(mask) = request.mask.clone() {
        request.mask = Some(pictures::keep(forge, mask).await.map_err(|report| about("The mask", report))?);
    }
    Ok(())
}

fn about(what: &str, report: ErrorReport) -> ErrorReport {
    ErrorReport { message: format!("{what}: {}", report.message), ..report }
}

fn sensible(request: &ForgeRequest) -> Result<(), ErrorReport> {
    let mut problems = request.params.problems();
    for slot in request.views.keys() {
        match slot {
            ViewSlot::Front => problems.push("The picture itself is the front view.".to_owned()),
            ViewSlot::ThreeQuarter => {
                problems.push(
                    "A three-quarter view cannot be given; use right, back, left, top or bottom.".to_owned(),
                );
            }
            ViewSlot::Right | ViewSlot::Back | ViewSlot::Left | ViewSlot::Top | ViewSlot::Bottom => {}
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ErrorReport::new(ErrorCode::BadRequest, problems.join(" ")))
    }
}

fn job_name(request: &ForgeRequest) -> String {
    let given = request.name.as_deref().map(shorten).filter(|name| !name.is_empty());
    given.unwrap_or_else(|| match &request.source {
        SourceRef::Path { path } => stem(path),
        SourceRef::Imported { file_name, .. } => stem(file_name),
        SourceRef::Sample { name } => shorten(name),
    })
}

fn stem(path: &str) -> String {
    shorten(&Path::new(path).file_stem().unwrap_or_default().to_string_lossy())
}

fn shorten(text: &str) -> String {
    text.trim().chars().take(MAX_NAME_CHARS).collect()
}
