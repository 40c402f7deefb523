//! Diffusion on rasters: −∇·(w ∇u) = source, by successive over-relaxation (Young 1954) from a coarse solution
//! (nested iteration, Hackbusch, "Multi-Grid Methods and Applications", ch. 5).

use crate::resize::{Blend, bilinear};
use crate::{Cancel, Cancelled, Grid};

/// What a cell is to the equation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellRole {
    /// Solved for.
    Free,
    /// Keeps its value.
    Fixed,
    /// Nothing flows through it.
    Wall,
}

/// How strongly neighbours pull on each other, 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coupling {
    pub across: f32,
    pub along: f32,
}

impl Coupling {
    pub const UNIFORM: Coupling = Coupling { across: 1.0, along: 1.0 };
}

const COARSEST_CELLS: usize = 16;
const COARSE_SWEEPS: usize = 60;
const SWEEPS: usize = 40;

/// Solves for the free cells of `values`; `source` is per cell area. Free cells that touch no fixed cell,
/// directly or through others, keep drifting from what they were: give such regions a sensible start.
pub fn diffuse<T: Blend>(
    values: &mut Grid<T>,
    roles: &Grid<CellRole>,
    source: T,
    coupling: Coupling,
    cancel: Cancel<'_>,
) -> Result<(), Cancelled> {
    let (width, height) = (values.width(), values.height());
    let coarsest = width.min(height) <= COARSEST_CELLS;
    if !coarsest {
        let (mut coarse, coarse_roles) = halved(values, roles);
        diffuse(&mut coarse, &coarse_roles, source * 4.0, coupling, cancel)?;
        for y in 0..height {
            for x in 0..width {
                if roles.get(x, y) == CellRole::Free {
                    let value = bilinear(&coarse, (x as f32 - 0.5) / 2.0, (y as f32 - 0.5) / 2.0);
                    values.set(x, y, value);
                }
            }
        }
    }
    let relaxation = if coarsest { 1.7 } else { 1.85 };
    let stencils = [0, 1].map(|colour| Stencil::all(roles, coupling, colour));
    for _ in 0..if coarsest { COARSE_SWEEPS } else { SWEEPS } {
        for stencils in &stencils {
            cancel.check()?;
            for stencil in stencils {
                stencil.relax(values.cells_mut(), source, relaxation);
            }
        }
    }
    Ok(())
}

/// A free cell and what pulls on it.
struct Stencil {
    cell: u32,
    /// Left, right, above, below; absent neighbours are the cell itself with strength 0.
    neighbours: [u32; 4],
    strengths: [f32; 4],
    inverse_sum: f32,
}

impl Stencil {
    /// Of the free cells of one colour of the checkerboard: none of them pulls on another.
    fn all(roles: &Grid<CellRole>, coupling: Coupling, colour: usize) -> Vec<Self> {
        let (width, height) = (roles.width(), roles.height());
        let mut stencils = Vec::new();
        for y in 0..height {
            for x in (0..width).filter(|x| (x + y) % 2 == colour) {
                if roles.get(x, y) != CellRole::Free {
                    continue;
                }
                let cell = (y * width + x) as u32;
                let around = [
                    (x.wrapping_sub(1), y, coupling.across),
                    (x + 1, y, coupling.across),
                    (x, y.wrapping_sub(1), coupling.along),
                    (x, y + 1, coupling.along),
                ];
                let mut stencil = Self { cell, neighbours: [cell; 4], strengths: [0.0; 4], inverse_sum: 0.0 };
                for (k, (nx, ny, strength)) in around.into_iter().enumerate() {
                    if nx < width && ny < height && roles.get(nx, ny) != CellRole::Wall {
                        stencil.neighbours[k] = (ny * width + nx) as u32;
                        stencil.strengths[k] = strength;
                    }
                }
                let sum: f32 = stencil.strengths.iter().sum();
                if sum > 0.0 {
                    stencil.inverse_sum = 1.0 / sum;
                    stencils.push(stencil);
                }
            }
        }
        stencils
    }

