//! Depth of what a picture shows: read off a drafted solid, and put into one.

use oreforge_geometry::resize::{Window, resize_window};
use oreforge_geometry::{Cancel, Cancelled, Grid};
use rayon::prelude::*;

use super::field::Maps;
use super::frame::Frame;

/// The artist's depth counts in full only this far inside the outline; there the solid has to close.
const INSET_CELLS: f32 = 6.0;
/// Shares of the object that may be farther or nearer than the range a depth map is stretched from: stray pixels.
const STRAY: f32 = 0.005;
/// A depth map with less between near and far, of all it could say, says nothing.
const LEAST_RANGE: f32 = 0.004;
/// The front is never thinner than this share of what the outline gives it.
const THINNEST: f32 = 0.2;

/// How near the front of a solid is, over a picture of `width` × `height` pixels: 1 its nearest point, 0 its farthest;
/// what is beside the object goes on as its rim.
pub fn nearness(
    maps: &Maps,
    frame: Frame,
    (width, height): (usize, usize),
    cancel: Cancel<'_>,
) -> Result<Grid<f32>, Cancelled> {
    let mut depth = Grid::filled(width, height, 0.0f32);
    depth.cells_mut().par_chunks_mut(width.max(1)).enumerate().try_for_each(|(y, row)| {
        cancel.check()?;
        for (x, cell) in row.iter_mut().enumerate() {
            let (x, y) = frame.cell_from_px(x as f32 + 0.5, y as f32 + 0.5);
            *cell = maps.front_at(x, y);
        }
        Ok(())
    })?;
    let (mut far, mut near) = (f32::MAX, f32::MIN);
    for &cell in depth.cells() {
        (far, near) = (far.min(cell), near.max(cell));
    }
    let range = (near - far).max(f32::MIN_POSITIVE);
    depth.cells_mut().iter_mut().for_each(|cell| *cell = (*cell - far) / range);
    Ok(depth)
}

/// How far the front has to stand out beyond its half depth to run as `depth` does: an artist's map over the whole
/// picture, 0..=1, 1 near. It is stretched so that its range over the object is the solid's. `None` when it says the
/// same everywhere.
pub fn relief_of(
    depth: &Grid<f32>,
    frame: Frame,
    picture_px: (u32, u32),
    half_depth2: &Grid<f32>,
    distance: &Grid<f32>,
) -> Option<Grid<f32>> {
    let (across, down) =
        (depth.width() as f32 / picture_px.0 as f32, depth.height() as f32 / picture_px.1 as f32);
    let window = frame.window();
    let window = Window {
        left: window.left * across,
        top: window.top * down,
        width: window.width * across,
        height: window.height * down,
    };
    let depth = resize_window(depth, window, frame.width, frame.height);
    let mut known: Vec<f32> =
        depth.cells().iter().zip(distance.cells()).filter(|&(_, &d)| d > 1.0).map(|(&v, _)| v).collect();
    known.sort_by(f32::total_cmp);
    let at = |share: f32| known.get((share * (known.len().max(1) - 1) as f32) as usize).copied();
    let (far, near) = (at(STRAY)?, at(1.0 - STRAY)?);
    if near - far < LEAST_RANGE {
        return None;
    }
    let deepest = half_depth2.cells().iter().fold(0.0f32, |most, &half2| most.max(half2)).sqrt();
    let cells = depth.cells().iter().zip(half_depth2.cells()).zip(distance.cells());
    let relief = cells.map(|((&depth, &half2), &distance)| {
        let half = half2.max(0.0).sqrt();
        let inset = (distance / INSET_CELLS).clamp(0.0, 1.0);
        let wanted = deepest * ((depth - far) / (near - far)).clamp(0.0, 1.0);
        let front = (half + (wanted - half) * inset).max(THINNEST * half);
        relief_for(front, half)
    });
    Some(Grid::from_cells(depth.width(), depth.height(), relief.collect()))
}

/// The inverse of `field::front_of`.
fn relief_for(front: f32, half: f32) -> f32 {
    if front >= half || front <= 0.0 { front - half } else { half - half * half / front }
}

#[cfg(test)]
mod tests {
    use super::super::field::front_of;
    use super::*;

    #[test]
    fn relief_brings_the_front_to_where_it_is_wanted() {
        for half in [2.0f32, 10.0, 60.0] {
            for front in [0.2 * half, 0.5 * half, half, 1.5 * half, half + 20.0] {
                assert!((front_of(half, relief_for(front, half)) - front).abs() < 1e-3 * half);
            }
        }
    }
}
