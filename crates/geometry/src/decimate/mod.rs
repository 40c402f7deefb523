//! Fewer triangles for the same shape.

mod edge_collapse;
pub(crate) mod half_edges;
mod parts;
mod quadric;
mod queue;

use glam::DVec3;

use crate::{Cancel, Cancelled, TriMesh};
use edge_collapse::{Decimation, add_planes};
use half_edges::NONE;
use quadric::Quadric;
use queue::BucketQueue;

/// Least shape of a new triangle, twice its area by the sum of its squared edges; .577 is equilateral.
const LEAST_SHAPE: f64 = 0.03;

/// Collapses edges until at most `target_triangles` are left or none can go. Quadric error metric with
/// area-weighted planes and optimal placement (Garland & Heckbert 1997); costs are looked at again when an
/// edge's turn comes, not when its neighbours change. The link condition (Dey et al. 1999) keeps a manifold
/// manifold and closed; no triangle turns over. Parts that are not manifold stay as they are. A large mesh is
/// first thinned in parts that know only themselves, the same for any number of threads.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn decimate(mesh: TriMesh, target_triangles: usize, cancel: Cancel<'_>) -> Result<TriMesh, Cancelled> {
    let Some((low, high)) = mesh.bounds() else { return Ok(mesh) };
    if mesh.triangles.len() <= target_triangles {
        return Ok(mesh);
    }
    let centre = (low.as_dvec3() + high.as_dvec3()) / 2.0;
    let scale = (high.as_dvec3() - low.as_dvec3()).max_element().max(f64::MIN_POSITIVE);
    let positions: Vec<DVec3> = mesh.positions.iter().map(|p| (p.as_dvec3() - centre) / scale).collect();
    let triangles = mesh.triangles;
    let parts = parts::wanted(triangles.len(), target_triangles);
    let mut work = if parts > 1 {
        parts::thinned(&positions, triangles, parts, target_triangles, cancel)?
    } else {
        let mut quadrics = vec![Quadric::default(); positions.len()];
        add_planes(&mut quadrics, &positions, &triangles, cancel)?;
        Decimation::new(positions, quadrics, &triangles, cancel)?
    };
    for least_shape in [LEAST_SHAPE, 0.0] {
        let mut before = usize::MAX;
        while work.triangles > target_triangles && work.triangles < before {
            before = work.triangles;
            let mut pass = work.begin_pass(least_shape, cancel)?;
            work.advance(&mut pass, target_triangles, BucketQueue::BUCKETS, cancel)?;
        }
    }
    Ok(finish(&work, centre, scale))
}

fn finish(work: &Decimation, centre: DVec3, scale: f64) -> TriMesh {
    let mut new_index = vec![NONE; work.positions.len()];
    for &v in work.half_edges.origin.iter().filter(|&&v| v != NONE) {
        new_index[v as usize] = 0;
    }
    let mut positions = Vec::with_capacity(work.triangles / 2 + 2);
    for (index, p) in new_index.iter_mut().zip(&work.positions) {
        if *index != NONE {
            *index = positions.len() as u32;
            positions.push((*p * scale + centre).as_vec3());
        }
    }
    let triangles = work.half_edges.origin.as_chunks::<3>().0.iter();
    let triangles = triangles.filter(|t| t[0] != NONE).map(|t| t.map(|v| new_index[v as usize])).collect();
    TriMesh { positions, triangles }
}
