//! One run of the chain: which step does what, and what is kept in memory between them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};

use oreforge_engines::{Engine, SurfaceInput, ViewPicture, blocking};
use oreforge_geometry::glb::{self, GlbOptions};
use oreforge_geometry::{TexturedMesh, TriMesh, picture};
use oreforge_protocol::{ArtifactKind, ErrorCode, ErrorReport, GateVerdict, StepName, ViewSlot};
use tokio_util::sync::CancellationToken;

use crate::contract::{ForgeSpec, NewArtifact, StepError, StepHost, StepInputs, StepOutput};
use crate::finish::Colours;
use crate::gate::SeenView;
use crate::step_context::{Memo, step_context};
use crate::{export, finish, gate, prepare, space};

/// One run of one forge job. Holds in memory what the next step wants, and reads it back from the job's
/// artifacts where it starts in the middle; both ways give the same bytes.
pub struct ForgeRun {
    spec: Arc<ForgeSpec>,
    engine: Arc<dyn Engine>,
    inputs: Arc<dyn StepInputs>,
    memo: Memo,
    surface_input: Option<SurfaceInput>,
    raw: Option<Arc<TriMesh>>,
    finished: Option<Arc<TexturedMesh>>,
}

impl ForgeRun {
    pub fn new(spec: ForgeSpec, engine: Arc<dyn Engine>, inputs: Arc<dyn StepInputs>) -> Self {
        Self {
            spec: Arc::new(spec),
            engine,
            inputs,
            memo: Arc::new(Mutex::new(None)),
            surface_input: None,
            raw: None,
            finished: None,
        }
    }

    /// How much a step writes, about, in bytes.
    pub fn written_bytes(&self, step: StepName) -> u64 {
        space::written_bytes(&self.spec, step)
    }

