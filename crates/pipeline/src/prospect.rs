//! Prompt → pictures: each is kept as soon as it is here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oreforge_engines::comfy::Prospector;
use oreforge_engines::{StepContext, blocking};
use oreforge_geometry::picture;
use oreforge_protocol::{ArtifactKind, ErrorCode, ErrorReport, LogLevel, ProspectGoal, StepName};

use crate::contract::{NewArtifact, ProspectSpec, StepError, StepHost, StepInputs, StepOutput};
use crate::depth;
use crate::picture_error::decode_report;
use crate::run::foreign;
use crate::step_context::step_context;

/// A picture of a megapixel and its noise as PNG, rounded up.
const BYTES_PER_PICTURE: u64 = 4_000_000;

/// Of the picture a variation starts from: what the models were made for.
const MAX_SOURCE_SIDE_PX: u32 = 1024;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// One run of one prospect job.
pub struct ProspectRun {
    spec: ProspectSpec,
    prospector: Prospector,
    inputs: Arc<dyn StepInputs>,
}

impl ProspectRun {
    pub fn new(spec: ProspectSpec, prospector: Prospector, inputs: Arc<dyn StepInputs>) -> Self {
        Self { spec, prospector, inputs }
    }

    /// How much a step writes, about, in bytes.
    pub fn written_bytes(&self, step: StepName) -> u64 {
        match step {
            StepName::Pictures => u64::from(self.spec.request.count) * BYTES_PER_PICTURE,
            StepName::Prepare
            | StepName::Views
            | StepName::Gate
            | StepName::Mesh
            | StepName::Finish
            | StepName::Export => 0,
        }
    }

    /// Runs one step; what was published stays.
    pub async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        match step {
            StepName::Pictures => self.pictures(&host).await,
            StepName::Prepare
            | StepName::Views
            | StepName::Gate
            | StepName::Mesh
            | StepName::Finish
            | StepName::Export => Err(foreign(step).into()),
        }
    }

    async fn pictures(&self, host: &StepHost) -> Result<StepOutput, StepError> {
        for note in &self.prospector.notes {
            host.sink.log(LogLevel::Warn, note.clone());
        }
        let (inputs, request) = (Arc::clone(&self.inputs), self.spec.request.clone());
        let (there, source) = blocking(&host.cancel, move |_| {
            let source = match request.source {
                Some(_) => Some(Arc::new(source_png(&*inputs, request.goal)?)),
                None => None,
            };
            Ok::<_, StepError>((inputs.pictures()?, source))
        })
        .await?;
        let request = &self.spec.request;
        let mut pace = Pace::default();
        for number in (0..request.count).filter(|number| !there.contains(number)) {
            let context = self.context_of(number, host);
            let share = |done: u32| done as f32 / request.count as f32;
            let seed = request.seed_of(number);
            let made = self.prospector.picture(
                &context,
                number,
                seed,
                source.clone(),
                share(number)..share(number + 1),
            );
            let begun = Instant::now();
            let (bytes, server) = made.await?;
            pace.note(server, begun.elapsed());
            let sink = Arc::clone(&host.sink);
            blocking(&host.cancel, move |_| {
                let bytes = checked_png(bytes)?;
                let kind = ArtifactKind::Picture;
                sink.publish(NewArtifact { kind, slot: None, number: Some(number), bytes, stats: None })?;
                Ok::<_, StepError>(())
            })
            .await?;
        }
        let workflow = self.prospector.workflow();
        let mut facts = BTreeMap::from([
            ("workflow".to_owned(), workflow.name.clone().into()),
            ("pictures".to_owned(), request.count.into()),
        ]);
        facts.extend(pace.facts());
        Ok(StepOutput { artifacts: Vec::new(), facts })
    }

    /// Says of all that is being done which picture it is for.
    fn context_of(&self, number: u32, host: &StepHost) -> StepContext {
        let (sink, shown) = (Arc::clone(&host.sink), Arc::clone(&host.sink));
        let count = self.spec.request.count;
        let base = step_context(host, &Arc::default());
        StepContext {
            cancel: base.cancel.clone(),
            leaving: base.leaving.clone(),
            prompts: Arc::clone(&base.prompts),
            on_progress: Box::new(move |fraction, doing| {
                sink.progress(fraction, &format!("picture {} of {count}: {doing}", number + 1));
            }),
            on_log: Box::new(move |level, message| base.log(level, message)),
            on_preview: Box::new(move |preview| shown.preview(Some(number), preview)),
            memo: Arc::default(),
        }
    }
}

/// How long one server took for a picture, for later estimates; nothing is learned from several.
#[derive(Default)]
struct Pace {
    servers: BTreeSet<String>,
    made: u32,
    spent: Duration,
}

impl Pace {
    fn note(&mut self, server: String, spent: Duration) {
        self.servers.insert(server);
        self.made += 1;
        self.spent += spent;
    }

    fn facts(mut self) -> Vec<(String, serde_json::Value)> {
        match (self.servers.pop_first(), self.servers.is_empty()) {
            (Some(server), true) => {
                let picture_ms = u64::try_from((self.spent / self.made).as_millis()).unwrap_or(u64::MAX);
                vec![("server".to_owned(), server.into()), ("picture_ms".to_owned(), picture_ms.into())]
            }
            _ => Vec::new(),
        }
    }
}

/// The picture that is started from, as it is sent.
fn source_png(inputs: &dyn StepInputs, goal: ProspectGoal) -> Result<Vec<u8>, ErrorReport> {
    let decoded = picture::decode_to_fit(&inputs.source()?, &picture::Limits::default(), MAX_SOURCE_SIDE_PX)
        .map_err(|error| decode_report(&error, "The picture"))?;
    Ok(match goal {
        ProspectGoal::Pictures => picture::encode_png(&decoded),
        ProspectGoal::DepthMap => picture::encode_png(&depth::sent(&decoded)),
    })
}

/// What came from a server counts when it decodes. A PNG is kept as it is, with what the server wrote into it.
fn checked_png(bytes: Vec<u8>) -> Result<Vec<u8>, ErrorReport> {
    let limits = picture::Limits { min_side_px: 1, ..picture::Limits::default() };
    let decoded = picture::decode(&bytes, &limits).map_err(|error| {
        ErrorReport::new(ErrorCode::EngineFailed, "The server sent a picture that cannot be read.")
            .with_details(error.to_string())
            .with_hint("Go on with the job to try it again.")
    })?;
    Ok(if bytes.starts_with(PNG) { bytes } else { picture::encode_png(&decoded) })
}
