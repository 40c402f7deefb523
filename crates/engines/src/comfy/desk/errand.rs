//! One thing made on one of the servers: pictures up, a graph through, files down.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use oreforge_protocol::{ErrorReport, LogLevel, PromptNote, PromptState};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::words::{self, doing};
use super::{Desk, Fit};
use crate::comfy::http::HttpError;
use crate::comfy::patience::{Patience, PatienceError};
use crate::comfy::preflight::{ObjectInfo, preflight};
use crate::comfy::workflow::{InputError, InputKind, Workflow};
use crate::comfy::{
    DownloadError, Graph, Made, Preview, ProduceError, Progress, RunError, Server, Sight, Upload, Work,
};
use crate::{EngineError, StepContext};

/// Stands for a picture that is not uploaded yet.
const PLACEHOLDER: &str = "picture.png";

/// Something to be made.
#[derive(Debug, Clone)]
pub struct Errand {
    /// What it is for within the step; of one purpose only one is under way at a time.
    pub purpose: String,
    pub workflow: Workflow,
    /// By input. A text is read as what the input takes.
    pub values: BTreeMap<String, Value>,
    /// PNG, by input.
    pub pictures: BTreeMap<String, Arc<Vec<u8>>>,
}

/// Why a server did not make it.
enum Unmade {
    /// Another server may.
    Away(ErrorReport),
    Over(EngineError),
}

impl Errand {
    /// The graph with names in the place of pictures.
    pub(crate) fn planned(&self) -> Result<Graph, InputError> {
        let mut values = self.values.clone();
        for input in self.workflow.manifest.inputs.iter().filter(|input| input.kind == InputKind::Picture) {
            if self.pictures.contains_key(&input.name) {
                values.insert(input.name.clone(), PLACEHOLDER.into());
            }
        }
        self.workflow.fill(&values)
    }

    /// ComfyUI's own loaders do; others may look among the inputs alone.
    fn reads_temporary_files(&self, input: &str) -> bool {
        let input = self.workflow.manifest.inputs.iter().find(|known| known.name == input);
        let loader = |node: &str| self.workflow.graph.get(node).and_then(|node| node["class_type"].as_str());
        input.is_some_and(|input| {
            input.places().all(|(node, _)| matches!(loader(node), Some("LoadImage" | "LoadImageMask")))
        })
    }

    fn outputs(&self) -> Vec<String> {
        self.workflow.manifest.outputs.iter().map(|output| output.node.clone()).collect()
    }
}

/// What came of an errand.
pub struct Ran {
    /// Which of those that were offered.
    pub errand: usize,
    /// Address of the server that did it.
    pub server: String,
    pub made: Vec<Made>,
}

impl Desk {
    /// Runs the earliest of these errands, best first, that some server can run, and tells which did. A server that
    /// goes away for good hands it to another. What an earlier process began is picked up where it is.
    ///
    /// # Errors
    /// As [`Desk::first_that_fits`]; when cancelled; when the server fails.
    pub async fn run(
        &self,
        context: &StepContext,
        errands: &[Errand],
        share: Range<f32>,
    ) -> Result<Ran, EngineError> {
        let mut gone: Vec<Server> = Vec::new();
        let mut began_at = self.with_open_prompt(context, errands).await?;
        loop {
            let fit = match began_at.take() {
                Some(fit) => fit,
                None => tokio::select! {
                    fit = self.fit(errands, &gone) => fit.map_err(EngineError::Failed)?,
                    () = context.cancel.cancelled() => return Err(EngineError::Cancelled),
                },
            };
            let errand = &errands[fit.errand];
            match while_wanted(context, |wish| on_server(context, &fit, errand, share.clone(), wish)).await {
                Ok(made) => {
                    return Ok(Ran { errand: fit.errand, server: fit.server.address().to_string(), made });
                }
                Err(Unmade::Over(error)) => return Err(error),
                Err(Unmade::Away(report)) => {
                    gone.push(fit.server.clone());
                    let Ok(next) = self.fit(errands, &gone).await else {
                        return Err(EngineError::Failed(report));
                    };
                    context.log(
                        LogLevel::Warn,
                        format!("{} {} takes over.", report.message, next.server.address()),
                    );
                    give_up(context, &fit.server, &errand.purpose).await?;
                    began_at = Some(next);
                }
            }
        }
    }

    /// Where an earlier process began one of these, if that server answers.
    async fn with_open_prompt(
        &self,
        context: &StepContext,
        errands: &[Errand],
    ) -> Result<Option<Fit>, EngineError> {
        let notes = context.prompts.prompts().await.map_err(EngineError::Failed)?;
        let open = |server: &&Server| {
            let address = server.address().to_string();
            notes.iter().any(|note| {
                note.state == PromptState::Open
                    && note.server == address
                    && errands.iter().any(|errand| errand.purpose == note.purpose)
            })
        };
        let Some(server) = self.servers.iter().find(open) else { return Ok(None) };
        let alone = Desk::new(vec![server.clone()]);
        tokio::select! {
            fit = alone.fit(errands, &[]) => Ok(fit.ok()),
            () = context.cancel.cancelled() => Err(EngineError::Cancelled),
        }
    }
}

/// Nobody waits for what this server has of this purpose any more.
async fn give_up(context: &StepContext, server: &Server, purpose: &str) -> Result<(), EngineError> {
    let address = server.address().to_string();
    for note in context.prompts.prompts().await.map_err(EngineError::Failed)? {
        if note.state == PromptState::Open && note.server == address && note.purpose == purpose {
            let note = PromptNote { state: PromptState::Unwanted, ..note };
            context.prompts.note(note).await.map_err(EngineError::Failed)?;
        }
    }
    Ok(())
}

