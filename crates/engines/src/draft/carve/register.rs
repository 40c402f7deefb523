//! Brings pictures of unequal framing to one scale: the boxes of the outlines share heights, widths and depths.

use std::collections::BTreeMap;

use glam::{Vec2, Vec3};
use image::{RgbaImage, imageops};
use oreforge_geometry::resize::{Window, resize_premultiplied};
use oreforge_geometry::{Cancel, Cancelled, Grid};
use oreforge_protocol::ViewSlot;

use super::view::{Direction, Frame, View};

/// Larger cut-outs are averaged down; a texture holds no more.
const LONGEST_SIDE_PX: u32 = 2048;
/// A picture whose proportions differ more than this from what the others say gets a warning.
const PROPORTION_TOLERANCE: f32 = 1.12;
/// Depth of an object of which no side is given, as a share of its widest stretch: the best scale for
/// inflating a single outline.
const GUESSED_DEPTH: f32 = 0.62;
/// Side of the raster on which opposite outlines are compared.
const COMPARED_PX: usize = 128;
/// Opposite outlines that overlap less than this are not of one object.
const LEAST_OVERLAP: f32 = 0.85;

/// A slot whose picture shows no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyPicture(pub ViewSlot);

pub struct Registered {
    /// Front first, each with its slot; metres are of `size_m`.
    pub views: Vec<(ViewSlot, View)>,
    pub extent_m: Vec3,
    pub depth_guessed: bool,
    pub warnings: Vec<String>,
}

/// The object's outline box in pixels, edges located by coverage.
#[derive(Debug, Clone, Copy)]
struct Content {
    low: Vec2,
    high: Vec2,
}

impl Content {
    fn of(picture: &RgbaImage) -> Option<Self> {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let alpha = |x: usize, y: usize| f32::from(picture.as_raw()[(y * width + x) * 4 + 3]) / 255.0;
        let (mut low, mut high) = (Vec2::INFINITY, Vec2::NEG_INFINITY);
        for y in 0..height {
            let solid = |x: &usize| alpha(*x, y) > 0.5;
            let (Some(first), Some(last)) = ((0..width).find(solid), (0..width).rev().find(solid)) else {
                continue;
            };
            let before = if first > 0 { alpha(first - 1, y) } else { 0.0 };
            let after = if last + 1 < width { alpha(last + 1, y) } else { 0.0 };
            low.x = low.x.min(first as f32 + 1.0 - alpha(first, y) - before);
            high.x = high.x.max(last as f32 + alpha(last, y) + after);
        }
        if low.x > high.x {
            return None;
        }
        // A row's edge lies where its most covered pixel says.
        let cover = |y: usize| (0..width).map(|x| alpha(x, y)).fold(0.0, f32::max);
        let first = (0..height).find(|&y| cover(y) > 0.5)?;
        let last = (0..height).rev().find(|&y| cover(y) > 0.5)?;
        let before = if first > 0 { cover(first - 1) } else { 0.0 };
        let after = if last + 1 < height { cover(last + 1) } else { 0.0 };
        low.y = first as f32 + 1.0 - cover(first) - before;
        high.y = last as f32 + cover(last) + after;
        Some(Self { low, high })
    }

    fn size(self) -> Vec2 {
        (self.high - self.low).max(Vec2::splat(0.5))
    }
}

pub fn register(
    front: &RgbaImage,
    given: &BTreeMap<ViewSlot, RgbaImage>,
    size_m: f32,
    depth_factor: f32,
    cancel: Cancel<'_>,
) -> Result<Result<Registered, EmptyPicture>, Cancelled> {
    let mut warnings = Vec::new();
    let mut pictures: Vec<(ViewSlot, &RgbaImage)> = vec![(ViewSlot::Front, front)];
    for (&slot, picture) in given {
        match slot {
            ViewSlot::Front => {}
            ViewSlot::ThreeQuarter => {
                warnings
                    .push("The three-quarter picture is not used: its exact angle is not known.".to_owned());
            }
            ViewSlot::Right | ViewSlot::Back | ViewSlot::Left | ViewSlot::Top | ViewSlot::Bottom => {
                pictures.push((slot, picture));
            }
        }
    }
    let mut contents = Vec::with_capacity(pictures.len());
    for &(slot, picture) in &pictures {
        cancel.check()?;
        match Content::of(picture) {
            Some(content) => contents.push(content),
            None => return Ok(Err(EmptyPicture(slot))),
        }
    }
    let (extent_px, depth_guessed) = box_of(&pictures, &contents, depth_factor, &mut warnings);
    let extent_m = extent_px * (size_m / extent_px.max_element());
    let mut views: Vec<(ViewSlot, View)> = Vec::with_capacity(pictures.len());
    for (&(slot, picture), &content) in pictures.iter().zip(&contents) {
        cancel.check()?;
        let mut view = placed(slot, picture, content, extent_m);
        if let Some((other, opposite)) =
            views.iter().find(|(_, v)| v.carves && v.direction.is_opposite(&view.direction))
        {
            // In an orthographic pair the second outline says nothing new; it may only disagree.
            view.carves = false;
            let overlap = align(opposite, &mut view, cancel)?;
            if overlap < LEAST_OVERLAP {
                warnings.push(format!(
                    "The {slot} and {other} pictures are not mirror images in outline ({:.0} % overlap); \
                     the shape follows {other}.",
                    overlap * 100.0
                ));
            }
        }
        views.push((slot, view));
    }
    Ok(Ok(Registered { views, extent_m, depth_guessed, warnings }))
}

