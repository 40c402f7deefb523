//! Whether the outlines can be those of one object.

use oreforge_geometry::{Cancel, Cancelled};
use oreforge_protocol::ViewSlot;

use glam::Vec3;

use super::field;
use super::hull::{Hull, largest_along_rays};
use super::rounding::Rounding;
use super::view::{Lattice, View};

/// Cells along the longest side: enough to see a contradiction.
const CELLS: u32 = 56;
/// Every outline of a real object is filled by the hull of all; less than this is a contradiction.
const LEAST_FILLED: f32 = 0.94;
/// With this much of the outlines from above or below filled by ellipses the object counts as round.
const ROUND_FILLED: f32 = 0.9;
/// Else the roundest corners are taken that fill this much.
const FULL_FILLED: f32 = 0.97;
const ROUND: f32 = 2.0;

/// Share of each carving outline with something of `field` behind it.
fn filled(hull: &Hull, values: &[f32], cancel: Cancel<'_>) -> Result<Vec<f32>, Cancelled> {
    hull.silhouettes
        .iter()
        .map(|silhouette| {
            let largest = largest_along_rays(silhouette, hull, values, cancel)?;
            let (mut inside, mut reached) = (0u32, 0u32);
            for (&distance, &value) in silhouette.distance.cells().iter().zip(largest.cells()) {
                if distance > 0.5 {
                    inside += 1;
                    reached += u32::from(value > -0.25);
                }
            }
            Ok(reached as f32 / inside.max(1) as f32)
        })
        .collect()
}

fn hull_filled(views: &[View], extent_m: Vec3, cancel: Cancel<'_>) -> Result<Vec<f32>, Cancelled> {
    let hull = Hull::new(views, Lattice::around(extent_m, CELLS), cancel)?;
    let volume = field::rounded(&hull, &Rounding::uniform(&hull, f32::INFINITY), cancel)?;
    filled(&hull, &volume.values, cancel)
}

/// Lets views that contradict the front only give colour, and says which.
pub fn settle(
    slots: &[ViewSlot],
    views: &mut [View],
    extent_m: Vec3,
    cancel: Cancel<'_>,
) -> Result<Vec<String>, Cancelled> {
    let mut warnings = Vec::new();
    loop {
        let carving: Vec<usize> = (0..views.len()).filter(|&i| views[i].carves).collect();
        let shares = hull_filled(views, extent_m, cancel)?;
        let lowest = shares.iter().copied().fold(1.0, f32::min);
        if lowest >= LEAST_FILLED || carving.len() < 2 {
            return Ok(warnings);
        }
        let mut best = None;
        for &left_out in carving.iter().filter(|&&i| slots[i] != ViewSlot::Front) {
            views[left_out].carves = false;
            let without = hull_filled(views, extent_m, cancel)?.into_iter().fold(1.0, f32::min);
            views[left_out].carves = true;
            if best.is_none_or(|(share, _)| without > share) {
                best = Some((without, left_out));
            }
        }
        let Some((_, left_out)) = best else { return Ok(warnings) };
        views[left_out].carves = false;
        warnings.push(format!(
            "The {} picture cannot be of the same object as the others: together they leave {:.0} % of an \
             outline empty. It gives colour, but no shape.",
            slots[left_out],
            (1.0 - lowest) * 100.0
        ));
    }
}

/// The roundest exponent that fills the outlines from above, below or aslant; 2 when there are none.
pub fn expected_exponent(views: &[View], extent_m: Vec3, cancel: Cancel<'_>) -> Result<f32, Cancelled> {
    if !views.iter().any(|v| v.carves && !v.direction.is_level()) {
        return Ok(ROUND);
    }
    let hull = Hull::new(views, Lattice::around(extent_m, CELLS), cancel)?;
    let lowest = |exponent: f32| -> Result<f32, Cancelled> {
        let volume = field::rounded(&hull, &Rounding::uniform(&hull, exponent), cancel)?;
        let shares = filled(&hull, &volume.values, cancel)?;
        let aslant = hull.silhouettes.iter().zip(shares).filter(|(s, _)| !s.direction.is_level());
        Ok(aslant.map(|(_, share)| share).fold(1.0, f32::min))
    };
    if lowest(ROUND)? >= ROUND_FILLED {
        return Ok(ROUND);
    }
    for exponent in [3.0, 4.5, 8.0, 14.0] {
        if lowest(exponent)? >= FULL_FILLED {
            return Ok(exponent);
        }
    }
    Ok(f32::INFINITY)
}
