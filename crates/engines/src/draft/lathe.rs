use glam::Vec3;
use oreforge_geometry::Grid;

use super::legs::intervals;

/// A handle's joints widen the rows by less than this, as a share of the raster's height.
const JOINT_SHARE: f32 = 0.10;
/// Ears are lower than this, and stand out by more than that, as shares of the raster's height.
const EAR_SHARE: f32 = 0.5;
const EAR_OUTREACH: f32 = 0.09;
/// Their colour differs from the body's by more than this, in Lab.
const EAR_DIFFERENCE: f32 = 20.0;
/// Colours are read this far inside an outline.
const RIM_CELLS: f32 = 4.0;

/// Centre and radius of every row of the body of revolution in a silhouette, in cells; radius 0 where the axis
/// meets nothing. `distance` is the signed distance to the outline, `lab` the colours.
pub fn turned_rows(distance: &Grid<f32>, lab: &Grid<Vec3>, axis_x: f32) -> Vec<(f32, f32)> {
    let inside = distance.map(|d| d > 0.0);
    let height = inside.height();
    let enclosed = holes(&inside);
    let axis = axis_x.round().max(0.0) as usize;
    let mut rows = vec![(axis_x, 0.0); height];
    let mut beside_hole = vec![false; height];
    for y in 0..height {
        let Some((l, r)) = intervals(inside.row(y)).into_iter().find(|&(l, r)| (l..r).contains(&axis)) else {
            continue;
        };
        rows[y] = row(distance, y, (l, r), axis_x);
        beside_hole[y] = l.checked_sub(1).is_some_and(|x| enclosed.get(x, y))
            || (r < inside.width() && enclosed.get(r, y));
    }
    // Where a handle meets the body a row is as wide as both. Opening the profile takes such bumps away.
    let joint = (JOINT_SHARE * height as f32) as usize;
    let radii: Vec<f32> = rows.iter().map(|row| row.1).collect();
    let opened = opening(&radii, joint);
    for (first, after) in intervals(&beside_hole) {
        for y in first.saturating_sub(joint)..(after + joint).min(height) {
            if rows[y].1 > opened[y] && opened[y] > 0.0 {
                rows[y] = (axis_x, opened[y]);
            }
        }
    }
    trim_ears(&mut rows, &radii, lab, axis_x);
    rows
}

/// What sticks out on both sides in another colour is no ring round the body.
fn trim_ears(rows: &mut [(f32, f32)], radii: &[f32], lab: &Grid<Vec3>, axis_x: f32) {
    let height = rows.len() as f32;
    let body = opening(radii, (EAR_SHARE * height) as usize);
    let sticks_out: Vec<bool> =
        radii.iter().zip(&body).map(|(&r, &b)| b > 0.0 && r > b + EAR_OUTREACH * height).collect();
    for (first, after) in intervals(&sticks_out) {
        let differences = (first..after).flat_map(|y| {
            let (centre, radius) = rows[y];
            [-1.0, 1.0].map(|side| {
                let at =
                    |r: f32| lab.get((centre + side * r).clamp(0.0, (lab.width() - 1) as f32) as usize, y);
                at(radius - RIM_CELLS).distance(at(body[y] - RIM_CELLS))
            })
        });
        let mean = differences.sum::<f32>() / (2 * (after - first)) as f32;
        if mean > EAR_DIFFERENCE {
            // Down to where the bump leaves the body, not only where it stands out.
            let from = (0..first).rev().take_while(|&y| radii[y] > body[y] + 0.5).last().unwrap_or(first);
            let to =
                (after..rows.len()).take_while(|&y| radii[y] > body[y] + 0.5).last().map_or(after, |y| y + 1);
            for (row, &radius) in rows[from..to].iter_mut().zip(&body[from..to]) {
                *row = (axis_x, row.1.min(radius));
            }
        }
    }
}

/// Takes away what is narrower than `window` rows.
fn opening(values: &[f32], window: usize) -> Vec<f32> {
    let extremum = |values: &[f32], pick: fn(f32, f32) -> f32| -> Vec<f32> {
        let around = |y: usize| y.saturating_sub(window / 2)..(y + window / 2 + 1).min(values.len());
        (0..values.len()).map(|y| values[around(y)].iter().copied().fold(values[y], pick)).collect()
    };
    extremum(&extremum(values, f32::min), f32::max)
}

