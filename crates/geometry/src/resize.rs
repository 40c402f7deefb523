//! Resampling of rasters.

use std::ops::{Add, Mul};

use image::RgbaImage;
use rayon::prelude::*;

use crate::Grid;
use glam::Vec4;

/// A cell value that can be averaged: `f32`, `glam::Vec3`, `glam::Vec4`.
pub trait Blend: Copy + Default + Send + Sync + Add<Output = Self> + Mul<f32, Output = Self> {}
impl<T: Copy + Default + Send + Sync + Add<Output = T> + Mul<f32, Output = T>> Blend for T {}

/// A rectangle of a raster in pixels, pixel (0, 0) covering 0..1; may reach beyond the raster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Window {
    pub fn whole(picture: &RgbaImage) -> Self {
        Self { left: 0.0, top: 0.0, width: picture.width() as f32, height: picture.height() as f32 }
    }
}

/// Averages `grid` down by exact area coverage, or interpolates it up linearly, to `width` × `height` cells.
pub fn resize<T: Blend>(grid: &Grid<T>, width: usize, height: usize) -> Grid<T> {
    let whole = Window { left: 0.0, top: 0.0, width: grid.width() as f32, height: grid.height() as f32 };
    resize_window(grid, whole, width, height)
}

/// As [`resize`], of a window of `grid`; its border cells go on for ever.
pub fn resize_window<T: Blend>(grid: &Grid<T>, window: Window, width: usize, height: usize) -> Grid<T> {
    let along_x = Taps::clamped(grid.width(), window.left, window.width, width);
    let along_y = Taps::clamped(grid.height(), window.top, window.height, height);
    apply(grid.width(), &along_x, &along_y, |y, out: &mut Vec<T>| out.extend_from_slice(grid.row(y)))
}

/// Resamples a window of `picture` to premultiplied RGBA, each 0..=1. What lies outside the picture is clear.
pub fn resize_premultiplied(picture: &RgbaImage, window: Window, width: usize, height: usize) -> Grid<Vec4> {
    let source_width = picture.width() as usize;
    let along_x = Taps::dropped(source_width, window.left, window.width, width);
    let along_y = Taps::dropped(picture.height() as usize, window.top, window.height, height);
    let pixels = picture.as_raw();
    apply(source_width, &along_x, &along_y, |y, out: &mut Vec<Vec4>| {
        out.extend(
            pixels[y * source_width * 4..][..source_width * 4]
                .chunks_exact(4)
                .map(|p| premultiplied([p[0], p[1], p[2], p[3]])),
        );
    })
}

/// Premultiplied RGBA, 0..=1, of a pixel with straight alpha.
pub fn premultiplied(pixel: [u8; 4]) -> Vec4 {
    let alpha = f32::from(pixel[3]) / 255.0;
    let factor = alpha / 255.0;
    Vec4::new(f32::from(pixel[0]) * factor, f32::from(pixel[1]) * factor, f32::from(pixel[2]) * factor, alpha)
}

