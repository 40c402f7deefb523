//! A bare mesh from elsewhere as an asset, painted from views of it.

use std::collections::BTreeMap;

use oreforge_engines::ViewPicture;
use oreforge_geometry::Cancel;
use oreforge_geometry::asset::{Companion, NamedFile};
use oreforge_geometry::glb::{self, GlbOptions};
use oreforge_protocol::{ErrorCode, ErrorReport, ForgeParams, MeshStats, ViewAgreement, ViewSlot};
use serde_json::json;

use super::{ExportOptions, export, import};
use crate::contract::StepError;
use crate::finish::{Colours, Dressed, Wish, doubt, dress};
use crate::prepare::given_view;
use crate::resemblance;
use crate::run::{generator, internal};

/// Agreement of the outlines below which the views show something else.
const LEAST_IOU: f32 = 0.5;

#[derive(Debug, Clone)]
pub struct FinishOptions {
    /// Of the file to write: `name.ending`, without a folder.
    pub file_name: String,
    pub triangles: u32,
    pub texture_px: u32,
    /// Largest dimension.
    pub size_m: f32,
    pub detail_maps: bool,
}

#[derive(Debug, Clone)]
pub struct Finished {
    /// The last is the one to open.
    pub files: Vec<NamedFile>,
    pub stats: MeshStats,
    pub agreement: ViewAgreement,
    pub notes: Vec<String>,
}

/// Cleans a mesh, thins it, finds it before its views, places it as an asset lies, unwraps and paints it. Colours
/// and texture coordinates of its own are let go. Nobody cancels it: it ends with its process.
///
/// # Errors
/// When the mesh or a view cannot be used, the views show something else, or the options make no sense.
pub fn finish(
    bytes: &[u8],
    file_name: &str,
    companion: Companion<'_>,
    views: &BTreeMap<ViewSlot, Vec<u8>>,
    options: &FinishOptions,
) -> Result<Finished, ErrorReport> {
    let (_, imported) = import(bytes, file_name, companion)?;
    let mut notes = imported.notes;
    let views: Vec<ViewPicture> = views
        .iter()
        .map(|(&slot, bytes)| Ok(ViewPicture { slot, picture: given_view(bytes, slot, Cancel::never())? }))
        .collect::<Result<_, StepError>>()
        .map_err(failure)?;
    let FinishOptions { triangles, texture_px, size_m, detail_maps, .. } = *options;
    let problems = ForgeParams { triangles, texture_px, size_m, ..ForgeParams::default() }.problems();
    if !problems.is_empty() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, problems.join(" ")));
    }
    let wish = Wish { triangles, texture_px, size_m, detail_maps };
    let front = views.iter().find(|view| view.slot == ViewSlot::Front).map(|view| view.picture.clone());
    let Dressed { mesh, mut stats, agreement } =
        dress(imported.asset.surface(), Colours::Views(views), &wish, &|_, _| {}, Cancel::never())
            .map_err(failure)?;
    let Some(agreement) = agreement else { return Err(failure(StepError::Cancelled)) };
    if agreement.iou < LEAST_IOU {
        let message = format!(
            "The views show something else than the mesh: their outlines agree by {:.0} % only.",
            agreement.iou * 100.0
        );
        return Err(ErrorReport::new(ErrorCode::ViewUnusable, message).with_hint(
            "Give views of this very mesh, each square, at one scale, with the object in the middle.",
        ));
    }
    notes.extend(doubt(&agreement));
    if let Some(front) = front {
        let seen = resemblance::of_front(&mesh, &front, Cancel::never());
        stats.resemblance = seen.map_err(|cancelled| failure(cancelled.into()))?;
    }

    let name = options.file_name.rsplit_once('.').map_or(options.file_name.as_str(), |(name, _)| name);
    let extras = json!({
        "generator": generator(), "source_name": file_name, "repaired": stats.repaired, "views": agreement,
    });
    let glb_options = GlbOptions { name: name.to_owned(), generator: generator(), extras: Some(extras) };
    let glb = glb::write(&mesh, &glb_options).map_err(|e| internal("write the GLB", &e))?;
    let is_glb = options.file_name.to_ascii_lowercase().ends_with(".glb");
    let files = if is_glb {
        vec![NamedFile { name: options.file_name.clone(), bytes: glb }]
    } else {
        let options = ExportOptions { file_name: options.file_name.clone(), ..ExportOptions::default() };
        let exported = export(&glb, "finished.glb", &|_| None, &options)?;
        notes.extend(exported.notes);
        exported.files
    };
    Ok(Finished { files, stats, agreement, notes })
}

fn failure(error: StepError) -> ErrorReport {
    match error {
        StepError::Failed(report) => report,
        StepError::Cancelled => ErrorReport::new(ErrorCode::Cancelled, "It was cancelled."),
    }
}
