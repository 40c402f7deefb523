//! ComfyUI behind the engines' trait: views of a picture, and a mesh of views.

mod framing;
mod mesh;
mod slots;
mod workflows;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use image::RgbaImage;
use oreforge_geometry::segment::{self, MaskHints, SegmentError};
use oreforge_geometry::{Cancel, Painter, picture};
use oreforge_protocol::{ErrorReport, ForgeParams, LogLevel, ViewSlot};
use serde_json::Value;

use super::workflow::Workflow;
use super::{Desk, Errand, Made, Ran};
use crate::blocking::blocking;
use crate::engine::{Engine, EngineError, EngineName, RawSurface, StepContext, SurfaceInput, ViewPicture};
use framing::Framing;
use workflows::Step;

pub use framing::in_place_of;
pub use workflows::Workflows;

/// The sides asked for, in the order they are shown.
const SLOTS: [ViewSlot; 4] = [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left];
/// Of pictures that a server sends.
const MAX_SIDE_PX: u32 = 2048;

/// ComfyUI servers with the workflows of one job. The same seed on the same server gives the same result.
pub struct ComfyEngine {
    desk: Desk,
    views: Vec<Workflow>,
    mesh: Vec<Workflow>,
}

impl ComfyEngine {
    /// # Errors
    /// `BadRequest` when a workflow is named that is not there, or a value for a step that takes none.
    pub fn new(desk: Desk, workflows: &Workflows, params: &ForgeParams) -> Result<Self, ErrorReport> {
        workflows::check_settable(&params.comfy)?;
        let views = workflows.of_step(Step::Views, params.comfy.views_workflow.as_deref())?;
        let mesh = workflows.of_step(Step::Mesh, params.comfy.mesh_workflow.as_deref())?;
        Ok(Self { desk, views, mesh })
    }

    /// Whether views can be made now.
    ///
    /// # Errors
    /// As [`Desk::first_that_fits`].
    pub async fn ready_for_views(&self, params: &ForgeParams) -> Result<(), ErrorReport> {
        self.desk.first_that_fits(&self.views_errands(params, &Arc::default())).await.map(drop)
    }

    /// Whether meshes can be made now.
    ///
    /// # Errors
    /// As [`Desk::first_that_fits`].
    pub async fn ready_for_mesh(&self, params: &ForgeParams) -> Result<(), ErrorReport> {
        let sides = SLOTS.map(|slot| (slot, Arc::default())).into();
        self.desk.first_that_fits(&self.mesh_errands(params, &sides)).await.map(drop)
    }

    fn views_errands(&self, params: &ForgeParams, png: &Arc<Vec<u8>>) -> Vec<Errand> {
        let errand = |workflow: &Workflow| Errand {
            // The purpose tells sets of views apart, so that a set that was refused is not asked for again.
            purpose: format!("views, seed {}", params.seed),
            workflow: workflow.clone(),
            values: workflows::values(Step::Views, workflow, params),
            pictures: slots::picture_inputs(workflow).take(1).map(|name| (name, Arc::clone(png))).collect(),
        };
        self.views.iter().map(errand).collect()
    }

    fn mesh_errands(&self, params: &ForgeParams, sides: &BTreeMap<ViewSlot, Arc<Vec<u8>>>) -> Vec<Errand> {
        let errand = |workflow: &Workflow| Errand {
            purpose: "mesh".to_owned(),
            workflow: workflow.clone(),
            values: workflows::values(Step::Mesh, workflow, params),
            pictures: slots::sides_of_inputs(workflow)
                .filter_map(|(name, slot)| Some((name, Arc::clone(sides.get(&slot)?))))
                .collect(),
        };
        self.mesh.iter().map(errand).collect()
    }
}

#[async_trait]
impl Engine for ComfyEngine {
    fn name(&self) -> EngineName {
        EngineName::Comfy
    }

