use oreforge_geometry::distance::nearest;
use oreforge_geometry::filter::gaussian;
use oreforge_geometry::{Cancel, Cancelled, Grid};

use super::frame::{Bounds, Thumb};
use super::legs::Leg;

/// How legs stand apart from the middle plane, in cells.
pub struct Stance {
    /// Depth of the middle plane, towards the viewer.
    pub offset: Grid<f32>,
    /// The part is there twice, at plus and at minus its offset.
    pub twin: Grid<bool>,
}

/// Largest offset, as a share of the raster's longer side.
const MAX_OFFSET: f32 = 0.10;
/// Neighbouring legs closer than this share of the object's width are a pair.
const PAIR_GAP: f32 = 0.27;

/// Pairs of legs stand on either side of the body, the brighter one nearer: light falls on the near side. A
/// leg without a partner hides it, and is there twice.
pub fn stance(
    legs: &[Leg],
    half_depth: &Grid<f32>,
    thumb: &Thumb,
    bounds: Bounds,
    cancel: Cancel<'_>,
) -> Result<Stance, Cancelled> {
    let (width, height) = (half_depth.width(), half_depth.height());
    let mut offset = Grid::filled(width, height, 0.0f32);
    let mut moved = Grid::filled(width, height, false);
    let mut twin = Grid::filled(width, height, false);
    for pair in paired(legs, bounds.width() as f32) {
        let near = (0..pair.len()).fold(0, |near, i| {
            if brightness(&pair[i], thumb) > brightness(&pair[near], thumb) { i } else { near }
        });
        for (i, leg) in pair.iter().enumerate() {
            let reach = leg_offset(leg, half_depth) * if i == near { 1.0 } else { -1.0 };
            for y in leg.top..height {
                let ramp = ((y as f32 - leg.top as f32 + 0.2 * leg.width_cells) / (0.8 * leg.width_cells))
                    .clamp(0.0, 1.0);
                let ramp = ramp * ramp * (3.0 - 2.0 * ramp);
                for x in 0..width {
                    if leg.mask.get(x, y) {
                        offset.set(x, y, reach * ramp);
                        moved.set(x, y, true);
                        twin.set(x, y, pair.len() == 1);
                    }
                }
            }
        }
    }
    // The walls just outside the mask belong to the leg too.
    let (away2, source) = nearest(&moved, cancel)?;
    let grown = |grid: &Grid<f32>| {
        let cells = (0..width * height).map(|i| {
            let from = source.cells()[i] as usize;
            if away2.cells()[i] <= 6.5 { grid.cells()[from] } else { 0.0 }
        });
        Grid::from_cells(width, height, cells.collect())
    };
    let twin = grown(&twin.map(|t| if t { 1.0 } else { 0.0 }));
    Ok(Stance { offset: gaussian(&grown(&offset), 0.8), twin: twin.map(|t| t > 0.5) })
}

fn paired(legs: &[Leg], width: f32) -> Vec<&[Leg]> {
    if legs.len() == 4 {
        return vec![&legs[..2], &legs[2..]];
    }
    let mut pairs = Vec::new();
    let mut rest = legs;
    while let [first, others @ ..] = rest {
        let close = others.first().is_some_and(|next| next.centre_x - first.centre_x < PAIR_GAP * width);
        let (pair, after) = rest.split_at(if close { 2 } else { 1 });
        pairs.push(pair);
        rest = after;
    }
    pairs
}

fn brightness(leg: &Leg, thumb: &Thumb) -> f64 {
    let cells = leg.mask.cells().iter().zip(thumb.rgb.cells()).filter(|&(&set, _)| set);
    let (sum, count) = cells.fold((0.0, 0u32), |(s, n), (_, rgb)| (s + f64::from(rgb.element_sum()), n + 1));
    sum / f64::from(count.max(1))
}

/// As far out as the body above is deep, and at least so far that the two legs of a pair part.
fn leg_offset(leg: &Leg, half_depth: &Grid<f32>) -> f32 {
    let own: Vec<f32> = leg
        .mask
        .cells()
        .iter()
        .zip(half_depth.cells())
        .filter(|&(&set, _)| set)
        .map(|(_, &depth)| depth)
        .collect();
    let leg_depth = percentile(own, 0.75);
    let row = leg.mask.row(leg.top);
    let columns: Vec<f32> = (0..row.len()).filter(|&x| row[x]).map(|x| x as f32).collect();
    let centre = if columns.is_empty() { leg.centre_x } else { percentile(columns, 0.5) };
    let reach = leg.width_cells.max(3.0);
    let top = (leg.top as f32 - 0.9 * reach - 3.0).max(0.0) as usize;
    let (left, right) =
        ((centre - reach).max(0.0) as usize, ((centre + reach) as usize).min(half_depth.width()));
    let above = (top..leg.top.max(top + 1)).flat_map(|y| &half_depth.row(y)[left..right.max(left + 1)]);
    let body_depth = percentile(above.copied().collect(), 0.80);
    let limit = MAX_OFFSET * half_depth.width().max(half_depth.height()) as f32;
    (0.65 * (body_depth - 0.8 * leg_depth)).clamp(0.0, limit).max(0.55 * leg_depth)
}

fn percentile(mut values: Vec<f32>, share: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get((share * values.len().saturating_sub(1) as f32).round() as usize).copied().unwrap_or(0.0)
}
