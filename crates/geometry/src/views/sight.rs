//! What a view sees of a mesh, and how far it is to be believed there.

use glam::{Vec2, Vec3};

use super::PlacedView;
use crate::mips::Mips;
use crate::raster::{CameraAxes, DepthMap};
use crate::resize::{Window, resize_premultiplied};
use crate::{Cancel, Cancelled, Grid, TriMesh, distance};

/// Side of the raster that decides what is hidden.
const DEPTH_PX: u32 = 768;
/// A view that looks at a surface squarely counts so much before one that sees it aslant.
const SQUARENESS: i32 = 6;
/// Neighbouring pixels that are farther apart than this, towards the camera, are two surfaces.
const STEP_PX: f32 = 8.0;
/// So near to where one surface ends before another, as a share of the raster, the picture may show the other:
/// a mesh never fits its views to the pixel.
const DOUBTFUL_RIM: f32 = 0.012;
const DOUBT: f32 = 0.03;

pub struct Sight {
    axes: CameraAxes,
    target_m: Vec3,
    half_extent_m: f32,
    trust: f32,
    depth: DepthMap,
    /// 0..=1 for each pixel of the depth raster.
    belief: Grid<f32>,
    mips: Mips,
    picture_middle: Vec2,
    /// Pixels of the picture in half of its longer side.
    picture_half: f32,
}

impl Sight {
    pub fn new(view: &PlacedView, mesh: &TriMesh, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let depth = DepthMap::new(mesh, &view.camera, DEPTH_PX, cancel)?;
        let size = Vec2::new(view.picture.width() as f32, view.picture.height() as f32);
        let half = size.max_element() / 2.0;
        let belief = belief(depth.nearest(), view, size / 2.0 - half, 2.0 * half, cancel)?;
        Ok(Self {
            axes: view.camera.axes(),
            target_m: view.camera.target_m,
            half_extent_m: view.camera.half_extent_m,
            trust: view.trust,
            depth,
            belief,
            mips: Mips::new(&view.picture, Window::whole(&view.picture), cancel)?,
            picture_middle: size / 2.0,
            picture_half: half,
        })
    }

    /// How much the view counts at a point of the mesh; 0 where it sees nothing of it.
    pub fn weight(&self, position_m: Vec3, normal: Vec3) -> f32 {
        let facing = normal.dot(self.axes.towards).min(1.0);
        if facing <= 0.0 {
            return 0.0;
        }
        let weight = facing.powi(SQUARENESS) * self.trust;
        if weight < 1e-6 {
            return 0.0;
        }
        let at = self.depth.place(position_m);
        weight * self.depth.seen_share(position_m, facing) * self.belief.sample(at.x, at.y)
    }

    /// sRGB, 0..=1.
    pub fn colour(&self, position_m: Vec3, footprint_m: f32) -> Vec3 {
        let px_per_m = self.picture_half / self.half_extent_m;
        let p = (position_m - self.target_m) * px_per_m;
        let at = self.picture_middle + Vec2::new(p.dot(self.axes.right), -p.dot(self.axes.up));
        self.mips.sample(at.x, at.y, footprint_m * px_per_m)
    }
}

/// Little near the ends of surfaces, and where the picture shows nothing.
fn belief(
    nearest: &Grid<f32>,
    view: &PlacedView,
    top_left: Vec2,
    side: f32,
    cancel: Cancel<'_>,
) -> Result<Grid<f32>, Cancelled> {
    let size = nearest.width();
    let mut ends = Grid::filled(size, size, false);
    for y in 0..size {
        for x in 0..size {
            let own = nearest.get(x, y);
            // Nothing beside nothing is no number, and not apart.
            let apart = |x: usize, y: usize| (own - nearest.get(x, y)).abs() > STEP_PX;
            let ends_here = (x + 1 < size && apart(x + 1, y)) || (y + 1 < size && apart(x, y + 1));
            if ends_here {
                ends.set(x, y, true);
            }
        }
        cancel.check()?;
    }
    let (squared, _) = distance::nearest(&ends, cancel)?;
    let window = Window { left: top_left.x, top: top_left.y, width: side, height: side };
    let shown = resize_premultiplied(&view.picture, window, size, size);
    let rim = DOUBTFUL_RIM * size as f32;
    let cells = squared.cells().iter().zip(shown.cells()).map(|(&squared, shown)| {
        let t = (squared.sqrt() / rim).min(1.0);
        let inner = DOUBT + (1.0 - DOUBT) * t * t * (3.0 - 2.0 * t);
        inner * (DOUBT + (1.0 - DOUBT) * shown.w)
    });
    Ok(Grid::from_cells(size, size, cells.collect()))
}
