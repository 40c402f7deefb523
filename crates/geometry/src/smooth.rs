//! Smoothing that keeps volume.

use glam::Vec3;
use rayon::prelude::*;

use crate::{Cancel, Cancelled, TriMesh};

const CHUNK: usize = 4096;

/// Taubin 1995, "A signal processing approach to fair surface design": each of `iterations` is a step of
/// Laplacian smoothing by `lambda` (0..1) and one of inflation by `mu` (negative, slightly beyond `-lambda`),
/// with uniform weights. Frequencies below `1 / lambda + 1 / mu` pass unchanged, so that volume and silhouette
/// stay. Meant for closed meshes with about even triangles; vertices without neighbours stay where they are.
///
/// On `Err` the mesh is as it was.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn taubin(
    mesh: &mut TriMesh,
    iterations: u32,
    lambda: f32,
    mu: f32,
    cancel: Cancel<'_>,
) -> Result<(), Cancelled> {
    let neighbours = Neighbours::of(mesh);
    cancel.check()?;
    let mut from = mesh.positions.clone();
    let mut to = vec![Vec3::ZERO; from.len()];
    for _ in 0..iterations {
        for factor in [lambda, mu] {
            to.par_chunks_mut(CHUNK).enumerate().try_for_each(|(chunk, to)| {
                cancel.check()?;
                for (i, to) in to.iter_mut().enumerate() {
                    let v = chunk * CHUNK + i;
                    let around = neighbours.of_vertex(v);
                    let sum: Vec3 = around.iter().map(|&n| from[n as usize]).sum();
                    let mean = if around.is_empty() { from[v] } else { sum / around.len() as f32 };
                    *to = from[v] + (mean - from[v]) * factor;
                }
                Ok(())
            })?;
            std::mem::swap(&mut from, &mut to);
        }
    }
    mesh.positions = from;
    Ok(())
}

/// The vertices each vertex's outgoing edges lead to; in a closed mesh all its neighbours, each once.
struct Neighbours {
    start: Vec<u32>,
    list: Vec<u32>,
}

impl Neighbours {
    fn of(mesh: &TriMesh) -> Self {
        let mut start = vec![0u32; mesh.positions.len() + 1];
        for &v in mesh.triangles.iter().flatten() {
            start[v as usize + 1] += 1;
        }
        for v in 0..mesh.positions.len() {
            start[v + 1] += start[v];
        }
        let mut next = start.clone();
        let mut list = vec![0; mesh.triangles.len() * 3];
        for &[a, b, c] in &mesh.triangles {
            for (from, to) in [(a, b), (b, c), (c, a)] {
                let place = &mut next[from as usize];
                list[*place as usize] = to;
                *place += 1;
            }
        }
        Self { start, list }
    }

    fn of_vertex(&self, v: usize) -> &[u32] {
        &self.list[self.start[v] as usize..self.start[v + 1] as usize]
    }
}
