//! What a surface knows of itself, as textures.

mod fill;
mod normal;
mod occlusion;

use glam::{DVec2, Vec3};
use image::RgbImage;
use rayon::prelude::*;

use crate::unwrap::{Unwrapped, texel_runs};
use crate::{Cancel, Cancelled, Painter};
use fill::fill;
pub use normal::{normal_map, normal_map_px};
pub use occlusion::occlusion_map;

const NOBODY: u32 = u32::MAX;
/// Texels around a chart that get what the surface continued beyond its border has: what bilinear filtering
/// mixes in at a seam.
const CONTINUED_RINGS: usize = 2;
const CANCEL_EVERY: usize = 256;

/// The painter's albedo at every texel of the charts. Texels around them continue the nearest triangle's plane;
/// the rest is filled in. Black without triangles.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn bake(
    mesh: &Unwrapped,
    texture_px: u32,
    painter: &dyn Painter,
    cancel: Cancel<'_>,
) -> Result<RgbImage, Cancelled> {
    texture(mesh, texture_px, cancel, |point| {
        let albedo = painter.albedo(point.position, point.normal, point.footprint_m());
        // Truncation after a half: rounding is a call where the target has no instruction for it.
        albedo.map(|c| (c.clamp(0.0, 1.0) * 255.0 + 0.5) as u8)
    })
}

/// A point of the surface under the centre of a texel.
struct Point<'a> {
    mesh: &'a Unwrapped,
    triangle: [u32; 3],
    /// Of the triangle's second and third corner.
    weights: [f32; 2],
    /// Of the triangle, in texels; with its sign.
    area_texels: f32,
    position: Vec3,
    /// Unit length.
    normal: Vec3,
}

impl<'a> Point<'a> {
    fn new(mesh: &'a Unwrapped, triangle: [u32; 3], uv: DVec2, size: usize) -> Self {
        let [a, b, c] = triangle.map(|v| mesh.uvs[v as usize].as_dvec2());
        let flat_area = (b - a).perp_dot(c - a);
        let weights =
            [((uv - a).perp_dot(c - a) / flat_area) as f32, ((b - a).perp_dot(uv - a) / flat_area) as f32];
        let area_texels = flat_area as f32 * (size * size) as f32;
        let mut point =
            Self { mesh, triangle, weights, area_texels, position: Vec3::ZERO, normal: Vec3::ZERO };
        point.position = point.blend(&mesh.positions);
        let first = mesh.normals[triangle[0] as usize];
        point.normal = point.blend(&mesh.normals).try_normalize().unwrap_or(first);
        point
    }

    /// Of values per vertex.
    fn blend(&self, values: &[Vec3]) -> Vec3 {
        let [a, b, c] = self.triangle.map(|v| values[v as usize]);
        a + (b - a) * self.weights[0] + (c - a) * self.weights[1]
    }

    /// Side of the patch of surface that the texel covers.
    fn footprint_m(&self) -> f32 {
        let [p, q, r] = self.triangle.map(|v| self.mesh.positions[v as usize]);
        ((q - p).cross(r - p).length() / self.area_texels.abs()).sqrt()
    }
}

/// What `colour` says at every texel of the charts, continued round them, and filled in between.
fn texture(
    mesh: &Unwrapped,
    texture_px: u32,
    cancel: Cancel<'_>,
    colour: impl Fn(&Point<'_>) -> [u8; 3] + Sync,
) -> Result<RgbImage, Cancelled> {
    let size = texture_px as usize;
    if size == 0 {
        return Ok(RgbImage::new(0, 0));
    }
    let owners = owners(mesh, size, cancel)?;
    let mut texture = RgbImage::new(texture_px, texture_px);
    texture.par_chunks_exact_mut(size * 3).zip(owners.par_chunks_exact(size)).enumerate().try_for_each(
        |(y, (row, owners))| {
            let texels = row.as_chunks_mut::<3>().0;
            for (x, (texel, &owner)) in texels.iter_mut().zip(owners).enumerate() {
                if x % CANCEL_EVERY == 0 {
                    cancel.check()?;
                }
                if owner != NOBODY {
                    let centre = DVec2::new(x as f64 + 0.5, y as f64 + 0.5) / size as f64;
                    *texel = colour(&Point::new(mesh, mesh.triangles[owner as usize], centre, size));
                }
            }
            Ok(())
        },
    )?;
    fill(&mut texture, &owners, cancel)?;
    Ok(texture)
}

/// For each texel the triangle it is painted from.
fn owners(mesh: &Unwrapped, size: usize, cancel: Cancel<'_>) -> Result<Vec<u32>, Cancelled> {
    let mut owners = vec![NOBODY; size * size];
    for (i, triangle) in mesh.triangles.iter().enumerate() {
        if i % CANCEL_EVERY == 0 {
            cancel.check()?;
        }
        texel_runs(triangle.map(|v| mesh.uvs[v as usize].as_dvec2() * size as f64), |y, start, end| {
            if y < size && start < size {
                owners[y * size + start..y * size + end.min(size)].fill(i as u32);
            }
        });
    }
    for _ in 0..CONTINUED_RINGS {
        cancel.check()?;
        let inner = owners.clone();
        owners.par_chunks_exact_mut(size).enumerate().try_for_each(|(y, row)| {
            cancel.check()?;
            for (x, owner) in row.iter_mut().enumerate().filter(|(_, owner)| **owner == NOBODY) {
                // Straight neighbours are nearer than diagonal ones.
                const AROUND: [(isize, isize); 8] =
                    [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)];
                let found = AROUND.iter().find_map(|&(dx, dy)| {
                    let (x, y) = (x.checked_add_signed(dx)?, y.checked_add_signed(dy)?);
                    (x < size && y < size).then(|| inner[y * size + x]).filter(|&owner| owner != NOBODY)
                });
                *owner = found.unwrap_or(NOBODY);
            }
            Ok(())
        })?;
    }
    Ok(owners)
}