/// Runs work with a token that says when a person wants it stopped. When this process ends the work is dropped as
/// it is: what is on the server stays there, noted, for whoever goes on with the job.
async fn while_wanted<W: Future<Output = Result<Vec<Made>, Unmade>>>(
    context: &StepContext,
    work: impl FnOnce(CancellationToken) -> W,
) -> Result<Vec<Made>, Unmade> {
    let wish = CancellationToken::new();
    let leave = async {
        context.cancel.cancelled().await;
        if !context.leaving.is_cancelled() {
            wish.cancel();
            context.leaving.cancelled().await;
        }
    };
    tokio::select! {
        ended = work(wish.clone()) => ended,
        () = leave => Err(Unmade::Over(EngineError::Cancelled)),
    }
}

async fn on_server(
    context: &StepContext,
    Fit { server, version, .. }: &Fit,
    errand: &Errand,
    share: Range<f32>,
    wish: CancellationToken,
) -> Result<Vec<Made>, Unmade> {
    let over = |report: ErrorReport| Unmade::Over(EngineError::Failed(report));
    context.progress(share.start, "sending the pictures to the server");
    let mut values = errand.values.clone();
    let mut uploads = Vec::new();
    for (input, png) in &errand.pictures {
        let upload = Upload { png: Arc::clone(png), stays: !errand.reads_temporary_files(input) };
        let uploaded = server.upload(&upload, &wish).await.map_err(|error| impatient(server, error))?;
        values.insert(input.clone(), uploaded.reference().into());
        uploads.push(upload);
    }
    let filled = errand.workflow.fill(&values).map_err(|error| over(words::bad_input(&error)))?;
    let nodes = nodes_of(server, &wish).await?;
    let manifest = &errand.workflow.manifest;
    let checked = preflight(&filled, manifest, &ObjectInfo::of(&nodes).on(*version));
    if version.is_none() {
        let words = format!("{} does not tell its version", server.address());
        context.log(
            LogLevel::Info,
            format!("{words}; \"{}\" is made for ComfyUI {} or newer.", manifest.title, manifest.min_comfyui),
        );
    }
    if !checked.problems.is_empty() {
        return Err(over(words::unfit(server, &manifest.title, &checked.problems)));
    }
    for change in checked.changes {
        context.log(LogLevel::Info, format!("Fitted to the server: {change}."));
    }
    let purpose = errand.purpose.clone();
    let work = Work { purpose, graph: checked.graph, uploads, outputs: errand.outputs() };
    let progress = Mutex::new(Progress::of(&work.graph));
    let shown = Mutex::new(None);
    let on_sight = |sight: &Sight| {
        if let Some(preview) = newer(&shown, sight) {
            (context.on_preview)(preview);
        }
        let done = progress.lock().unwrap_or_else(PoisonError::into_inner).fraction(&sight.news) as f32;
        context.progress(share.start + (share.end - share.start) * done, &doing(sight, &work.graph));
    };
    let on_note = |level, words| context.log(level, words);
    let made = server.produce(&work, &*context.prompts, &wish, &on_sight, &on_note).await;
    made.map_err(|error| unmade(server, error))
}

/// The preview of the prompt, when it is not the one that was shown last.
fn newer(shown: &Mutex<Option<Arc<Preview>>>, sight: &Sight) -> Option<Arc<Preview>> {
    let preview = sight.news.preview.as_ref()?;
    let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
    if shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, preview)) {
        return None;
    }
    *shown = Some(Arc::clone(preview));
    Some(Arc::clone(preview))
}

/// The nodes of a server, which may be away for a while.
async fn nodes_of(server: &Server, wish: &CancellationToken) -> Result<Map<String, Value>, Unmade> {
    let mut patience = Patience::new(server.limits(), 0);
    loop {
        let asked = tokio::select! {
            asked = server.object_info() => asked,
            () = wish.cancelled() => return Err(Unmade::Over(EngineError::Cancelled)),
        };
        match asked {
            Ok(nodes) => return Ok(nodes),
            Err(error) => patience.after(error, wish).await.map_err(|error| impatient(server, error))?,
        }
    }
}

fn impatient(server: &Server, error: PatienceError) -> Unmade {
    match error {
        PatienceError::Cancelled => Unmade::Over(EngineError::Cancelled),
        PatienceError::Failed(error) => unanswered(server, &error),
    }
}

fn unanswered(server: &Server, error: &HttpError) -> Unmade {
    let report = words::away(server, error);
    if error.may_pass() { Unmade::Away(report) } else { Unmade::Over(EngineError::Failed(report)) }
}

fn unmade(server: &Server, error: ProduceError) -> Unmade {
    match &error {
        ProduceError::Run(RunError::Cancelled | RunError::CancelledUnheard)
        | ProduceError::Download(_, DownloadError::Cancelled) => Unmade::Over(EngineError::Cancelled),
        ProduceError::Run(RunError::Unreachable(http))
        | ProduceError::Download(_, DownloadError::Failed(http)) => unanswered(server, http),
        ProduceError::Run(RunError::Vanished) => Unmade::Away(words::failed(server, error)),
        ProduceError::Run(_) | ProduceError::Download(..) | ProduceError::Nothing => {
            Unmade::Over(EngineError::Failed(words::failed(server, error)))
        }
    }
}
