use glam::{Mat3, Vec3};

use crate::TriMesh;

/// A turn, a scale and a shift, in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    pub turn: Mat3,
    pub scale: f32,
    pub offset: Vec3,
}

/// How a mesh stands in the world, and where its views' cameras look then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    pub world_from_mesh: Pose,
    /// What the middle of every view shows.
    pub target_m: Vec3,
    /// From the middle of a view to the border of its longer side.
    pub half_extent_m: f32,
}

impl Pose {
    pub fn apply(&self, p: Vec3) -> Vec3 {
        self.turn * p * self.scale + self.offset
    }

    /// This pose before views whose longer side goes from -1 to 1, as a place in the world: feet on the ground,
    /// the middle over the origin, the largest dimension `size_m`.
    pub fn standing(&self, mesh: &TriMesh, size_m: f32) -> Standing {
        let places = mesh.positions.iter().map(|&p| self.apply(p));
        let (low, high) =
            places.fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
        let largest = (high - low).max_element();
        let (half_extent_m, feet) = if largest > 0.0 {
            (size_m / largest, Vec3::new((low.x + high.x) / 2.0, low.y, (low.z + high.z) / 2.0))
        } else {
            (1.0, Vec3::ZERO)
        };
        Standing {
            world_from_mesh: Pose {
                turn: self.turn,
                scale: self.scale * half_extent_m,
                offset: (self.offset - feet) * half_extent_m,
            },
            target_m: -feet * half_extent_m,
            half_extent_m,
        }
    }
}
