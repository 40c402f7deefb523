//! What a camera sees of a mesh, without its looks.

use glam::{Vec2, Vec3};
use rayon::prelude::*;

use super::visibility::bands;
use super::{Camera, CameraAxes, project};
use crate::{Cancel, Cancelled, Grid, TriMesh};

/// Pixels by which a point may lie behind what is seen at its place, and more for each pixel that the surface
/// recedes there.
const SLACK_PX: f32 = 2.0;
const SLACK_PER_SLOPE: f32 = 1.5;
const MOST_SLOPE: f32 = 5.0;

/// How near the surface in each pixel is to a camera.
pub struct DepthMap {
    axes: CameraAxes,
    target_m: Vec3,
    px_per_m: f32,
    nearest: Grid<f32>,
}

impl DepthMap {
    /// Triangles seen from behind are not there.
    ///
    /// # Panics
    /// When a triangle names a vertex that is not there.
    pub fn new(mesh: &TriMesh, camera: &Camera, size_px: u32, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let projected = project(&mesh.positions, camera, size_px);
        cancel.check()?;
        let rows: Vec<Vec<f32>> = bands(&projected, &mesh.triangles, size_px)
            .par_iter()
            .map(|band| band.nearest(&projected, &mesh.triangles, size_px, cancel))
            .collect::<Result<_, Cancelled>>()?;
        Ok(Self {
            axes: camera.axes(),
            target_m: camera.target_m,
            px_per_m: size_px as f32 / (2.0 * camera.half_extent_m),
            nearest: Grid::from_cells(size_px as usize, size_px as usize, rows.concat()),
        })
    }

    /// Towards the camera.
    pub fn towards(&self) -> Vec3 {
        self.axes.towards
    }

    /// In pixels from the target's plane towards the camera; negative infinity where nothing is.
    pub fn nearest(&self) -> &Grid<f32> {
        &self.nearest
    }

    /// In pixels, whose centres lie at whole numbers.
    pub fn place(&self, position_m: Vec3) -> Vec2 {
        let p = (position_m - self.target_m) * self.px_per_m;
        let middle = self.nearest.width() as f32 / 2.0 - 0.5;
        Vec2::new(middle + p.dot(self.axes.right), middle - p.dot(self.axes.up))
    }

    /// Share of the four pixels round a point of the mesh that show nothing before it. `facing` is the cosine
    /// between its normal and the direction to the camera, above 0.
    pub fn seen_share(&self, position_m: Vec3, facing: f32) -> f32 {
        let slope = ((1.0 - facing * facing).max(0.0).sqrt() / facing).min(MOST_SLOPE);
        let depth = (position_m - self.target_m).dot(self.axes.towards) * self.px_per_m;
        let reach = depth + SLACK_PX + SLACK_PER_SLOPE * slope;
        let last = self.nearest.width() - 1;
        let at = self.place(position_m).clamp(Vec2::ZERO, Vec2::splat(last as f32));
        let (x0, y0) = (at.x as usize, at.y as usize);
        let (x1, y1) = ((x0 + 1).min(last), (y0 + 1).min(last));
        let open = |x, y| f32::from(u8::from(reach >= self.nearest.get(x, y)));
        let f = at - at.floor();
        let upper = open(x0, y0) * (1.0 - f.x) + open(x1, y0) * f.x;
        let lower = open(x0, y1) * (1.0 - f.x) + open(x1, y1) * f.x;
        upper * (1.0 - f.y) + lower * f.y
    }
}
