//! Vertices that lie on another triangle's open edge.

use std::collections::HashMap;

use glam::{DVec3, IVec3};

use super::edges::borders;
use crate::decimate::half_edges::next;

/// Rounds: a triangle is split along one of its edges at a time.
const ROUNDS: usize = 6;
/// Cells an edge may pass before it is not looked at: an edge that long beside others that short is no crack.
const MOST_CELLS: i32 = 4096;

/// Splits triangles at vertices of open edges that lie on an open edge of theirs. Answers how many.
pub fn close_cracks(triangles: &mut Vec<[u32; 3]>, positions: &[DVec3], tolerance: f64) -> usize {
    let mut closed = 0;
    for _ in 0..ROUNDS {
        let splits = find_splits(triangles, positions, tolerance);
        if splits.is_empty() {
            break;
        }
        closed += splits.iter().map(|(_, on_edge)| on_edge.len()).sum::<usize>();
        for (h, on_edge) in splits {
            let (triangle, corner) = (h as usize / 3, h as usize % 3);
            let [a, b, c] = std::array::from_fn(|i| triangles[triangle][(corner + i) % 3]);
            let mut from = a;
            for v in on_edge {
                triangles.push([from, v, c]);
                from = v;
            }
            triangles[triangle] = [from, b, c];
        }
    }
    closed
}

/// Open half-edges, at most one of each triangle, with the vertices on them in order.
fn find_splits(triangles: &[[u32; 3]], positions: &[DVec3], tolerance: f64) -> Vec<(u32, Vec<u32>)> {
    let mut open = borders(triangles);
    open.sort_unstable();
    let corners = triangles.as_flattened();
    let ends = |h: u32| (corners[h as usize], corners[next(h) as usize]);
    let place = |v: u32| positions[v as usize];
    let length: f64 = open.iter().map(|&h| place(ends(h).0).distance(place(ends(h).1))).sum();
    let cell = (length / open.len().max(1) as f64).max(tolerance);
    let cell_of = |p: DVec3| (p / cell).floor().as_ivec3();
    let mut grid: HashMap<IVec3, Vec<u32>> = HashMap::new();
    // A border that is whole passes each of its vertices once from here.
    for v in open.iter().map(|&h| ends(h).0) {
        grid.entry(cell_of(place(v))).or_default().push(v);
    }
    let mut splits: Vec<(u32, Vec<u32>)> = Vec::new();
    for &h in &open {
        if splits.last().is_some_and(|(last, _)| last / 3 == h / 3) {
            continue;
        }
        let (u, v) = ends(h);
        let (p, along) = (place(u), place(v) - place(u));
        let (low, high) = (p.min(p + along) - tolerance, p.max(p + along) + tolerance);
        let (low, high) = (cell_of(low), cell_of(high));
        let size = high - low + 1;
        if size.x.saturating_mul(size.y).saturating_mul(size.z) > MOST_CELLS {
            continue;
        }
        let opposite = corners[next(next(h)) as usize];
        let mut on_edge: Vec<(f64, u32)> = Vec::new();
        for z in low.z..=high.z {
            for y in low.y..=high.y {
                for x in low.x..=high.x {
                    for &w in grid.get(&IVec3::new(x, y, z)).map_or(&[][..], Vec::as_slice) {
                        let t = (place(w) - p).dot(along) / along.length_squared();
                        let is_end = w == u || w == v || w == opposite;
                        let reach = tolerance / along.length();
                        if !is_end
                            && t > reach
                            && t < 1.0 - reach
                            && place(w).distance(p + along * t) <= tolerance
                            && !on_edge.iter().any(|&(_, known)| known == w)
                        {
                            on_edge.push((t, w));
                        }
                    }
                }
            }
        }
        if !on_edge.is_empty() {
            on_edge.sort_by(|a, b| a.0.total_cmp(&b.0));
            splits.push((h, on_edge.into_iter().map(|(_, w)| w).collect()));
        }
    }
    splits
}
