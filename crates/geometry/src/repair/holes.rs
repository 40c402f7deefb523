//! Open borders, closed with triangles between their own vertices.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};

use glam::DVec3;

use super::edges::borders;
use crate::decimate::half_edges::{NONE, next};

/// Closes every loop of open edges; each vertex has at most one fan. Answers the number of loops.
pub fn fill(triangles: &mut Vec<[u32; 3]>, positions: &mut Vec<DVec3>) -> usize {
    let loops = loops(triangles, positions.len());
    if loops.is_empty() {
        return 0;
    }
    let mut on_border = vec![false; positions.len()];
    loops.iter().flatten().for_each(|&v| on_border[v as usize] = true);
    let between = |u: u32, v: u32| on_border[u as usize] && on_border[v as usize];
    let mut known: HashSet<(u32, u32)> = triangles
        .iter()
        .flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)])
        .filter(|&(u, v)| between(u, v))
        .map(|(u, v)| (u.min(v), u.max(v)))
        .collect();
    let count = loops.len();
    for ring in loops {
        fill_loop(&ring, triangles, positions, &mut known);
    }
    count
}

/// Open borders as the triangles that close them see them.
pub fn loops(triangles: &[[u32; 3]], vertices: usize) -> Vec<Vec<u32>> {
    let corners = triangles.as_flattened();
    let mut after = vec![NONE; vertices];
    let mut open = borders(triangles);
    open.sort_unstable();
    for &h in &open {
        after[corners[next(h) as usize] as usize] = corners[h as usize];
    }
    let mut loops = Vec::new();
    for &h in &open {
        let first = corners[h as usize];
        let (mut at, mut ring) = (first, Vec::new());
        while after[at as usize] != NONE {
            ring.push(at);
            at = std::mem::replace(&mut after[at as usize], NONE);
        }
        if at == first && ring.len() >= 3 {
            loops.push(ring);
        }
    }
    loops
}

struct Ear {
    cost: f64,
    at: u32,
    /// Tells an entry from the ones that came before at the same place.
    version: u32,
}

impl PartialEq for Ear {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Ear {}
impl PartialOrd for Ear {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ear {
    fn cmp(&self, other: &Self) -> Ordering {
        other.cost.total_cmp(&self.cost).then(other.at.cmp(&self.at))
    }
}

/// Cuts off the sharpest corner until a triangle is left (as advancing fronts do, Zhao et al. 2007). A corner
/// whose cut would run along an edge that is there already stays; when only such are left, a new vertex in the
/// middle closes the rest.
fn fill_loop(
    ring: &[u32],
    triangles: &mut Vec<[u32; 3]>,
    positions: &mut Vec<DVec3>,
    known: &mut HashSet<(u32, u32)>,
) {
    let n = ring.len();
    let place = |i: usize| positions[ring[i] as usize];
    // Newell's normal: which turn is inward.
    let normal: DVec3 = (0..n).map(|i| place(i).cross(place((i + 1) % n))).sum();
    let mut before: Vec<usize> = (0..n).map(|i| (i + n - 1) % n).collect();
    let mut after: Vec<usize> = (0..n).map(|i| (i + 1) % n).collect();
    let mut version = vec![0u32; n];
    let cost = |a: usize, b: usize, c: usize| {
        let (u, v) = (place(a) - place(b), place(c) - place(b));
        let angle = u.angle_between(v);
        let angle = if angle.is_nan() { 0.0 } else { angle };
        if v.cross(u).dot(normal) >= 0.0 { angle } else { std::f64::consts::TAU - angle }
    };
    let mut ears: BinaryHeap<Ear> =
        (0..n).map(|i| Ear { cost: cost(before[i], i, after[i]), at: i as u32, version: 0 }).collect();
    let mut left = n;
    let mut start = 0;
    while left > 3 {
        let Some(Ear { at, version: seen, .. }) = ears.pop() else { break };
        let i = at as usize;
        if version[i] != seen {
            continue;
        }
        let (a, c) = (before[i], after[i]);
        let (u, v) = (ring[a], ring[c]);
        if !known.insert((u.min(v), u.max(v))) {
            // Comes back when a neighbour was cut off.
            continue;
        }
        triangles.push([u, ring[i], v]);
        version[i] = u32::MAX;
        after[a] = c;
        before[c] = a;
        start = a;
        left -= 1;
        for j in [a, c] {
            version[j] += 1;
            ears.push(Ear { cost: cost(before[j], j, after[j]), at: j as u32, version: version[j] });
        }
    }
    let mut rest = Vec::with_capacity(left);
    let mut at = start;
    for _ in 0..left {
        rest.push(ring[at]);
        at = after[at];
    }
    if let [a, b, c] = rest[..] {
        triangles.push([a, b, c]);
        return;
    }
    let middle = rest.iter().map(|&v| positions[v as usize]).sum::<DVec3>() / rest.len() as f64;
    let centre = positions.len() as u32;
    positions.push(middle);
    triangles.extend((0..rest.len()).map(|i| [rest[i], rest[(i + 1) % rest.len()], centre]));
}
