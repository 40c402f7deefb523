//! Colour of a surface, before it is a texture.

use glam::Vec3;

/// Knows the colour of every point of a surface, seen or not.
pub trait Painter: Send + Sync {
    /// Albedo (sRGB, each 0..=1) of the surface point at `position_m` with outward unit `normal`, averaged over
    /// about `footprint_m` metres.
    fn albedo(&self, position_m: Vec3, normal: Vec3, footprint_m: f32) -> [f32; 3];
}
