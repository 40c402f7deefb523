//! Which side of the object each triangle is seen from best.

use glam::Vec3;

use crate::decimate::half_edges::{HalfEdges, NONE};
use crate::{Cancel, Cancelled, TriMesh};

/// Directions charts are projected along, outward.
pub const SIDES: [Vec3; 6] = [Vec3::Z, Vec3::NEG_Z, Vec3::X, Vec3::NEG_X, Vec3::Y, Vec3::NEG_Y];

/// Triangles that face front or back more than this (cosine) go there, whatever else they face.
const FRONT_COSINE: f32 = 0.25;
/// Least cosine between a triangle and the side it is moved to; bounds the stretch to 1 / cosine.
const LEAST_COSINE: f32 = 0.15;
/// Share of the whole area below which a patch is moved to a neighbour's side.
const SMALL_PATCH: f32 = 1e-3;
const ROUNDS: usize = 4;
const CANCEL_EVERY: usize = 4096;

/// For each triangle its place in [`SIDES`], in patches as large as the stretch allows.
pub fn label(mesh: &TriMesh, half_edges: &HalfEdges, cancel: Cancel<'_>) -> Result<Vec<u8>, Cancelled> {
    let area_normals: Vec<Vec3> = mesh.triangles.iter().map(|&t| mesh.area_normal(t)).collect();
    let mut sides: Vec<u8> = area_normals.iter().map(|n| best_side(n.normalize_or(Vec3::Z))).collect();
    let may_move = |triangle: usize, side: u8| {
        let n = area_normals[triangle];
        n.dot(SIDES[usize::from(side)]) >= LEAST_COSINE * n.length()
    };
    for _ in 0..ROUNDS {
        for triangle in 0..sides.len() {
            if triangle.is_multiple_of(CANCEL_EVERY) {
                cancel.check()?;
            }
            let around = neighbours(half_edges, triangle).map(|n| n.map(|n| sides[n]));
            let most = around
                .into_iter()
                .flatten()
                .find(|side| around.iter().filter(|&&s| s == Some(*side)).count() >= 2);
            if let Some(side) = most.filter(|&side| may_move(triangle, side)) {
                sides[triangle] = side;
            }
        }
        merge_small(&mut sides, &area_normals, half_edges, may_move, cancel)?;
    }
    Ok(sides)
}

/// Triangles across the three edges.
pub fn neighbours(half_edges: &HalfEdges, triangle: usize) -> [Option<usize>; 3] {
    std::array::from_fn(|i| {
        let twin = half_edges.twin[3 * triangle + i];
        (twin != NONE).then_some(twin as usize / 3)
    })
}

fn best_side(normal: Vec3) -> u8 {
    if normal.z.abs() > FRONT_COSINE {
        return u8::from(normal.z < 0.0);
    }
    if normal.x.abs() >= normal.y.abs() { 2 + u8::from(normal.x < 0.0) } else { 4 + u8::from(normal.y < 0.0) }
}

/// Moves connected patches of little area to the side most of their border touches, where all of them may go.
fn merge_small(
    sides: &mut [u8],
    area_normals: &[Vec3],
    half_edges: &HalfEdges,
    may_move: impl Fn(usize, u8) -> bool,
    cancel: Cancel<'_>,
) -> Result<(), Cancelled> {
    let small = SMALL_PATCH * area_normals.iter().map(|n| n.length()).sum::<f32>();
    let mut seen = vec![false; sides.len()];
    let mut patch = Vec::new();
    for first in 0..sides.len() {
        if std::mem::replace(&mut seen[first], true) {
            continue;
        }
        patch.clear();
        patch.push(first);
        let mut border = [0u32; SIDES.len()];
        let mut area = 0.0;
        let mut at = 0;
        while let Some(&triangle) = patch.get(at) {
            at += 1;
            if at.is_multiple_of(CANCEL_EVERY) {
                cancel.check()?;
            }
            area += area_normals[triangle].length();
            for n in neighbours(half_edges, triangle).into_iter().flatten() {
                if sides[n] != sides[first] {
                    border[usize::from(sides[n])] += 1;
                } else if !std::mem::replace(&mut seen[n], true) {
                    patch.push(n);
                }
            }
        }
        if area > small {
            continue;
        }
        let mut candidates: Vec<u8> =
            (0..SIDES.len() as u8).filter(|&s| border[usize::from(s)] > 0).collect();
        candidates.sort_by_key(|&s| std::cmp::Reverse(border[usize::from(s)]));
        if let Some(&side) = candidates.iter().find(|&&side| patch.iter().all(|&t| may_move(t, side))) {
            for &triangle in &patch {
                sides[triangle] = side;
            }
        }
    }
    Ok(())
}
