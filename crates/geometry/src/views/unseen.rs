//! Colours of a surface where no view shows it: those of the surface round about.

use std::sync::Arc;

use glam::{Vec3, Vec4, Vec4Swizzles};

use crate::bvh::Bvh;
use crate::{Cancel, Cancelled, TriMesh};

/// Rounds that even the colours out after every vertex has one.
const EVENING_ROUNDS: usize = 60;

pub struct Unseen {
    bvh: Bvh<Arc<TriMesh>>,
    /// sRGB, one per vertex of the mesh.
    colours: Vec<Vec3>,
}

impl Unseen {
    /// `seen` holds for every vertex its colour and 1, or zeros where no view shows it. Those get the mean of their
    /// neighbours, ring by ring, which is then evened out over the surface. Parts that nothing shows are of
    /// the mean colour.
    pub fn new(mesh: Arc<TriMesh>, mut seen: Vec<Vec4>, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let known: Vec<bool> = seen.iter().map(|c| c.w > 0.0).collect();
        let edges: Vec<[u32; 2]> = mesh
            .triangles
            .iter()
            .flat_map(|&[a, b, c]| [[a, b], [b, c], [c, a]])
            .filter(|&[a, b]| !known[a as usize] || !known[b as usize])
            .collect();
        let mut rounds = 0;
        while rounds < EVENING_ROUNDS {
            cancel.check()?;
            let mut sums = vec![Vec4::ZERO; seen.len()];
            for &[a, b] in &edges {
                sums[a as usize] += seen[b as usize];
                sums[b as usize] += seen[a as usize];
            }
            let mut grew = false;
            for ((colour, &sum), &known) in seen.iter_mut().zip(&sums).zip(&known) {
                if !known && sum.w > 0.0 {
                    grew |= colour.w == 0.0;
                    *colour = (sum.xyz() / sum.w).extend(1.0);
                }
            }
            rounds += usize::from(!grew);
        }
        let total: Vec4 = seen.iter().copied().sum();
        let mean = if total.w > 0.0 { total.xyz() / total.w } else { Vec3::splat(0.5) };
        let colours = seen.into_iter().map(|c| if c.w > 0.0 { c.xyz() } else { mean }).collect();
        Ok(Self { bvh: Bvh::new(mesh), colours })
    }

    pub fn at(&self, position_m: Vec3) -> Vec3 {
        let Some(hit) = self.bvh.nearest(position_m, f32::INFINITY) else { return Vec3::splat(0.5) };
        let [a, b, c] = self.bvh.mesh().triangles[hit.triangle as usize].map(|v| self.colours[v as usize]);
        let [v, w] = hit.weights;
        a * (1.0 - v - w) + b * v + c * w
    }
}