/// Bilinear value at a point in cell coordinates (cell centres at whole numbers), clamped to the border.
pub fn bilinear<T: Blend>(grid: &Grid<T>, x: f32, y: f32) -> T {
    let x = x.clamp(0.0, (grid.width() - 1) as f32);
    let y = y.clamp(0.0, (grid.height() - 1) as f32);
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(grid.width() - 1), (y0 + 1).min(grid.height() - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let top = grid.get(x0, y0) * (1.0 - fx) + grid.get(x1, y0) * fx;
    let bottom = grid.get(x0, y1) * (1.0 - fx) + grid.get(x1, y1) * fx;
    top * (1.0 - fy) + bottom * fy
}

/// For every cell of a resampled axis: the first source cell and the weights from there on.
struct Taps(Vec<(usize, Vec<f32>)>);

impl Taps {
    fn clamped(source: usize, start: f32, extent: f32, count: usize) -> Self {
        Self::new(start, extent, count, |i| Some(i.clamp(0, source as isize - 1) as usize))
    }

    fn dropped(source: usize, start: f32, extent: f32, count: usize) -> Self {
        Self::new(start, extent, count, |i| usize::try_from(i).ok().filter(|&i| i < source))
    }

    fn new(start: f32, extent: f32, count: usize, place: impl Fn(isize) -> Option<usize>) -> Self {
        let step = extent / count as f32;
        let taps = (0..count).map(|i| {
            let mut weights: Vec<(usize, f32)> = Vec::new();
            let mut add = |source: isize, weight: f32| {
                let Some(source) = place(source) else { return };
                match weights.last_mut() {
                    Some((last, sum)) if *last == source => *sum += weight,
                    _ => weights.push((source, weight)),
                }
            };
            if step > 1.0 {
                let (from, to) = (start + i as f32 * step, start + (i + 1) as f32 * step);
                for source in from.floor() as isize..to.ceil() as isize {
                    let covered = (to.min((source + 1) as f32) - from.max(source as f32)).max(0.0);
                    add(source, covered / step);
                }
            } else {
                let centre = start + (i as f32 + 0.5) * step - 0.5;
                let low = centre.floor();
                add(low as isize, 1.0 - (centre - low));
                add(low as isize + 1, centre - low);
            }
            let first = weights.first().map_or(0, |&(source, _)| source);
            (first, weights.into_iter().map(|(_, weight)| weight).collect())
        });
        Self(taps.collect())
    }
}

fn apply<T: Blend>(
    source_width: usize,
    along_x: &Taps,
    along_y: &Taps,
    read_row: impl Fn(usize, &mut Vec<T>) + Sync,
) -> Grid<T> {
    let width = along_x.0.len();
    let rows = along_y.0.par_iter().flat_map_iter(|(first, weights)| {
        let mut blended = vec![T::default(); source_width];
        let mut row = Vec::with_capacity(source_width);
        for (offset, &weight) in weights.iter().enumerate() {
            row.clear();
            read_row(first + offset, &mut row);
            for (sum, &value) in blended.iter_mut().zip(&row) {
                *sum = *sum + value * weight;
            }
        }
        along_x.0.iter().map(move |(first, weights)| {
            weights
                .iter()
                .zip(blended.get(*first..).unwrap_or_default())
                .fold(T::default(), |sum, (&weight, &value)| sum + value * weight)
        })
    });
    Grid::from_cells(width, along_y.0.len(), rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averaging_down_keeps_the_mean() {
        let grid = Grid::from_cells(7, 5, (0..35).map(|i| (i * i % 11) as f32).collect());
        let small = resize(&grid, 3, 2);
        let mean = |g: &Grid<f32>| g.cells().iter().sum::<f32>() / g.cells().len() as f32;
        assert!((mean(&grid) - mean(&small)).abs() < 1e-4, "{} {}", mean(&grid), mean(&small));
    }

    #[test]
    fn interpolating_up_keeps_a_ramp_straight() {
        let grid = Grid::from_cells(4, 1, vec![0.0, 1.0, 2.0, 3.0]);
        let large = resize(&grid, 16, 3);
        for x in 2..14 {
            assert!((large.get(x, 1) - ((x as f32 + 0.5) / 4.0 - 0.5)).abs() < 1e-5);
        }
    }

    #[test]
    fn what_lies_outside_the_picture_is_clear() {
        let picture = RgbaImage::from_pixel(4, 4, image::Rgba([255, 0, 0, 255]));
        let grid =
            resize_premultiplied(&picture, Window { left: -4.0, top: 0.0, width: 8.0, height: 4.0 }, 4, 2);
        assert_eq!(grid.get(1, 0), Vec4::ZERO);
        assert!((grid.get(2, 1) - Vec4::new(1.0, 0.0, 0.0, 1.0)).length() < 1e-6);
    }
}
