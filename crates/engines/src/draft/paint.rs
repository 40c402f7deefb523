use std::sync::Arc;

use glam::Vec3;
use oreforge_geometry::Painter;
use oreforge_geometry::mips::Mips;

use super::back::BackFill;
use super::frame::Frame;

/// How cells over the picture lie in world space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    pub frame: Frame,
    pub metres_per_cell: f32,
    /// Cell coordinates of the world's origin: the bottom centre.
    pub origin_x: f32,
    pub origin_y: f32,
    pub origin_z: f32,
}

impl Placement {
    pub fn world_from_cell(&self, cell: Vec3) -> Vec3 {
        let from_origin = Vec3::new(cell.x - self.origin_x, self.origin_y - cell.y, cell.z - self.origin_z);
        from_origin * self.metres_per_cell
    }

    pub fn cell_from_world(&self, point_m: Vec3) -> Vec3 {
        let cells = point_m / self.metres_per_cell;
        Vec3::new(cells.x + self.origin_x, self.origin_y - cells.y, cells.z + self.origin_z)
    }
}

/// Colours a drafted solid: the picture itself in front, its image or a fill behind.
pub struct PicturePainter {
    pub placement: Placement,
    pub front: Mips,
    /// `None`: the front seen through.
    pub back: Option<Arc<BackFill>>,
}

/// Normals turned away from the viewer by this much (−z) show the back alone.
const BACK_FROM: f32 = 0.25;

/// Walls: |normal.z| where smoothing begins, and where it is full.
const STEEP_FROM: f32 = 0.30;
const STEEP_TO: f32 = 0.05;
/// What walls are averaged over, as a share of the object's longer side.
const WALL_BLUR_SHARE: f32 = 0.02;
/// Distance in sRGB of a point from the average round it at which the average is left out.
const STAIN_DISTANCE: f32 = 0.22;

impl Painter for PicturePainter {
    fn albedo(&self, position_m: Vec3, normal: Vec3, footprint_m: f32) -> [f32; 3] {
        let frame = self.placement.frame;
        let cell = self.placement.cell_from_world(position_m);
        let (x, y) = frame.px_from_cell(cell.x, cell.y);
        // A wall shows the picture drawn out along its depth: without fine detail there are no streaks.
        let steep = ((STEEP_FROM - normal.z.abs()) / (STEEP_FROM - STEEP_TO)).clamp(0.0, 1.0);
        let object_px = frame.longer_side() as f32 * frame.cell_px;
        let footprint_px = footprint_m / self.placement.metres_per_cell * frame.cell_px;
        let wall_px = steep * WALL_BLUR_SHARE * object_px;
        let mut front = self.front.sample(x, y, footprint_px);
        if wall_px > footprint_px {
            let smooth = self.front.sample(x, y, wall_px);
            // Something of another colour stands beside the wall: its average would be a stain.
            let strange = (front.distance(smooth) / STAIN_DISTANCE).min(1.0);
            front = smooth.lerp(front, strange * strange);
        }
        let behind = (-normal.z / BACK_FROM).clamp(0.0, 1.0);
        let colour = match &self.back {
            Some(fill) if behind > 0.0 => {
                let share = behind * behind * (3.0 - 2.0 * behind);
                front.lerp(fill.colour(x, y, front), share)
            }
            _ => front,
        };
        colour.clamp(Vec3::ZERO, Vec3::ONE).to_array()
    }
}
