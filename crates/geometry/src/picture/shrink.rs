use image::{DynamicImage, GenericImageView, RgbaImage};
use rayon::prelude::*;

use crate::color::{linear_from_srgb, srgb_from_linear};

/// Shrinks by area averaging, in linear light with premultiplied alpha, so that the longer side is at most
/// `max_side_px` (at least 1). A picture that fits is handed back untouched.
pub fn shrink_to_fit(picture: RgbaImage, max_side_px: u32) -> RgbaImage {
    shrink_decoded(DynamicImage::ImageRgba8(picture), max_side_px)
}

/// One target pixel's extent along one axis: first source pixel, and the weight of each.
struct Span {
    first: u32,
    weights: Vec<f32>,
}

fn spans(from: u32, to: u32) -> Vec<Span> {
    let scale = f64::from(from) / f64::from(to);
    (0..to)
        .map(|i| {
            let (start, end) = (f64::from(i) * scale, (f64::from(i + 1) * scale).min(f64::from(from)));
            let first = start as u32;
            let last = (end.ceil() as u32).clamp(first + 1, from);
            let weights = (first..last)
                .map(|p| ((end.min(f64::from(p + 1)) - start.max(f64::from(p))) / scale) as f32)
                .collect();
            Span { first, weights }
        })
        .collect()
}

pub(super) fn shrink_decoded(decoded: DynamicImage, max_side_px: u32) -> RgbaImage {
    let (width, height) = decoded.dimensions();
    let longer = width.max(height);
    if longer <= max_side_px {
        return decoded.into_rgba8();
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(max_side_px.max(1)) + u64::from(longer) / 2;
        (side / u64::from(longer)).max(1) as u32
    };
    let (small_width, small_height) = (scaled(width), scaled(height));
    let (columns, rows) = (spans(width, small_width), spans(height, small_height));
    let row_bytes = small_width as usize * 4;
    let mut small = vec![0_u8; row_bytes * small_height as usize];
    small.par_chunks_mut(row_bytes).zip(&rows).for_each(|(target, row)| {
        // Converted a few rows at a time: the whole picture as RGBA may not fit in memory.
        let strip = decoded.crop_imm(0, row.first, width, row.weights.len() as u32).into_rgba8();
        let mut sums = vec![[0.0_f32; 4]; small_width as usize];
        for (source, &row_weight) in strip.chunks_exact(width as usize * 4).zip(&row.weights) {
            for (sum, column) in sums.iter_mut().zip(&columns) {
                let pixels = source[column.first as usize * 4..].chunks_exact(4);
                for (pixel, &weight) in pixels.zip(&column.weights) {
                    let alpha = weight * row_weight * f32::from(pixel[3]);
                    for channel in 0..3 {
                        sum[channel] += alpha * linear_from_srgb(pixel[channel]);
                    }
                    sum[3] += alpha;
                }
            }
        }
        for (pixel, sum) in target.chunks_exact_mut(4).zip(&sums) {
            if sum[3] > 0.0 {
                for channel in 0..3 {
                    pixel[channel] = srgb_from_linear(sum[channel] / sum[3]);
                }
                pixel[3] = sum[3].round().min(255.0) as u8;
            }
        }
    });
    RgbaImage::from_raw(small_width, small_height, small).expect("the buffer was made for these sides")
}
