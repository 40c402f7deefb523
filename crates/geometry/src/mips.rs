//! Pictures to look colours up in.

use glam::{Vec3, Vec4, Vec4Swizzles};
use image::RgbaImage;
use rayon::prelude::*;

use crate::resize::{Window, bilinear};
use crate::{Cancel, Cancelled, Grid};

/// The colours of a cut-out at every fineness, grown beyond its outline so that no background shows at the rim.
/// Filled in by pull and push: Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.
pub struct Mips {
    /// Picture pixel at the first level's left and top edge.
    left_px: f32,
    top_px: f32,
    /// sRGB bytes; each level half as fine as the one before.
    levels: Vec<Grid<[u8; 3]>>,
}

/// This share of the picture's longer side at the rim is not trusted: it may hold some of the background.
const UNTRUSTED_RIM: f32 = 0.0015;

impl Mips {
    /// Of the part of `cutout`, straight alpha, that lies in `window`.
    pub fn new(cutout: &RgbaImage, window: Window, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let left = window.left.floor().max(0.0) as usize;
        let top = window.top.floor().max(0.0) as usize;
        let right = (window.left + window.width).ceil().min(cutout.width() as f32);
        let bottom = (window.top + window.height).ceil().min(cutout.height() as f32);
        let (width, height) = ((right as usize - left).max(1), (bottom as usize - top).max(1));
        let longer = width.max(height);
        let inset = ((UNTRUSTED_RIM * longer as f32).round() as usize).max(1);
        let trusted = core(cutout, (left, top), (width, height), inset, cancel)?;
        let stride = cutout.width() as usize * 4;
        let pixel = |x: usize, y: usize| {
            let at = (top + y) * stride + (left + x) * 4;
            [cutout.as_raw()[at], cutout.as_raw()[at + 1], cutout.as_raw()[at + 2]]
        };
        let own = |x: usize, y: usize| match trusted.get(x, y) {
            true => Vec3::from_array(pixel(x, y).map(f32::from)).extend(255.0) / 255.0,
            false => Vec4::ZERO,
        };
        let mut pulled = vec![halved((width, height), own, cancel)?];
        while let Some(fine) = pulled.last().filter(|g| g.width() > 1 || g.height() > 1) {
            let coarse = halved((fine.width(), fine.height()), |x, y| fine.get(x, y), cancel)?;
            pulled.push(coarse);
        }
        let mut levels = Vec::with_capacity(pulled.len() + 1);
        let mut coarser: Option<Grid<Vec3>> = None;
        while let Some(level) = pulled.pop() {
            let filled = pushed(&level, coarser.as_ref(), cancel)?;
            levels.push(filled.map(bytes));
            coarser = Some(filled);
        }
        let mut finest = vec![[0u8; 3]; width * height];
        finest.par_chunks_mut(width).enumerate().try_for_each(|(y, row)| {
            cancel.check()?;
            for (x, cell) in row.iter_mut().enumerate() {
                *cell = match &coarser {
                    Some(coarser) if !trusted.get(x, y) => bytes(behind(coarser, x, y)),
                    _ => pixel(x, y),
                };
            }
            Ok(())
        })?;
        levels.push(Grid::from_cells(width, height, finest));
        levels.reverse();
        Ok(Self { left_px: left as f32, top_px: top as f32, levels })
    }

    /// sRGB 0..=1 around a point in picture pixels, averaged over about `footprint_px`.
    pub fn sample(&self, x_px: f32, y_px: f32, footprint_px: f32) -> Vec3 {
        let last = (self.levels.len() - 1) as f32;
        let level = footprint_px.max(1.0).log2().clamp(0.0, last);
        let (fine, share) = (level as usize, level.fract());
        let colour = self.sample_level(fine, x_px, y_px);
        if share < 0.01 {
            return colour;
        }
        colour.lerp(self.sample_level(fine + 1, x_px, y_px), share)
    }

    fn sample_level(&self, level: usize, x_px: f32, y_px: f32) -> Vec3 {
        let grid = &self.levels[level];
        let scale = 1.0 / (1u64 << level) as f32;
        let x = ((x_px - self.left_px) * scale - 0.5).clamp(0.0, (grid.width() - 1) as f32);
        let y = ((y_px - self.top_px) * scale - 0.5).clamp(0.0, (grid.height() - 1) as f32);
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(grid.width() - 1), (y0 + 1).min(grid.height() - 1));
        let at = |x, y| Vec3::from_array(grid.get(x, y).map(f32::from));
        let upper = at(x0, y0).lerp(at(x1, y0), x - x0 as f32);
        let lower = at(x0, y1).lerp(at(x1, y1), x - x0 as f32);
        upper.lerp(lower, y - y0 as f32) / 255.0
    }
}

