use oreforge_geometry::Grid;

use super::legs::intervals;

/// A handle's joints widen the rows by less than this, as a share of the raster's height.
const JOINT_SHARE: f32 = 0.10;

/// Centre and radius of every row of the body of revolution in a silhouette, in cells; radius 0 where the axis
/// meets nothing. `distance` is the signed distance to the outline.
pub fn turned_rows(distance: &Grid<f32>, axis_x: f32) -> Vec<(f32, f32)> {
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
    let extremum = |values: &[f32], pick: fn(f32, f32) -> f32| -> Vec<f32> {
        let around = |y: usize| y.saturating_sub(joint / 2)..(y + joint / 2 + 1).min(height);
        (0..height).map(|y| values[around(y)].iter().copied().reduce(pick).unwrap_or(values[y])).collect()
    };
    let radii: Vec<f32> = rows.iter().map(|row| row.1).collect();
    let opened = extremum(&extremum(&radii, f32::min), f32::max);
    for (first, after) in intervals(&beside_hole) {
        for y in first.saturating_sub(joint)..(after + joint).min(height) {
            if rows[y].1 > opened[y] && opened[y] > 0.0 {
                rows[y] = (axis_x, opened[y]);
            }
        }
    }
    rows
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
}
