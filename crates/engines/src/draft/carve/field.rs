//! The signed field of the rounded hull.

use glam::{Vec2, Vec3};
use oreforge_geometry::filter::gaussian;
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled};
use rayon::prelude::*;

use super::cushion::{Cushion, slice_values};
use super::hull::{Hull, largest_along_rays};
use super::rounding::Rounding;
use super::slice::Piece;

/// Values are clamped to this many cells from the surface.
pub const SATURATION: f32 = 4.0;
/// No place this many cells from the surface is raised to fill an outline.
pub const FARTHEST: f32 = 40.0;
/// Sides of the tiles that are filled at once when no surface crosses them, in cells.
const LARGEST_TILE: usize = 16;
const SMALLEST_TILE: usize = 4;
const SLICES_AT_ONCE: usize = 32;
/// An outline counts as filled where the field behind it reaches this many cells.
const FILLED: f32 = 0.6;
const FILL_PASSES: usize = 3;

/// Distance-like samples on the hull's lattice, in cells, positive inside; every outline filled.
pub fn carve(hull: &Hull, rounding: &Rounding, cancel: Cancel<'_>) -> Result<Volume, Cancelled> {
    let mut volume = rounded(hull, rounding, cancel)?;
    // The pieces reach every level outline by themselves, unless one from above or aslant cuts them.
    if hull.silhouettes.iter().all(|s| s.direction.is_level()) {
        volume.values.par_iter_mut().for_each(|value| *value = value.max(-SATURATION));
        return Ok(volume);
    }
    for _ in 0..FILL_PASSES {
        fill_outlines(hull, &mut volume, cancel)?;
    }
    volume.values.par_iter_mut().for_each(|value| *value = value.max(-SATURATION));
    Ok(volume)
}

/// The rounded pieces within the hull. Where outlines from above or below reach further than the pieces they
/// stay unfilled.
pub fn rounded(hull: &Hull, rounding: &Rounding, cancel: Cancel<'_>) -> Result<Volume, Cancelled> {
    let [nx, ny, _] = hull.lattice.size;
    let mut volume = Volume::filled(hull.lattice.size, -SATURATION);
    // Slices are planes of y, the volume's planes are of z: a few slices at a time are carried over.
    for first in (0..ny).step_by(SLICES_AT_ONCE) {
        let slices: Vec<Vec<f32>> = (first..(first + SLICES_AT_ONCE).min(ny))
            .into_par_iter()
            .map(|y| {
                cancel.check()?;
                if hull.cushions.is_empty() {
                    return Ok(Slice::new(hull, &rounding.pieces(hull, y), y).values());
                }
                Ok(cushioned(hull, rounding, y))
            })
            .collect::<Result<_, Cancelled>>()?;
        volume.values.par_chunks_mut(nx * ny).enumerate().for_each(|(z, plane)| {
            for (row, slice) in plane[first * nx..].chunks_mut(nx).zip(&slices) {
                row.copy_from_slice(&slice[z * nx..][..nx]);
            }
        });
    }
    Ok(volume)
}

/// A slice between two outlines along the lattice's axes.
fn cushioned(hull: &Hull, rounding: &Rounding, y: usize) -> Vec<f32> {
    let [nx, _, nz] = hull.lattice.size;
    let first = hull.lattice.first();
    let height = first.y + y as f32;
    let along = |axis: Vec3, places: usize| {
        hull.cushions.iter().find(|c| c.spans(axis)).map_or_else(
            || Cushion::line_of_depth(hull.guessed_half_depth[y], places),
            |c| c.line(axis, height, places),
        )
    };
    let (x, z) = (along(Vec3::X, nx), along(Vec3::Z, nz));
    let mut values = slice_values(&x, &z, rounding.corners(hull, y), SATURATION);
    for (i, value) in values.iter_mut().enumerate() {
        let offset = first + Vec3::new((i % nx) as f32, y as f32, (i / nx) as f32);
        let to_outlines = hull.distance(offset);
        // Within the outlines how far the surface is decides where an outline that is not filled gets filled.
        let least = if to_outlines > 0.0 { -FARTHEST } else { -SATURATION };
        *value = value.max(least).min(to_outlines).max(-FARTHEST);
    }
    values
}

/// One horizontal plane of the lattice.
struct Slice<'a> {
    hull: &'a Hull,
    pieces: &'a [Piece],
    first: Vec2,
    height: f32,
    size: (usize, usize),
}

