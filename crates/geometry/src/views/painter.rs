//! Colours of a mesh from its views.

use std::sync::Arc;

use glam::{Vec3, Vec4, Vec4Swizzles};
use rayon::prelude::*;

use super::PlacedView;
use super::sight::Sight;
use super::unseen::Unseen;
use crate::{Cancel, Cancelled, Painter, TriMesh};

/// Below this total weight colours go over into those of the surface round about.
const LEAST_WEIGHT: f32 = 0.002;

/// Projects every view onto what it sees of a mesh: weighted by how squarely it sees it, blended without a seam,
/// nothing through what stands before it, nothing from beside the object. What no view shows gets the colours
/// of the surface round about.
pub struct ViewsPainter {
    sights: Vec<Sight>,
    unseen: Unseen,
    seen_share: f32,
}

impl ViewsPainter {
    /// For the surface of `mesh`: what it is asked for later lies on it.
    ///
    /// # Panics
    /// When a triangle names a vertex that is not there.
    pub fn new(views: &[PlacedView], mesh: Arc<TriMesh>, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let sights: Vec<Sight> =
            views.par_iter().map(|view| Sight::new(view, &mesh, cancel)).collect::<Result<_, _>>()?;
        let footprint_m = mesh.bounds().map_or(1.0, |(low, high)| (high - low).max_element() / 128.0);
        let normals = mesh.vertex_normals();
        let colours: Vec<Vec4> = mesh
            .positions
            .par_iter()
            .zip(&normals)
            .map(|(&position, &normal)| {
                let sum = projected(&sights, position, normal, footprint_m);
                if sum.w > LEAST_WEIGHT { (sum.xyz() / sum.w).extend(1.0) } else { Vec4::ZERO }
            })
            .collect();
        let seen = colours.iter().filter(|c| c.w > 0.0).count();
        let seen_share = seen as f32 / colours.len().max(1) as f32;
        Ok(Self { sights, unseen: Unseen::new(mesh, colours, cancel)?, seen_share })
    }

    /// Share of the mesh's vertices that a view shows, 0..=1.
    pub fn seen_share(&self) -> f32 {
        self.seen_share
    }
}

/// Weighted sum of what the views show, with the weight.
fn projected(sights: &[Sight], position_m: Vec3, normal: Vec3, footprint_m: f32) -> Vec4 {
    sights.iter().fold(Vec4::ZERO, |sum, sight| {
        let weight = sight.weight(position_m, normal);
        if weight <= 0.0 {
            return sum;
        }
        sum + (sight.colour(position_m, footprint_m) * weight).extend(weight)
    })
}

impl Painter for ViewsPainter {
    fn albedo(&self, position_m: Vec3, normal: Vec3, footprint_m: f32) -> [f32; 3] {
        let sum = projected(&self.sights, position_m, normal, footprint_m);
        let share = (sum.w / LEAST_WEIGHT).min(1.0);
        if share >= 1.0 {
            return (sum.xyz() / sum.w).to_array();
        }
        let seen = if sum.w > 0.0 { sum.xyz() / sum.w } else { Vec3::ZERO };
        self.unseen.at(position_m).lerp(seen, share).to_array()
    }
}
