//! The visual hull on a lattice, slice by slice (Laurentini 1994, "The visual hull concept").

use glam::{Vec2, Vec3};
use oreforge_geometry::{Cancel, Cancelled, Grid};
use rayon::prelude::*;

use super::cushion::Cushion;
use super::field::FARTHEST;
use super::slice::{MOST_PIECES, Polygon, Strip};
use super::view::{Lattice, MARGIN_CELLS, Silhouette, View};

/// Parts of the lattice that are searched along rays at the same time.
const RAY_CHUNKS: usize = 8;

/// Outlines on a lattice and the convex pieces between their tangents.
pub struct Hull {
    pub lattice: Lattice,
    pub silhouettes: Vec<Silhouette>,
    /// Axes in the (x, z) plane of the level outlines, no two parallel.
    pub axes: Vec<Vec2>,
    /// Of each row of the lattice, from the ground up; `None` where there are too many to round.
    pub rows: Vec<Option<Vec<Polygon>>>,
    /// Of one level outline or two at a right angle, along the lattice's axes; empty for any others.
    pub cushions: Vec<Cushion>,
    /// Of each row, where no side is given: half the depth.
    pub guessed_half_depth: Vec<f32>,
}

impl Hull {
    pub fn new(views: &[View], lattice: Lattice, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let silhouettes: Vec<Silhouette> = views
            .iter()
            .filter(|v| v.carves)
            .map(|v| Silhouette::new(v, &lattice, cancel))
            .collect::<Result<_, _>>()?;
        let level: Vec<&Silhouette> = silhouettes.iter().filter(|s| s.direction.is_level()).collect();
        let mut axes: Vec<Vec2> =
            level.iter().map(|s| Vec2::new(s.direction.right.x, s.direction.right.z)).collect();
        // Without a side, every stretch is as deep as it is wide, to the box's proportions.
        let across = (axes.len() == 1).then(|| axes[0].perp());
        let depth_per_width =
            widest(&level).map_or(1.0, |w| (lattice.size[2] as f32 - 1.0 - 2.0 * MARGIN_CELLS) / w);
        axes.extend(across);
        let mut rows = Vec::with_capacity(lattice.size[1]);
        for y in 0..lattice.size[1] {
            cancel.check()?;
            let strips: Vec<Vec<Strip>> = level
                .iter()
                .enumerate()
                .map(|(outline, s)| strips_of_row(s, outline, lattice.size[1] - 1 - y))
                .collect();
            rows.push(match (across, strips.as_slice()) {
                (Some(axis), [only]) => Some(with_guessed_depth(only, axis, depth_per_width)),
                _ => pieces_between(&strips),
            });
        }
        Ok(Self { lattice, silhouettes, axes, rows, cushions: Vec::new(), guessed_half_depth: Vec::new() })
    }

    /// With the cushions of its outlines, where they lie along the lattice's axes.
    pub fn cushioned(mut self, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let level: Vec<&Silhouette> = self.silhouettes.iter().filter(|s| s.direction.is_level()).collect();
        if level.len() > 2 || level.iter().any(|s| s.direction.azimuth_deg.rem_euclid(90.0) != 0.0) {
            return Ok(self);
        }
        self.cushions = Cushion::of_outlines(&level, cancel)?;
        if let [only] = self.cushions.as_slice() {
            let half_depth = (self.lattice.size[2] as f32 - 1.0) / 2.0 - MARGIN_CELLS;
            self.guessed_half_depth = only.half_depths(half_depth);
        }
        Ok(self)
    }

    /// Distance in cells to the nearest outline, positive inside all of them.
    pub fn distance(&self, offset: Vec3) -> f32 {
        self.silhouettes.iter().map(|s| s.at(offset)).fold(f32::INFINITY, f32::min)
    }

    /// Which tangent an edge lies on: a number that is the same in every row, below `2 * axes.len()`.
    pub fn tangent(&self, outline: usize, outward: Vec2) -> usize {
        2 * outline + usize::from(self.axes[outline].dot(outward) < 0.0)
    }
}

/// The intervals of a row where the distance is positive, ends located between cells.
fn strips_of_row(silhouette: &Silhouette, outline: usize, row: usize) -> Vec<Strip> {
    let axis = Vec2::new(silhouette.direction.right.x, silhouette.direction.right.z);
    let values = silhouette.distance.row(row);
    intervals(values)
        .into_iter()
        .enumerate()
        .map(|(run, (lo, hi))| {
            let middle = (values.len() - 1) as f32 * 0.5;
            Strip { axis, lo: lo - middle, hi: hi - middle, outline, run }
        })
        .collect()
}

