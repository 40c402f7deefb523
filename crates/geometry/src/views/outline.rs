//! The outline of an object in a view, held against that of a mesh.

use glam::{DVec2, Vec2, Vec3};

use super::{Pose, View};
use crate::TriMesh;
use crate::raster::Camera;
use crate::resize::{Window, resize_premultiplied};
use crate::unwrap::{BitGrid, texel_runs};

/// From the middle to the border of the raster outlines are compared on; the view's own border is at 1.
const REACH: f32 = 1.25;

pub struct Outline {
    pub right: Vec3,
    pub up: Vec3,
    inside: BitGrid,
    /// Of what is inside, along `right` and `up`; the view's border is at 1.
    pub low: Vec2,
    pub high: Vec2,
}

impl Outline {
    /// On a raster of `side` cells. `None` when nothing in the picture is more than half opaque.
    pub fn of(view: &View, side: usize) -> Option<Self> {
        let (width, height) = (view.picture.width() as f32, view.picture.height() as f32);
        let half = width.max(height) / 2.0 * REACH;
        let window = Window {
            left: width / 2.0 - half,
            top: height / 2.0 - half,
            width: 2.0 * half,
            height: 2.0 * half,
        };
        let cells = resize_premultiplied(&view.picture, window, side, side);
        let mut inside = BitGrid::new(side, side);
        let (mut low, mut high) = (Vec2::INFINITY, Vec2::NEG_INFINITY);
        for y in 0..side {
            for x in (0..side).filter(|&x| cells.get(x, y).w > 0.5) {
                inside.set(y, x, x + 1);
                let at = |cell: f32| (cell / side as f32 * 2.0 - 1.0) * REACH;
                let (x, y) = (x as f32, y as f32);
                low = low.min(Vec2::new(at(x), -at(y + 1.0)));
                high = high.max(Vec2::new(at(x + 1.0), -at(y)));
            }
        }
        let axes = Camera {
            azimuth_deg: view.azimuth_deg,
            elevation_deg: view.elevation_deg,
            target_m: Vec3::ZERO,
            half_extent_m: 1.0,
        }
        .axes();
        (low.x < high.x).then_some(Self { right: axes.right, up: axes.up, inside, low, high })
    }

    /// Intersection over union with the outline of `mesh` in this pose, 0..=1.
    pub fn iou(&self, mesh: &TriMesh, pose: &Pose) -> f32 {
        let side = self.inside.width;
        let per_unit = f64::from(side as f32 / (2.0 * REACH));
        let middle = side as f64 / 2.0;
        let places: Vec<DVec2> = mesh
            .positions
            .iter()
            .map(|&p| {
                let p = pose.apply(p);
                let (x, y) = (f64::from(p.dot(self.right)), f64::from(p.dot(self.up)));
                DVec2::new(middle + x * per_unit, middle - y * per_unit)
            })
            .collect();
        let mut covered = BitGrid::new(side, side);
        for triangle in &mesh.triangles {
            texel_runs(triangle.map(|v| places[v as usize]), |y, start, end| {
                if y < side && start < side {
                    covered.set(y, start, end.min(side));
                }
            });
        }
        let (both, either) = self.inside.common(&covered);
        both as f32 / either.max(1) as f32
    }
}
