//! A software rasteriser: meshes seen by an orthographic camera.

mod camera;
mod depth;
mod layers;
mod light;
mod visibility;

use glam::{Vec2, Vec3};
use image::{RgbImage, RgbaImage};
use rayon::prelude::*;

use crate::{Cancel, Cancelled, Painter, TexturedMesh};
pub use camera::{Camera, CameraAxes};
pub use depth::DepthMap;
pub use layers::{Layers, layers};
use light::Studio;
use visibility::{Projected, SAMPLE_OFFSETS, SAMPLES, bands};

/// What is drawn. Triangles seen from behind are not drawn.
#[derive(Clone, Copy)]
pub struct Surface<'a> {
    /// Metres.
    pub positions: &'a [Vec3],
    /// Unit length, one per position.
    pub normals: &'a [Vec3],
    pub triangles: &'a [[u32; 3]],
}

impl<'a> From<&'a TexturedMesh> for Surface<'a> {
    fn from(mesh: &'a TexturedMesh) -> Self {
        Self { positions: &mesh.positions, normals: &mesh.normals, triangles: &mesh.triangles }
    }
}

/// A texture and where it lies on the surface.
#[derive(Clone, Copy)]
pub struct Texture<'a> {
    /// One per position, 0..=1, from the texture's top left.
    pub uvs: &'a [Vec2],
    /// sRGB.
    pub albedo: &'a RgbImage,
}

impl<'a> From<&'a TexturedMesh> for Texture<'a> {
    fn from(mesh: &'a TexturedMesh) -> Self {
        Self { uvs: &mesh.uvs, albedo: &mesh.albedo }
    }
}

/// Where colour comes from.
#[derive(Clone, Copy)]
pub enum Shading<'a> {
    /// The painter's albedo, without light.
    Painted(&'a dyn Painter),
    /// The texture, without light.
    Textured(Texture<'a>),
    /// The texture in soft studio light.
    Lit(Texture<'a>),
    /// Grey clay in the same light.
    Clay,
}

/// A square picture of `size_px` pixels a side, straight alpha on nothing, with four samples a pixel.
///
/// # Panics
/// When a triangle names a vertex that is not there, or `normals` or `uvs` are fewer than `positions`.
pub fn render(
    surface: Surface<'_>,
    camera: &Camera,
    size_px: u32,
    shading: Shading<'_>,
    cancel: Cancel<'_>,
) -> Result<RgbaImage, Cancelled> {
    if size_px == 0 {
        return Ok(RgbaImage::new(0, 0));
    }
    let axes = camera.axes();
    let projected = project(surface.positions, camera, size_px);
    cancel.check()?;
    let pixel_m = 2.0 * camera.half_extent_m / size_px as f32;
    let resolve = Resolve { surface, shading, axes, studio: Studio::new(&axes), pixel_m };
    let mut picture = RgbaImage::new(size_px, size_px);
    let row_bytes = size_px as usize * 4;
    let bands = bands(&projected, surface.triangles, size_px);
    picture.par_chunks_mut(row_bytes * visibility::BAND_ROWS).zip(&bands).try_for_each(
        |(pixels, band)| {
            cancel.check()?;
            let seen = band.rasterise(&projected, surface.triangles, size_px, cancel)?;
            for (y, row) in pixels.chunks_exact_mut(row_bytes).enumerate() {
                cancel.check()?;
                for (x, pixel) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    let samples = &seen[y * size_px as usize + x];
                    *pixel = resolve.pixel(&projected, samples, x as f32, (band.first_row + y) as f32);
                }
            }
            Ok(())
        },
    )?;
    Ok(picture)
}

fn project(positions: &[Vec3], camera: &Camera, size_px: u32) -> Vec<Projected> {
    let scale = size_px as f32 / (2.0 * camera.half_extent_m);
    let (axes, half) = (camera.axes(), size_px as f32 / 2.0);
    let projected = positions.par_iter().map(|&p| {
        let p = (p - camera.target_m) * scale;
        Projected { x: half + p.dot(axes.right), y: half - p.dot(axes.up), nearness: p.dot(axes.towards) }
    });
    projected.collect()
}

/// A point of the surface, or a sum of such.
struct Hit {
    position: Vec3,
    normal: Vec3,
}

struct Resolve<'a> {
    surface: Surface<'a>,
    shading: Shading<'a>,
    axes: CameraAxes,
    studio: Studio,
    pixel_m: f32,
}

