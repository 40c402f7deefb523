//! A soft studio: sky and floor, a key light from the upper left, a rim light from behind.

use glam::Vec3;

use super::CameraAxes;

/// Linear reflectance of clay.
const CLAY: Vec3 = Vec3::new(0.46, 0.44, 0.42);

/// Lights that move with the camera.
pub struct Studio {
    /// Unit vectors towards the lights.
    key: Vec3,
    rim: Vec3,
    towards_camera: Vec3,
}

impl Studio {
    pub fn new(axes: &CameraAxes) -> Self {
        Self {
            key: (axes.towards * 0.75 + axes.up * 0.75 - axes.right * 0.6).normalize_or_zero(),
            rim: (axes.right * 0.8 + axes.up * 0.3 - axes.towards * 0.35).normalize_or_zero(),
            towards_camera: axes.towards,
        }
    }

    /// Light that a surface with this normal, of any length, throws back by its albedo.
    pub fn irradiance(&self, normal: Vec3) -> f32 {
        let normal = normal.try_normalize().unwrap_or(self.towards_camera);
        let sky = 0.34 + 0.16 * normal.y;
        // Wrapped, as a large soft box lights past the terminator.
        let key = ((normal.dot(self.key) + 0.25) / 1.25).max(0.0);
        sky + 0.78 * key + 0.25 * normal.dot(self.rim).max(0.0)
    }
}

/// sRGB of a surface of this albedo (sRGB) in this light.
pub fn lit(albedo: Vec3, irradiance: f32) -> Vec3 {
    to_srgb(to_linear(albedo) * irradiance)
}

pub fn clay(irradiance: f32) -> Vec3 {
    to_srgb(CLAY * irradiance)
}

fn to_linear(srgb: Vec3) -> Vec3 {
    Vec3::from_array(
        srgb.to_array().map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }),
    )
}

fn to_srgb(linear: Vec3) -> Vec3 {
    Vec3::from_array(linear.to_array().map(|c| {
        let c = c.clamp(0.0, 1.0);
        if c <= 0.0031308 { c * 12.92 } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 }
    }))
}
