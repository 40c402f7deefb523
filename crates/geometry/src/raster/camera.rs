use glam::Vec3;

/// An orthographic camera; the picture is square.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// From +Z (front) towards +X.
    pub azimuth_deg: f32,
    /// Above the ground plane. At 90 the top of the picture is towards -Z.
    pub elevation_deg: f32,
    /// Shown in the middle of the picture.
    pub target_m: Vec3,
    /// From the middle of the picture to its border; positive.
    pub half_extent_m: f32,
}

/// Unit vectors of the camera in world space.
#[derive(Debug, Clone, Copy)]
pub struct CameraAxes {
    pub right: Vec3,
    pub up: Vec3,
    /// From the target to the camera.
    pub towards: Vec3,
}

impl Camera {
    /// A camera that shows the sphere around the middle of the points' bounding box, filling the picture from
    /// every direction alike.
    pub fn around(positions: &[Vec3], azimuth_deg: f32, elevation_deg: f32) -> Self {
        let (low, high) = positions
            .iter()
            .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &p| (low.min(p), high.max(p)));
        let target_m = if positions.is_empty() { Vec3::ZERO } else { (low + high) / 2.0 };
        let radius = positions.iter().map(|p| p.distance_squared(target_m)).fold(0.0, f32::max).sqrt();
        Self { azimuth_deg, elevation_deg, target_m, half_extent_m: radius.max(f32::MIN_POSITIVE) }
    }

    pub fn axes(&self) -> CameraAxes {
        let (sin_a, cos_a) = self.azimuth_deg.to_radians().sin_cos();
        let (sin_e, cos_e) = self.elevation_deg.to_radians().sin_cos();
        let right = Vec3::new(cos_a, 0.0, -sin_a);
        let towards = Vec3::new(cos_e * sin_a, sin_e, cos_e * cos_a);
        CameraAxes { right, up: towards.cross(right), towards }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_follow_the_view_slots() {
        let camera = |azimuth_deg, elevation_deg| Camera {
            azimuth_deg,
            elevation_deg,
            target_m: Vec3::ZERO,
            half_extent_m: 1.0,
        };
        let front = camera(0.0, 0.0).axes();
        assert!(front.right.abs_diff_eq(Vec3::X, 1e-6) && front.up.abs_diff_eq(Vec3::Y, 1e-6));
        assert!(camera(90.0, 0.0).axes().towards.abs_diff_eq(Vec3::X, 1e-6));
        assert!(camera(0.0, 90.0).axes().up.abs_diff_eq(-Vec3::Z, 1e-6));
        assert!(camera(0.0, -90.0).axes().up.abs_diff_eq(Vec3::Z, 1e-6));
    }
}
