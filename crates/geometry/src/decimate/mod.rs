//! Fewer triangles for the same shape.

mod balance;
mod edge_collapse;
mod fan;
pub(crate) mod half_edges;
mod parts;
mod quadric;
mod queue;

use rayon::prelude::*;

use crate::{Cancel, Cancelled, TriMesh};
use edge_collapse::Decimation;
use half_edges::NONE;
use quadric::Vertex;
use queue::BucketQueue;

/// Least shape of a new triangle, twice its area by the sum of its squared edges; .577 is equilateral.
const LEAST_SHAPE: f32 = 0.03;

/// Collapses edges until at most `target_triangles` are left or none can go. Quadric error metric with
/// area-weighted planes and optimal placement (Garland & Heckbert 1997); costs are looked at again when an
/// edge's turn comes, not when its neighbours change. The link condition (Dey et al. 1999) keeps a manifold
/// manifold and closed; no triangle turns over. Parts that are not manifold stay as they are. A large mesh is
/// first thinned in parts that know only themselves, the same for any number of threads. At last the vertices
/// move a little, so that the triangles lie as much outside the surface as inside.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn decimate(mesh: TriMesh, target_triangles: usize, cancel: Cancel<'_>) -> Result<TriMesh, Cancelled> {
    let Some((low, high)) = mesh.bounds() else { return Ok(mesh) };
    if mesh.triangles.len() <= target_triangles {
        return Ok(mesh);
    }
    let extent = (high - low).max_element();
    // A power of two changes no digit of a position.
    let scale = if extent.is_normal() { 2f32.powi(-extent.log2().round() as i32) } else { 1.0 };
    let TriMesh { positions, triangles } = mesh;
    let vertices = Vertex::of_mesh(positions.into_par_iter().map(|p| p * scale), &triangles, cancel)?;
    let (vertices, triangles) = parts::thinned(vertices, triangles, target_triangles, cancel)?;
    let mut work = Decimation::new(vertices, &triangles, cancel)?;
    for least_shape in [LEAST_SHAPE, 0.0] {
        let mut before = usize::MAX;
        while work.triangles > target_triangles && work.triangles < before {
            before = work.triangles;
            let mut pass = work.begin_pass(least_shape, cancel)?;
            work.advance(&mut pass, target_triangles, BucketQueue::BUCKETS, cancel)?;
        }
    }
    balance::balance(&mut work, cancel)?;
    Ok(finish(&work, scale))
}

fn finish(work: &Decimation, scale: f32) -> TriMesh {
    let mut new_index = vec![NONE; work.vertices.len()];
    for &v in work.half_edges.origin.iter().filter(|&&v| v != NONE) {
        new_index[v as usize] = 0;
    }
    let mut positions = Vec::with_capacity(work.triangles / 2 + 2);
    for (index, vertex) in new_index.iter_mut().zip(&work.vertices) {
        if *index != NONE {
            *index = positions.len() as u32;
            positions.push(vertex.position / scale);
        }
    }
    let triangles = work.half_edges.origin.as_chunks::<3>().0.iter();
    let triangles = triangles.filter(|t| t[0] != NONE).map(|t| t.map(|v| new_index[v as usize])).collect();
    TriMesh { positions, triangles }
}