/// Width, height and depth of the object in pixels of the front picture, and whether the depth is a guess.
fn box_of(
    pictures: &[(ViewSlot, &RgbaImage)],
    contents: &[Content],
    depth_factor: f32,
    warnings: &mut Vec<String>,
) -> (Vec3, bool) {
    let Vec2 { x: width, y: height } = contents[0].size();
    // A picture's own scale follows from the side it shares with the front, its depth from that scale. Scales
    // multiply, so least squares are taken on logarithms.
    let depths: Vec<(ViewSlot, f32)> = pictures
        .iter()
        .zip(contents)
        .filter_map(|(&(slot, _), content)| match slot {
            ViewSlot::Right | ViewSlot::Left => Some((slot, height * content.size().x / content.size().y)),
            ViewSlot::Top | ViewSlot::Bottom => Some((slot, width * content.size().y / content.size().x)),
            ViewSlot::Front | ViewSlot::Back | ViewSlot::ThreeQuarter => None,
        })
        .collect();
    for (&(slot, _), content) in
        pictures.iter().zip(contents).filter(|((slot, _), _)| *slot == ViewSlot::Back)
    {
        let off = (content.size().x / content.size().y) / (width / height);
        if off.max(1.0 / off) > PROPORTION_TOLERANCE {
            warnings.push(format!(
                "The {slot} picture is {:.0} % {} than the front; it was fitted.",
                (off.max(1.0 / off) - 1.0) * 100.0,
                if off > 1.0 { "wider" } else { "narrower" }
            ));
        }
    }
    if depths.is_empty() {
        return (Vec3::new(width, height, width * GUESSED_DEPTH * depth_factor), true);
    }
    let agree = |a: f32, b: f32| (a / b).max(b / a) <= PROPORTION_TOLERANCE;
    let friends = |&(_, own): &(ViewSlot, f32)| depths.iter().filter(|d| agree(d.1, own)).count();
    // The depth most pictures agree on; of equals the one that comes first.
    let chosen = depths.iter().rev().max_by_key(|&d| friends(d)).map_or(width, |d| d.1);
    let agreeing: Vec<f32> = depths.iter().map(|d| d.1).filter(|&d| agree(d, chosen)).collect();
    let depth = (agreeing.iter().map(|d| d.ln()).sum::<f32>() / agreeing.len().max(1) as f32).exp();
    for &(slot, own) in &depths {
        let off = own / depth;
        if off.max(1.0 / off) > PROPORTION_TOLERANCE {
            warnings.push(format!(
                "The {slot} picture shows an object {:.0} % {} than the other sides say; it was fitted.",
                (off.max(1.0 / off) - 1.0) * 100.0,
                if off > 1.0 { "deeper" } else { "shallower" }
            ));
        }
    }
    (Vec3::new(width, height, depth), false)
}

/// The picture cropped to its object, lying on the object's box.
fn placed(slot: ViewSlot, picture: &RgbaImage, content: Content, extent_m: Vec3) -> View {
    let direction = Direction::new(slot.azimuth_deg(), slot.elevation_deg());
    let plane_extent = Vec2::new(extent_m.dot(direction.right.abs()), extent_m.dot(direction.up.abs()));
    let middle = Vec2::new(0.0, if direction.is_level() { extent_m.y / 2.0 } else { 0.0 });
    let (left, top) = ((content.low.x - 1.0).max(0.0) as u32, (content.low.y - 1.0).max(0.0) as u32);
    let right = ((content.high.x + 2.0) as u32).min(picture.width());
    let bottom = ((content.high.y + 2.0) as u32).min(picture.height());
    let (width, height) = ((right - left).max(1), (bottom - top).max(1));
    let shrink = (width.max(height) as f32 / LONGEST_SIDE_PX as f32).max(1.0);
    let (cropped, stored) = if shrink > 1.0 {
        let size = Vec2::new(width as f32, height as f32);
        let stored = (size / shrink).round().max(Vec2::ONE);
        let window = Window { left: left as f32, top: top as f32, width: size.x, height: size.y };
        let cells = resize_premultiplied(picture, window, stored.x as usize, stored.y as usize);
        (straight(&cells), size / stored)
    } else {
        (imageops::crop_imm(picture, left, top, width, height).to_image(), Vec2::ONE)
    };
    let pixel_m = plane_extent / content.size();
    let corner_m = middle
        + plane_extent * Vec2::new(-0.5, 0.5)
        + (content.low - Vec2::new(left as f32, top as f32)) * pixel_m * Vec2::new(-1.0, 1.0);
    View {
        direction,
        picture: cropped,
        frame: Frame { corner_m, pixel_m: pixel_m * stored },
        carves: true,
        trust: 1.0,
    }
}

