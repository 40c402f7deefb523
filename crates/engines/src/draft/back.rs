use std::collections::VecDeque;

use glam::Vec3;
use oreforge_geometry::distance::{nearest, signed_distance};
use oreforge_geometry::filter::gaussian;
use oreforge_geometry::poisson::{CellRole, Coupling, diffuse};
use oreforge_geometry::resize::bilinear;
use oreforge_geometry::{Cancel, Cancelled, Grid};

use super::frame::{Bounds, Frame, Thumb};
use super::lathe::turned_rows;

/// The back of an object that shows its face: colours grown in from the rim.
pub struct BackFill {
    frame: Frame,
    /// sRGB 0..=255.
    colour: Grid<Vec3>,
    /// 1 where the front's own colour stays.
    keep: Grid<f32>,
    /// Share of the object, its rim aside, where it does not.
    pub replaced: f32,
}

/// The fill has no detail; this many cells along the longer side hold it.
pub const REGION_CELLS: usize = 160;

impl BackFill {
    /// sRGB 0..=1 at a point in picture pixels; `front` is the front's colour there.
    pub fn colour(&self, x_px: f32, y_px: f32, front: Vec3) -> Vec3 {
        let (x, y) = self.frame.cell_from_px(x_px, y_px);
        let keep = (2.0 * bilinear(&self.keep, x, y) - 1.0).clamp(0.0, 1.0);
        if keep >= 1.0 {
            return front;
        }
        (bilinear(&self.colour, x, y) / 255.0).lerp(front, keep)
    }

    /// Keeps what is smoothly joined to the rim, and diffuses its colours over the rest, mostly along rows.
    pub fn by_regions(thumb: &Thumb, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let inside = thumb.inside();
        let (kept, replaced) = joined_to_rim(thumb, &inside, cancel)?;
        let (away2, _) = nearest(&inside, cancel)?;
        let known: Vec<Vec3> =
            thumb.rgb.cells().iter().zip(kept.cells()).filter(|&(_, &k)| k).map(|(&c, _)| c).collect();
        let mean = known.iter().copied().sum::<Vec3>() / known.len().max(1) as f32;
        let (width, height) = (inside.width(), inside.height());
        let roles = Grid::from_cells(
            width,
            height,
            kept.cells()
                .iter()
                .zip(away2.cells())
                .map(|(&kept, &away2)| match (kept, away2 <= 6.0) {
                    (true, _) => CellRole::Fixed,
                    (false, true) => CellRole::Free,
                    (false, false) => CellRole::Wall,
                })
                .collect(),
        );
        let mut colour = thumb.rgb.clone();
        for (cell, &role) in colour.cells_mut().iter_mut().zip(roles.cells()) {
            if role != CellRole::Fixed {
                *cell = mean;
            }
        }
        diffuse(&mut colour, &roles, Vec3::ZERO, Coupling { across: 1.0, along: 0.12 }, cancel)?;
        soften(&mut colour, &roles);
        let keep = gaussian(&kept.map(|k| f32::from(u8::from(k))), 0.5);
        Ok(Self { frame: thumb.frame, colour, keep, replaced })
    }

    /// For a body of revolution, turned about `axis_x` (cells): every row runs from its left rim colour to its right one.
    pub fn by_rows(thumb: &Thumb, axis_x: f32, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let (width, height) = (thumb.alpha.width(), thumb.alpha.height());
        let turned = turned_rows(&signed_distance(&thumb.alpha, cancel)?, &thumb.lab, axis_x);
        let longer = width.max(height) as f32;
        let inset = ((0.03 * longer) as usize).max(2);
        let spans: Vec<Option<(usize, usize)>> = turned
            .into_iter()
            .map(|(centre, radius)| {
                let (left, right) = ((centre - radius).ceil().max(0.0), (centre + radius).floor() + 1.0);
                (right > left + 1.0).then(|| (left as usize, (right as usize).min(width)))
            })
            .collect();
        let rims: Vec<(usize, [Vec3; 2])> = spans
            .iter()
            .enumerate()
            .filter_map(|(y, span)| {
                let (left, right) = (*span)?;
                (right - left >= 2 * inset + 2)
                    .then(|| (y, [thumb.rgb.get(left + inset, y), thumb.rgb.get(right - 1 - inset, y)]))
            })
            .collect();
        if rims.is_empty() {
            return Self::by_regions(thumb, cancel);
        }
        let half_window = (0.045 * longer) as usize;
        let smoothed = [0, 1].map(|side| {
            let rows: Vec<Vec3> = (0..height).map(|y| rim_colour(&rims, side, y)).collect();
            let cells = (0..height).map(|y| {
                let window = &rows[y.saturating_sub(half_window)..(y + half_window + 1).min(height)];
                median(window)
            });
            gaussian(&Grid::from_cells(1, height, cells.collect()), 1.0)
        });
        cancel.check()?;
        let mut colour = Grid::filled(width, height, Vec3::ZERO);
        // Handles stay as they are.
        let mut keep = Grid::filled(width, height, 1.0);
        for (y, span) in spans.into_iter().enumerate() {
            let (left, right) = span.unwrap_or((0, width));
            keep.row_mut(y)[left..right].fill(0.0);
            for x in 0..width {
                let t = ((x as f32 - left as f32) / (right - 1 - left).max(1) as f32).clamp(0.0, 1.0);
                let t = t * t * (3.0 - 2.0 * t);
                colour.set(x, y, smoothed[0].get(0, y).lerp(smoothed[1].get(0, y), t));
            }
        }
        Ok(Self { frame: thumb.frame, colour, keep, replaced: 1.0 })
    }
}

