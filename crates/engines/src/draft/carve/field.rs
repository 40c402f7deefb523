//! The signed field of the rounded hull.

use glam::{Vec2, Vec3};
use oreforge_geometry::filter::gaussian;
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled};
use rayon::prelude::*;

use super::hull::{Hull, largest_along_rays};
use super::rounding::Rounding;
use super::slice::Piece;

/// Values are clamped to this many cells from the surface.
pub const SATURATION: f32 = 4.0;
/// Side of the tiles that are skipped when no surface crosses them, in cells.
const TILE: usize = 4;
/// An outline counts as filled where the field behind it reaches this many cells.
const FILLED: f32 = 0.6;
const FILL_PASSES: usize = 2;

/// Distance-like samples on the hull's lattice, in cells, positive inside; every outline filled.
pub fn carve(hull: &Hull, rounding: &Rounding, cancel: Cancel<'_>) -> Result<Volume, Cancelled> {
    let mut volume = rounded(hull, rounding, cancel)?;
    for _ in 0..FILL_PASSES {
        fill_outlines(hull, &mut volume, cancel)?;
    }
    Ok(volume)
}

/// The rounded pieces within the hull. Where outlines from above or below reach further than the pieces they
/// stay unfilled.
pub fn rounded(hull: &Hull, rounding: &Rounding, cancel: Cancel<'_>) -> Result<Volume, Cancelled> {
    let [nx, ny, nz] = hull.lattice.size;
    let slices: Vec<Vec<f32>> = (0..ny)
        .into_par_iter()
        .map(|y| {
            cancel.check()?;
            Ok(slice(hull, &rounding.pieces(hull, y), y))
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut volume = Volume::filled(hull.lattice.size, -SATURATION);
    volume.values.par_chunks_mut(nx * ny).take(nz).enumerate().for_each(|(z, plane)| {
        for (row, slice) in plane.chunks_mut(nx).zip(&slices) {
            row.copy_from_slice(&slice[z * nx..][..nx]);
        }
    });
    Ok(volume)
}

fn slice(hull: &Hull, pieces: &[Piece], y: usize) -> Vec<f32> {
    let [nx, _, nz] = hull.lattice.size;
    let first = hull.lattice.first();
    let height = first.y + y as f32;
    let to_pieces =
        |q: Vec2| pieces.iter().map(|piece| piece.distance(q)).reduce(f32::max).unwrap_or(f32::INFINITY);
    let mut values = vec![-SATURATION; nx * nz];
    let radius = TILE as f32 * std::f32::consts::FRAC_1_SQRT_2 + 1.0;
    let reach = TILE as f32 * 0.5 + 1.0;
    for z0 in (0..nz).step_by(TILE) {
        for x0 in (0..nx).step_by(TILE) {
            let centre = Vec2::new(first.x + x0 as f32, first.z + z0 as f32) + (TILE - 1) as f32 * 0.5;
            let to_outlines = hull.distance(Vec3::new(centre.x, height, centre.y));
            if to_outlines < -radius {
                continue;
            }
            let middle = to_pieces(centre);
            if middle < -radius {
                continue;
            }
            // A piece is convex: with its four corners a tile is inside.
            let inside = to_outlines > radius
                && middle > 0.0
                && (pieces.is_empty()
                    || pieces.iter().any(|piece| {
                        [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)]
                            .iter()
                            .all(|&(dx, dz)| piece.distance(centre + Vec2::new(dx, dz) * reach) > 0.0)
                    }));
            let fill = inside.then(|| middle.min(to_outlines).min(SATURATION));
            for z in z0..(z0 + TILE).min(nz) {
                for x in x0..(x0 + TILE).min(nx) {
                    values[z * nx + x] = fill.unwrap_or_else(|| {
                        let q = Vec2::new(first.x + x as f32, first.z + z as f32);
                        let to_outlines = hull.distance(Vec3::new(q.x, height, q.y));
                        if to_outlines < -SATURATION {
                            -SATURATION
                        } else {
                            to_pieces(q).min(to_outlines).clamp(-SATURATION, SATURATION)
                        }
                    });
                }
            }
        }
    }
    values
}

/// Raises the field along the rays of every outline that it does not fill, never beyond the hull.
fn fill_outlines(hull: &Hull, volume: &mut Volume, cancel: Cancel<'_>) -> Result<(), Cancelled> {
    let [nx, ny, _] = hull.lattice.size;
    for silhouette in &hull.silhouettes {
        let largest = largest_along_rays(silhouette, &hull.lattice, &volume.values, cancel)?;
        let mut need = silhouette.distance.clone();
        let mut any = false;
        for (cell, &reached) in need.cells_mut().iter_mut().zip(largest.cells()) {
            let missing =
                if reached == f32::MIN { 0.0 } else { (cell.min(FILLED) - reached).clamp(0.0, 8.0) };
            *cell = if *cell > 0.0 { missing } else { 0.0 };
            any |= *cell > 0.05;
        }
        if !any {
            continue;
        }
        let need = gaussian(&need, 1.0);
        let first = hull.lattice.first();
        volume.values.par_chunks_mut(nx).enumerate().try_for_each(|(row, values)| {
            cancel.check()?;
            let (y, z) = (row % ny, row / ny);
            for (x, value) in values.iter_mut().enumerate() {
                if *value > -SATURATION && *value < FILLED {
                    let offset = first + Vec3::new(x as f32, y as f32, z as f32);
                    let place = silhouette.locate(offset);
                    let add = need.sample(place.x, place.y);
                    if add > 0.0 {
                        *value = (*value + add).min(hull.distance(offset)).max(*value);
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}
