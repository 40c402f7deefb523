//! Colours of a carved solid: every view where it sees, neighbours where none does.

use glam::{Vec2, Vec3, Vec4, Vec4Swizzles};
use oreforge_geometry::mips::Mips;
use oreforge_geometry::resize::Window;
use oreforge_geometry::{Cancel, Cancelled, Painter, TriMesh};
use rayon::prelude::*;

use super::sight::{Sight, smoothstep};
use super::spread::Spread;
use super::view::{Direction, Frame, Lattice, View};

/// Below this total weight colours come from the neighbourhood.
const LEAST_WEIGHT: f32 = 0.0005;
/// Steps that even out the colours of what nobody sees.
const EVENING_STEPS: usize = 24;

struct Witness {
    sight: Sight,
    frame: Frame,
    mips: Mips,
}

pub struct CarvedPainter {
    lattice: Lattice,
    witnesses: Vec<Witness>,
    spread: Spread,
}

impl CarvedPainter {
    /// `surface` is the solid on about the fineness of `lattice`, in metres.
    pub fn new(
        views: &[View],
        surface: &TriMesh,
        lattice: Lattice,
        cancel: Cancel<'_>,
    ) -> Result<Self, Cancelled> {
        let witnesses = views
            .iter()
            .map(|view| {
                let mips = Mips::new(&view.picture, Window::whole(&view.picture), cancel)?;
                let sight = Sight::new(view, surface, &lattice, cancel)?;
                Ok(Witness { sight, frame: view.frame, mips })
            })
            .collect::<Result<Vec<_>, Cancelled>>()?;
        let mut painter = Self { lattice, witnesses, spread: Spread::empty() };
        let footprint_m = lattice.cell_m;
        let normals = surface.vertex_normals();
        let seen: Vec<Vec4> = surface
            .positions
            .par_iter()
            .zip(&normals)
            .map(|(&position, &normal)| {
                let sum = painter.seen(position, normal, footprint_m);
                if sum.w > LEAST_WEIGHT { (sum.xyz() / sum.w).extend(1.0) } else { Vec4::ZERO }
            })
            .collect();
        let colors = filled_in(seen, surface, cancel)?;
        painter.spread = Spread::new(&surface.positions, &colors, &lattice, cancel)?;
        Ok(painter)
    }

    /// Weighted sum of what the views show there, with the weight.
    fn seen(&self, position_m: Vec3, normal: Vec3, footprint_m: f32) -> Vec4 {
        let offset = self.lattice.cells_of_world(position_m);
        let mut sum = Vec4::ZERO;
        for witness in &self.witnesses {
            let weight = witness.sight.weight(offset, normal);
            if weight <= 0.0 {
                continue;
            }
            let Direction { right, up, .. } = witness.sight.direction;
            let plane = Vec2::new(position_m.dot(right), position_m.dot(up));
            let at = witness.frame.pixel_of(plane);
            let pixel_m = witness.frame.pixel_m;
            let color = witness.mips.sample(at.x, at.y, footprint_m / pixel_m.max_element());
            sum += (color * weight).extend(weight);
        }
        sum
    }
}

impl Painter for CarvedPainter {
    fn albedo(&self, position_m: Vec3, normal: Vec3, footprint_m: f32) -> [f32; 3] {
        let sum = self.seen(position_m, normal, footprint_m);
        let share = smoothstep(0.0, LEAST_WEIGHT, sum.w);
        let seen = if sum.w > 0.0 { sum.xyz() / sum.w } else { Vec3::ZERO };
        if share >= 1.0 {
            return seen.to_array();
        }
        self.spread.at(self.lattice.cells_of_world(position_m)).lerp(seen, share).to_array()
    }
}

/// Gives vertices that nobody sees the mean colour of their neighbours, ring by ring, and evens that out.
fn filled_in(mut colors: Vec<Vec4>, surface: &TriMesh, cancel: Cancel<'_>) -> Result<Vec<Vec4>, Cancelled> {
    let known: Vec<bool> = colors.iter().map(|c| c.w > 0.0).collect();
    let edges: Vec<[u32; 2]> = surface
        .triangles
        .iter()
        .flat_map(|&[a, b, c]| [[a, b], [b, c], [c, a]])
        .filter(|&[a, b]| !known[a as usize] || !known[b as usize])
        .collect();
    let mut even_steps = 0;
    while even_steps < EVENING_STEPS {
        cancel.check()?;
        let mut sums = vec![Vec4::ZERO; colors.len()];
        for &[a, b] in &edges {
            sums[a as usize] += colors[b as usize];
            sums[b as usize] += colors[a as usize];
        }
        let mut grew = false;
        for ((color, &sum), &known) in colors.iter_mut().zip(&sums).zip(&known) {
            if !known && sum.w > 0.0 {
                grew |= color.w == 0.0;
                *color = (sum.xyz() / sum.w).extend(1.0);
            }
        }
        even_steps += usize::from(!grew);
    }
    Ok(colors)
}