impl<'a> Slice<'a> {
    fn new(hull: &'a Hull, pieces: &'a [Piece], y: usize) -> Self {
        let [nx, _, nz] = hull.lattice.size;
        let first = hull.lattice.first();
        Self { hull, pieces, first: Vec2::new(first.x, first.z), height: first.y + y as f32, size: (nx, nz) }
    }

    fn values(&self) -> Vec<f32> {
        let (nx, nz) = self.size;
        let mut values = vec![-SATURATION; nx * nz];
        for z in (0..nz).step_by(LARGEST_TILE) {
            for x in (0..nx).step_by(LARGEST_TILE) {
                self.tile(x, z, LARGEST_TILE, &mut values);
            }
        }
        values
    }

    fn to_outlines(&self, q: Vec2) -> f32 {
        self.hull.distance(Vec3::new(q.x, self.height, q.y))
    }

    fn to_pieces(&self, q: Vec2) -> f32 {
        self.pieces.iter().map(|piece| piece.distance(q)).reduce(f32::max).unwrap_or(f32::INFINITY)
    }

    /// Fills a square of the plane at once when no surface crosses it, else in parts.
    fn tile(&self, x0: usize, z0: usize, side: usize, values: &mut [f32]) {
        let (nx, nz) = self.size;
        if x0 >= nx || z0 >= nz {
            return;
        }
        let centre = self.first + Vec2::new(x0 as f32, z0 as f32) + (side - 1) as f32 * 0.5;
        // One cell more than the tile, for the surface between two tiles.
        let reach = side as f32 * 0.5 + 1.0;
        let radius = reach * std::f32::consts::SQRT_2;
        let to_outlines = self.to_outlines(centre);
        if to_outlines < -radius {
            return;
        }
        let to_pieces = self.to_pieces(centre);
        if to_pieces < -radius {
            return;
        }
        // A piece is convex: a tile is inside it with its four corners.
        let holds = |piece: &Piece| {
            [
                Vec2::new(-reach, -reach),
                Vec2::new(reach, -reach),
                Vec2::new(-reach, reach),
                Vec2::splat(reach),
            ]
            .iter()
            .all(|&corner| piece.distance(centre + corner) > 0.0)
        };
        if to_outlines > radius
            && to_pieces > 0.0
            && (self.pieces.is_empty() || self.pieces.iter().any(holds))
        {
            let value = to_pieces.min(to_outlines).min(SATURATION);
            for z in z0..(z0 + side).min(nz) {
                values[z * nx + x0..z * nx + (x0 + side).min(nx)].fill(value);
            }
        } else if side > SMALLEST_TILE {
            let half = side / 2;
            for (dx, dz) in [(0, 0), (half, 0), (0, half), (half, half)] {
                self.tile(x0 + dx, z0 + dz, half, values);
            }
        } else {
            for z in z0..(z0 + side).min(nz) {
                for x in x0..(x0 + side).min(nx) {
                    let q = self.first + Vec2::new(x as f32, z as f32);
                    let to_outlines = self.to_outlines(q);
                    if to_outlines > -SATURATION {
                        values[z * nx + x] =
                            self.to_pieces(q).min(to_outlines).clamp(-SATURATION, SATURATION);
                    }
                }
            }
        }
    }
}

/// Raises the field along the rays of every outline that it does not fill, never beyond the hull.
fn fill_outlines(hull: &Hull, volume: &mut Volume, cancel: Cancel<'_>) -> Result<(), Cancelled> {
    let [nx, ny, _] = hull.lattice.size;
    for silhouette in &hull.silhouettes {
        let largest = largest_along_rays(silhouette, hull, &volume.values, cancel)?;
        let mut need = silhouette.distance.clone();
        let mut any = false;
        for (cell, &reached) in need.cells_mut().iter_mut().zip(largest.cells()) {
            let missing =
                if reached == f32::MIN { 0.0 } else { (cell.min(FILLED) - reached).clamp(0.0, FARTHEST) };
            *cell = if *cell > 0.0 { missing } else { 0.0 };
            any |= *cell > 0.05;
        }
        if !any {
            continue;
        }
        let need = gaussian(&need, 2.5);
        let first = hull.lattice.first();
        volume.values.par_chunks_mut(nx).enumerate().try_for_each(|(row, values)| {
            cancel.check()?;
            let (y, z) = (row % ny, row / ny);
            for (x, value) in values.iter_mut().enumerate() {
                if *value > -FARTHEST && *value < FILLED {
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
