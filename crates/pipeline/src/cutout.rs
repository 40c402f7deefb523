//! Cut-outs outside of a job: the live result under the brush, and the mask that comes of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, Luma, RgbaImage};
use oreforge_geometry::Cancel;
use oreforge_geometry::picture::{self, Limits};
use oreforge_geometry::segment::{self, Cutout, MaskHints, SegmentError, Stroke};
use oreforge_protocol::{CutoutPreview, ErrorReport, MaskStroke};

use crate::picture_error::{decode_report, segment_report};
use crate::prepare::MAX_WORK_SIDE_PX;
use crate::run::internal;

const PREVIEW_SIDE_PX: u32 = 1024;

/// Size of a picture in pixels after its EXIF rotation; the whole file is read, so a damaged one is an error.
pub fn measure(source: &[u8]) -> Result<(u32, u32), ErrorReport> {
    Ok(decode(source, u32::MAX)?.dimensions())
}

/// What the strokes cut out, on a copy of at most 1024 px. Strokes are in pixels of the picture itself.
pub fn preview(source: &[u8], strokes: &[MaskStroke]) -> Result<CutoutPreview, ErrorReport> {
    let (cutout, problem) = cut_out(source, strokes, PREVIEW_SIDE_PX)?;
    Ok(CutoutPreview {
        alpha_png_base64: STANDARD.encode(picture::encode_png_grey(&alpha(&cutout.picture))),
        confidence: cutout.confidence,
        problem,
    })
}

/// The mask the strokes make, white on black. A person saw it and took it, however sure the machine is.
pub fn mask_png(source: &[u8], strokes: &[MaskStroke]) -> Result<Vec<u8>, ErrorReport> {
    let (cutout, _) = cut_out(source, strokes, MAX_WORK_SIDE_PX)?;
    Ok(picture::encode_png_grey(&alpha(&cutout.picture)))
}

fn cut_out(
    source: &[u8],
    strokes: &[MaskStroke],
    side_px: u32,
) -> Result<(Cutout, Option<ErrorReport>), ErrorReport> {
    let full_width =
        picture::size(source, &Limits::default()).map_err(|e| decode_report(&e, "The picture"))?.0;
    let picture = decode(source, side_px)?;
    let scale = picture.width() as f32 / full_width as f32;
    let strokes = strokes.iter().map(|stroke| Stroke {
        keep: stroke.keep,
        radius_px: stroke.radius_px * scale,
        points: stroke.points.iter().map(|point| point.map(|value| value * scale)).collect(),
    });
    let hints = MaskHints { strokes: strokes.collect(), mask: None };
    match segment::cut_out(&picture, &hints, Cancel::never()) {
        Ok(cutout) => Ok((cutout, None)),
        Err(error) => {
            let report = segment_report(&error);
            match (error, report) {
                (SegmentError::NeedsMask { best_guess, .. }, report) => Ok((*best_guess, report)),
                (_, Some(report)) => Err(report),
                (error, None) => Err(internal("cut out the object", &error)),
            }
        }
    }
}

fn decode(source: &[u8], side_px: u32) -> Result<RgbaImage, ErrorReport> {
    picture::decode_to_fit(source, &Limits::default(), side_px).map_err(|e| decode_report(&e, "The picture"))
}

fn alpha(cutout: &RgbaImage) -> GrayImage {
    GrayImage::from_fn(cutout.width(), cutout.height(), |x, y| Luma([cutout.get_pixel(x, y).0[3]]))
}
