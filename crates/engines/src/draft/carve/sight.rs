//! What a view sees of the solid, and how well.

use glam::{Vec2, Vec3};
use oreforge_geometry::{Cancel, Cancelled, Grid, TriMesh};

use super::view::{Direction, Lattice, View, locate, plane_size};

/// How much a view that looks at a surface squarely counts before one that sees it aslant.
const SQUARENESS: i32 = 6;
/// The front picture outdoes the others where it sees well.
const FRONT_FACTOR: f32 = 40.0;
/// A point this many cells behind what a view sees is hidden from it.
const HIDDEN_CELLS: f32 = 2.5;

pub struct Sight {
    pub direction: Direction,
    trust: f32,
    /// Cells from the lattice's middle towards the camera of the nearest surface.
    nearest: Grid<f32>,
}

impl Sight {
    /// `surface` is the solid on about the fineness of `lattice`, in metres.
    pub fn new(
        view: &View,
        surface: &TriMesh,
        lattice: &Lattice,
        cancel: Cancel<'_>,
    ) -> Result<Self, Cancelled> {
        let nearest = nearest_surface(&view.direction, surface, lattice, cancel)?;
        Ok(Self { direction: view.direction, trust: view.trust, nearest })
    }

    /// How much the view counts at a point `offset` cells from the lattice's middle; 0 where it sees nothing.
    pub fn weight(&self, offset: Vec3, normal: Vec3) -> f32 {
        let facing = normal.dot(self.direction.toward);
        if facing <= 0.0 {
            return 0.0;
        }
        let mut weight = facing.powi(SQUARENESS) * self.trust;
        if self.direction.is_front() {
            weight *= 1.0 + FRONT_FACTOR * smoothstep(0.2, 0.5, facing);
        }
        if weight < 1e-6 {
            return 0.0;
        }
        weight * self.visible(offset)
    }

    /// Share of the view's rays round a point that reach it.
    pub fn visible(&self, offset: Vec3) -> f32 {
        let place = locate(&self.direction, self.nearest.width(), self.nearest.height(), offset);
        open_share(&self.nearest, place, offset.dot(self.direction.toward))
    }
}

pub fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn open_share(nearest: &Grid<f32>, place: Vec2, depth: f32) -> f32 {
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
    direction: &Direction,
    surface: &TriMesh,
    lattice: &Lattice,
    cancel: Cancel<'_>,
) -> Result<Grid<f32>, Cancelled> {
    cancel.check()?;
    let (width, height) = plane_size(direction, lattice);
    let mut nearest = Grid::filled(width, height, f32::MIN);
    for &position in &surface.positions {
        let offset = lattice.cells_of_world(position);
        let depth = offset.dot(direction.toward);
        let place = locate(direction, width, height, offset).max(Vec2::ZERO);
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (x, y) = (place.x as usize + dx, place.y as usize + dy);
            if x < width && y < height && depth > nearest.get(x, y) {
                nearest.set(x, y, depth);
            }
        }
    }
    Ok(nearest)
}