fn rim_colour(rims: &[(usize, [Vec3; 2])], side: usize, y: usize) -> Vec3 {
    let after = rims.partition_point(|&(row, _)| row < y);
    let (before, after) = (&rims[after.saturating_sub(1)], &rims[after.min(rims.len() - 1)]);
    let t = (y.saturating_sub(before.0)) as f32 / (after.0.saturating_sub(before.0)).max(1) as f32;
    before.1[side].lerp(after.1[side], t.min(1.0))
}

fn median(colours: &[Vec3]) -> Vec3 {
    let mut values = vec![0.0f32; colours.len()];
    let mut middle = |k: usize| {
        for (value, colour) in values.iter_mut().zip(colours) {
            *value = colour[k];
        }
        let at = values.len() / 2;
        *values.select_nth_unstable_by(at, f32::total_cmp).1
    };
    Vec3::new(middle(0), middle(1), middle(2))
}

/// Cells whose colour changes only gradually on some way to a rim cell that looks like its part of the rim, and
/// the share of the others.
fn joined_to_rim(
    thumb: &Thumb,
    inside: &Grid<bool>,
    cancel: Cancel<'_>,
) -> Result<(Grid<bool>, f32), Cancelled> {
    const STEP: f32 = 7.0;
    const DRIFT: f32 = 42.0;
    let (width, height) = (inside.width(), inside.height());
    let longer = width.max(height) as f32;
    let inset = (0.012 * longer).max(1.5);
    let (depth2, _) = nearest(&inside.map(|i| !i), cancel)?;
    let core = depth2.map(|d2| d2 >= inset * inset);
    let cores = core.cells().iter().filter(|&&c| c).count();
    let Some(bounds) = Bounds::of(inside).filter(|_| cores >= 50) else { return Ok((inside.clone(), 0.0)) };
    let mut seeds = trusted_rim(thumb, &depth2, inset, cancel)?;
    // The ground edge of a standing thing is not its side: doors and feet touch it.
    let ground = bounds.bottom as f32 - 1.0 - 0.05 * bounds.height() as f32 - inset;
    let off_ground = seeds.iter().filter(|&&i| ((i / width) as f32) <= ground).count();
    if off_ground > 20 {
        seeds.retain(|&i| ((i / width) as f32) <= ground);
    }
    let mut reached = Grid::filled(width, height, false);
    let mut open: VecDeque<(usize, Vec3)> = VecDeque::new();
    for i in seeds {
        reached.cells_mut()[i] = true;
        open.push_back((i, thumb.lab.cells()[i]));
    }
    while let Some((i, seed)) = open.pop_front() {
        let own = thumb.lab.cells()[i];
        // The core keeps a cell's distance from the raster's border.
        for next in [i + 1, i - 1, i + width, i - width] {
            let lab = thumb.lab.cells()[next];
            if core.cells()[next]
                && !reached.cells()[next]
                && own.distance(lab) < STEP
                && seed.distance(lab) < DRIFT
            {
                reached.cells_mut()[next] = true;
                open.push_back((next, seed));
            }
        }
    }
    let erased = |i: usize| core.cells()[i] && !reached.cells()[i];
    let kept = (0..width * height)
        .map(|i| reached.cells()[i] && ![i + 1, i - 1, i + width, i - width].into_iter().any(erased));
    let replaced = (0..width * height).filter(|&i| erased(i)).count() as f32 / cores as f32;
    Ok((Grid::from_cells(width, height, kept.collect()), replaced))
}

/// Cells along the rim whose colour is near the median of the rim around them.
fn trusted_rim(
    thumb: &Thumb,
    depth2: &Grid<f32>,
    inset: f32,
    cancel: Cancel<'_>,
) -> Result<Vec<usize>, Cancelled> {
    const OUTLIER: f32 = 28.0;
    let width = depth2.width();
    let reach = 0.11 * depth2.width().max(depth2.height()) as f32;
    let rim: Vec<usize> = (0..depth2.cells().len())
        .filter(|&i| (inset * inset..(inset + 1.5).powi(2)).contains(&depth2.cells()[i]))
        .collect();
    let mut trusted = Vec::new();
    for &i in &rim {
        cancel.check()?;
        let near = |&&j: &&usize| {
            ((j % width).abs_diff(i % width) as f32) < reach
                && ((j / width).abs_diff(i / width) as f32) < reach
        };
        let around: Vec<Vec3> = rim.iter().filter(near).map(|&j| thumb.lab.cells()[j]).collect();
        if thumb.lab.cells()[i].distance(median(&around)) < OUTLIER {
            trusted.push(i);
        }
    }
    Ok(trusted)
}

/// Takes the last edges out of what was filled in.
fn soften(colour: &mut Grid<Vec3>, roles: &Grid<CellRole>) {
    let weight = roles.map(|r| if r == CellRole::Wall { 0.0 } else { 1.0f32 });
    let mut weighted = colour.clone();
    for (cell, &w) in weighted.cells_mut().iter_mut().zip(weight.cells()) {
        *cell *= w;
    }
    let (smooth, weight) = (gaussian(&weighted, 1.5), gaussian(&weight, 1.5));
    for (i, cell) in colour.cells_mut().iter_mut().enumerate() {
        if roles.cells()[i] == CellRole::Free {
            *cell = (*cell + smooth.cells()[i] / weight.cells()[i].max(1e-3)) * 0.5;
        }
    }
}
