//! Normals that are smooth over curves and break at edges.

use glam::Vec3;

use crate::decimate::half_edges::{HalfEdges, NONE, next};
use crate::disjoint_sets::DisjointSets;
use crate::{Cancel, Cancelled, TriMesh};

/// Triangles that meet at more than 50° meet at an edge.
const CREASE_COSINE: f32 = 0.643;
const CANCEL_EVERY: u32 = 4096;

/// Corners that share a normal. Corner `3 t + i` is corner `i` of triangle `t`.
pub struct CornerNormals {
    /// By corner: a corner that stands for all of its vertex that are joined to it without a crease between.
    pub group: Vec<u32>,
    /// By corner; set for those that stand for a group: unit length, weighted by area.
    pub normals: Vec<Vec3>,
}

impl CornerNormals {
    pub fn of(mesh: &TriMesh, half_edges: &HalfEdges, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let area_normals: Vec<Vec3> = mesh.triangles.iter().map(|&t| mesh.area_normal(t)).collect();
        let mut groups = DisjointSets::new(half_edges.twin.len());
        cancel.check()?;
        for (h, &twin) in (0..).zip(&half_edges.twin).filter(|&(h, &twin)| twin != NONE && h < twin) {
            if h % CANCEL_EVERY == 0 {
                cancel.check()?;
            }
            let (a, b) = (area_normals[h as usize / 3], area_normals[twin as usize / 3]);
            // A triangle without area has no direction to disagree with.
            if a.dot(b) >= CREASE_COSINE * a.length() * b.length() {
                groups.unite(h, next(twin));
                groups.unite(next(h), twin);
            }
        }
        let group = groups.into_roots();
        let mut normals = vec![Vec3::ZERO; group.len()];
        for (corner, &root) in group.iter().enumerate() {
            if corner.is_multiple_of(CANCEL_EVERY as usize) {
                cancel.check()?;
            }
            normals[root as usize] += area_normals[corner / 3];
        }
        for normal in &mut normals {
            *normal = normal.try_normalize().unwrap_or(Vec3::Y);
        }
        Ok(Self { group, normals })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(mesh: &TriMesh) -> CornerNormals {
        let half_edges =
            HalfEdges::new(mesh.positions.len(), &mesh.triangles, Cancel::never()).expect("no cancel");
        CornerNormals::of(mesh, &half_edges, Cancel::never()).expect("no cancel")
    }

    #[test]
    fn a_cube_has_three_normals_at_a_corner_and_a_flat_roof_one() {
        let positions =
            (0..8).map(|i| Vec3::new((i & 1) as f32, (i >> 1 & 1) as f32, (i >> 2) as f32)).collect();
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles = quads.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
        let cube = TriMesh { positions, triangles };
        let CornerNormals { group, normals } = normals(&cube);
        let mut groups = group.clone();
        groups.sort_unstable();
        groups.dedup();
        assert_eq!(groups.len(), 24);
        for (corner, &group) in group.iter().enumerate() {
            let [p, q, r] = cube.triangles[corner / 3].map(|v| cube.positions[v as usize]);
            assert!(normals[group as usize].abs_diff_eq((q - p).cross(r - p).normalize(), 1e-6));
        }
    }

    #[test]
    fn a_gentle_fold_stays_smooth() {
        let positions = vec![Vec3::ZERO, Vec3::X, Vec3::new(0.5, 1.0, 0.2), Vec3::new(0.5, -1.0, 0.2)];
        let fold = TriMesh { positions, triangles: vec![[0, 1, 2], [1, 0, 3]] };
        let CornerNormals { group, normals } = normals(&fold);
        assert_eq!((group[0], group[1]), (group[4], group[3]));
        assert!(normals[group[0] as usize].abs_diff_eq(Vec3::Z, 1e-6));
        assert_ne!(group[2], group[5]);
    }
}
