//! How sure a cut is, from what can be measured without knowing the truth.

use glam::Vec3;

use super::automatic::Models;
use super::background::median;
use super::regions::{count, edge_neighbours, iou, label, ring_indices};
use crate::{Cancel, Cancelled, Grid};

/// Energy difference below which a pixel's colour fits both sides: odds of less than e² to 1.
const UNDECIDED: f32 = 2.0;

/// 0..=1, and why it is not higher.
pub(super) struct Confidence {
    pub value: f32,
    pub reason: &'static str,
}

/// 0 at `none`, 1 at `full`, linear between.
fn ramp(value: f32, none: f32, full: f32) -> f32 {
    ((value - none) / (full - none)).clamp(0.0, 1.0)
}

/// The limits of the ramps: over eight objects on seven grounds (tests/segment.rs) good cuts have at most 1.3 %
/// undecided pixels and an agreement of .988, bad ones at least 8.6 % and at most .946; the sample photo
/// `coffee` has 19.6 % and .87.
pub(super) fn confidence(
    lab: &Grid<Vec3>,
    mask: &Grid<bool>,
    models: &Models,
    border_explained: f32,
    cancel: Cancel<'_>,
) -> Result<Confidence, Cancelled> {
    let (width, height) = (mask.width(), mask.height());
    let cells = width * height;
    let lean: Vec<f32> = (0..cells).map(|i| models.lean(i % width, i / width, lab.cells()[i])).collect();
    let undecided = lean.iter().filter(|lean| lean.abs() < UNDECIDED).count() as f32 / cells as f32;
    let by_color_alone = Grid::from_cells(width, height, lean.iter().map(|&lean| lean > 0.0).collect());
    let agreement = iou(&super::cleaned(&by_color_alone, &models.background, None, cancel)?, mask);

    let ring = ring_indices(width, height, 1);
    let (cut_off, border) =
        ring.fold((0_u32, 0_u32), |(set, all), i| (set + u32::from(mask.cells()[i]), all + 1));
    let touching = cut_off as f32 / border.max(1) as f32;
    let share = count(mask) as f32 / cells as f32;
    let largest_share = {
        let (_, sizes) = label(mask, cancel)?;
        sizes.iter().copied().max().unwrap_or(0) as f32 / count(mask).max(1) as f32
    };

    let cues = [
        (
            ramp(undecided, 0.1, 0.02).min(ramp(agreement, 0.86, 0.97)),
            "The object and its background share many colours, so the outline may be wrong.",
        ),
        (ramp(border_explained, 0.75, 0.93), "The background changes too much along the picture's edge."),
        (ramp(touching, 0.45, 0.2), "The object runs out of the picture."),
        (ramp(outline_contrast(lab, mask), 2.0, 6.0), "The object hardly stands out from its background."),
        (ramp(largest_share, 0.25, 0.6), "There are several objects in the picture."),
        (ramp(share, 0.002, 0.01), "The object is very small in the picture."),
        (
            ramp(share, 0.95, 0.8),
            "The object fills the whole picture, so there is no background to tell it from.",
        ),
    ];
    let value = cues.iter().map(|(certainty, _)| certainty).product();
    let reason = cues.iter().min_by(|a, b| a.0.total_cmp(&b.0)).map_or("", |(_, reason)| reason);
    Ok(Confidence { value, reason })
}

/// Median colour difference ΔE (CIE 1976) between neighbours three cells apart across the outline.
fn outline_contrast(lab: &Grid<Vec3>, mask: &Grid<bool>) -> f32 {
    let (width, height) = (mask.width(), mask.height());
    let differences = (0..width * height).filter(|&i| mask.cells()[i]).flat_map(|i| {
        edge_neighbours(i, width, height).filter(|&j| !mask.cells()[j]).filter_map(move |j| {
            let (inner, outer) = ((2 * i).checked_sub(j)?, (2 * j).checked_sub(i)?);
            Some(lab.cells().get(inner)?.distance(*lab.cells().get(outer)?))
        })
    });
    median(differences)
}
