//! What a camera sees of a surface, taken apart: its colour, its direction, its distance.

use glam::Vec3;
use image::{ImageBuffer, Luma, RgbaImage};
use rayon::prelude::*;

use super::visibility::{self, SAMPLE_OFFSETS, SAMPLES, bands};
use super::{Camera, Surface, project};
use crate::{Cancel, Cancelled};

/// Square pictures of the same size, pixel for pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct Layers {
    /// Without light, straight alpha.
    pub albedo: RgbaImage,
    /// Unit vectors to the right, up and towards the camera, -1..=1 as 0..=255; the same alpha.
    pub normal: RgbaImage,
    /// 65535 where the surface touches the near side of the cube around the view's middle, 1 at its far side, 0
    /// where there is nothing.
    pub depth: ImageBuffer<Luma<u16>, Vec<u16>>,
}

/// Renders with four samples a pixel. `albedo` gives the sRGB colour, 0..=1, of a triangle at barycentric weights.
///
/// # Panics
/// When a triangle names a vertex that is not there, or `normals` are fewer than `positions`.
pub fn layers(
    surface: Surface<'_>,
    camera: &Camera,
    size_px: u32,
    albedo: &(dyn Fn(u32, Vec3) -> Vec3 + Sync),
    cancel: Cancel<'_>,
) -> Result<Layers, Cancelled> {
    let mut layers = Layers {
        albedo: RgbaImage::new(size_px, size_px),
        normal: RgbaImage::new(size_px, size_px),
        depth: ImageBuffer::new(size_px, size_px),
    };
    if size_px == 0 {
        return Ok(layers);
    }
    let (axes, projected) = (camera.axes(), project(surface.positions, camera, size_px));
    cancel.check()?;
    let bands = bands(&projected, surface.triangles, size_px);
    let (width, rows) = (size_px as usize, visibility::BAND_ROWS);
    let half = size_px as f32 / 2.0;
    let pixels = layers
        .albedo
        .par_chunks_mut(rows * width * 4)
        .zip(layers.normal.par_chunks_mut(rows * width * 4))
        .zip(layers.depth.par_chunks_mut(rows * width))
        .zip(&bands);
    pixels.try_for_each(|(((colours, normals), depths), band)| {
        let seen = band.rasterise(&projected, surface.triangles, size_px, cancel)?;
        let pixels =
            colours.as_chunks_mut::<4>().0.iter_mut().zip(normals.as_chunks_mut::<4>().0).zip(depths);
        for (at, (((colour, normal), depth), samples)) in pixels.zip(&seen).enumerate() {
            let (x, y) = ((at % width) as f32, (band.first_row + at / width) as f32);
            let mut sum = Sum::default();
            for (&triangle, [dx, dy]) in samples.iter().zip(SAMPLE_OFFSETS) {
                let Some(&corners) = surface.triangles.get(triangle as usize) else { continue };
                let seen = corners.map(|v| projected[v as usize]);
                let weights = visibility::weights(seen, x + dx, y + dy).to_array();
                let blend = |of: &dyn Fn(usize) -> f32| (0..3).map(|i| of(i) * weights[i]).sum::<f32>();
                let [nx, ny, nz] = [axes.right, axes.up, axes.towards]
                    .map(|axis| blend(&|i| surface.normals[corners[i] as usize].dot(axis)));
                sum.colour += albedo(triangle, weights.into());
                sum.normal += Vec3::new(nx, ny, nz);
                sum.nearness += blend(&|i| seen[i].nearness);
                sum.count += 1.0;
            }
            if sum.count > 0.0 {
                let alpha = to_byte(sum.count / SAMPLES as f32);
                let [r, g, b] = (sum.colour / sum.count).to_array().map(to_byte);
                *colour = [r, g, b, alpha];
                let unit = sum.normal.try_normalize().unwrap_or(Vec3::Z);
                let [nx, ny, nz] = (unit / 2.0 + 0.5).to_array().map(to_byte);
                *normal = [nx, ny, nz, alpha];
                let near = (sum.nearness / sum.count / half + 1.0) / 2.0;
                *depth = 1 + (near.clamp(0.0, 1.0) * f32::from(u16::MAX - 1) + 0.5) as u16;
            }
        }
        Ok(())
    })?;
    Ok(layers)
}

#[derive(Default)]
struct Sum {
    colour: Vec3,
    normal: Vec3,
    nearness: f32,
    count: f32,
}

fn to_byte(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square that leans back: its top edge farther away than its bottom edge.
    #[test]
    fn a_leaning_square_has_its_colour_direction_and_depth() {
        let positions = [
            Vec3::new(-0.5, -0.5, 0.5),
            Vec3::new(0.5, -0.5, 0.5),
            Vec3::new(0.5, 0.5, -0.5),
            Vec3::new(-0.5, 0.5, -0.5),
        ];
        let normals = [Vec3::new(0.0, 1.0, 1.0).normalize(); 4];
        let triangles = [[0, 1, 2], [0, 2, 3]];
        let surface = Surface { positions: &positions, normals: &normals, triangles: &triangles };
        let camera =
            Camera { azimuth_deg: 0.0, elevation_deg: 0.0, target_m: Vec3::ZERO, half_extent_m: 1.0 };
        let colour = |triangle, _| if triangle == 0 { Vec3::X } else { Vec3::Y };
        let seen = layers(surface, &camera, 64, &colour, Cancel::never()).unwrap();
        assert_eq!(seen.albedo.get_pixel(8, 32).0, [0; 4], "nothing beside it");
        assert_eq!(seen.depth.get_pixel(8, 32).0, [0]);
        assert_eq!(seen.albedo.get_pixel(44, 40).0, [255, 0, 0, 255]);
        assert_eq!(seen.albedo.get_pixel(20, 24).0, [0, 255, 0, 255]);
        let [x, y, z, alpha] = seen.normal.get_pixel(44, 40).0;
        assert_eq!((x, alpha), (128, 255));
        assert!(y.abs_diff(218) <= 1 && z.abs_diff(218) <= 1, "45 degrees up: {y} {z}");
        let depth = |y| i32::from(seen.depth.get_pixel(32, y).0[0]);
        assert!((depth(32) - 32768).abs() < 600, "the middle is in the middle: {}", depth(32));
        assert!(
            (depth(47) - 49152).abs() < 1200 && (depth(16) - 16384).abs() < 1200,
            "{} {}",
            depth(47),
            depth(16)
        );
    }
}
