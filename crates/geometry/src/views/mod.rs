//! An object and pictures of it from several sides: how a mesh lies before their cameras, and what colours they
//! give it.

mod outline;
mod painter;
mod pose;
mod register;
mod sight;
mod unseen;

use std::sync::Arc;

use image::RgbaImage;

use crate::raster::Camera;
pub use painter::ViewsPainter;
pub use pose::{Pose, Standing};
pub use register::{Registered, register};

/// One side of an object, seen by an orthographic camera. The middle of the picture shows the same point of the
/// object in every view, and its longer side the same length.
#[derive(Debug, Clone)]
pub struct View {
    /// From +Z (front) towards +X.
    pub azimuth_deg: f32,
    /// Above the ground plane.
    pub elevation_deg: f32,
    /// Straight alpha.
    pub picture: Arc<RgbaImage>,
    /// Factor on the weight of its colours, above 0.
    pub trust: f32,
}

/// A view whose camera stands where it was taken from.
#[derive(Debug, Clone)]
pub struct PlacedView {
    pub camera: Camera,
    pub picture: Arc<RgbaImage>,
    pub trust: f32,
}

impl View {
    pub fn placed(&self, standing: &Standing) -> PlacedView {
        let camera = Camera {
            azimuth_deg: self.azimuth_deg,
            elevation_deg: self.elevation_deg,
            target_m: standing.target_m,
            half_extent_m: standing.half_extent_m,
        };
        PlacedView { camera, picture: Arc::clone(&self.picture), trust: self.trust }
    }
}
