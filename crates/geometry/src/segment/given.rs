//! Outlines that come with the picture: its own alpha, or a mask beside it.

use image::imageops::{FilterType, resize};
use image::{GrayImage, RgbaImage};

use super::cut::Label;
use super::matte::{clean_rim, soft_cutout};
use super::regions::{clean, count, dilated};
use super::{SegmentError, Stroke, strokes};
use crate::{Cancel, Grid};

/// An artist's own fragments and holes are meant, down to what no mesh shows.
const FRAGMENT: f32 = 0.005;
const HOLE: f32 = 0.0003;

/// More than 2 % of the pixels let something through.
pub(super) fn has_alpha(picture: &RgbaImage) -> bool {
    let clear = picture.pixels().filter(|pixel| pixel.0[3] < 250).count();
    clear as f32 > 0.02 * (picture.width() * picture.height()) as f32
}

pub(super) fn alpha_mask(picture: &RgbaImage) -> Grid<bool> {
    let cells = picture.pixels().map(|pixel| pixel.0[3] > 127).collect();
    Grid::from_cells(picture.width() as usize, picture.height() as usize, cells)
}

/// The picture by its own alpha, without specks and pinholes.
pub(super) fn by_alpha(mut picture: RgbaImage, cancel: Cancel<'_>) -> Result<RgbaImage, SegmentError> {
    let mask = alpha_mask(&picture);
    let cleaned = clean(&mask, None, FRAGMENT, HOLE, cancel)?;
    if count(&cleaned) == 0 {
        return Err(SegmentError::NothingThere { reason: "the picture is transparent" });
    }
    let near = dilated(&dilated(&cleaned));
    cancel.check()?;
    for ((pixel, &kept), &near) in picture.pixels_mut().zip(cleaned.cells()).zip(near.cells()) {
        if !near {
            pixel.0[3] = 0;
        } else if kept {
            // A filled pinhole: nearly clear for now, so that it takes its colour from round about.
            pixel.0[3] = pixel.0[3].max(1);
        } else {
            pixel.0[3] = pixel.0[3].min(127);
        }
    }
    clean_rim(&mut picture, cancel)?;
    for ((pixel, &kept), &was) in picture.pixels_mut().zip(cleaned.cells()).zip(mask.cells()) {
        if kept && !was {
            pixel.0[3] = 255;
        }
    }
    Ok(picture)
}

/// The picture by a mask beside it: white is object. Its proportions have to fit within 2 %.
pub(super) fn by_mask(
    picture: &RgbaImage,
    mask: &GrayImage,
    painted: &[Stroke],
    cancel: Cancel<'_>,
) -> Result<RgbaImage, SegmentError> {
    let (width, height) = picture.dimensions();
    let (mask_width, mask_height) = mask.dimensions();
    let skew = (f64::from(mask_width) * f64::from(height)) / (f64::from(mask_height) * f64::from(width));
    if !(0.98..=1.0 / 0.98).contains(&skew) {
        return Err(SegmentError::MaskProportions { mask_width, mask_height, width, height });
    }
    let mut alpha = if (mask_width, mask_height) == (width, height) {
        mask.clone()
    } else {
        resize(mask, width, height, FilterType::Triangle)
    };
    cancel.check()?;
    let mut labels = Grid::filled(width as usize, height as usize, Label::Unknown);
    strokes::paint(&mut labels, painted, 1.0, cancel)?;
    for (value, label) in alpha.iter_mut().zip(labels.cells()) {
        *value = match label {
            Label::Unknown => *value,
            Label::Foreground => 255,
            Label::Background | Label::Painted => 0,
        };
    }
    let white = alpha.iter().filter(|&&value| value > 127).count();
    if white < 16 {
        return Err(SegmentError::MaskEmpty);
    }
    if white == alpha.len() {
        return Err(SegmentError::MaskFull);
    }

    let soft = alpha.iter().filter(|&&value| (16..240).contains(&value)).count();
    let mut cutout = if soft * 1000 < white {
        let cells = alpha.iter().map(|&value| value > 127).collect();
        soft_cutout(picture, &Grid::from_cells(width as usize, height as usize, cells), cancel)?
    } else {
        let mut cutout = picture.clone();
        for (pixel, &value) in cutout.pixels_mut().zip(alpha.iter()) {
            pixel.0[3] = value;
        }
        clean_rim(&mut cutout, cancel)?;
        cutout
    };
    keep_clear(&mut cutout, picture);
    Ok(cutout)
}

/// What the picture itself has as clear stays clear.
pub(super) fn keep_clear(cutout: &mut RgbaImage, picture: &RgbaImage) {
    for (ours, theirs) in cutout.pixels_mut().zip(picture.pixels()) {
        ours.0[3] = ours.0[3].min(theirs.0[3]);
    }
}

/// Fixes what the picture's alpha leaves no doubt about.
pub(super) fn fix_clear(labels: &mut Grid<Label>, picture: &RgbaImage) {
    let (width, height) = (labels.width(), labels.height());
    for y in 0..height {
        for x in 0..width {
            let px = (x * picture.width() as usize / width) as u32;
            let py = (y * picture.height() as usize / height) as u32;
            if picture.get_pixel(px, py).0[3] < 8 {
                labels.set(x, y, Label::Background);
            }
        }
    }
}