    fn slots(&self) -> &'static [ViewSlot] {
        &SLOTS
    }

    async fn views(
        &self,
        context: &Arc<StepContext>,
        input: &SurfaceInput,
        on_view: &(dyn Fn(ViewPicture) + Send + Sync),
    ) -> Result<BTreeMap<String, Value>, EngineError> {
        let cutout = Arc::clone(&input.cutout);
        let png = blocking(&context.cancel, move |_| framing::sent(&cutout)).await?;
        let errands = self.views_errands(&input.params, &Arc::new(png));
        let Ran { errand: which, made, .. } = self.desk.run(context, &errands, 0.0..0.85).await?;
        let workflow = errands[which].workflow.clone();
        context.progress(0.85, "cutting out the views");
        let (step, given) = (Arc::clone(context), Arc::clone(&input.given_views));
        let title = workflow.manifest.title.clone();
        let pictures =
            blocking(&context.cancel, move |cancel| named(&step, &workflow, &made, &given, cancel)).await?;
        let missing: Vec<&str> =
            SLOTS.iter().filter(|slot| !pictures.contains_key(slot)).map(|slot| slot.as_str()).collect();
        if !missing.is_empty() {
            context.log(
                LogLevel::Warn,
                format!("\"{title}\" gave no usable view from: {}.", missing.join(", ")),
            );
        }
        for (slot, picture) in pictures {
            on_view(ViewPicture { slot, picture });
        }
        Ok(BTreeMap::from([
            ("workflow".to_owned(), title.into()),
            ("seed".to_owned(), input.params.seed.into()),
        ]))
    }

    async fn mesh(
        &self,
        context: &Arc<StepContext>,
        input: &SurfaceInput,
    ) -> Result<RawSurface, EngineError> {
        let sides_of = input.clone();
        let sides = blocking(&context.cancel, move |_| {
            let side =
                |slot| sides_of.side(slot).map(|picture| Ok((slot, Arc::new(framing::sent(picture)?))));
            SLOTS.into_iter().filter_map(side).collect::<Result<BTreeMap<_, _>, EngineError>>()
        })
        .await?;
        let errands = self.mesh_errands(&input.params, &sides);
        let Ran { errand: which, made, .. } = self.desk.run(context, &errands, 0.0..0.9).await?;
        let workflow = &errands[which].workflow;
        let node = slots::mesh_node(workflow).to_owned();
        let mut facts = BTreeMap::from([
            ("workflow".to_owned(), workflow.manifest.title.clone().into()),
            ("seed".to_owned(), input.params.seed.into()),
        ]);
        context.progress(0.9, "reading the mesh");
        let mesh = blocking(&context.cancel, move |_| mesh::read(&made, &node)).await?;
        facts.insert("triangles".to_owned(), mesh.triangles.len().into());
        Ok(RawSurface { mesh, facts })
    }

    async fn painter(
        &self,
        _context: &Arc<StepContext>,
        _input: &SurfaceInput,
    ) -> Result<Option<Arc<dyn Painter>>, EngineError> {
        Ok(None)
    }
}

/// Cut out, named and framed alike; the sides an artist gave in the place of those that were made.
fn named(
    context: &StepContext,
    workflow: &Workflow,
    made: &[Made],
    given: &BTreeMap<ViewSlot, RgbaImage>,
    cancel: Cancel<'_>,
) -> Result<BTreeMap<ViewSlot, RgbaImage>, EngineError> {
    let mut framing = Framing::default();
    for (slot, made) in slots::named(workflow, made, &SLOTS) {
        if given.contains_key(&slot) {
            continue;
        }
        match cut_out(&made.bytes, cancel)? {
            Ok(cutout) => framing.add_made(slot, cutout),
            Err(reason) => context.log(LogLevel::Warn, format!("The {slot} view cannot be used: {reason}")),
        }
    }
    for (&slot, picture) in given.iter().filter(|(slot, _)| SLOTS.contains(slot)) {
        framing.add_given(slot, picture.clone());
    }
    Ok(framing.framed(cancel)?)
}

/// The object of a picture that a server made, or a sentence why there is none.
fn cut_out(bytes: &[u8], cancel: Cancel<'_>) -> Result<Result<RgbaImage, String>, EngineError> {
    let seen = match picture::decode_to_fit(bytes, &picture::Limits::default(), MAX_SIDE_PX) {
        Ok(seen) => seen,
        Err(error) => return Ok(Err(error.to_string())),
    };
    match segment::cut_out(&seen, &MaskHints::default(), cancel) {
        Ok(cutout) => Ok(Ok(cutout.picture)),
        // The gate looks at it next, and it knows the reference.
        Err(SegmentError::NeedsMask { best_guess, .. }) => Ok(Ok(best_guess.picture)),
        Err(SegmentError::Cancelled) => Err(EngineError::Cancelled),
        Err(error) => Ok(Err(error.to_string())),
    }
}
