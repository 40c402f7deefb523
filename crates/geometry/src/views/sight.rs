//! What a view sees of a mesh, and how far it is to be believed there.

use glam::{Vec2, Vec3};

use super::PlacedView;
use crate::mips::Mips;
use crate::raster::{CameraAxes, nearest};
use crate::resize::{Window, resize_premultiplied};
use crate::{Cancel, Cancelled, Grid, TriMesh, distance};

/// Side of the raster that decides what is hidden.
const DEPTH_PX: u32 = 768;
/// A view that looks at a surface squarely counts so much before one that sees it aslant.
const SQUARENESS: i32 = 6;
/// Pixels of the depth raster by which a point may lie behind what is seen, and more for each pixel that the
/// surface recedes.
const HIDDEN_PX: f32 = 2.0;
const HIDDEN_PER_SLOPE: f32 = 1.5;
const MOST_SLOPE: f32 = 5.0;
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
    nearest: Grid<f32>,
    /// 0..=1 for each pixel of the depth raster.
    belief: Grid<f32>,
    mips: Mips,
    picture_middle: Vec2,
    /// Pixels of the picture in half of its longer side.
    picture_half: f32,
}

impl Sight {
    pub fn new(view: &PlacedView, mesh: &TriMesh, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let nearest = nearest(mesh, &view.camera, DEPTH_PX, cancel)?;
        let size = Vec2::new(view.picture.width() as f32, view.picture.height() as f32);
        let half = size.max_element() / 2.0;
        let belief = belief(&nearest, view, size / 2.0 - half, 2.0 * half, cancel)?;
        Ok(Self {
            axes: view.camera.axes(),
            target_m: view.camera.target_m,
            half_extent_m: view.camera.half_extent_m,
            trust: view.trust,
            nearest,
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
        let p = (position_m - self.target_m) * (DEPTH_PX as f32 / 2.0 / self.half_extent_m);
        let half = DEPTH_PX as f32 / 2.0 - 0.5;
        let at = Vec2::new(half + p.dot(self.axes.right), half - p.dot(self.axes.up));
        let slope = ((1.0 - facing * facing).sqrt() / facing).min(MOST_SLOPE);
        let reach = p.dot(self.axes.towards) + HIDDEN_PX + HIDDEN_PER_SLOPE * slope;
        weight * self.open_share(at, reach) * self.belief.sample(at.x, at.y)
    }

    /// sRGB, 0..=1.
    pub fn colour(&self, position_m: Vec3, footprint_m: f32) -> Vec3 {
        let px_per_m = self.picture_half / self.half_extent_m;
        let p = (position_m - self.target_m) * px_per_m;
        let at = self.picture_middle + Vec2::new(p.dot(self.axes.right), -p.dot(self.axes.up));
        self.mips.sample(at.x, at.y, footprint_m * px_per_m)
    }

    /// Share of the four pixels round a point that show nothing nearer than `reach`.
    fn open_share(&self, at: Vec2, reach: f32) -> f32 {
        let at = at.clamp(Vec2::ZERO, Vec2::splat((DEPTH_PX - 1) as f32));
        let (x0, y0) = (at.x as usize, at.y as usize);
        let last = DEPTH_PX as usize - 1;
        let (x1, y1) = ((x0 + 1).min(last), (y0 + 1).min(last));
        let open = |x, y| f32::from(u8::from(reach >= self.nearest.get(x, y)));
        let f = at - at.floor();
        let upper = open(x0, y0) * (1.0 - f.x) + open(x1, y0) * f.x;
        let lower = open(x0, y1) * (1.0 - f.x) + open(x1, y1) * f.x;
        upper * (1.0 - f.y) + lower * f.y
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
