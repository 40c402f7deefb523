use oreforge_geometry::distance::{lower_envelope, nearest, signed_distance};
use oreforge_geometry::filter::gaussian;
use oreforge_geometry::poisson::{CellRole, Coupling, diffuse};
use oreforge_geometry::{Cancel, Cancelled, Grid};

use super::choices::Profile;
use super::frame::{Bounds, Thumb};
use super::lathe::{turned_half_depth2, turned_rows};
use super::legs::intervals;

/// A silhouette blown up, in cells.
pub struct Inflated {
    /// Signed distance to the outline, positive inside; runs on below a flat ground.
    pub distance: Grid<f32>,
    /// Half depth, squared. Goes through zero at the outline with a steady slope, negative outside.
    pub half_depth2: Grid<f32>,
    /// Row (fractional) of the flat base the solid is cut at.
    pub ground_y: Option<f32>,
}

pub struct InflateOptions {
    pub profile: Profile,
    /// Axis of a lathe, in cells.
    pub axis_x: f32,
    /// Factor on the half depth.
    pub depth: f32,
    /// A base as narrow as this share of the object's width still counts as ground.
    pub min_base_share: f32,
}

/// Largest half depth, as a share of the raster's longer side.
const MAX_HALF_DEPTH: f32 = 0.38;

/// The thumb needs a clear margin of at least two cells.
pub fn inflate(thumb: &Thumb, options: &InflateOptions, cancel: Cancel<'_>) -> Result<Inflated, Cancelled> {
    let alpha = gaussian(&thumb.alpha, 0.5);
    let distance = signed_distance(&alpha, cancel)?;
    let inside = distance.map(|d| d > 0.0);
    let ground = Bounds::of(&inside).and_then(|b| flat_base(&inside, b, options.min_base_share));
    let ground_y = ground.map(|base| outline_below(&distance, base));
    let turned = match options.profile {
        Profile::Lathe => turned_rows(&distance, &thumb.lab, options.axis_x),
        Profile::Organic | Profile::Hard => Vec::new(),
    };
    let (distance, raw) = match ground {
        None => {
            let raw = half_depth2(&inside, &distance, options.profile, &turned, cancel)?;
            (distance, raw)
        }
        Some(base) => above_ground(&alpha, base, options.profile, &turned, cancel)?,
    };
    let shaped = scaled(raw, options);
    let half_depth2 = steady_at_outline(&distance, shaped, cancel)?;
    Ok(Inflated { distance, half_depth2, ground_y })
}

/// Inflates the silhouette together with its reflection in the ground, so that the walls meet it upright.
fn above_ground(
    alpha: &Grid<f32>,
    base: usize,
    profile: Profile,
    turned: &[(f32, f32)],
    cancel: Cancel<'_>,
) -> Result<(Grid<f32>, Grid<f32>), Cancelled> {
    let (width, height) = (alpha.width(), alpha.height());
    let reflected = base.min((0.6 * width as f32) as usize + 2);
    let rows = (0..base).chain((base - reflected..base).rev());
    let mut turned: Vec<(f32, f32)> = rows.clone().filter_map(|y| turned.get(y).copied()).collect();
    turned.extend(std::iter::repeat_n((0.0, 0.0), 2));
    let mut cells: Vec<f32> = rows.flat_map(|y| alpha.row(y).iter().copied()).collect();
    cells.extend(std::iter::repeat_n(0.0, 2 * width));
    let extended = Grid::from_cells(width, base + reflected + 2, cells);
    let distance = signed_distance(&extended, cancel)?;
    let raw = half_depth2(&distance.map(|d| d > 0.0), &distance, profile, &turned, cancel)?;
    let cut = |grid: &Grid<f32>| {
        let cells = (0..height).flat_map(|y| grid.row(y.min(base - 1)).iter().copied()).collect();
        Grid::from_cells(width, height, cells)
    };
    Ok((cut(&distance), cut(&raw)))
}