impl Resolve<'_> {
    fn pixel(&self, projected: &[Projected], samples: &[u32; SAMPLES], x: f32, y: f32) -> [u8; 4] {
        let mut colour = Vec3::ZERO;
        let mut light = 0.0;
        let mut covered = 0.0;
        // A painter costs far more than a texture: it is asked once for each piece of surface in the pixel.
        let mut piece: Option<(Hit, f32)> = None;
        let mut offsets = SAMPLE_OFFSETS.iter();
        for run in samples.chunk_by(|one, other| one == other) {
            let offsets = offsets.by_ref().take(run.len());
            let Some(&corners) = self.surface.triangles.get(run[0] as usize) else {
                offsets.for_each(drop);
                continue;
            };
            let seen = corners.map(|v| projected[v as usize]);
            let count = run.len() as f32;
            covered += count;
            let mut sum = Vec3::ZERO;
            for &[dx, dy] in offsets {
                let weights = visibility::weights(seen, x + dx, y + dy);
                sum += weights;
                if let Shading::Textured(texture) | Shading::Lit(texture) = self.shading {
                    colour += sample(texture, corners, weights);
                }
            }
            let hit = self.hit(corners, sum / count);
            match self.shading {
                Shading::Painted(painter) => match &mut piece {
                    Some((first, before)) if self.continues(first, &hit, *before) => {
                        first.position += hit.position * count;
                        first.normal += hit.normal * count;
                        *before += count;
                    }
                    _ => {
                        let whole = Hit { position: hit.position * count, normal: hit.normal * count };
                        let done = piece.replace((whole, count));
                        colour += done.map_or(Vec3::ZERO, |piece| self.paint(painter, piece));
                    }
                },
                Shading::Textured(_) => {}
                Shading::Lit(_) | Shading::Clay => light += self.studio.irradiance(hit.normal) * count,
            }
        }
        if covered == 0.0 {
            return [0; 4];
        }
        let mean = match (self.shading, piece) {
            (Shading::Painted(painter), Some(piece)) => (colour + self.paint(painter, piece)) / covered,
            (Shading::Lit(_), _) => light::lit(colour / covered, light / covered),
            (Shading::Clay, _) => light::clay(light / covered),
            _ => colour / covered,
        };
        // Truncation after a half: rounding is a call where the target has no instruction for it.
        let [r, g, b] = mean.to_array().map(|c| (c * 255.0 + 0.5) as u8);
        [r, g, b, (covered / SAMPLES as f32 * 255.0 + 0.5) as u8]
    }

    fn hit(&self, corners: [u32; 3], weights: Vec3) -> Hit {
        let blend = |values: &[Vec3]| {
            let [a, b, c] = corners.map(|v| values[v as usize]);
            a * weights.x + b * weights.y + c * weights.z
        };
        Hit { position: blend(self.surface.positions), normal: blend(self.surface.normals) }
    }

    fn continues(&self, sum: &Hit, next: &Hit, count: f32) -> bool {
        (sum.position / count).distance_squared(next.position) < (3.0 * self.pixel_m).powi(2)
            && sum.normal.dot(next.normal) > 0.0
    }

    fn paint(&self, painter: &dyn Painter, (sum, count): (Hit, f32)) -> Vec3 {
        let normal = sum.normal.try_normalize().unwrap_or(self.axes.towards);
        let albedo = painter.albedo(sum.position / count, normal, self.pixel_m);
        Vec3::from_array(albedo).clamp(Vec3::ZERO, Vec3::ONE) * count
    }
}

fn sample(texture: Texture<'_>, corners: [u32; 3], weights: Vec3) -> Vec3 {
    let [a, b, c] = corners.map(|v| texture.uvs[v as usize]);
    bilinear(texture.albedo, a * weights.x + b * weights.y + c * weights.z)
}

/// sRGB, 0..=1, clamped to the border; black without pixels. `uv` is 0..=1, from the top left.
pub fn bilinear(picture: &RgbImage, uv: Vec2) -> Vec3 {
    let (width, height) = picture.dimensions();
    if width == 0 || height == 0 {
        return Vec3::ZERO;
    }
    let x = (uv.x * width as f32 - 0.5).clamp(0.0, (width - 1) as f32);
    let y = (uv.y * height as f32 - 0.5).clamp(0.0, (height - 1) as f32);
    let (x0, y0) = (x as u32, y as u32);
    let (x1, y1) = ((x0 + 1).min(width - 1), (y0 + 1).min(height - 1));
    let at = |x, y| Vec3::from_array(picture.get_pixel(x, y).0.map(f32::from));
    let top = at(x0, y0).lerp(at(x1, y0), x - x0 as f32);
    let bottom = at(x0, y1).lerp(at(x1, y1), x - x0 as f32);
    top.lerp(bottom, y - y0 as f32) / 255.0
}
