//! One half of a picture on both sides.

use std::collections::BTreeMap;

use image::{Rgba, RgbaImage};
use oreforge_geometry::{Cancel, Cancelled, Grid};
use oreforge_protocol::{SymmetryChoice, ViewSlot};

use super::frame::{Bounds, Frame, Thumb};
use super::mirror::upright_symmetry;

/// Overlap of an outline with its mirror image from which on `Auto` takes them for one.
const NEARLY_SYMMETRIC: f32 = 0.95;
/// Cells along the longer side of the raster on which the axis is looked for.
const CELLS: usize = 256;
const MARGIN_CELLS: usize = 6;

/// A picture whose outline is its own mirror image; `None` where it is to stay as it is, or shows nothing.
pub fn symmetric(
    picture: &RgbaImage,
    choice: SymmetryChoice,
    cancel: Cancel<'_>,
) -> Result<Option<RgbaImage>, Cancelled> {
    if choice == SymmetryChoice::Off {
        return Ok(None);
    }
    let Some(frame) = Frame::around(picture, CELLS, MARGIN_CELLS) else { return Ok(None) };
    let inside = Thumb::new(picture, frame).inside();
    let Some(bounds) = Bounds::of(&inside) else { return Ok(None) };
    let (axis_x, iou) = upright_symmetry(&inside, bounds, cancel)?;
    if choice == SymmetryChoice::Auto && iou < NEARLY_SYMMETRIC {
        return Ok(None);
    }
    let axis_px = frame.px_from_cell(axis_x, 0.0).0;
    Ok(Some(mirrored_at(picture, axis_px)))
}

/// The same for the sides on which left and right can be seen.
pub fn symmetric_views(
    given: &BTreeMap<ViewSlot, RgbaImage>,
    cancel: Cancel<'_>,
) -> Result<BTreeMap<ViewSlot, RgbaImage>, Cancelled> {
    let shows_both = |slot: ViewSlot| matches!(slot, ViewSlot::Back | ViewSlot::Top | ViewSlot::Bottom);
    given
        .iter()
        .map(|(&slot, picture)| {
            let made = if shows_both(slot) { symmetric(picture, SymmetryChoice::On, cancel)? } else { None };
            Ok((slot, made.unwrap_or_else(|| picture.clone())))
        })
        .collect()
}

/// The outline of the half that holds more, on both sides of an upright axis. Colours stay where there were any.
fn mirrored_at(picture: &RgbaImage, axis_px: f32) -> RgbaImage {
    let width = i64::from(picture.width());
    // Pixel x and pixel `sum - x` lie alike on either side.
    let sum = (2.0 * axis_px).round() as i64 - 1;
    let (first, last) = (0.min(sum - (width - 1)), (width - 1).max(sum));
    let at = |x: i64, y: u32| {
        let inside = (0..width).contains(&x);
        if inside { *picture.get_pixel(x as u32, y) } else { Rgba([0; 4]) }
    };
    let (mut left, mut right) = (0u64, 0u64);
    for (x, _, pixel) in picture.enumerate_pixels() {
        let half = if 2 * i64::from(x) <= sum { &mut left } else { &mut right };
        *half += u64::from(pixel.0[3]);
    }
    let keeps_left = left >= right;
    RgbaImage::from_fn((last - first + 1) as u32, picture.height(), |x, y| {
        let x = i64::from(x) + first;
        let is_kept = (2 * x <= sum) == keeps_left;
        let (own, other) = (at(x, y), at(sum - x, y));
        let alpha = if is_kept { own.0[3] } else { other.0[3] };
        let [r, g, b, _] = if own.0[3] >= 128 || is_kept { own.0 } else { other.0 };
        Rgba([r, g, b, alpha])
    })
}

/// The mean of a map and its mirror image.
pub fn evened(mut map: Grid<f32>) -> Grid<f32> {
    (0..map.height()).for_each(|y| even_row(map.row_mut(y)));
    map
}

/// The mean of a row and its mirror image, in its place.
pub fn even_row(row: &mut [f32]) {
    let length = row.len();
    for left in 0..length / 2 {
        let right = length - 1 - left;
        let mean = 0.5 * (row[left] + row[right]);
        (row[left], row[right]) = (mean, mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bar with an arm on the right, on a canvas that its mirror image does not fit.
    fn one_armed() -> RgbaImage {
        RgbaImage::from_fn(60, 40, |x, y| {
            let bar = (5..15).contains(&x);
            let arm = (10..50).contains(&x) && (18..22).contains(&y);
            let colour = if x < 10 { [200, 0, 0] } else { [0, 0, 200] };
            Rgba([colour[0], colour[1], colour[2], if bar || arm { 255 } else { 0 }])
        })
    }

    #[test]
    fn the_fuller_half_is_on_both_sides_and_colours_stay() {
        let made = mirrored_at(&one_armed(), 10.0);
        let opaque = |x: u32, y: u32| made.get_pixel(x, y).0[3] == 255;
        for y in 0..made.height() {
            for x in 0..made.width() {
                assert_eq!(opaque(x, y), opaque(made.width() - 1 - x, y), "at {x}, {y}");
            }
        }
        let middle = made.width() / 2;
        assert!(opaque(middle + 39, 20) && opaque(middle - 40, 20));
        assert_eq!(made.get_pixel(middle - 2, 5).0, [200, 0, 0, 255], "its own colour");
        assert_eq!(
            made.get_pixel(middle - 30, 20).0,
            [0, 0, 200, 255],
            "the other side's, where it had none"
        );
    }

    #[test]
    fn auto_leaves_alone_what_is_not_nearly_symmetric() {
        let off = symmetric(&one_armed(), SymmetryChoice::Off, Cancel::never()).unwrap();
        let auto = symmetric(&one_armed(), SymmetryChoice::Auto, Cancel::never()).unwrap();
        assert!(off.is_none() && auto.is_none());
        let square = RgbaImage::from_fn(50, 40, |x, y| {
            let inside = (8..41).contains(&x) && (5..35).contains(&y);
            Rgba([90, 90, 90, if inside { 255 } else { 0 }])
        });
        let made = symmetric(&square, SymmetryChoice::Auto, Cancel::never()).unwrap().unwrap();
        let across = |picture: &RgbaImage| {
            (0..picture.width()).filter(|&x| picture.get_pixel(x, 20).0[3] > 127).count()
        };
        assert!(across(&made).abs_diff(across(&square)) <= 1);
    }
}
