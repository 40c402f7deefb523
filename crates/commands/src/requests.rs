//! What a person asks a job for, on its way into the store.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use oreforge_jobs::{NewJob, safe_file_name};
use oreforge_protocol::{
    EngineChoice, ErrorCode, ErrorReport, ForgeRequest, JobId, JobRequest, JobSnapshot, ProspectGoal,
    ProspectRequest, SourceRef, StepName, ViewSlot,
};

use crate::{Oreforge, pictures};

/// Longest name of a job or project.
const MAX_NAME_CHARS: usize = 200;

/// Of a name that is taken from a prompt.
const MAX_PROMPT_NAME_CHARS: usize = 40;

/// Seeds that are drawn stay short enough to be read out and typed.
const DRAWN_SEEDS: u64 = 1_000_000_000;

pub(crate) async fn start(
    forge: &Oreforge,
    mut request: JobRequest,
    in_front: bool,
) -> Result<JobSnapshot, ErrorReport> {
    let (name, project) = match &mut request {
        JobRequest::Forge(request) => (forge_name(request), &request.project),
        JobRequest::Prospect(request) => {
            request.seed.get_or_insert_with(draw_seed);
            (prospect_name(request), &request.project)
        }
    };
    let project = project.as_deref().and_then(project_name);
    let failure = make_usable(forge, &mut request).await.err();
    forge.jobs.create(NewJob { name, project, request, in_front, failure }).await
}

/// A job's request, with its pictures in the store: one that failed over a picture that was not there is worth
/// another look.
pub(crate) async fn usable(forge: &Oreforge, id: JobId) -> Result<JobRequest, ErrorReport> {
    let mut request = forge.jobs.read(move |store| store.snapshot(id)).await?.request;
    make_usable(forge, &mut request).await?;
    Ok(request)
}

/// A forge job's request, to run again from the views or the mesh on another engine.
pub(crate) async fn with_engine(
    forge: &Oreforge,
    id: JobId,
    from: StepName,
    engine: EngineChoice,
    server: Option<String>,
) -> Result<JobRequest, ErrorReport> {
    let mut request = forge.jobs.read(move |store| store.snapshot(id)).await?.request;
    let JobRequest::Forge(forged) = &mut request else { return Err(no_forge()) };
    let params = &mut forged.params;
    match from {
        StepName::Views => (params.engine, params.views_engine, params.mesh_engine) = (engine, None, None),
        StepName::Mesh => params.mesh_engine = Some(engine),
        StepName::Prepare | StepName::Gate | StepName::Finish | StepName::Export | StepName::Pictures => {
            let message = format!("No engine is chosen for the step \"{from}\"; use views or mesh.");
            return Err(ErrorReport::new(ErrorCode::BadRequest, message));
        }
    }
    if server.is_some() {
        params.comfy.server = server;
    }
    make_usable(forge, &mut request).await?;
    Ok(request)
}

/// A forge job's request, to go on with views that were refused.
pub(crate) async fn accepting_views(forge: &Oreforge, id: JobId) -> Result<JobRequest, ErrorReport> {
    let mut request = usable(forge, id).await?;
    let JobRequest::Forge(forged) = &mut request else { return Err(no_forge()) };
    forged.params.accept_views = true;
    Ok(request)
}

fn no_forge() -> ErrorReport {
    ErrorReport::new(ErrorCode::BadRequest, "This job makes no mesh.")
}

/// The standard library's only source of chance is the keys of its hash maps.
fn draw_seed() -> u64 {
    RandomState::new().hash_one(()) % DRAWN_SEEDS
}

/// What is written down about a job names a server, never how it lets us in. What is no address is not kept at all.
fn forget_credentials(forge: &Oreforge, server: &mut Option<String>) -> Result<(), ErrorReport> {
    if let Some(address) = server.take() {
        *server = Some(forge.engines.remember(&address)?);
    }
    Ok(())
}

async fn make_usable(forge: &Oreforge, request: &mut JobRequest) -> Result<(), ErrorReport> {
    forget_credentials(
        forge,
        match request {
            JobRequest::Forge(request) => &mut request.params.comfy.server,
            JobRequest::Prospect(request) => &mut request.server,
        },
    )?;
    let problems = match request {
        JobRequest::Forge(request) => forge_problems(request),
        JobRequest::Prospect(request) => request.problems(),
    };
    if !problems.is_empty() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, problems.join(" ")));
    }
    match request {
        JobRequest::Forge(request) => keep_pictures(forge, request).await,
        JobRequest::Prospect(request) => {
            if let Some(source) = request.source.clone() {
                request.source = Some(pictures::keep(forge, source).await?);
            }
            Ok(())
        }
    }
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
    if let Some(depth_map) = request.depth_map.clone() {
        let kept = pictures::keep(forge, depth_map).await.map_err(|report| about("The depth map", report))?;
        request.depth_map = Some(kept);
    }
    Ok(())
}

fn about(what: &str, report: ErrorReport) -> ErrorReport {
    ErrorReport { message: format!("{what}: {}", report.message), ..report }
}

fn forge_problems(request: &ForgeRequest) -> Vec<String> {
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
    problems
}

fn forge_name(request: &ForgeRequest) -> String {
    given_name(request.name.as_deref()).unwrap_or_else(|| source_name(&request.source))
}

fn given_name(name: Option<&str>) -> Option<String> {
    name.map(shorten).filter(|name| !name.is_empty())
}

fn source_name(source: &SourceRef) -> String {
    match source {
        SourceRef::Path { path } => stem(path),
        SourceRef::Imported { file_name, .. } => stem(file_name),
        SourceRef::Sample { name } => shorten(name),
        SourceRef::Artifact { .. } => "picture".to_owned(),
    }
}

fn prospect_name(request: &ProspectRequest) -> String {
    given_name(request.name.as_deref()).unwrap_or_else(|| {
        if let (ProspectGoal::DepthMap, Some(source)) = (request.goal, &request.source) {
            return format!("{} depth", source_name(source));
        }
        let first_words = request.prompt.split(&[',', '.', '\n'][..]).next().unwrap_or_default().trim();
        safe_file_name(&first_words.chars().take(MAX_PROMPT_NAME_CHARS).collect::<String>())
    })
}

pub(crate) fn stem(path: &str) -> String {
    shorten(&Path::new(path).file_stem().unwrap_or_default().to_string_lossy())
}

/// One line, not too long; `None` where nothing is left of it.
pub(crate) fn project_name(text: &str) -> Option<String> {
    let name = shorten(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    (!name.is_empty()).then_some(name)
}

fn shorten(text: &str) -> String {
    text.trim().chars().take(MAX_NAME_CHARS).collect()
}