/// Half depth squared of the rows turned about their centres.
pub fn turned_half_depth2(width: usize, rows: &[(f32, f32)]) -> Grid<f32> {
    let cells = rows.iter().flat_map(|&(centre, radius)| {
        (0..width).map(move |x| (radius * radius - (x as f32 - centre).powi(2)).max(0.0))
    });
    Grid::from_cells(width, rows.len(), cells.collect())
}

/// Centre and radius of one row, the outline found between cells.
fn row(distance: &Grid<f32>, y: usize, (left, right): (usize, usize), axis_x: f32) -> (f32, f32) {
    let crossing = |inner: usize, outer: Option<usize>| match outer.filter(|&x| x < distance.width()) {
        Some(outer) => {
            let (d, beyond) = (distance.get(inner, y), distance.get(outer, y));
            d / (d - beyond).max(1e-6)
        }
        None => 0.5,
    };
    let a = left as f32 - crossing(left, left.checked_sub(1));
    let b = right as f32 - 1.0 + crossing(right - 1, Some(right));
    let middle = (a + b) / 2.0;
    // A spout widens the row on one side only: it must not widen the body.
    if (middle - axis_x).abs() > 0.15 * (b - a) {
        (axis_x, (axis_x - a).min(b - axis_x))
    } else {
        (middle, (b - a) / 2.0)
    }
}

/// Cells outside that the outside cannot be reached from.
pub fn holes(inside: &Grid<bool>) -> Grid<bool> {
    let (width, height) = (inside.width(), inside.height());
    let mut enclosed = inside.map(|i| !i);
    let mut open: Vec<usize> = (0..width * height)
        .filter(|i| {
            let (x, y) = (i % width, i / width);
            (x == 0 || y == 0 || x + 1 == width || y + 1 == height) && enclosed.cells()[*i]
        })
        .collect();
    for &i in &open {
        enclosed.cells_mut()[i] = false;
    }
    while let Some(i) = open.pop() {
        let (x, y) = (i % width, i / width);
        for (nx, ny) in [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)] {
            if nx < width && ny < height && enclosed.get(nx, ny) {
                enclosed.set(nx, ny, false);
                open.push(ny * width + nx);
            }
        }
    }
    enclosed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_what_the_outside_cannot_reach() {
        let picture = ["#####", "#.#.#", "###..", "....."];
        let cells = picture.iter().flat_map(|row| row.bytes().map(|b| b == b'#')).collect();
        let enclosed = holes(&Grid::from_cells(5, 4, cells));
        assert!(enclosed.get(1, 1));
        assert_eq!(enclosed.cells().iter().filter(|&&h| h).count(), 1);
    }

    /// A disc of radius 40 about (50, 50) with discs of radius 14 on both sides, in cells.
    fn head(ear_colour: Vec3) -> (Grid<f32>, Grid<Vec3>) {
        let mut distance = Grid::filled(121, 101, 0.0f32);
        let mut lab = Grid::filled(121, 101, Vec3::new(100.0, 0.0, 0.0));
        for y in 0..101 {
            for x in 0..121 {
                let (dx, dy) = (x as f32 - 60.0, y as f32 - 50.0);
                let (skull, ear) = (40.0 - dx.hypot(dy), 14.0 - (dx.abs() - 44.0).hypot(dy));
                distance.set(x, y, skull.max(ear));
                if ear > skull {
                    lab.set(x, y, ear_colour);
                }
            }
        }
        (distance, lab)
    }

    #[test]
    fn ears_of_another_colour_are_not_turned() {
        let (distance, lab) = head(Vec3::new(180.0, 40.0, 0.0));
        assert!(turned_rows(&distance, &lab, 60.0)[50].1 < 42.0);
    }

    #[test]
    fn a_ring_of_the_same_colour_is_turned() {
        let (distance, lab) = head(Vec3::new(100.0, 0.0, 0.0));
        assert!(turned_rows(&distance, &lab, 60.0)[50].1 > 55.0);
    }
}
