//! What the pipeline asks of whoever runs it, and what it gives back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use oreforge_engines::comfy::{Preview, PromptLedger};
use oreforge_protocol::{
    ArtifactKind, ErrorReport, ForgeParams, GateReport, LogLevel, MeshStats, ProspectRequest, SourceId,
    StepReport, ViewSlot,
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

/// What a forge run is about; the same spec and inputs give the same files.
#[derive(Debug, Clone)]
pub struct ForgeSpec {
    pub name: String,
    pub source_name: String,
    pub source_id: SourceId,
    pub params: ForgeParams,
    /// Sides the artist gave pictures of.
    pub given_views: Vec<ViewSlot>,
    pub has_mask: bool,
    pub has_depth_map: bool,
}

/// What a prospect run is about; the same spec gives the same prompts.
#[derive(Debug, Clone)]
pub struct ProspectSpec {
    pub name: String,
    pub request: ProspectRequest,
}

/// Bytes a step reads. Called off the async runtime; may block on files.
pub trait StepInputs: Send + Sync {
    /// The picture as it was imported.
    fn source(&self) -> Result<Vec<u8>, ErrorReport>;
    /// A given side view as it was imported.
    fn given_view(&self, slot: ViewSlot) -> Result<Vec<u8>, ErrorReport>;
    /// The given mask as it was imported.
    fn mask(&self) -> Result<Vec<u8>, ErrorReport>;
    /// The given depth map as it was imported.
    fn depth_map(&self) -> Result<Vec<u8>, ErrorReport>;
    /// An artifact an earlier step of this job committed or published.
    fn artifact(&self, kind: ArtifactKind, slot: Option<ViewSlot>) -> Result<Vec<u8>, ErrorReport>;
    /// Numbers of the prompt's pictures that an earlier run of the step published.
    fn pictures(&self) -> Result<BTreeSet<u32>, ErrorReport>;
    /// Reports of the steps done so far, in order.
    fn reports(&self) -> Result<Vec<StepReport>, ErrorReport>;
}

/// Where a running step speaks. `publish` and `quality` are called off the async runtime and may block on
/// files; the others return at once.
pub trait StepSink: Send + Sync {
    /// 0..=1 within the step, with a short phrase.
    fn progress(&self, fraction: f32, doing: &str);
    fn log(&self, level: LogLevel, message: String);
    /// What is to come of the step, or of this one of a prompt's pictures, so far. Replaces the one before.
    fn preview(&self, number: Option<u32>, preview: Arc<Preview>);
    /// Makes an artifact durable and visible before the step ends: file, row and event.
    fn publish(&self, artifact: NewArtifact) -> Result<(), ErrorReport>;
    /// Makes the gate's verdict durable and visible, also when the job stops because of it. Blocks like `publish`.
    fn quality(&self, report: GateReport) -> Result<(), ErrorReport>;
}

/// What a running step may use of whoever runs it.
#[derive(Clone)]
pub struct StepHost {
    /// The step is to stop.
    pub cancel: CancellationToken,
    /// With `cancel`: this process ends and somebody goes on with the job later, so what runs on a server stays.
    pub leaving: CancellationToken,
    pub sink: Arc<dyn StepSink>,
    pub prompts: Arc<dyn PromptLedger>,
}

#[derive(Debug, Clone)]
pub struct NewArtifact {
    pub kind: ArtifactKind,
    pub slot: Option<ViewSlot>,
    /// Of a picture from a prompt.
    pub number: Option<u32>,
    pub bytes: Vec<u8>,
    /// Of a finished mesh.
    pub stats: Option<MeshStats>,
}

/// What a step ends with; committed in one transaction with its checkpoint.
#[derive(Debug, Default)]
pub struct StepOutput {
    pub artifacts: Vec<NewArtifact>,
    /// Decisions and measurements worth reporting, by name.
    pub facts: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Error)]
pub enum StepError {
    #[error("cancelled")]
    Cancelled,
    #[error("{0}")]
    Failed(ErrorReport),
}

impl From<ErrorReport> for StepError {
    fn from(report: ErrorReport) -> Self {
        StepError::Failed(report)
    }
}