/// From where to where a row is positive, between cells.
pub fn intervals(values: &[f32]) -> Vec<(f32, f32)> {
    let mut found = Vec::new();
    let mut start = (values[0] > 0.0).then_some(0.0);
    for (i, pair) in values.windows(2).enumerate() {
        let crossing = || i as f32 + pair[0] / (pair[0] - pair[1]);
        if pair[0] <= 0.0 && pair[1] > 0.0 {
            start = Some(crossing());
        } else if pair[0] > 0.0
            && pair[1] <= 0.0
            && let Some(lo) = start.take()
        {
            found.push((lo, crossing()));
        }
    }
    if let Some(lo) = start {
        found.push((lo, (values.len() - 1) as f32));
    }
    found
}

fn widest(level: &[&Silhouette]) -> Option<f32> {
    let distance = &level.first()?.distance;
    (0..distance.height())
        .flat_map(|row| intervals(distance.row(row)))
        .map(|(lo, hi)| hi - lo)
        .reduce(f32::max)
        .filter(|&w| w > 0.0)
}

fn with_guessed_depth(strips: &[Strip], axis: Vec2, depth_per_width: f32) -> Vec<Polygon> {
    strips
        .iter()
        .filter_map(|strip| {
            let reach = (strip.hi - strip.lo) * depth_per_width / 2.0;
            let depth = Strip { axis, lo: -reach, hi: reach, outline: 1, run: strip.run };
            Polygon::between(strip, &depth)
        })
        .collect()
}

fn pieces_between(outlines: &[Vec<Strip>]) -> Option<Vec<Polygon>> {
    let [first, second, rest @ ..] = outlines else { return None };
    if first.len() * second.len() > MOST_PIECES {
        return None;
    }
    let mut pieces: Vec<Polygon> =
        first.iter().flat_map(|a| second.iter().filter_map(|b| Polygon::between(a, b))).collect();
    for strips in rest {
        pieces = pieces
            .iter()
            .flat_map(|piece| strips.iter().filter_map(|s| piece.clone().cut_by_strip(s)))
            .collect();
        if pieces.len() > MOST_PIECES {
            return None;
        }
    }
    Some(pieces)
}

/// Largest value of `field` along each ray of a view, slices without any object left out; `f32::MIN` where no
/// point of it projects.
pub fn largest_along_rays(
    silhouette: &Silhouette,
    hull: &Hull,
    field: &[f32],
    cancel: Cancel<'_>,
) -> Result<Grid<f32>, Cancelled> {
    let lattice = &hull.lattice;
    let (width, height) = (silhouette.distance.width(), silhouette.distance.height());
    let [nx, ny, _] = lattice.size;
    let first = silhouette.locate(lattice.first());
    let step =
        |axis: Vec3| Vec2::new(axis.dot(silhouette.direction.right), -axis.dot(silhouette.direction.up));
    let (dx, dy, dz) = (step(Vec3::X), step(Vec3::Y), step(Vec3::Z));
    let planes_at_once = lattice.size[2].div_ceil(RAY_CHUNKS);
    // The largest of values is the same in whatever order they come.
    field
        .par_chunks(nx * ny * planes_at_once)
        .enumerate()
        .map(|(chunk, planes)| {
            let mut largest = Grid::filled(width, height, f32::MIN);
            for (row, values) in planes.chunks(nx).enumerate() {
                if row.is_multiple_of(ny) {
                    cancel.check()?;
                }
                let (y, z) = (row % ny, row / ny + chunk * planes_at_once);
                if hull.rows[y].as_ref().is_some_and(Vec::is_empty) {
                    continue;
                }
                let start = first + dy * y as f32 + dz * z as f32 + 0.5;
                for (x, &value) in values.iter().enumerate() {
                    if value > -FARTHEST {
                        let place = start + dx * x as f32;
                        let index = place.y as usize * width + place.x as usize;
                        if let Some(cell) = largest.cells_mut().get_mut(index) {
                            *cell = cell.max(value);
                        }
                    }
                }
            }
            Ok(largest)
        })
        .try_reduce(
            || Grid::filled(width, height, f32::MIN),
            |mut a, b| {
                for (a, &b) in a.cells_mut().iter_mut().zip(b.cells()) {
                    *a = a.max(b);
                }
                Ok(a)
            },
        )
}
