use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use image::RgbaImage;
use oreforge_geometry::{Cancelled, Grid, Painter, TriMesh};
use oreforge_protocol::{ErrorCode, ErrorReport, ForgeParams, LogLevel, ViewSlot};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::comfy::{Preview, PromptLedger};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineName {
    Draft,
    Comfy,
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineName::Draft => f.write_str("draft"),
            EngineName::Comfy => f.write_str("comfy"),
        }
    }
}

#[derive(Debug, Error)]
pub enum EngineError {
    #[error("cancelled")]
    Cancelled,
    #[error("{0}")]
    Failed(ErrorReport),
}

impl From<Cancelled> for EngineError {
    fn from(Cancelled: Cancelled) -> Self {
        EngineError::Cancelled
    }
}

impl EngineError {
    pub fn failed(message: impl Into<String>) -> Self {
        EngineError::Failed(ErrorReport::new(ErrorCode::EngineFailed, message))
    }
}

/// 0..=1 within the step, with a short phrase; cheap to call often.
pub type OnProgress = Box<dyn Fn(f32, &str) + Send + Sync>;
pub type OnLog = Box<dyn Fn(LogLevel, String) + Send + Sync>;
/// What a sampler has so far, as its server sent it; cheap to call often.
pub type OnPreview = Box<dyn Fn(Arc<Preview>) + Send + Sync>;

/// What a running step hears and says. One per step run.
pub struct StepContext {
    pub cancel: CancellationToken,
    /// With `cancel`: this process ends and somebody goes on with the job later, so what runs on a server stays.
    pub leaving: CancellationToken,
    /// Where prompts on servers are noted.
    pub prompts: Arc<dyn PromptLedger>,
    pub on_progress: OnProgress,
    pub on_log: OnLog,
    pub on_preview: OnPreview,
    /// What an engine wants to keep in memory from one step of a run to the next. Only ever a memo: everything
    /// in it can be computed again, bit for bit, from the step's inputs.
    pub memo: Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>,
}

impl StepContext {
    pub fn progress(&self, fraction: f32, doing: &str) {
        (self.on_progress)(fraction, doing);
    }

    pub fn log(&self, level: LogLevel, message: impl Into<String>) {
        (self.on_log)(level, message.into());
    }
}

/// What surface and views are made from. Cheap to clone.
#[derive(Clone)]
pub struct SurfaceInput {
    /// The object of the front picture, straight alpha, exactly as the `cutout` artifact holds it.
    pub cutout: Arc<RgbaImage>,
    /// Cut-outs of other sides, given by the artist.
    pub given_views: Arc<BTreeMap<ViewSlot, RgbaImage>>,
    /// What the views step made; empty before it, and for an engine that only uses its own.
    pub views: Arc<BTreeMap<ViewSlot, RgbaImage>>,
    /// The artist's depth map over the whole picture, 0..=1 and 1 near; for the engine that makes a relief of it.
    pub depth: Option<Arc<Grid<f32>>>,
    pub params: ForgeParams,
}

impl SurfaceInput {
    /// What is known of a side: the picture itself, what the artist gave, or what was made.
    pub fn side(&self, slot: ViewSlot) -> Option<&RgbaImage> {
        match slot {
            ViewSlot::Front => Some(&self.cutout),
            _ => self.given_views.get(&slot).or_else(|| self.views.get(&slot)),
        }
    }
}

/// One side of the object, seen orthographically along its slot's direction: RGBA, straight alpha, square,
/// the object's bounding sphere filling it, every view at the same scale.
#[derive(Debug, Clone)]
pub struct ViewPicture {
    pub slot: ViewSlot,
    pub picture: RgbaImage,
}

/// A surface as an engine makes it. From an engine with a painter in glTF space, metres: Y up, +Z towards the front,
/// feet at the origin, largest dimension `params.size_m`. From one without, of any scale and turned as it may be.
pub struct RawSurface {
    pub mesh: TriMesh,
    /// Decisions worth reporting, by name.
    pub facts: BTreeMap<String, serde_json::Value>,
}

/// Something that turns cut-outs into views, a surface and its colours. The same input and seed give the same
/// result, bit for bit, for an engine that calls itself deterministic.
#[async_trait]
pub trait Engine: Send + Sync {
    fn name(&self) -> EngineName;

    /// The views it makes, in the order they come.
    fn slots(&self) -> &'static [ViewSlot];

    /// Renders or paints the named views; calls `on_view` with each as it comes.
    async fn views(
        &self,
        context: &Arc<StepContext>,
        input: &SurfaceInput,
        on_view: &(dyn Fn(ViewPicture) + Send + Sync),
    ) -> Result<BTreeMap<String, serde_json::Value>, EngineError>;

    async fn mesh(&self, context: &Arc<StepContext>, input: &SurfaceInput)
    -> Result<RawSurface, EngineError>;

    /// The colours of the surface that `mesh` makes from the same input. `None` when it only knows the shape: the
    /// surface lies as it may, and the views give its colours.
    async fn painter(
        &self,
        context: &Arc<StepContext>,
        input: &SurfaceInput,
    ) -> Result<Option<Arc<dyn Painter>>, EngineError>;
}
