use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use oreforge_geometry::raster::{Camera, Shading, Surface, render};
use oreforge_geometry::{Cancel, Cancelled, Painter};
use oreforge_protocol::{ErrorCode, ErrorReport, LogLevel, ViewSlot};
use serde_json::Value;

use super::carve::{CarveError, CarveParams, Carved};
use super::shape::Shape;
use super::solid::{DraftError, Solid};
use super::symmetry::{symmetric, symmetric_views};
use crate::blocking::blocking;
use crate::{Engine, EngineError, EngineName, RawSurface, StepContext, SurfaceInput, ViewPicture};

/// The embedded engine: no weights, no network, deterministic whatever the seed.
#[derive(Debug, Default, Clone, Copy)]
pub struct DraftEngine;

const MESH_CELLS: u32 = 256;
/// Half as fine as the mesh: a view is looked at, and four times as quick.
const VIEW_CELLS: u32 = 128;
const VIEW_PX: u32 = 512;
const VIEW_SLOTS: [ViewSlot; 5] =
    [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::ThreeQuarter];

impl DraftEngine {
    pub fn new() -> Self {
        Self
    }
}

/// What one step leaves for the next.
struct Drafted {
    input: SurfaceInput,
    shape: Arc<dyn Shape>,
    painter: OnceLock<Arc<dyn Painter>>,
}

impl Drafted {
    fn is_of(&self, input: &SurfaceInput) -> bool {
        self.input.params == input.params
            && self.input.depth == input.depth
            && (Arc::ptr_eq(&self.input.cutout, &input.cutout) || self.input.cutout == input.cutout)
            && (Arc::ptr_eq(&self.input.given_views, &input.given_views)
                || self.input.given_views == input.given_views)
    }

    fn painter(&self, cancel: Cancel<'_>) -> Result<Arc<dyn Painter>, Cancelled> {
        if let Some(painter) = self.painter.get() {
            return Ok(Arc::clone(painter));
        }
        let painter = Arc::clone(&self.shape).painter(cancel)?;
        Ok(Arc::clone(self.painter.get_or_init(|| painter)))
    }
}

#[async_trait]
impl Engine for DraftEngine {
    fn name(&self) -> EngineName {
        EngineName::Draft
    }

    fn slots(&self) -> &'static [ViewSlot] {
        &VIEW_SLOTS
    }

    async fn views(
        &self,
        context: &Arc<StepContext>,
        input: &SurfaceInput,
        on_view: &(dyn Fn(ViewPicture) + Send + Sync),
    ) -> Result<BTreeMap<String, Value>, EngineError> {
        let input = input.clone();
        let (drafted, mesh, normals, painter) = in_step(context, move |context, cancel| {
            let drafted = drafted(context, &input, cancel)?;
            context.progress(0.4, "cutting the solid");
            let mesh = drafted.shape.surface(VIEW_CELLS, cancel)?;
            context.progress(0.5, "mixing the colours");
            let painter = drafted.painter(cancel)?;
            let normals = mesh.vertex_normals();
            Ok((drafted, mesh, normals, painter))
        })
        .await?;
        let scene = Arc::new((mesh, normals, painter));
        for (i, slot) in VIEW_SLOTS.into_iter().enumerate() {
            context.progress(0.6 + 0.4 * i as f32 / VIEW_SLOTS.len() as f32, "drawing the views");
            let scene = Arc::clone(&scene);
            let picture = in_step(context, move |_, cancel| {
                let (mesh, normals, painter) = &*scene;
                let surface = Surface { positions: &mesh.positions, normals, triangles: &mesh.triangles };
                let camera = Camera::around(&mesh.positions, slot.azimuth_deg(), slot.elevation_deg());
                Ok(render(surface, &camera, VIEW_PX, Shading::Painted(&**painter), cancel)?)
            })
            .await?;
            on_view(ViewPicture { slot, picture });
        }
        Ok(drafted.shape.facts())
    }

    async fn mesh(
        &self,
        context: &Arc<StepContext>,
        input: &SurfaceInput,
    ) -> Result<RawSurface, EngineError> {
        let input = input.clone();
        in_step(context, move |context, cancel| {
            let drafted = drafted(context, &input, cancel)?;
            context.progress(0.5, "cutting the solid");
            let mesh = drafted.shape.surface(MESH_CELLS, cancel)?;
            if mesh.triangles.is_empty() {
                return Err(nothing_to_hold());
            }
            Ok(RawSurface { mesh, facts: drafted.shape.facts() })
        })
        .await
    }

    async fn painter(
        &self,
        context: &Arc<StepContext>,
        input: &SurfaceInput,
    ) -> Result<Option<Arc<dyn Painter>>, EngineError> {
        let input = input.clone();
        in_step(context, move |context, cancel| Ok(Some(drafted(context, &input, cancel)?.painter(cancel)?)))
            .await
    }
}

