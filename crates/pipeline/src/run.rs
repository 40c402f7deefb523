//! One run of the chain: which step does what, and what is kept in memory between them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use oreforge_engines::{SurfaceInput, blocking};
use oreforge_geometry::glb::{self, GlbOptions};
use oreforge_geometry::{TexturedMesh, TriMesh};
use oreforge_protocol::{ArtifactKind, ErrorCode, ErrorReport, GateVerdict, LogLevel, StepName};
use tokio_util::sync::CancellationToken;

use crate::contract::{ForgeSpec, NewArtifact, StepError, StepHost, StepInputs, StepOutput};
use crate::engines::ForgeEngines;
use crate::finish::Colours;
use crate::step_context::{Memo, step_context};
use crate::swapped::look_swapped;
use crate::{export, finish, gate, prepare, space, views};

/// One run of one forge job. Holds in memory what the next step wants, and reads it back from the job's
/// artifacts where it starts in the middle; both ways give the same bytes.
pub struct ForgeRun {
    spec: Arc<ForgeSpec>,
    engines: ForgeEngines,
    inputs: Arc<dyn StepInputs>,
    memo: Memo,
    surface_input: Option<SurfaceInput>,
    raw: Option<Arc<TriMesh>>,
    finished: Option<Arc<TexturedMesh>>,
}

impl ForgeRun {
    pub fn new(spec: ForgeSpec, engines: ForgeEngines, inputs: Arc<dyn StepInputs>) -> Self {
        Self {
            spec: Arc::new(spec),
            engines,
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
        for note in self.engines.notes.drain(..) {
            host.sink.log(LogLevel::Warn, note);
        }
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
        let facts = views::make(&*self.engines.views, &context, &input, host).await?;
        Ok(StepOutput { artifacts: Vec::new(), facts })
    }

    async fn gate(&mut self, host: StepHost) -> Result<StepOutput, StepError> {
        let input = self.surface_input(&host.cancel).await?;
        let (inputs, accept) = (Arc::clone(&self.inputs), self.spec.params.accept_views);
        blocking(&host.cancel.clone(), move |cancel| {
            let seen = views::seen(&*inputs)?;
            let sides = views::to_compare(&input, &*inputs)?;
            let swapped = look_swapped(sides.iter().map(|(&slot, picture)| (slot, &**picture)), cancel)?;
            let report = gate::doubting(gate::assess(&input.cutout, &seen, cancel)?, swapped);
            host.sink.quality(report.clone())?;
            if report.verdict == GateVerdict::Refuse && !accept {
                return Err(StepError::Failed(gate::refusal(&report)));
            }
            let facts = BTreeMap::from([("report".to_owned(), to_value(&report)?)]);
            Ok(StepOutput { artifacts: Vec::new(), facts })
        })
        .await
    }

    async fn mesh(&mut self, host: &StepHost) -> Result<StepOutput, StepError> {
        let input = self.input_with_views(&host.cancel).await?;
        let context = step_context(host, &self.memo);
        let surface = self.engines.mesh.mesh(&context, &input).await?;
        let raw = Arc::new(surface.mesh);
        self.raw = Some(Arc::clone(&raw));
        let options = GlbOptions { name: self.spec.name.clone(), generator: generator(), extras: None };
        let bytes = blocking(&host.cancel, move |_| {
            glb::write_raw(&raw, &options).map_err(|e| StepError::from(internal("write the raw mesh", &e)))
        })
        .await?;
        let raw_mesh =
            NewArtifact { kind: ArtifactKind::RawMesh, slot: None, number: None, bytes, stats: None };
        let mut facts = surface.facts;
        facts.insert(views::ENGINE.to_owned(), self.engines.mesh.name().to_string().into());
        Ok(StepOutput { artifacts: vec![raw_mesh], facts })
    }

    async fn finish(&mut self, host: StepHost) -> Result<StepOutput, StepError> {
        let input = self.input_with_views(&host.cancel).await?;
        let raw = self.raw(&host.cancel).await?;
        let context = step_context(&host, &self.memo);
        let colours = match self.engines.mesh.painter(&context, &input).await? {
            Some(painter) => Colours::Painter(painter),
            None => {
                let (inputs, cutout) = (Arc::clone(&self.inputs), Arc::clone(&input.cutout));
                Colours::Views(blocking(&host.cancel, move |_| views::for_colours(&cutout, &*inputs)).await?)
            }
        };
        let (spec, engine) = (Arc::clone(&self.spec), self.engines.name());
        let (output, finished) = blocking(&host.cancel.clone(), move |cancel| {
            finish::finish(&spec, &engine, raw, colours, &input.cutout, &*host.sink, cancel)
        })
        .await?;
        self.finished = Some(Arc::new(finished));
        Ok(output)
    }

    async fn export(&mut self, host: StepHost) -> Result<StepOutput, StepError> {
        let (spec, inputs) = (Arc::clone(&self.spec), Arc::clone(&self.inputs));
        let engine = self.engines.name();
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

    /// With the views the job has, where another engine made them than the one that only uses its own.
    async fn input_with_views(&mut self, cancel: &CancellationToken) -> Result<SurfaceInput, StepError> {
        let input = self.surface_input(cancel).await?;
        let (inputs, mesh_engine) = (Arc::clone(&self.inputs), self.engines.mesh.name());
        blocking(cancel, move |_| views::added(input, mesh_engine, &*inputs)).await
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
