//! `prepare`: pictures in, cut-outs out.

use std::collections::BTreeMap;
use std::sync::Arc;

use image::{GrayImage, Luma, Pixel, RgbaImage};
use oreforge_engines::SurfaceInput;
use oreforge_geometry::segment::{self, MaskHints, SegmentError};
use oreforge_geometry::{Cancel, Grid, picture};
use oreforge_protocol::{ArtifactKind, ErrorCode, ErrorReport, ViewSlot};

use crate::contract::{ForgeSpec, NewArtifact, StepError, StepInputs, StepOutput, StepSink};
use crate::depth;
use crate::picture_error::{decode_report, segment_report};
use crate::run::{to_value, unreadable};

/// Longer side that pictures are worked on at: twice the largest useful front chart of a 2048² texture.
pub(crate) const MAX_WORK_SIDE_PX: u32 = 2048;

pub(crate) fn prepare(
    spec: &ForgeSpec,
    inputs: &dyn StepInputs,
    sink: &dyn StepSink,
    cancel: Cancel<'_>,
) -> Result<(StepOutput, SurfaceInput), StepError> {
    sink.progress(0.0, "reading the picture");
    let source = read_picture(&inputs.source()?, "The picture")?;
    let (width, height) = source.dimensions();
    cancel.check()?;

    sink.progress(0.3, "finding the object");
    let mask = if spec.has_mask { Some(read_mask(&inputs.mask()?)?) } else { None };
    let hints = MaskHints { strokes: Vec::new(), mask };
    let front = match segment::cut_out(&source, &hints, cancel) {
        Ok(front) => front,
        Err(error) => {
            if let SegmentError::NeedsMask { best_guess, .. } = &error {
                sink.publish(cutout_artifact(None, &best_guess.picture))?;
            }
            return Err(segment_report(&error).map_or(StepError::Cancelled, StepError::Failed));
        }
    };
    drop(source);

    let mut artifacts = vec![cutout_artifact(None, &front.picture)];
    let mut given_views = BTreeMap::new();
    for (index, &slot) in spec.given_views.iter().enumerate() {
        sink.progress(
            0.6 + 0.3 * index as f32 / spec.given_views.len() as f32,
            "finding the object in the other views",
        );
        let given = given_view(&inputs.given_view(slot)?, slot, cancel)?;
        artifacts.push(cutout_artifact(Some(slot), &given));
        given_views.insert(slot, given);
    }
    sink.progress(1.0, "keeping the cut-out");

    let facts = BTreeMap::from([
        ("width_px".to_owned(), width.into()),
        ("height_px".to_owned(), height.into()),
        ("mask_method".to_owned(), to_value(&front.method)?),
        ("mask_confidence".to_owned(), f64::from((front.confidence * 1000.0).round() / 1000.0).into()),
    ]);
    let input = SurfaceInput {
        cutout: Arc::new(front.picture),
        given_views: Arc::new(given_views),
        views: Arc::default(),
        depth: given_depth(spec, inputs)?,
        params: spec.params.clone(),
    };
    Ok((StepOutput { artifacts, facts }, input))
}

/// What `prepare` gave, read back from its artifacts.
pub(crate) fn restore(spec: &ForgeSpec, inputs: &dyn StepInputs) -> Result<SurfaceInput, StepError> {
    let read = |slot| -> Result<RgbaImage, StepError> {
        let bytes = inputs.artifact(ArtifactKind::Cutout, slot)?;
        picture::decode(&bytes, &picture::Limits::default()).map_err(|e| unreadable("The cut-out", &e).into())
    };
    let mut given_views = BTreeMap::new();
    for &slot in &spec.given_views {
        given_views.insert(slot, read(Some(slot))?);
    }
    Ok(SurfaceInput {
        cutout: Arc::new(read(None)?),
        given_views: Arc::new(given_views),
        views: Arc::default(),
        depth: given_depth(spec, inputs)?,
        params: spec.params.clone(),
    })
}

fn given_depth(spec: &ForgeSpec, inputs: &dyn StepInputs) -> Result<Option<Arc<Grid<f32>>>, StepError> {
    if !spec.has_depth_map {
        return Ok(None);
    }
    Ok(Some(Arc::new(depth::read(&inputs.depth_map()?)?)))
}

pub(crate) fn read_picture(bytes: &[u8], what: &str) -> Result<RgbaImage, ErrorReport> {
    picture::decode_to_fit(bytes, &picture::Limits::default(), MAX_WORK_SIDE_PX)
        .map_err(|error| decode_report(&error, what))
}

pub(crate) fn read_mask(bytes: &[u8]) -> Result<GrayImage, ErrorReport> {
    let mask = read_picture(bytes, "The mask")
        .map_err(|report| ErrorReport { code: ErrorCode::MaskUnusable, ..report })?;
    // A cut-out serves as a mask as well as a black and white picture does.
    let by_alpha = mask.pixels().any(|pixel| pixel.0[3] < 255);
    Ok(GrayImage::from_fn(mask.width(), mask.height(), |x, y| {
        let pixel = mask.get_pixel(x, y);
        if by_alpha { Luma([pixel.0[3]]) } else { pixel.to_luma() }
    }))
}

/// The object of a picture of another side, cut out at the size it was read.
pub(crate) fn given_view(bytes: &[u8], slot: ViewSlot, cancel: Cancel<'_>) -> Result<RgbaImage, StepError> {
    let unusable = |report: ErrorReport| ErrorReport {
        code: ErrorCode::ViewUnusable,
        message: format!("The {slot} view: {}", report.message),
        ..report
    };
    let picture = read_picture(bytes, "The picture").map_err(unusable)?;
    match segment::cut_out(&picture, &MaskHints::default(), cancel) {
        Ok(cutout) => Ok(cutout.picture),
        Err(error) => Err(segment_report(&error).map_or(StepError::Cancelled, |report| {
            let hint = "Give this view with a transparent background, or leave it out.";
            unusable(report).with_hint(hint).into()
        })),
    }
}

fn cutout_artifact(slot: Option<ViewSlot>, cutout: &RgbaImage) -> NewArtifact {
    NewArtifact {
        kind: ArtifactKind::Cutout,
        slot,
        number: None,
        bytes: picture::encode_png(cutout),
        stats: None,
    }
}
