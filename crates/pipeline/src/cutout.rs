//! Cut-outs outside of a job: the live result under the brush, and the mask that comes of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, Luma, RgbaImage};
use oreforge_geometry::distance::signed_distance;
use oreforge_geometry::picture::{self, Limits};
use oreforge_geometry::segment::{self, Cutout, MaskHints, SegmentError, Stroke};
use oreforge_geometry::{Cancel, Grid};
use oreforge_protocol::{CutoutPreview, ErrorCode, ErrorReport, MaskStroke};

use crate::picture_error::{decode_report, segment_report};
use crate::prepare::MAX_WORK_SIDE_PX;
use crate::run::internal;

const PREVIEW_SIDE_PX: u32 = 1024;
const MAX_FEATHER_PX: f32 = 64.0;
/// No softer than the edge is anyway.
const LEAST_FEATHER_PX: f32 = 1.0;

/// Size of a picture in pixels after its EXIF rotation; the whole file is read, so a damaged one is an error.
pub fn measure(source: &[u8]) -> Result<(u32, u32), ErrorReport> {
    Ok(decode(source, u32::MAX)?.dimensions())
}

/// What the strokes cut out, on a copy of at most 1024 px. Strokes and `feather_px` are in pixels of the picture itself.
pub fn preview(source: &[u8], strokes: &[MaskStroke], feather_px: f32) -> Result<CutoutPreview, ErrorReport> {
    let (cutout, scale, problem) = cut_out(source, strokes, PREVIEW_SIDE_PX)?;
    let alpha = feathered(alpha(&cutout.picture), checked(feather_px)? * scale)?;
    Ok(CutoutPreview {
        alpha_png_base64: STANDARD.encode(picture::encode_png_grey(&alpha)),
        confidence: cutout.confidence,
        problem,
    })
}

/// The mask the strokes make, white on black, its edge `feather_px` wide. A person saw it and took it, however sure
/// the machine is.
pub fn mask_png(source: &[u8], strokes: &[MaskStroke], feather_px: f32) -> Result<Vec<u8>, ErrorReport> {
    let (cutout, scale, _) = cut_out(source, strokes, MAX_WORK_SIDE_PX)?;
    let alpha = feathered(alpha(&cutout.picture), checked(feather_px)? * scale)?;
    Ok(picture::encode_png_grey(&alpha))
}

fn checked(feather_px: f32) -> Result<f32, ErrorReport> {
    if (0.0..=MAX_FEATHER_PX).contains(&feather_px) {
        return Ok(feather_px);
    }
    let message = format!("The edge is to fade over {feather_px} px; it goes from 0 to {MAX_FEATHER_PX}.");
    Err(ErrorReport::new(ErrorCode::BadRequest, message))
}

/// An edge that fades over `width_px` in place of the one there is. Half of it lies on either side of the outline,
/// which stays where it is.
fn feathered(mut alpha: GrayImage, width_px: f32) -> Result<GrayImage, ErrorReport> {
    if width_px <= LEAST_FEATHER_PX {
        return Ok(alpha);
    }
    let cells = alpha.pixels().map(|pixel| f32::from(pixel.0[0]) / 255.0).collect();
    let alphas = Grid::from_cells(alpha.width() as usize, alpha.height() as usize, cells);
    let distance = signed_distance(&alphas, Cancel::never()).map_err(|e| internal("soften the edge", &e))?;
    for (pixel, &distance_px) in alpha.pixels_mut().zip(distance.cells()) {
        let share = (0.5 + distance_px / width_px).clamp(0.0, 1.0);
        // Smooth at both ends, so that no line shows where the fading begins.
        pixel.0[0] = (255.0 * share * share * (3.0 - 2.0 * share)).round() as u8;
    }
    Ok(alpha)
}

/// The object, how many of its pixels there are to one of the picture's, and why a person has to help.
fn cut_out(
    source: &[u8],
    strokes: &[MaskStroke],
    side_px: u32,
) -> Result<(Cutout, f32, Option<ErrorReport>), ErrorReport> {
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
        Ok(cutout) => Ok((cutout, scale, None)),
        Err(error) => {
            let report = segment_report(&error);
            match (error, report) {
                (SegmentError::NeedsMask { best_guess, .. }, report) => Ok((*best_guess, scale, report)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn half_white() -> GrayImage {
        GrayImage::from_fn(64, 8, |x, _| Luma([if x < 32 { 255 } else { 0 }]))
    }

    #[test]
    fn a_feathered_edge_is_as_wide_as_asked_and_stays_in_its_place() {
        let soft = feathered(half_white(), 16.0).unwrap();
        let row: Vec<u8> = (0..64).map(|x| soft.get_pixel(x, 4).0[0]).collect();
        assert!(row[..24].iter().all(|&v| v == 255) && row[40..].iter().all(|&v| v == 0), "{row:?}");
        assert!(row[24..40].windows(2).all(|pair| pair[0] > pair[1]), "{row:?}");
        assert!(row[31] > 127 && row[32] < 128, "the outline moved: {row:?}");
        assert_eq!(feathered(half_white(), 0.0).unwrap(), half_white());
    }

    #[test]
    fn a_width_out_of_its_range_is_refused() {
        for width_px in [-1.0, 65.0, f32::NAN] {
            assert_eq!(checked(width_px).unwrap_err().code, ErrorCode::BadRequest);
        }
    }
}