fn straight(premultiplied: &Grid<glam::Vec4>) -> RgbaImage {
    RgbaImage::from_fn(premultiplied.width() as u32, premultiplied.height() as u32, |x, y| {
        let c = premultiplied.get(x as usize, y as usize);
        let color = if c.w > 1e-4 { c / c.w } else { c };
        image::Rgba([color.x, color.y, color.z, c.w].map(|v| (v * 255.0).round().clamp(0.0, 255.0) as u8))
    })
}

/// Alpha over the object's box grown by a tenth, as its camera sees it.
fn thumbnail(view: &View, low_m: Vec2, high_m: Vec2) -> Grid<f32> {
    let (low, high) = (
        view.frame.pixel_of(Vec2::new(low_m.x, high_m.y)),
        view.frame.pixel_of(Vec2::new(high_m.x, low_m.y)),
    );
    let window = Window { left: low.x, top: low.y, width: high.x - low.x, height: high.y - low.y };
    resize_premultiplied(&view.picture, window, COMPARED_PX, COMPARED_PX).map(|c| c.w)
}

/// Shifts and scales `view` a little, so that its outline covers the mirrored outline of `opposite` best; how
/// much they overlap then (intersection over union).
fn align(opposite: &View, view: &mut View, cancel: Cancel<'_>) -> Result<f32, Cancelled> {
    let size_px = Vec2::new(view.picture.width() as f32, view.picture.height() as f32);
    let extent = size_px * view.frame.pixel_m;
    let middle = view.frame.corner_m + extent * Vec2::new(0.5, -0.5);
    let (low, high) = (middle - extent * 0.55, middle + extent * 0.55);
    let own = thumbnail(view, low, high);
    // Opposite cameras share one axis of their planes and have the other one reversed.
    let flips_x = view.direction.right.dot(opposite.direction.right) < 0.0;
    let flips_y = view.direction.up.dot(opposite.direction.up) < 0.0;
    let span = |lo: f32, hi: f32, flips: bool| if flips { (-hi, -lo) } else { (lo, hi) };
    let ((x0, x1), (y0, y1)) = (span(low.x, high.x, flips_x), span(low.y, high.y, flips_y));
    let seen = thumbnail(opposite, Vec2::new(x0, y0), Vec2::new(x1, y1));
    let last = COMPARED_PX - 1;
    let reference = Grid::from_cells(
        COMPARED_PX,
        COMPARED_PX,
        (0..COMPARED_PX * COMPARED_PX)
            .map(|i| {
                let (x, y) = (i % COMPARED_PX, i / COMPARED_PX);
                seen.get(if flips_x { last - x } else { x }, if flips_y { last - y } else { y })
            })
            .collect(),
    );
    let centre = last as f32 / 2.0;
    let overlap = |shift: Vec2, scale: Vec2| {
        let (mut both, mut either) = (0.0, 0.0);
        for y in 0..COMPARED_PX {
            for x in 0..COMPARED_PX {
                let place = (Vec2::new(x as f32, y as f32) - centre) * scale + centre + shift;
                let (a, b) = (reference.get(x, y), own.sample(place.x, place.y));
                both += a.min(b);
                either += a.max(b);
            }
        }
        both / f32::max(either, 1e-6)
    };
    let (mut shift, mut scale) = (Vec2::ZERO, Vec2::ONE);
    let mut best = overlap(shift, scale);
    for step in [4.0, 2.0, 1.0, 0.5, 0.25f32] {
        let stretch = step / COMPARED_PX as f32;
        for (by, factor) in [
            (Vec2::X * step, Vec2::ONE),
            (Vec2::NEG_X * step, Vec2::ONE),
            (Vec2::Y * step, Vec2::ONE),
            (Vec2::NEG_Y * step, Vec2::ONE),
            (Vec2::ZERO, Vec2::new(1.0 + stretch, 1.0)),
            (Vec2::ZERO, Vec2::new(1.0 - stretch, 1.0)),
            (Vec2::ZERO, Vec2::new(1.0, 1.0 + stretch)),
            (Vec2::ZERO, Vec2::new(1.0, 1.0 - stretch)),
        ] {
            cancel.check()?;
            let found = overlap(shift + by, scale * factor);
            if found > best + 1e-4 {
                (best, shift, scale) = (found, shift + by, scale * factor);
            }
        }
    }
    // A plane point p of the opposite camera shows what this picture has at (p − middle) · scale + shift.
    let cell = (high - low) / COMPARED_PX as f32;
    let shift_m = shift * cell * Vec2::new(1.0, -1.0);
    view.frame.corner_m = (view.frame.corner_m - shift_m - middle) / scale + middle;
    view.frame.pixel_m /= scale;
    Ok(best)
}
