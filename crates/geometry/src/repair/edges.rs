//! Which triangles meet at an edge.

use rayon::prelude::*;

use crate::decimate::half_edges::{NONE, next};

/// A half-edge filed under its edge: lower vertex, higher vertex, half-edge.
type Filed = (u32, u32, u32);

/// Every half-edge, those of one edge side by side. Half-edge `3 t + i` runs from corner `i` of triangle `t`.
pub fn by_edge(triangles: &[[u32; 3]]) -> Vec<Filed> {
    let corners = triangles.as_flattened();
    let mut filed: Vec<Filed> = (0..corners.len() as u32)
        .into_par_iter()
        .map(|h| {
            let (u, v) = (corners[h as usize], corners[next(h) as usize]);
            (u.min(v), u.max(v), h)
        })
        .collect();
    filed.par_sort_unstable();
    filed
}

/// The half-edges of each edge.
pub fn edges(filed: &[Filed]) -> impl Iterator<Item = &[Filed]> {
    filed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
}

/// The half-edges that no other triangle shares.
pub fn borders(triangles: &[[u32; 3]]) -> Vec<u32> {
    edges(&by_edge(triangles)).filter(|edge| edge.len() == 1).map(|edge| edge[0].2).collect()
}

/// A half-edge and the one across, [`NONE`] where the surface ends.
pub type Twins = Vec<u32>;

pub fn link(twins: &mut Twins, a: u32, b: u32) {
    twins[a as usize] = b;
    twins[b as usize] = a;
}

pub fn no_twins(triangles: &[[u32; 3]]) -> Twins {
    vec![NONE; triangles.len() * 3]
}