    /// Runs one step. Stops within 50 ms of `cancel`; what was published until then stays.
    pub async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        match step {
            StepName::Prepare => self.prepare(host).await,
            StepName::Views => self.views(&host).await,
            StepName::Gate => self.gate(host).await,
            StepName::Mesh => self.mesh(&host).await,
            StepName::Finish => self.finish(host).await,
            StepName::Export => self.export(host).await,
            StepName::Pictures => Err(foreign(step).into()),
        }
    }

    async fn prepare(&mut self, host: StepHost) -> Result<StepOutput, StepError> {
        let (spec, inputs) = (Arc::clone(&self.spec), Arc::clone(&self.inputs));
        let (output, input) = blocking(&host.cancel.clone(), move |cancel| {
            prepare::prepare(&spec, &*inputs, &*host.sink, cancel)
        })
        .await?;
        self.surface_input = Some(input);
        Ok(output)
    }

    async fn views(&mut self, host: &StepHost) -> Result<StepOutput, StepError> {
        let input = self.surface_input(&host.cancel).await?;
        let context = step_context(host, &self.memo);
        let sink = Arc::clone(&host.sink);
        // Engines hand views over where they must not be held up; files are written elsewhere, in their order.
        let (hand_over, handed_over) = mpsc::channel::<ViewPicture>();
        let publishing = blocking(&host.cancel, move |cancel| {
            for view in handed_over {
                cancel.check()?;
                sink.publish(NewArtifact {
                    kind: ArtifactKind::View,
                    slot: Some(view.slot),
                    number: None,
                    bytes: picture::encode_png(&view.picture),
                    stats: None,
                })?;
            }
            Ok::<(), StepError>(())
        });
        let engine = Arc::clone(&self.engine);
        let drawing = async move {
            // A publisher that is gone says itself why.
            engine.views(&context, &input, &|view| drop(hand_over.send(view))).await
        };
        let (facts, published) = tokio::join!(drawing, publishing);
        published?;
        Ok(StepOutput { artifacts: Vec::new(), facts: facts? })
    }

    async fn gate(&mut self, host: StepHost) -> Result<StepOutput, StepError> {
        let input = self.surface_input(&host.cancel).await?;
        let inputs = Arc::clone(&self.inputs);
        blocking(&host.cancel.clone(), move |cancel| {
            let seen =
                [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::ThreeQuarter]
                    .map(|slot| SeenView { slot, picture: read_view(&*inputs, slot) });
            let report = gate::assess(&input.cutout, &seen, cancel)?;
            host.sink.quality(report.clone())?;
            if report.verdict == GateVerdict::Refuse {
                return Err(StepError::Failed(gate::refusal(&report)));
            }
            let facts = BTreeMap::from([("report".to_owned(), to_value(&report)?)]);
            Ok(StepOutput { artifacts: Vec::new(), facts })
        })
        .await
    }

    async fn mesh(&mut self, host: &StepHost) -> Result<StepOutput, StepError> {
        let input = self.surface_input(&host.cancel).await?;
        let context = step_context(host, &self.memo);
        let surface = self.engine.mesh(&context, &input).await?;
        let raw = Arc::new(surface.mesh);
        self.raw = Some(Arc::clone(&raw));
        let options = GlbOptions { name: self.spec.name.clone(), generator: generator(), extras: None };
        let bytes = blocking(&host.cancel, move |_| {
            glb::write_raw(&raw, &options).map_err(|e| StepError::from(internal("write the raw mesh", &e)))
        })
        .await?;
        let raw_mesh =
            NewArtifact { kind: ArtifactKind::RawMesh, slot: None, number: None, bytes, stats: None };
        Ok(StepOutput { artifacts: vec![raw_mesh], facts: surface.facts })
    }

    async fn finish(&mut self, host: StepHost) -> Result<StepOutput, StepError> {
        let input = self.surface_input(&host.cancel).await?;
        let raw = self.raw(&host.cancel).await?;
        let context = step_context(&host, &self.memo);
        let colours = Colours::Painter(self.engine.painter(&context, &input).await?);
        let (spec, engine) = (Arc::clone(&self.spec), self.engine.name().to_string());
        let (output, finished) = blocking(&host.cancel.clone(), move |cancel| {
            finish::finish(&spec, &engine, raw, colours, &*host.sink, cancel)
        })
        .await?;
        self.finished = Some(Arc::new(finished));
        Ok(output)
    }

    async fn export(&mut self, host: StepHost) -> Result<StepOutput, StepError> {
        let (spec, inputs) = (Arc::clone(&self.spec), Arc::clone(&self.inputs));
        let engine = self.engine.name().to_string();
        let finished = self.finished.take();
        blocking(&host.cancel.clone(), move |cancel| {
            let finished = match finished {
                Some(finished) => finished,
                None => {
                    let bytes = inputs.artifact(ArtifactKind::Mesh, None)?;
                    Arc::new(glb::read(&bytes).map_err(|e| unreadable("The finished mesh", &e))?)
                }
            };
            export::export(&spec, &engine, &*inputs, &finished, &*host.sink, cancel)
        })
        .await
    }

    async fn surface_input(&mut self, cancel: &CancellationToken) -> Result<SurfaceInput, StepError> {
        if let Some(input) = &self.surface_input {
            return Ok(input.clone());
        }
        let (spec, inputs) = (Arc::clone(&self.spec), Arc::clone(&self.inputs));
        let input = blocking(cancel, move |_| prepare::restore(&spec, &*inputs)).await?;
        self.surface_input = Some(input.clone());
        Ok(input)
    }

    async fn raw(&mut self, cancel: &CancellationToken) -> Result<Arc<TriMesh>, StepError> {
        // Handed over, not shared, so that finishing works on it without a copy.
        if let Some(raw) = self.raw.take() {
            return Ok(raw);
        }
        let inputs = Arc::clone(&self.inputs);
        blocking(cancel, move |_| {
            let bytes = inputs.artifact(ArtifactKind::RawMesh, None)?;
            Ok(Arc::new(glb::read_raw(&bytes).map_err(|e| unreadable("The raw mesh", &e))?))
        })
        .await
    }
}

fn read_view(inputs: &dyn StepInputs, slot: ViewSlot) -> Result<image::RgbaImage, String> {
    let bytes = inputs.artifact(ArtifactKind::View, Some(slot)).map_err(|report| report.message)?;
    picture::decode(&bytes, &picture::Limits::default()).map_err(|e| e.to_string())
}

/// Named in every file made here.
pub(crate) fn generator() -> String {
    format!("Oreforge {}", env!("CARGO_PKG_VERSION"))
}

/// A step of another kind of job was asked for.
pub(crate) fn foreign(step: StepName) -> ErrorReport {
    ErrorReport::new(ErrorCode::Internal, format!("This job has no step \"{step}\"."))
}

pub(crate) fn internal(doing: &str, error: &dyn std::error::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::Internal, format!("Oreforge could not {doing}."))
        .with_details(error.to_string())
        .with_hint("Try again. If it stays, this is a bug of ours: please report it.")
}

pub(crate) fn unreadable(what: &str, error: &dyn std::error::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::EngineFailed, format!("{what} of this job cannot be read back."))
        .with_details(error.to_string())
        .with_hint("Forge the picture again; its source is kept.")
}

pub(crate) fn to_value<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, ErrorReport> {
    serde_json::to_value(value).map_err(|e| internal("write a report", &e))
}
