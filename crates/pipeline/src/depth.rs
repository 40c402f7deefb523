//! Depth maps of pictures, by draft inflation or from elsewhere.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageBuffer, Luma, Rgba, RgbaImage};
use oreforge_engines::draft::{DraftError, Solid};
use oreforge_geometry::picture::{self, Limits};
use oreforge_geometry::resize::{Window, resize, resize_premultiplied};
use oreforge_geometry::segment::{self, MaskHints};
use oreforge_geometry::{Cancel, Grid};
use oreforge_protocol::{DepthPreview, DepthRange, ErrorCode, ErrorReport, ForgeParams, ProfileChoice};

use crate::picture_error::{decode_report, segment_report};
use crate::prepare::{MAX_WORK_SIDE_PX, read_mask};
use crate::run::internal;

const PREVIEW_SIDE_PX: u32 = 512;
/// What encodes a picture for a sampler crops its sides to multiples of this.
const SENT_STEP_PX: u32 = 8;
/// Shares of the object that may be farther or nearer than the range a map is stretched from: stray pixels.
const STRAY: f32 = 0.005;
/// What is behind the object has a part in its outermost pixels.
const RIM_PX: i64 = 2;

/// What the depth of a picture is made of.
pub struct DepthSources<'a> {
    pub picture: &'a [u8],
    /// As in a forge.
    pub mask: Option<&'a [u8]>,
    /// Nearness of the whole picture from elsewhere; by draft inflation when absent.
    pub map: Option<&'a [u8]>,
    pub profile: ProfileChoice,
}

/// Nearness of what the picture shows, to look at.
///
/// # Errors
/// When a picture cannot be used, or a person has to say what the object is.
pub fn preview(sources: &DepthSources<'_>) -> Result<DepthPreview, ErrorReport> {
    let (cutout, nearness) = nearness(sources, PREVIEW_SIDE_PX)?;
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
pub fn depth_png(sources: &DepthSources<'_>, range: &DepthRange) -> Result<Vec<u8>, ErrorReport> {
    if let Some(problem) = range.problems().into_iter().next() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, problem));
    }
    let (cutout, nearness) = nearness(sources, MAX_WORK_SIDE_PX)?;
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

/// A picture as what tells depth on a server takes it: on white, for transparent pixels hide anything, with sides that
/// nothing is cropped of.
pub(crate) fn sent(picture: &RgbaImage) -> RgbaImage {
    let whole = |side_px: u32| (side_px / SENT_STEP_PX).max(1) * SENT_STEP_PX;
    let (width, height) = (whole(picture.width()), whole(picture.height()));
    let pixels = resize_premultiplied(picture, Window::whole(picture), width as usize, height as usize);
    RgbaImage::from_fn(width, height, |x, y| {
        let pixel = pixels.get(x as usize, y as usize);
        let on_white = (pixel + (1.0 - pixel.w)) * 255.0;
        let [red, green, blue] = [on_white.x, on_white.y, on_white.z].map(|channel| channel.round() as u8);
        Rgba([red, green, blue, 255])
    })
}

fn nearness(sources: &DepthSources<'_>, side_px: u32) -> Result<(Arc<RgbaImage>, Grid<f32>), ErrorReport> {
    let picture = picture::decode_to_fit(sources.picture, &Limits::default(), side_px)
        .map_err(|error| decode_report(&error, "The picture"))?;
    let mask = sources.mask.map(read_mask).transpose()?;
    // Nobody cancels a depth map: it ends with its process.
    let cutout = segment::cut_out(&picture, &MaskHints { strokes: Vec::new(), mask }, Cancel::never())
        .map_err(|error| segment_report(&error).unwrap_or_else(|| internal("cut out the object", &error)))?;
    let cutout = Arc::new(cutout.picture);
    let nearness = match sources.map {
        Some(map) => over_object(&cutout, &read(map)?),
        None => inflated(&cutout, sources.profile)?,
    };
    Ok((cutout, nearness))
}

fn inflated(cutout: &Arc<RgbaImage>, profile: ProfileChoice) -> Result<Grid<f32>, ErrorReport> {
    let params = ForgeParams { profile, ..ForgeParams::default() };
    Solid::new(Arc::clone(cutout), &params, Cancel::never())
        .and_then(|solid| Ok(solid.nearness(Cancel::never())?))
        .map_err(|error| match error {
            DraftError::Empty => ErrorReport::new(ErrorCode::PictureTooSmall, error.to_string())
                .with_hint("Give a mask that covers the object, or a larger picture of it."),
            DraftError::Cancelled(_) => internal("read the depth", &error),
        })
}

/// A map of the whole picture, stretched so that it goes from 0 to 1 over the object.
fn over_object(cutout: &RgbaImage, map: &Grid<f32>) -> Grid<f32> {
    let map = resize(map, cutout.width() as usize, cutout.height() as usize);
    let is_inside = |x: i64, y: i64| match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) => cutout.get_pixel_checked(x, y).is_some_and(|pixel| pixel.0[3] >= 128),
        _ => false,
    };
    let around = [(RIM_PX, 0), (-RIM_PX, 0), (0, RIM_PX), (0, -RIM_PX)];
    let places = cutout.enumerate_pixels().map(|(x, y, _)| (i64::from(x), i64::from(y)));
    let mut seen: Vec<f32> = places
        .zip(map.cells())
        .filter(|((x, y), _)| around.iter().all(|(right, down)| is_inside(x + right, y + down)))
        .map(|(_, &nearness)| nearness)
        .collect();
    seen.sort_unstable_by(f32::total_cmp);
    let stray = (seen.len() as f32 * STRAY) as usize;
    let (Some(&far), Some(&near)) = (seen.get(stray), seen.iter().nth_back(stray)) else { return map };
    let range = (near - far).max(f32::MIN_POSITIVE);
    map.map(|nearness| ((nearness - far) / range).clamp(0.0, 1.0))
}
