use oreforge_geometry::resize::resize;
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled, Grid};
use rayon::prelude::*;

use super::stance::Stance;

/// The solid as maps over the picture's plane, in cells; depth is measured from the plane z = 0 towards the
/// viewer.
pub struct Maps {
    /// Signed distance to the outline, positive inside.
    pub distance: Grid<f32>,
    /// Half depth squared, negative outside the outline.
    pub half_depth2: Grid<f32>,
    pub stance: Option<Stance>,
    /// How far the front stands out.
    pub relief: Grid<f32>,
    /// The back stands out as the front does.
    pub relief_behind: bool,
    /// Row (fractional) the solid is cut at.
    pub ground_y: Option<f32>,
}

/// Field values are cut off here; only their neighbourhood of zero matters.
const FAR: f32 = 3.0;

impl Maps {
    /// The same solid under cells `factor` times as fine.
    pub fn scaled(&self, factor: f32) -> Self {
        let span = |n: usize| ((n as f32 * factor).round() as usize).max(1);
        let (width, height) = (span(self.distance.width()), span(self.distance.height()));
        let lengths = |grid: &Grid<f32>| resize(grid, width, height).map(|v| v * factor);
        Self {
            distance: lengths(&self.distance),
            half_depth2: resize(&self.half_depth2, width, height).map(|v| v * factor * factor),
            stance: self.stance.as_ref().map(|stance| Stance {
                offset: lengths(&stance.offset),
                twin: resize(&stance.twin.map(|t| f32::from(u8::from(t))), width, height).map(|t| t > 0.5),
            }),
            relief: lengths(&self.relief),
            relief_behind: self.relief_behind,
            ground_y: self.ground_y.map(|y| (y + 0.5) * factor - 0.5),
        }
    }

    /// Largest depth in front of and behind the middle plane.
    pub fn depth_range(&self) -> (f32, f32) {
        let (mut front, mut behind) = (0.0f32, 0.0f32);
        for i in 0..self.distance.cells().len() {
            if self.distance.cells()[i] <= 0.0 {
                continue;
            }
            let half = self.half_depth2.cells()[i].max(0.0).sqrt();
            let relief = self.relief.cells()[i];
            let (offset, twin) = match &self.stance {
                Some(s) => (s.offset.cells()[i], s.twin.cells()[i]),
                None => (0.0, false),
            };
            front = front.max(if twin { offset.abs() } else { offset } + half + relief);
            behind = behind.max(
                if twin { offset.abs() } else { -offset }
                    + half
                    + if self.relief_behind { relief } else { 0.0 },
            );
        }
        (front, behind)
    }

    /// Depth of the front at a point in cells; 0 where there is nothing.
    pub fn front_at(&self, x: f32, y: f32) -> f32 {
        let half = self.half_depth2.sample(x, y).max(0.0).sqrt();
        let offset = self.stance.as_ref().map_or(0.0, |stance| {
            let offset = stance.offset.sample(x, y);
            let cell = |v: f32, count: usize| (v.round().max(0.0) as usize).min(count - 1);
            let twin = stance.twin.get(cell(x, stance.twin.width()), cell(y, stance.twin.height()));
            if twin { offset.abs() } else { offset }
        });
        offset + front_of(half, self.relief.sample(x, y))
    }

    /// Approximate signed distance to the surface (h² − z² over its gradient), positive inside, and the layer
    /// that z = 0 lies in. Rows run as in the picture, layers towards the viewer.
    pub fn volume(&self, cancel: Cancel<'_>) -> Result<(Volume, usize), Cancelled> {
        let (width, height) = (self.distance.width(), self.distance.height());
        let (front, behind) = self.depth_range();
        let (front, behind) = ((front + 3.0).ceil() as usize, (behind + 3.0).ceil() as usize);
        let slopes = slopes2(&self.half_depth2);
        let mut volume = Volume::filled([width, height, front + behind + 1], -FAR);
        volume.values.par_chunks_mut((width * height).max(1)).enumerate().try_for_each(
            |(layer, values)| {
                cancel.check()?;
                let z = layer as f32 - behind as f32;
                for (y, row) in values.chunks_exact_mut(width).enumerate() {
                    let above_ground =
                        self.ground_y.map_or(FAR, |ground| (ground - y as f32).clamp(-FAR, FAR));
                    if above_ground > -FAR {
                        self.fill_row(row, y, z, &slopes, above_ground);
                    }
                }
                Ok(())
            },
        )?;
        Ok((volume, behind))
    }

    fn fill_row(&self, row: &mut [f32], y: usize, z: f32, slopes: &Grid<f32>, above_ground: f32) {
        let half_depth2 = self.half_depth2.row(y);
        let columns = half_depth2.iter().zip(self.relief.row(y)).zip(slopes.row(y)).zip(self.distance.row(y));
        let cells = row.iter_mut().zip(columns);
        let behind = if self.relief_behind { 1.0 } else { 0.0 };
        let Some(stance) = &self.stance else {
            for (cell, (((&half2, &relief), &slope2), &distance)) in cells {
                let value = depth_below_surface(z, half2, relief, relief * behind, slope2, distance);
                *cell = value.min(above_ground).clamp(-FAR, FAR);
            }
            return;
        };
        let legs = stance.offset.row(y).iter().zip(stance.twin.row(y));
        for ((cell, (((&half2, &relief), &slope2), &distance)), (&offset, &twin)) in cells.zip(legs) {
            let at = |z: f32| depth_below_surface(z, half2, relief, relief * behind, slope2, distance);
            let value = if twin { at(z - offset).max(at(z + offset)) } else { at(z - offset) };
            *cell = value.min(above_ground).clamp(-FAR, FAR);
        }
    }
}

/// h² − z² over the length of its gradient, z taken from where the relief moves the surface to; outside the
/// outline at most the distance to it. Branch-free, so that it runs on several cells at once.
#[inline(always)]
fn depth_below_surface(z: f32, half2: f32, front: f32, behind: f32, slope2: f32, distance: f32) -> f32 {
    let share = (z.abs() / half2.max(1.0).sqrt()).min(1.0);
    let stands_out = if z > 0.0 { front } else { -behind };
    let depth = z - stands_out * share;
    let gradient = (slope2 + 4.0 * depth * depth).sqrt().max(0.5);
    let value = (half2 - depth * depth) / gradient;
    value.min(if distance > 0.0 { f32::MAX } else { distance })
}

/// Where [`depth_below_surface`] is zero in front of the middle plane, of a half depth and a relief.
pub fn front_of(half: f32, relief: f32) -> f32 {
    if relief < 0.0 && half > 0.0 { half * half / (half - relief) } else { half + relief }
}

/// Squared length of the gradient, per cell.
fn slopes2(grid: &Grid<f32>) -> Grid<f32> {
    let (width, height) = (grid.width(), grid.height());
    let mut slopes = Grid::filled(width, height, 0.0f32);
    for y in 0..height {
        for x in 0..width {
            let dx = grid.get((x + 1).min(width - 1), y) - grid.get(x.saturating_sub(1), y);
            let dy = grid.get(x, (y + 1).min(height - 1)) - grid.get(x, y.saturating_sub(1));
            slopes.set(x, y, (dx * dx + dy * dy) / 4.0);
        }
    }
    slopes
}
