//! A painter's colours as a texture.

use glam::{DVec2, Vec3};
use image::RgbImage;
use rayon::prelude::*;

use crate::unwrap::{Unwrapped, texel_runs};
use crate::{Cancel, Cancelled, Painter};

const NOBODY: u32 = u32::MAX;
/// Texels around a chart that get the colour of the surface continued beyond its border: what bilinear filtering
/// mixes in at a seam.
const CONTINUED_RINGS: usize = 2;
const CANCEL_EVERY: usize = 256;

/// The painter's albedo at every texel of the charts. Texels around them continue the nearest triangle's plane;
/// the rest is filled from coarse to fine (push-pull, Gortler et al. 1996) so that mipmaps stay clean. Black
/// without triangles.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn bake(
    mesh: &Unwrapped,
    texture_px: u32,
    painter: &dyn Painter,
    cancel: Cancel<'_>,
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
                    *texel = paint(mesh, mesh.triangles[owner as usize], centre, size, painter);
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

fn paint(mesh: &Unwrapped, triangle: [u32; 3], uv: DVec2, size: usize, painter: &dyn Painter) -> [u8; 3] {
    let [a, b, c] = triangle.map(|v| mesh.uvs[v as usize].as_dvec2());
    let flat_area = (b - a).perp_dot(c - a);
    let wb = ((uv - a).perp_dot(c - a) / flat_area) as f32;
    let wc = ((b - a).perp_dot(uv - a) / flat_area) as f32;
    let blend = |values: &[Vec3]| {
        let [a, b, c] = triangle.map(|v| values[v as usize]);
        a + (b - a) * wb + (c - a) * wc
    };
    let [p, q, r] = triangle.map(|v| mesh.positions[v as usize]);
    let texels = flat_area.abs() as f32 * (size * size) as f32;
    let footprint_m = ((q - p).cross(r - p).length() / texels).sqrt();
    let position = blend(&mesh.positions);
    let normal = blend(&mesh.normals).try_normalize().unwrap_or(mesh.normals[triangle[0] as usize]);
    // Truncation after a half: rounding is a call where the target has no instruction for it.
    painter.albedo(position, normal, footprint_m).map(|c| (c.clamp(0.0, 1.0) * 255.0 + 0.5) as u8)
}

/// Means of the painted texels below each cell of a level, and how many there are.
struct Level {
    size: usize,
    cells: Vec<([f32; 3], f32)>,
}

fn fill(texture: &mut RgbImage, owners: &[u32], cancel: Cancel<'_>) -> Result<(), Cancelled> {
    let size = texture.width() as usize;
    let texels = texture.as_raw().as_chunks::<3>().0;
    let mut levels = vec![coarser(size, cancel, |x, y| {
        let i = y * size + x;
        (texels[i].map(f32::from), f32::from(u8::from(owners[i] != NOBODY)))
    })?];
    while let Some(finer) = levels.last().filter(|level| level.size > 1) {
        levels.push(coarser(finer.size, cancel, |x, y| finer.cells[y * finer.size + x])?);
    }
    while let Some(level) = levels.pop() {
        cancel.check()?;
        let Some(finer) = levels.last_mut() else {
            texture.as_chunks_mut::<3>().0.par_chunks_exact_mut(size).enumerate().try_for_each(
                |(y, row)| {
                    cancel.check()?;
                    for (x, texel) in
                        row.iter_mut().enumerate().filter(|(x, _)| owners[y * size + x] == NOBODY)
                    {
                        *texel = level.cells[y / 2 * level.size + x / 2].0.map(|c| c.round() as u8);
                    }
                    Ok(())
                },
            )?;
            break;
        };
        for (i, cell) in finer.cells.iter_mut().enumerate().filter(|(_, cell)| cell.1 == 0.0) {
            cell.0 = level.cells[i / finer.size / 2 * level.size + i % finer.size / 2].0;
        }
    }
    Ok(())
}

fn coarser(
    finer_size: usize,
    cancel: Cancel<'_>,
    finer: impl Fn(usize, usize) -> ([f32; 3], f32) + Sync,
) -> Result<Level, Cancelled> {
    let size = finer_size.div_ceil(2);
    let mut cells = vec![([0.0; 3], 0.0); size * size];
    cells.par_chunks_exact_mut(size).enumerate().try_for_each(|(y, row)| {
        cancel.check()?;
        for (x, cell) in row.iter_mut().enumerate() {
            let (mut sum, mut count) = (Vec3::ZERO, 0.0);
            for (fx, fy) in [(2 * x, 2 * y), (2 * x + 1, 2 * y), (2 * x, 2 * y + 1), (2 * x + 1, 2 * y + 1)] {
                if fx < finer_size && fy < finer_size {
                    let (colour, weight) = finer(fx, fy);
                    sum += Vec3::from_array(colour) * weight;
                    count += weight;
                }
            }
            if count > 0.0 {
                *cell = ((sum / count).to_array(), count);
            }
        }
        Ok(())
    })?;
    Ok(Level { size, cells })
}
