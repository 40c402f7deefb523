//! Colours known at some places of a volume, spread smoothly to all others by pull and push (Gortler et al.
//! 1996, "The Lumigraph", section 3.4, in three dimensions).

use glam::{Vec3, Vec4, Vec4Swizzles};
use oreforge_geometry::{Cancel, Cancelled};

use super::view::Lattice;

/// Cells along the longest side of the volume that spreads colours into unseen places.
const SPREAD_CELLS: f32 = 64.0;

pub struct Spread {
    levels: Vec<Block>,
    scale: f32,
    middle: Vec3,
}

struct Block {
    size: [usize; 3],
    cells: Vec<Vec4>,
}

impl Block {
    fn empty(size: [usize; 3]) -> Self {
        Self { size, cells: vec![Vec4::ZERO; size.iter().product()] }
    }

    fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        (z * self.size[1] + y) * self.size[0] + x
    }

    /// Trilinear, clamped; cell centres at whole numbers.
    fn sample(&self, at: Vec3) -> Vec4 {
        let last = Vec3::from_array(self.size.map(|n| (n - 1) as f32));
        let at = at.clamp(Vec3::ZERO, last);
        let low = at.floor();
        let f = (at - low).to_array();
        let low = low.to_array().map(|v| v as usize);
        let mut sum = Vec4::ZERO;
        for corner in 0..8usize {
            let mut weight = 1.0;
            let mut cell = low;
            for axis in 0..3 {
                if corner >> axis & 1 == 1 {
                    weight *= f[axis];
                    cell[axis] = (low[axis] + 1).min(self.size[axis] - 1);
                } else {
                    weight *= 1.0 - f[axis];
                }
            }
            if weight > 0.0 {
                sum += self.cells[self.index(cell)] * weight;
            }
        }
        sum
    }
}

impl Spread {
    pub fn empty() -> Self {
        Self { levels: Vec::new(), scale: 1.0, middle: Vec3::ZERO }
    }

    pub fn new(
        positions: &[Vec3],
        colors: &[Vec4],
        lattice: &Lattice,
        cancel: Cancel<'_>,
    ) -> Result<Self, Cancelled> {
        let longest = lattice.size.into_iter().max().unwrap_or(1) as f32;
        let scale = (SPREAD_CELLS / longest).min(1.0);
        let size = lattice.size.map(|n| (n as f32 * scale).ceil() as usize + 1);
        let middle = Vec3::from_array(size.map(|n| (n - 1) as f32 / 2.0));
        let mut finest = Block::empty(size);
        for (&position, &color) in positions.iter().zip(colors) {
            let at = lattice.cells_of_world(position) * scale + middle;
            let cell: [usize; 3] =
                std::array::from_fn(|i| (at[i].round().max(0.0) as usize).min(size[i] - 1));
            let index = finest.index(cell);
            finest.cells[index] += color;
        }
        for cell in &mut finest.cells {
            if cell.w > 1.0 {
                *cell /= cell.w;
            }
        }
        let mut levels = vec![finest];
        while let Some(fine) = levels.last().filter(|b| b.size.iter().any(|&n| n > 1)) {
            cancel.check()?;
            let coarse = halved(fine);
            levels.push(coarse);
        }
        for level in (0..levels.len() - 1).rev() {
            cancel.check()?;
            let (fine, coarse) = levels.split_at_mut(level + 1);
            push(&mut fine[level], &coarse[0]);
        }
        levels.truncate(1);
        Ok(Self { levels, scale, middle })
    }

    pub fn at(&self, offset: Vec3) -> Vec3 {
        let Some(block) = self.levels.first() else { return Vec3::splat(0.5) };
        let color = block.sample(offset * self.scale + self.middle);
        if color.w > 0.0 { color.xyz() / color.w } else { Vec3::splat(0.5) }
    }
}

fn halved(fine: &Block) -> Block {
    let mut coarse = Block::empty(fine.size.map(|n| n.div_ceil(2)));
    for z in 0..fine.size[2] {
        for y in 0..fine.size[1] {
            for x in 0..fine.size[0] {
                let index = coarse.index([x / 2, y / 2, z / 2]);
                coarse.cells[index] += fine.cells[fine.index([x, y, z])];
            }
        }
    }
    for cell in &mut coarse.cells {
        if cell.w > 1.0 {
            *cell /= cell.w;
        }
    }
    coarse
}

fn push(fine: &mut Block, coarse: &Block) {
    let [nx, ny, _] = fine.size;
    for (i, cell) in fine.cells.iter_mut().enumerate() {
        if cell.w < 1.0 {
            let at = Vec3::new((i % nx) as f32, (i / nx % ny) as f32, (i / (nx * ny)) as f32);
            *cell += coarse.sample((at - 0.5) / 2.0) * (1.0 - cell.w);
        }
    }
}
