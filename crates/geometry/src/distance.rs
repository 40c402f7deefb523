//! Exact Euclidean distances on rasters: Felzenszwalb & Huttenlocher, "Distance Transforms of Sampled
//! Functions", Theory of Computing 8 (2012).

use glam::Vec2;
use rayon::prelude::*;

use crate::{Cancel, Cancelled, Grid};

/// Cells at or above this height take no part in an envelope.
const ABSENT: f32 = 1e12;

/// For every cell p the smallest height(q) + |p − q|² over all cells q, distances in cells, with the index
/// `y * width + x` of that q. Heights of 1e12 and more are absent; where nothing is present the value is 1e12
/// and the index the cell's own.
pub fn lower_envelope(heights: &Grid<f32>, cancel: Cancel<'_>) -> Result<(Grid<f32>, Grid<u32>), Cancelled> {
    let (width, height) = (heights.width(), heights.height());
    let mut columns = vec![(ABSENT, 0u32); width * height];
    columns.par_chunks_mut(height.max(1)).enumerate().try_for_each(|(x, out)| {
        cancel.check()?;
        let column: Vec<(f32, u32)> =
            (0..height).map(|y| (heights.get(x, y), (y * width + x) as u32)).collect();
        envelope_of_line(&column, out);
        Ok(())
    })?;
    let mut cells = vec![(ABSENT, 0u32); width * height];
    cells.par_chunks_mut(width.max(1)).enumerate().try_for_each(|(y, out)| {
        cancel.check()?;
        let row: Vec<(f32, u32)> = (0..width).map(|x| columns[x * height + y]).collect();
        envelope_of_line(&row, out);
        Ok(())
    })?;
    let values = cells.iter().map(|&(value, _)| value).collect();
    let sources = cells
        .iter()
        .enumerate()
        .map(|(i, &(value, source))| if value < ABSENT { source } else { i as u32 })
        .collect();
    Ok((Grid::from_cells(width, height, values), Grid::from_cells(width, height, sources)))
}

/// Squared distance in cells to the nearest set cell, and that cell's index.
pub fn nearest(set: &Grid<bool>, cancel: Cancel<'_>) -> Result<(Grid<f32>, Grid<u32>), Cancelled> {
    lower_envelope(&set.map(|s| if s { 0.0 } else { ABSENT }), cancel)
}

/// Distance in cells to the outline alpha = ½, positive inside; without an outline ± the raster's diagonal.
/// The outline is the polyline of marching squares (Lorensen & Cline 1987), alpha interpolated linearly.
pub fn signed_distance(alpha: &Grid<f32>, cancel: Cancel<'_>) -> Result<Grid<f32>, Cancelled> {
    let (width, height) = (alpha.width(), alpha.height());
    let segments = Grid::from_cells(
        width,
        height,
        (0..width * height).map(|i| outline_in_square(alpha, i % width, i / width)).collect(),
    );
    let (_, nearest_square) = nearest(&segments.map(|s| s[0].is_some()), cancel)?;
    let diagonal = (width as f32).hypot(height as f32);
    let mut distances = vec![0.0f32; width * height];
    distances.par_chunks_mut(width.max(1)).enumerate().try_for_each(|(y, row)| {
        cancel.check()?;
        for (x, distance) in row.iter_mut().enumerate() {
            // Squares are named by their upper left cell, so those of the cells before count as well; and the
            // nearest piece of outline may lie in the square nearest to a neighbour.
            let mut least = diagonal;
            let mut last = u32::MAX;
            for ny in y.saturating_sub(2)..(y + 2).min(height) {
                for nx in x.saturating_sub(2)..(x + 2).min(width) {
                    let candidate = nearest_square.get(nx, ny);
                    if candidate != last {
                        last = candidate;
                        for segment in segments.cells()[candidate as usize].iter().flatten() {
                            least = least.min(segment.distance(Vec2::new(x as f32, y as f32)));
                        }
                    }
                }
            }
            *distance = if alpha.get(x, y) > 0.5 { least } else { -least };
        }
        Ok(())
    })?;
    Ok(Grid::from_cells(width, height, distances))
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    from: Vec2,
    to: Vec2,
}

impl Segment {
    fn distance(self, point: Vec2) -> f32 {
        let along = self.to - self.from;
        let t = (point - self.from).dot(along) / along.length_squared().max(1e-12);
        point.distance(self.from + along * t.clamp(0.0, 1.0))
    }
}