fn half_depth2(
    inside: &Grid<bool>,
    distance: &Grid<f32>,
    profile: Profile,
    turned: &[(f32, f32)],
    cancel: Cancel<'_>,
) -> Result<Grid<f32>, Cancelled> {
    match profile {
        Profile::Hard => Ok(bevel(distance)),
        Profile::Lathe => {
            let mut turned = turned_half_depth2(distance.width(), turned);
            let round = puffball(distance, cancel)?;
            for (cell, &other) in turned.cells_mut().iter_mut().zip(round.cells()) {
                *cell = cell.max(other);
            }
            Ok(turned)
        }
        Profile::Organic => {
            let round = puffball(distance, cancel)?;
            let mut blown = membrane(inside, Coupling::UNIFORM, cancel)?;
            for (cell, &other) in blown.cells_mut().iter_mut().zip(round.cells()) {
                *cell = 0.5 * (*cell + other);
            }
            Ok(blown)
        }
    }
}

/// Half depth squared of what `distance` is positive in, every row round by itself and as like the next as
/// `along` (0..=1) says; negative outside.
pub fn cushion(distance: &Grid<f32>, along: f32, cancel: Cancel<'_>) -> Result<Grid<f32>, Cancelled> {
    let coupling = Coupling { across: 1.0, along };
    let film = membrane(&distance.map(|d| d > 0.0), coupling, cancel)?;
    steady_at_outline(distance, film, cancel)
}

/// Union of the maximal balls: h²(p) = max over q of r(q)² − |p − q|², r the distance to the outline.
fn puffball(distance: &Grid<f32>, cancel: Cancel<'_>) -> Result<Grid<f32>, Cancelled> {
    let (envelope, _) = lower_envelope(&distance.map(|d| if d > 0.0 { -d * d } else { f32::MAX }), cancel)?;
    Ok(envelope.map(|e| (-e).max(0.0)))
}

/// −∇²h² = 3, as a soap film under pressure; Dvorožňák et al., "Monster Mash", SIGGRAPH Asia 2020, section 4.
fn membrane(inside: &Grid<bool>, coupling: Coupling, cancel: Cancel<'_>) -> Result<Grid<f32>, Cancelled> {
    let mut film = Grid::filled(inside.width(), inside.height(), 0.0f32);
    let roles = inside.map(|i| if i { CellRole::Free } else { CellRole::Fixed });
    diffuse(&mut film, &roles, 3.0, coupling, cancel)?;
    Ok(film.map(|v| v.max(0.0)))
}

/// A plate with quarter-round rims.
fn bevel(distance: &Grid<f32>) -> Grid<f32> {
    let area = distance.cells().iter().filter(|&&d| d > 0.0).count();
    let radius = (0.12 * (area as f32).sqrt()).max(1.0);
    distance.map(|d| {
        let t = (d / radius).clamp(0.0, 1.0);
        radius * radius * (1.0 - (1.0 - t).powi(2))
    })
}

fn scaled(half_depth2: Grid<f32>, options: &InflateOptions) -> Grid<f32> {
    let limit = MAX_HALF_DEPTH * half_depth2.width().max(half_depth2.height()) as f32;
    let deepest = half_depth2.cells().iter().fold(0.0f32, |m, &v| m.max(v)).sqrt() * options.depth;
    let compress = options.profile != Profile::Lathe && deepest > 0.6 * limit;
    half_depth2.map(|v| {
        let depth = v.max(0.0).sqrt() * options.depth;
        let depth = if compress { limit * (depth / limit).tanh() } else { depth };
        depth * depth
    })
}