    fn relax<T: Blend>(&self, values: &mut [T], source: T, relaxation: f32) {
        let mut sum = source;
        for (&neighbour, &strength) in self.neighbours.iter().zip(&self.strengths) {
            sum = sum + values[neighbour as usize] * strength;
        }
        let cell = &mut values[self.cell as usize];
        *cell = *cell * (1.0 - relaxation) + sum * (self.inverse_sum * relaxation);
    }
}

/// Half the resolution: a cell is free when most of what it covers is, and starts from its children's mean.
fn halved<T: Blend>(values: &Grid<T>, roles: &Grid<CellRole>) -> (Grid<T>, Grid<CellRole>) {
    let (width, height) = (values.width().div_ceil(2), values.height().div_ceil(2));
    let mut coarse = Grid::filled(width, height, T::default());
    let mut coarse_roles = Grid::filled(width, height, CellRole::Wall);
    for y in 0..height {
        for x in 0..width {
            let children = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| (2 * x + dx, 2 * y + dy));
            let (mut sums, mut counts) = ([T::default(); 2], [0usize; 2]);
            for (cx, cy) in children {
                if cx >= values.width() || cy >= values.height() {
                    continue;
                }
                let kind = match roles.get(cx, cy) {
                    CellRole::Free => 0,
                    CellRole::Fixed => 1,
                    CellRole::Wall => continue,
                };
                sums[kind] = sums[kind] + values.get(cx, cy);
                counts[kind] += 1;
            }
            let kind = usize::from(counts[1] >= counts[0]);
            if counts[kind] > 0 {
                coarse.set(x, y, sums[kind] * (1.0 / counts[kind] as f32));
                coarse_roles.set(x, y, if kind == 0 { CellRole::Free } else { CellRole::Fixed });
            }
        }
    }
    (coarse, coarse_roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_bulges_as_a_paraboloid() {
        let radius = 60.0f32;
        let mut roles = Grid::filled(130, 130, CellRole::Fixed);
        let mut values = Grid::filled(130, 130, 0.0f32);
        let away = |x: usize, y: usize| ((x as f32 - 64.5).powi(2) + (y as f32 - 64.5).powi(2)).sqrt();
        for y in 0..130 {
            for x in 0..130 {
                if away(x, y) < radius {
                    roles.set(x, y, CellRole::Free);
                }
            }
        }
        diffuse(&mut values, &roles, 4.0, Coupling::UNIFORM, Cancel::never()).unwrap();
        for y in (10..120).step_by(5) {
            for x in (10..120).step_by(5) {
                let exact = (radius.powi(2) - away(x, y).powi(2)).max(0.0);
                let error = (values.get(x, y) - exact).abs() / radius.powi(2);
                assert!(error < 0.03, "{x} {y} {} {exact}", values.get(x, y));
            }
        }
    }

    #[test]
    fn weak_coupling_keeps_rows_apart() {
        let mut roles = Grid::filled(40, 40, CellRole::Free);
        let mut values = Grid::filled(40, 40, 0.0f32);
        for y in 0..40 {
            for x in [0, 39] {
                roles.set(x, y, CellRole::Fixed);
                values.set(x, y, if y < 20 { 1.0 } else { 0.0 });
            }
        }
        diffuse(&mut values, &roles, 0.0, Coupling { across: 1.0, along: 0.02 }, Cancel::never()).unwrap();
        assert!(values.get(20, 5) > 0.9 && values.get(20, 34) < 0.1);
    }

    #[test]
    fn walls_let_nothing_through() {
        let mut roles = Grid::filled(30, 20, CellRole::Free);
        let mut values = Grid::filled(30, 20, 0.5f32);
        for y in 0..20 {
            roles.set(15, y, CellRole::Wall);
            for (x, value) in [(0, 1.0), (29, 0.0)] {
                roles.set(x, y, CellRole::Fixed);
                values.set(x, y, value);
            }
        }
        diffuse(&mut values, &roles, 0.0, Coupling::UNIFORM, Cancel::never()).unwrap();
        assert!(values.get(14, 10) > 0.99 && values.get(16, 10) < 0.01);
    }
}