/// The outline between the centres of a cell and its neighbours to the right and below.
fn outline_in_square(alpha: &Grid<f32>, x: usize, y: usize) -> [Option<Segment>; 2] {
    if x + 1 >= alpha.width() || y + 1 >= alpha.height() {
        return [None; 2];
    }
    let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
    let mut crossings = [Vec2::ZERO; 4];
    let mut count = 0;
    for (k, &(ax, ay)) in corners.iter().enumerate() {
        let (bx, by) = corners[(k + 1) % 4];
        let (a, b) = (alpha.get(ax, ay), alpha.get(bx, by));
        if (a > 0.5) != (b > 0.5) {
            let t = (0.5 - a) / (b - a);
            crossings[count] = Vec2::new(ax as f32, ay as f32).lerp(Vec2::new(bx as f32, by as f32), t);
            count += 1;
        }
    }
    let segment = |from: usize, to: usize| Some(Segment { from: crossings[from], to: crossings[to] });
    match count {
        2 => [segment(0, 1), None],
        4 => [segment(0, 1), segment(2, 3)],
        _ => [None; 2],
    }
}

fn envelope_of_line(line: &[(f32, u32)], out: &mut [(f32, u32)]) {
    // Parabolas of the envelope: apex and where each begins to be the lowest.
    let mut apexes: Vec<usize> = Vec::with_capacity(line.len());
    let mut starts: Vec<f64> = Vec::with_capacity(line.len());
    for (q, &(height, _)) in line.iter().enumerate() {
        if height >= ABSENT {
            continue;
        }
        let lifted = f64::from(height) + (q * q) as f64;
        let mut start = f64::NEG_INFINITY;
        while let Some(&apex) = apexes.last() {
            let other = f64::from(line[apex].0) + (apex * apex) as f64;
            start = (lifted - other) / (2 * (q - apex)) as f64;
            if starts.last().is_some_and(|&s| start <= s) {
                apexes.pop();
                starts.pop();
                start = f64::NEG_INFINITY;
            } else {
                break;
            }
        }
        apexes.push(q);
        starts.push(start);
    }
    if apexes.is_empty() {
        out.copy_from_slice(line);
        return;
    }
    let mut k = 0;
    for (p, cell) in out.iter_mut().enumerate() {
        while starts.get(k + 1).is_some_and(|&s| s < p as f64) {
            k += 1;
        }
        let apex = apexes[k];
        let away = p.abs_diff(apex) as f32;
        *cell = (line[apex].0 + away * away, line[apex].1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn brute_force(heights: &Grid<f32>) -> Vec<f32> {
        let (w, h) = (heights.width(), heights.height());
        let at = |i: usize| ((i % w) as f32, (i / w) as f32);
        (0..w * h)
            .map(|p| {
                (0..w * h).fold(ABSENT, |low, q| {
                    let ((px, py), (qx, qy)) = (at(p), at(q));
                    low.min(heights.cells()[q] + (px - qx).powi(2) + (py - qy).powi(2))
                })
            })
            .collect()
    }

    proptest! {
        #[test]
        fn the_envelope_is_the_brute_force_minimum(
            (width, cells) in (1usize..9).prop_flat_map(|w| {
                let cell = prop_oneof![2 => -40.0f32..40.0, 1 => Just(ABSENT)];
                (Just(w), prop::collection::vec(cell, w * 7))
            })
        ) {
            let grid = Grid::from_cells(width, 7, cells);
            let (envelope, sources) = lower_envelope(&grid, Cancel::never()).unwrap();
            for ((&got, &want), &source) in
                envelope.cells().iter().zip(&brute_force(&grid)).zip(sources.cells())
            {
                prop_assert!((got - want.min(ABSENT)).abs() < 1e-3, "{got} {want}");
                prop_assert!((source as usize) < width * 7);
            }
        }
    }

    #[test]
    fn a_disc_is_as_deep_as_its_radius() {
        let radius = 20.3f32;
        let mut alpha = Grid::filled(64, 64, 0.0f32);
        for y in 0..64 {
            for x in 0..64 {
                let away = ((x as f32 - 31.5).powi(2) + (y as f32 - 31.5).powi(2)).sqrt();
                alpha.set(x, y, (radius - away + 0.5).clamp(0.0, 1.0));
            }
        }
        let distance = signed_distance(&alpha, Cancel::never()).unwrap();
        for y in 0..64 {
            for x in 0..64 {
                let away = ((x as f32 - 31.5).powi(2) + (y as f32 - 31.5).powi(2)).sqrt();
                let error = (distance.get(x, y) - (radius - away)).abs();
                assert!(error < if away < 1.0 { 0.4 } else { 0.15 }, "{x} {y} {error}");
            }
        }
    }

    #[test]
    fn stops_when_told() {
        let asked = || true;
        let alpha = Grid::filled(64, 64, 1.0f32);
        assert!(signed_distance(&alpha, Cancel::new(&asked)).is_err());
    }
}
