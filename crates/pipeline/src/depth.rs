//! Depth maps of pictures, by draft inflation.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageBuffer, Luma, Rgba, RgbaImage};
use oreforge_engines::draft::{DraftError, Solid};
use oreforge_geometry::picture::{self, Limits};
use oreforge_geometry::segment::{self, MaskHints};
use oreforge_geometry::{Cancel, Grid};
use oreforge_protocol::{DepthPreview, DepthRange, ErrorCode, ErrorReport, ForgeParams, ProfileChoice};

use crate::picture_error::{decode_report, segment_report};
use crate::prepare::{MAX_WORK_SIDE_PX, read_mask};
use crate::run::internal;

const PREVIEW_SIDE_PX: u32 = 512;

/// Nearness of what `source` shows, to look at. `mask` is as in a forge.
///
/// # Errors
/// When the picture or the mask cannot be used, or a person has to say what the object is.
pub fn preview(
    source: &[u8],
    mask: Option<&[u8]>,
    profile: ProfileChoice,
) -> Result<DepthPreview, ErrorReport> {
    let (cutout, nearness) = nearness(source, mask, profile, PREVIEW_SIDE_PX)?;
    let (width_px, height_px) = cutout.dimensions();
    let seen = RgbaImage::from_fn(width_px, height_px, |x, y| {
        let grey = (nearness.get(x as usize, y as usize) * 255.0).round() as u8;
        Rgba([grey, grey, grey, cutout.get_pixel(x, y).0[3]])
    });
    Ok(DepthPreview { png_base64: STANDARD.encode(picture::encode_png(&seen)), width_px, height_px })
}

/// The depth map as a PNG of 16-bit grey, as large as pictures are worked on: white near, black far and beside the
/// object; the farthest of the object is one above black, so that both can be told apart.
///
/// # Errors
/// As [`preview`], and when the range makes no sense.
pub fn depth_png(
    source: &[u8],
    mask: Option<&[u8]>,
    profile: ProfileChoice,
    range: &DepthRange,
) -> Result<Vec<u8>, ErrorReport> {
    if let Some(problem) = range.problems().into_iter().next() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, problem));
    }
    let (cutout, nearness) = nearness(source, mask, profile, MAX_WORK_SIDE_PX)?;
    let map = ImageBuffer::from_fn(cutout.width(), cutout.height(), |x, y| {
        if cutout.get_pixel(x, y).0[3] < 128 {
            return Luma([0]);
        }
        let grey = range.grey(nearness.get(x as usize, y as usize));
        Luma([(grey * f32::from(u16::MAX)).round().max(1.0) as u16])
    });
    Ok(picture::encode_png_grey16(&map))
}

/// An artist's depth map as the draft engine takes it: 0..=1, 1 near.
pub(crate) fn read(bytes: &[u8]) -> Result<Grid<f32>, ErrorReport> {
    let map = picture::decode_grey16(bytes, &Limits::default())
        .map_err(|error| decode_report(&error, "The depth map"))?;
    let cells = map.as_raw().iter().map(|&grey| f32::from(grey) / f32::from(u16::MAX)).collect();
    Ok(Grid::from_cells(map.width() as usize, map.height() as usize, cells))
}

fn nearness(
    source: &[u8],
    mask: Option<&[u8]>,
    profile: ProfileChoice,
    side_px: u32,
) -> Result<(Arc<RgbaImage>, Grid<f32>), ErrorReport> {
    let picture = picture::decode_to_fit(source, &Limits::default(), side_px)
        .map_err(|error| decode_report(&error, "The picture"))?;
    let mask = mask.map(read_mask).transpose()?;
    // Nobody cancels a depth map: it ends with its process.
    let cutout = segment::cut_out(&picture, &MaskHints { strokes: Vec::new(), mask }, Cancel::never())
        .map_err(|error| segment_report(&error).unwrap_or_else(|| internal("cut out the object", &error)))?;
    let cutout = Arc::new(cutout.picture);
    let params = ForgeParams { profile, ..ForgeParams::default() };
    let nearness = Solid::new(Arc::clone(&cutout), &params, Cancel::never())
        .and_then(|solid| Ok(solid.nearness(Cancel::never())?))
        .map_err(|error| match error {
            DraftError::Empty => ErrorReport::new(ErrorCode::PictureTooSmall, error.to_string())
                .with_hint("Give a mask that covers the object, or a larger picture of it."),
            DraftError::Cancelled(_) => internal("read the depth", &error),
        })?;
    Ok((cutout, nearness))
}
