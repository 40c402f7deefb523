use glam::Vec3;
use image::{GrayImage, Luma};
use rayon::prelude::*;

use super::texture;
use crate::raster::{Camera, DepthMap};
use crate::unwrap::Unwrapped;
use crate::{Cancel, Cancelled, TriMesh};

/// Directions the sky is looked at from.
const DIRECTIONS: usize = 80;
const DEPTH_PX: u32 = 128;
/// Cosine below which a direction lies along the surface, where depths say nothing.
const ALONG: f32 = 0.15;

/// How much of the sky over each texel is open, as light from everywhere would fall: 255 is all of it. `solid` is
/// what stands in the way, and lies where `mesh` does.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn occlusion_map(
    mesh: &Unwrapped,
    solid: &TriMesh,
    texture_px: u32,
    cancel: Cancel<'_>,
) -> Result<GrayImage, Cancelled> {
    let skies: Vec<DepthMap> = (0..DIRECTIONS)
        .into_par_iter()
        .map(|i| {
            let (azimuth_deg, elevation_deg) = direction_deg(i);
            let camera = Camera::around(&solid.positions, azimuth_deg, elevation_deg);
            DepthMap::new(solid, &camera, DEPTH_PX, cancel)
        })
        .collect::<Result<_, Cancelled>>()?;
    let map = texture(mesh, texture_px, cancel, |point| {
        let (mut open, mut whole) = (0.0, 0.0);
        for sky in &skies {
            let facing = point.normal.dot(sky.towards());
            if facing > ALONG {
                open += facing * sky.seen_share(point.position, facing.min(1.0));
                whole += facing;
            }
        }
        [if whole > 0.0 { (open / whole * 255.0 + 0.5) as u8 } else { u8::MAX }; 3]
    })?;
    Ok(GrayImage::from_fn(texture_px, texture_px, |x, y| Luma([map.get_pixel(x, y).0[0]])))
}

/// Evenly over the sphere (Fibonacci lattice).
fn direction_deg(i: usize) -> (f32, f32) {
    let golden = std::f32::consts::PI * (3.0 - 5.0_f32.sqrt());
    let height = 1.0 - (2.0 * i as f32 + 1.0) / DIRECTIONS as f32;
    let direction = Vec3::new((golden * i as f32).sin(), height, (golden * i as f32).cos());
    (direction.x.atan2(direction.z).to_degrees(), direction.y.clamp(-1.0, 1.0).asin().to_degrees())
}
