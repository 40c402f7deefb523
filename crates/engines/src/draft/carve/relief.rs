//! The relief of a carved solid: what stands out of the front picture stands out of the surface that shows it.
//!
//! Only of the front, whose own outline no move along its rays can change: sunk lines of the sides would bite
//! into the outlines that the others show.

use glam::{Vec3, Vec4Swizzles};
use oreforge_geometry::distance::signed_distance;
use oreforge_geometry::{Cancel, Cancelled, Grid, TriMesh};
use rayon::prelude::*;

use super::super::relief::relief;
use super::super::symmetry::evened;
use super::hull::Hull;
use super::sight::{Sight, smoothstep};
use super::view::{Lattice, View, locate, on_lattice};

/// Cells along the longest side of the picture it is taken from.
const CELLS: u32 = 256;

/// Of the height a solid from one picture gets: here the other outlines tell most of the depth, and paint that is
/// taken for relief does more harm.
const SHARE: f32 = 0.6;

/// How far the surface stands out towards the front camera, in cells of its own lattice.
pub struct Relief {
    lattice: Lattice,
    heights: Grid<f32>,
}

impl Relief {
    pub fn of(front: &View, extent_m: Vec3, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let lattice = Lattice::around(extent_m, CELLS);
        let colors = on_lattice(front, &lattice);
        let distance = signed_distance(&colors.map(|c| c.w), cancel)?;
        let rgb = colors.map(|c| if c.w > 1e-3 { c.xyz() / c.w } else { Vec3::ZERO });
        Ok(Self { lattice, heights: relief(&rgb, &distance) })
    }

    /// The same on both sides.
    pub fn evened(self) -> Self {
        Self { heights: evened(self.heights), ..self }
    }

    /// Moves a surface in metres where `front` sees it, never out of the outlines of `hull`.
    pub fn raise(
        &self,
        surface: &mut TriMesh,
        front: &View,
        hull: &Hull,
        cancel: Cancel<'_>,
    ) -> Result<(), Cancelled> {
        let sight = Sight::new(front, surface, &hull.lattice, cancel)?;
        let toward = front.direction.toward;
        let normals = surface.vertex_normals();
        surface.positions.par_iter_mut().zip(&normals).for_each(|(position, &normal)| {
            let squareness = smoothstep(0.2, 0.6, normal.dot(toward));
            if squareness <= 0.0 {
                return;
            }
            let offset = hull.lattice.cells_of_world(*position);
            let place = self.lattice.cells_of_world(*position);
            let at = locate(&front.direction, self.heights.width(), self.heights.height(), place);
            let height = SHARE * self.heights.sample(at.x, at.y) * squareness * sight.visible(offset);
            let moved = toward * height * self.lattice.cell_m;
            let (before, after) =
                (hull.distance(offset), hull.distance(offset + moved / hull.lattice.cell_m));
            let room = before.max(0.0);
            let share = if after < 0.0 && after < before { room / (room - after) } else { 1.0 };
            *position += moved * share;
        });
        cancel.check()
    }
}