/// Pixels whose whole neighbourhood is opaque, or, where an object is too thin for that, more than half opaque.
fn core(
    cutout: &RgbaImage,
    (left, top): (usize, usize),
    (width, height): (usize, usize),
    inset: usize,
    cancel: Cancel<'_>,
) -> Result<Grid<bool>, Cancelled> {
    const OPAQUE: u8 = 250;
    let source_width = cutout.width() as usize;
    let alpha = |x: usize, y: usize| cutout.as_raw()[((top + y) * source_width + left + x) * 4 + 3];
    // Lowest alpha along the row, then along the column.
    let mut along = vec![0u8; width * height];
    along.par_chunks_mut(width).enumerate().try_for_each(|(y, row)| {
        cancel.check()?;
        for (x, cell) in row.iter_mut().enumerate() {
            let near = x.saturating_sub(inset)..(x + inset + 1).min(width);
            *cell = near.map(|x| alpha(x, y)).min().unwrap_or(0);
        }
        Ok(())
    })?;
    let mut trusted = vec![false; width * height];
    let counts = trusted
        .par_chunks_mut(width)
        .enumerate()
        .map(|(y, row)| {
            cancel.check()?;
            let mut lowest = vec![u8::MAX; width];
            for y in y.saturating_sub(inset)..(y + inset + 1).min(height) {
                for (low, &a) in lowest.iter_mut().zip(&along[y * width..][..width]) {
                    *low = (*low).min(a);
                }
            }
            for (cell, low) in row.iter_mut().zip(lowest) {
                *cell = low >= OPAQUE;
            }
            let object = (0..width).filter(|&x| alpha(x, y) > 127).count();
            Ok((row.iter().filter(|&&t| t).count(), object))
        })
        .collect::<Result<Vec<(usize, usize)>, Cancelled>>()?;
    let (solid, object) = counts.iter().fold((0, 0), |(a, b), &(c, d)| (a + c, b + d));
    if solid * 4 < object {
        trusted.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
            for (x, cell) in row.iter_mut().enumerate() {
                *cell = alpha(x, y) > 127;
            }
        });
    }
    Ok(Grid::from_cells(width, height, trusted))
}

fn halved(
    (width, height): (usize, usize),
    fine: impl Fn(usize, usize) -> Vec4 + Sync,
    cancel: Cancel<'_>,
) -> Result<Grid<Vec4>, Cancelled> {
    let half_width = width.div_ceil(2);
    let mut cells = vec![Vec4::ZERO; half_width * height.div_ceil(2)];
    cells.par_chunks_mut(half_width).enumerate().try_for_each(|(y, row)| {
        cancel.check()?;
        for (x, cell) in row.iter_mut().enumerate() {
            let mut sum = Vec4::ZERO;
            for fy in 2 * y..(2 * y + 2).min(height) {
                for fx in 2 * x..(2 * x + 2).min(width) {
                    sum += fine(fx, fy);
                }
            }
            *cell = if sum.w > 1.0 { sum / sum.w } else { sum };
        }
        Ok(())
    })?;
    Ok(Grid::from_cells(half_width, height.div_ceil(2), cells))
}

fn pushed(
    level: &Grid<Vec4>,
    coarser: Option<&Grid<Vec3>>,
    cancel: Cancel<'_>,
) -> Result<Grid<Vec3>, Cancelled> {
    let width = level.width();
    let mut cells = vec![Vec3::ZERO; width * level.height()];
    cells.par_chunks_mut(width).enumerate().try_for_each(|(y, row)| {
        cancel.check()?;
        for (x, (cell, &own)) in row.iter_mut().zip(level.row(y)).enumerate() {
            *cell = own.xyz();
            if let Some(coarser) = coarser.filter(|_| own.w < 1.0) {
                *cell += behind(coarser, x, y) * (1.0 - own.w);
            }
        }
        Ok(())
    })?;
    Ok(Grid::from_cells(width, level.height(), cells))
}

fn behind(coarser: &Grid<Vec3>, x: usize, y: usize) -> Vec3 {
    bilinear(coarser, (x as f32 - 0.5) / 2.0, (y as f32 - 0.5) / 2.0)
}

fn bytes(colour: Vec3) -> [u8; 3] {
    (colour * 255.0).round().to_array().map(|v| v as u8)
}