/// The solid of this input: kept from an earlier step, or made now.
fn drafted(
    context: &StepContext,
    input: &SurfaceInput,
    cancel: Cancel<'_>,
) -> Result<Arc<Drafted>, EngineError> {
    let lock = || context.memo.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let kept = lock().clone().and_then(|kept| kept.downcast::<Drafted>().ok());
    if let Some(kept) = kept.filter(|kept| kept.is_of(input)) {
        return Ok(kept);
    }
    context.progress(0.05, "reading the silhouette");
    let made = Arc::new(Drafted {
        input: input.clone(),
        shape: shape_of(context, input, cancel)?,
        painter: OnceLock::new(),
    });
    *lock() = Some(made.clone());
    Ok(made)
}

fn shape_of(
    context: &StepContext,
    input: &SurfaceInput,
    cancel: Cancel<'_>,
) -> Result<Arc<dyn Shape>, EngineError> {
    if input.given_views.is_empty() {
        return match Solid::with_depth(
            Arc::clone(&input.cutout),
            &input.params,
            input.depth.as_deref(),
            cancel,
        ) {
            Ok(solid) => {
                if solid.facts().get("depth_map") == Some(&Value::Bool(false)) {
                    context.log(
                        LogLevel::Warn,
                        "The depth map is the same all over the object, so it is not used.",
                    );
                }
                Ok(Arc::new(solid))
            }
            Err(DraftError::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(DraftError::Empty) => Err(nothing_to_hold()),
        };
    }
    if input.depth.is_some() {
        context.log(LogLevel::Warn, "The depth map is not used: the given sides say how deep the object is.");
    }
    let mirrored = symmetric(&input.cutout, input.params.symmetry, cancel)?;
    let params = CarveParams {
        size_m: input.params.size_m,
        profile: input.params.profile,
        depth: input.params.depth.unwrap_or(1.0),
        symmetric: mirrored.is_some(),
    };
    let carved = match mirrored {
        Some(front) => {
            let given = symmetric_views(&input.given_views, cancel)?;
            Carved::from_views(&front, &given, &params, cancel)
        }
        None => Carved::from_views(&input.cutout, &input.given_views, &params, cancel),
    };
    match carved {
        Ok(carved) => {
            let facts = carved.facts();
            let warnings = facts.get("warnings").and_then(Value::as_array).into_iter().flatten();
            for warning in warnings.filter_map(Value::as_str) {
                context.log(LogLevel::Warn, warning);
            }
            Ok(Arc::new(carved))
        }
        Err(CarveError::Cancelled) => Err(EngineError::Cancelled),
        Err(error @ (CarveError::Empty { .. } | CarveError::OneView)) => {
            Err(EngineError::Failed(ErrorReport::new(ErrorCode::ViewUnusable, error.to_string())))
        }
    }
}

fn nothing_to_hold() -> EngineError {
    EngineError::Failed(
        ErrorReport::new(ErrorCode::PictureTooSmall, "The cut-out holds too little to make a solid from.")
            .with_hint("Give a mask that covers the object, or a larger picture of it."),
    )
}

/// `work` off the runtime, with the step it belongs to.
async fn in_step<T: Send + 'static>(
    context: &Arc<StepContext>,
    work: impl FnOnce(&StepContext, Cancel<'_>) -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    let step = Arc::clone(context);
    blocking(&context.cancel, move |cancel| work(&step, cancel)).await
}
