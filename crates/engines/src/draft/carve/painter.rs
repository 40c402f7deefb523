//! Colours of a carved solid: every view where it sees, neighbours where none does.

use glam::{Vec2, Vec3, Vec4, Vec4Swizzles};
use oreforge_geometry::{Cancel, Cancelled, Grid, Painter, TriMesh};
use rayon::prelude::*;

use super::super::frame as raster;
use super::super::mips::Mips;
use super::view::{Frame, Lattice, View, locate, plane_size};

/// How much a view that looks at a surface squarely counts before one that sees it aslant.
const SQUARENESS: i32 = 6;
/// The front picture outdoes the others where it sees well.
const FRONT_FACTOR: f32 = 40.0;
/// A point this many cells behind what a view sees is hidden from it.
const HIDDEN_CELLS: f32 = 2.5;
/// Below this total weight colours come from the neighbourhood.
const LEAST_WEIGHT: f32 = 0.0005;
/// Steps that even out the colours of what nobody sees.
const EVENING_STEPS: usize = 24;
/// Cells along the longest side of the volume that spreads colours into unseen places.
const SPREAD_CELLS: f32 = 64.0;

struct Witness {
    view: View,
    size: (usize, usize),
    mips: Mips,
    /// Cells from the lattice's middle towards the camera of the nearest surface.
    nearest: Grid<f32>,
    is_front: bool,
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
                let frame = raster::Frame {
                    width: view.picture.width() as usize,
                    height: view.picture.height() as usize,
                    cell_px: 1.0,
                    left_px: 0.0,
                    top_px: 0.0,
                };
                let mips = Mips::new(&view.picture, frame, cancel)?;
                let size = plane_size(&view.direction, &lattice);
                let nearest = nearest_surface(view, size, surface, &lattice, cancel)?;
                let is_front = view.direction.toward.z > 0.99;
                let view = View { picture: image::RgbaImage::default(), ..*view };
                Ok(Witness { view, size, mips, nearest, is_front })
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
            let direction = &witness.view.direction;
            let facing = normal.dot(direction.toward);
            if facing <= 0.0 {
                continue;
            }
            let mut weight = facing.powi(SQUARENESS) * witness.view.trust;
            if witness.is_front {
                weight *= 1.0 + FRONT_FACTOR * smoothstep(0.2, 0.5, facing);
            }
            if weight < 1e-6 {
                continue;
            }
            let place = locate(direction, witness.size.0, witness.size.1, offset);
            weight *= visible(&witness.nearest, place, offset.dot(direction.toward));
            if weight <= 0.0 {
                continue;
            }
            let Frame { pixel_m, .. } = witness.view.frame;
            let plane = Vec2::new(position_m.dot(direction.right), position_m.dot(direction.up));
            let at = witness.view.frame.pixel_of(plane);
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

fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Share of the surrounding rays that reach a point at this depth.
fn visible(nearest: &Grid<f32>, place: Vec2, depth: f32) -> f32 {
    let place =
        place.clamp(Vec2::ZERO, Vec2::new((nearest.width() - 1) as f32, (nearest.height() - 1) as f32));
    let (x0, y0) = (place.x as usize, place.y as usize);
    let (x1, y1) = ((x0 + 1).min(nearest.width() - 1), (y0 + 1).min(nearest.height() - 1));
    let open = |x, y| f32::from(u8::from(depth + HIDDEN_CELLS >= nearest.get(x, y)));
    let (fx, fy) = (place.x - x0 as f32, place.y - y0 as f32);
    let upper = open(x0, y0) * (1.0 - fx) + open(x1, y0) * fx;
    let lower = open(x0, y1) * (1.0 - fx) + open(x1, y1) * fx;
    upper * (1.0 - fy) + lower * fy
}

/// The surface's vertices lie about a cell apart, so that splatting each on its four cells leaves no hole.
fn nearest_surface(
    view: &View,
    (width, height): (usize, usize),
    surface: &TriMesh,
    lattice: &Lattice,
    cancel: Cancel<'_>,
) -> Result<Grid<f32>, Cancelled> {
    cancel.check()?;
    let mut nearest = Grid::filled(width, height, f32::MIN);
    for &position in &surface.positions {
        let offset = lattice.cells_of_world(position);
        let depth = offset.dot(view.direction.toward);
        let place = locate(&view.direction, width, height, offset).max(Vec2::ZERO);
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (x, y) = (place.x as usize + dx, place.y as usize + dy);
            if x < width && y < height && depth > nearest.get(x, y) {
                nearest.set(x, y, depth);
            }
        }
    }
    Ok(nearest)
}

/// Colours known at some places of a volume, spread smoothly to all others by pull and push (Gortler et al.
/// 1996, "The Lumigraph", section 3.4, in three dimensions).
struct Spread {
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
    fn empty() -> Self {
        Self { levels: Vec::new(), scale: 1.0, middle: Vec3::ZERO }
    }

    fn new(
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

    fn at(&self, offset: Vec3) -> Vec3 {
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