/// Makes h² = distance · slope near the outline and outside, the slope carried over from a little further in.
/// So the surface meets the outline where alpha is ½, not where the cells end.
fn steady_at_outline(
    distance: &Grid<f32>,
    half_depth2: Grid<f32>,
    cancel: Cancel<'_>,
) -> Result<Grid<f32>, Cancelled> {
    const TRUSTED_DEPTH: f32 = 1.5;
    const BLEND_DEPTH: f32 = 3.0;
    let (width, height) = (distance.width(), distance.height());
    let mut trusted = Grid::filled(width, height, false);
    for y in 0..height {
        for x in 0..width {
            let d = distance.get(x, y);
            let ridge = || {
                let around = (y.saturating_sub(1)..(y + 2).min(height))
                    .flat_map(|ny| (x.saturating_sub(1)..(x + 2).min(width)).map(move |nx| (nx, ny)));
                around.into_iter().all(|(nx, ny)| distance.get(nx, ny) <= d + 0.01)
            };
            trusted.set(x, y, d > TRUSTED_DEPTH || (d > 0.05 && ridge()));
        }
    }
    let (_, source) = nearest(&trusted, cancel)?;
    let slopes = source.cells().iter().map(|&i| {
        let (d, h2) = (distance.cells()[i as usize], half_depth2.cells()[i as usize]);
        if d > 0.0 { (h2 / d).max(0.25 * d.max(0.5)) } else { 1.0 }
    });
    let slope = gaussian(&Grid::from_cells(width, height, slopes.collect()), 1.2);
    let mut steady = half_depth2;
    for ((cell, &d), &slope) in steady.cells_mut().iter_mut().zip(distance.cells()).zip(slope.cells()) {
        let own = (d / BLEND_DEPTH).clamp(0.0, 1.0);
        *cell = *cell * own + d * slope * (1.0 - own);
    }
    // Ridges of the union of balls, smoothed where there is room for it.
    let smooth = gaussian(&steady, 1.0);
    for ((cell, &s), &d) in steady.cells_mut().iter_mut().zip(smooth.cells()).zip(distance.cells()) {
        let own = (d / BLEND_DEPTH - 1.0).clamp(0.0, 1.0);
        *cell += (s - *cell) * own;
    }
    Ok(steady)
}

/// Median row (fractional) where the outline crosses below the cells that end at row `base`.
fn outline_below(distance: &Grid<f32>, base: usize) -> f32 {
    let mut crossings: Vec<f32> = (0..distance.width())
        .filter_map(|x| {
            let (above, below) = (distance.get(x, base), distance.get(x, base + 1));
            (above > 0.0 && below <= 0.0).then(|| base as f32 + above / (above - below))
        })
        .collect();
    crossings.sort_by(f32::total_cmp);
    crossings.get(crossings.len() / 2).copied().unwrap_or(base as f32 + 0.5)
}

/// Last row of a flat ground contact: enough columns end in the lowest rows, in runs, and the very lowest
/// rows are wide. A ball's chord .006 of its height above the ground is .155 of its width.
fn flat_base(inside: &Grid<bool>, bounds: Bounds, min_share: f32) -> Option<usize> {
    let (height, width) = (bounds.height() as f32, bounds.width() as f32);
    let lowest = bounds.bottom - 1;
    let fine_band = ((0.006 * height).round() as usize).max(1);
    let band_top = lowest.saturating_sub(fine_band);
    let columns = bounds.left..bounds.right;
    let used = columns.clone().filter(|&x| (bounds.top..bounds.bottom).any(|y| inside.get(x, y))).count();
    let touching = columns.clone().filter(|&x| (band_top..=lowest).any(|y| inside.get(x, y))).count();
    if (touching as f32) < min_share * used as f32 {
        return None;
    }
    let low_of = |x: usize| (bounds.top..bounds.bottom).rev().find(|&y| inside.get(x, y));
    let band = lowest as f32 - (0.02 * height).max(1.0);
    let near: Vec<bool> = columns.clone().map(|x| low_of(x).is_some_and(|y| y as f32 >= band)).collect();
    let runs = intervals(&near).into_iter().map(|(l, r)| (r - l) as f32).filter(|&run| run >= 0.03 * width);
    if runs.sum::<f32>() < 0.10 * used as f32 {
        return None;
    }
    let mut lows: Vec<usize> =
        columns.zip(&near).filter(|&(_, &near)| near).filter_map(|(x, _)| low_of(x)).collect();
    lows.sort_unstable();
    let base = lows[lows.len() / 2];
    (base > bounds.top + 2).then_some(base)
}
