//! Triangles that agree on which side is out, joined so that every edge has at most two and every vertex one fan.

use glam::DVec3;

use super::edges::{Twins, by_edge, edges, link, no_twins};
use crate::decimate::half_edges::{NONE, next, previous};
use crate::disjoint_sets::DisjointSets;

/// How far a vertex that had to be made two is moved into its own part, relative to the part's triangles there.
const APART: f64 = 0.02;

/// Turns triangles so that neighbours agree, each connected part the way most of its triangles faced. Answers how
/// many were turned.
pub fn agree(triangles: &mut [[u32; 3]]) -> usize {
    let corners = triangles.as_flattened();
    let mut twins = no_twins(triangles);
    for edge in edges(&by_edge(triangles)) {
        if let &[(.., a), (.., b)] = edge
            && a / 3 != b / 3
        {
            link(&mut twins, a, b);
        }
    }
    let same_direction = |h: u32, twin: u32| corners[h as usize] == corners[twin as usize];
    let mut turned: Vec<Option<bool>> = vec![None; triangles.len()];
    let mut part = Vec::new();
    for first in 0..triangles.len() as u32 {
        if turned[first as usize].is_some() {
            continue;
        }
        turned[first as usize] = Some(false);
        part.clear();
        part.push(first);
        let (mut at, mut turns) = (0, 0);
        while let Some(&triangle) = part.get(at) {
            at += 1;
            let own = turned[triangle as usize] == Some(true);
            for h in 3 * triangle..3 * triangle + 3 {
                let twin = twins[h as usize];
                if twin != NONE && turned[twin as usize / 3].is_none() {
                    let turn = own ^ same_direction(h, twin);
                    turned[twin as usize / 3] = Some(turn);
                    turns += usize::from(turn);
                    part.push(twin / 3);
                }
            }
        }
        if turns * 2 > part.len() {
            part.iter().for_each(|&t| turned[t as usize] = turned[t as usize].map(|turn| !turn));
        }
    }
    let mut count = 0;
    for (triangle, _) in triangles.iter_mut().zip(&turned).filter(|(_, turn)| **turn == Some(true)) {
        triangle.swap(1, 2);
        count += 1;
    }
    count
}

/// Joins triangles across their edges: two that agree; of more than two those with the solid between them.
fn join(triangles: &[[u32; 3]], positions: &[DVec3]) -> Twins {
    let corners = triangles.as_flattened();
    let mut twins = no_twins(triangles);
    for edge in edges(&by_edge(triangles)) {
        match *edge {
            [_] => {}
            [(.., a), (.., b)] => {
                if corners[a as usize] != corners[b as usize] {
                    link(&mut twins, a, b);
                }
            }
            [(low, high, _), ..] => {
                let (from, axis) =
                    (positions[low as usize], positions[high as usize] - positions[low as usize]);
                let x = axis.try_normalize().unwrap_or(DVec3::Z).any_orthonormal_vector();
                let y = axis.cross(x);
                let mut round: Vec<(f64, u32)> = edge
                    .iter()
                    .map(|&(.., h)| {
                        let wing = positions[corners[previous(h) as usize] as usize] - from;
                        ((wing.dot(y) / axis.length()).atan2(wing.dot(x)), h)
                    })
                    .collect();
                round.sort_by(|a, b| a.0.total_cmp(&b.0));
                // Turning about the axis, a solid begins at a triangle that runs against the axis and ends at
                // the next, which runs along it.
                for i in 0..round.len() {
                    let (begin, end) = (round[i].1, round[(i + 1) % round.len()].1);
                    let along = |h: u32| corners[h as usize] == low;
                    if !along(begin) && along(end) {
                        link(&mut twins, begin, end);
                    }
                }
            }
            [] => {}
        }
    }
    twins
}

/// For each corner one that stands for its fan: the triangles round a vertex that are joined to each other.
fn fans(triangles: &[[u32; 3]], positions: &[DVec3]) -> Vec<u32> {
    let twins = join(triangles, positions);
    let mut fans = DisjointSets::new(twins.len());
    for (h, &twin) in (0u32..).zip(&twins) {
        if twin != NONE && h < twin {
            fans.unite(h, next(twin));
            fans.unite(next(h), twin);
        }
    }
    fans.into_roots()
}

/// Fans beyond the first of each vertex.
pub fn extra_fans(triangles: &[[u32; 3]], positions: &[DVec3]) -> usize {
    let fan = fans(triangles, positions);
    let mut used = vec![false; positions.len()];
    triangles.as_flattened().iter().for_each(|&v| used[v as usize] = true);
    let fans = (0u32..).zip(&fan).filter(|&(corner, &root)| corner == root).count();
    fans - used.iter().filter(|&&used| used).count()
}

/// Gives every fan of triangles its own vertex, moved a little into the fan where it was shared with another.
/// Moved by at least `least` metres, so that they are not taken for one again. Answers how many vertices that
/// made.
pub fn split_fans(triangles: &mut [[u32; 3]], positions: &mut Vec<DVec3>, least: f64) -> usize {
    let fan = fans(triangles, positions);
    let mut owner = vec![NONE; positions.len()];
    let mut vertex_of_fan: Vec<u32> = vec![NONE; fan.len()];
    let mut shared = vec![false; positions.len()];
    let before = positions.len();
    for (corner, &root) in fan.iter().enumerate() {
        let vertex = triangles[corner / 3][corner % 3];
        if vertex_of_fan[root as usize] == NONE {
            vertex_of_fan[root as usize] = if owner[vertex as usize] == NONE {
                owner[vertex as usize] = root;
                vertex
            } else {
                shared[vertex as usize] = true;
                shared.push(true);
                positions.push(positions[vertex as usize]);
                positions.len() as u32 - 1
            };
        }
        triangles[corner / 3][corner % 3] = vertex_of_fan[root as usize];
    }
    let made = positions.len() - before;
    if made > 0 {
        move_apart(triangles, positions, &shared, least);
    }
    made
}

/// Moves vertices towards the middle of the triangles round them.
fn move_apart(triangles: &[[u32; 3]], positions: &mut [DVec3], which: &[bool], least: f64) {
    let mut sums = vec![(DVec3::ZERO, 0.0); positions.len()];
    for triangle in triangles {
        let middle = triangle.iter().map(|&v| positions[v as usize]).sum::<DVec3>() / 3.0;
        for &v in triangle.iter().filter(|&&v| which[v as usize]) {
            sums[v as usize].0 += middle;
            sums[v as usize].1 += 1.0;
        }
    }
    for (position, (sum, count)) in positions.iter_mut().zip(sums).filter(|(_, (_, count))| *count > 0.0) {
        let inward = sum / count - *position;
        *position += inward * (least / inward.length()).clamp(APART, 1.0);
    }
}
