//! What lies between charts: filled from coarse to fine, so that mipmaps stay clean (push-pull, Gortler et al. 1996).

use glam::Vec3;
use image::RgbImage;
use rayon::prelude::*;

use super::NOBODY;
use crate::{Cancel, Cancelled};

/// Means of the painted texels below each cell of a level, and how many there are.
struct Level {
    size: usize,
    cells: Vec<([f32; 3], f32)>,
}

pub fn fill(texture: &mut RgbImage, owners: &[u32], cancel: Cancel<'_>) -> Result<(), Cancelled> {
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
