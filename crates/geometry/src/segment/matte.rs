//! From a hard mask to a soft outline: how much of each rim pixel is object, and in which colour.
//!
//! Along the outline the colours of object and background are known from a few pixels further in and out;
//! a rim pixel's share is its place on the line between the two (as in Bayesian matting: Chuang et al., CVPR
//! 2001), trusted as far as the two differ.

use glam::Vec3;
use image::RgbaImage;
use rayon::prelude::*;

use crate::{Cancel, Cancelled, Grid};

/// Pixels around a rim pixel that know its two colours.
const REACH: isize = 4;
/// Pixels nearer to the outline than this may be mixtures themselves.
const PURE_PX: f32 = 1.5;

/// Cuts `mask` out of `picture`; the outline becomes soft over about two pixels and free of background colour.
/// Colours beyond it are black and clear.
pub(super) fn soft_cutout(
    picture: &RgbaImage,
    mask: &Grid<bool>,
    cancel: Cancel<'_>,
) -> Result<RgbaImage, Cancelled> {
    let (width, height) = (mask.width(), mask.height());
    let mut cutout = RgbaImage::new(width as u32, height as u32);
    cutout.par_chunks_exact_mut(width * 4).enumerate().try_for_each(|(y, row)| {
        if y % 16 == 0 {
            cancel.check()?;
        }
        for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
            let inside = mask.get(x, y);
            let distance = signed_distance(mask, x, y);
            if distance >= PURE_PX {
                pixel[..3].copy_from_slice(&picture.get_pixel(x as u32, y as u32).0[..3]);
                pixel[3] = 255;
            } else if distance > -PURE_PX {
                let (color, alpha) = rim_pixel(picture, mask, x, y, distance, inside);
                if alpha > 0 {
                    pixel[..3].copy_from_slice(&color);
                    pixel[3] = alpha;
                }
            }
        }
        Ok(())
    })?;
    Ok(cutout)
}

/// Distance in pixels from the centre of (x, y) to the outline of the mask, positive inside, at most ±2.5.
fn signed_distance(mask: &Grid<bool>, x: usize, y: usize) -> f32 {
    let inside = mask.get(x, y);
    let mut nearest = 9.0_f32;
    for dy in -2..=2_isize {
        let ny = y as isize + dy;
        if ny < 0 || ny as usize >= mask.height() {
            continue;
        }
        let row = mask.row(ny as usize);
        let (from, to) = (x.saturating_sub(2), (x + 3).min(mask.width()));
        for (nx, &other) in row.iter().enumerate().take(to).skip(from) {
            if other != inside {
                let dx = nx as isize - x as isize;
                nearest = nearest.min((dx * dx + dy * dy) as f32);
            }
        }
    }
    let distance = nearest.sqrt() - 0.5;
    if inside { distance } else { -distance }
}

#[derive(Default)]
struct Side {
    weight: f32,
    sum: Vec3,
    squares: f32,
}

impl Side {
    fn add(&mut self, color: Vec3, weight: f32) {
        self.weight += weight;
        self.sum += color * weight;
        self.squares += color.length_squared() * weight;
    }

    fn mean(&self) -> Vec3 {
        self.sum / self.weight
    }

    fn variance(&self) -> f32 {
        (self.squares / self.weight - self.mean().length_squared()).max(0.0)
    }
}

fn rim_pixel(
    picture: &RgbaImage,
    mask: &Grid<bool>,
    x: usize,
    y: usize,
    distance: f32,
    inside: bool,
) -> ([u8; 3], u8) {
    let color = rgb(picture, x, y);
    let (mut object, mut ground) = (Side::default(), Side::default());
    // Of colours that are not pure: all there is in a thread of few pixels.
    let mut thread = Side::default();
    let (mut covered, mut total) = (0.0, 0.0);
    for dy in -REACH..=REACH {
        for dx in -REACH..=REACH {
            let (nx, ny) = (x as isize + dx, y as isize + dy);
            if nx < 0 || ny < 0 || nx as usize >= mask.width() || ny as usize >= mask.height() {
                continue;
            }
            let (nx, ny) = (nx as usize, ny as usize);
            let squared = (dx * dx + dy * dy) as f32;
            let set = mask.get(nx, ny);
            if squared <= 8.0 {
                let weight = (-squared / 1.28).exp();
                total += weight;
                covered += if set { weight } else { 0.0 };
            }
            let weight = (-squared / 10.0).exp();
            let depth = signed_distance(mask, nx, ny);
            if depth >= PURE_PX {
                object.add(rgb(picture, nx, ny), weight);
            } else if depth <= -PURE_PX {
                ground.add(rgb(picture, nx, ny), weight);
            } else if set {
                thread.add(rgb(picture, nx, ny), weight);
            }
        }
    }
    if object.weight < 0.05 {
        object = thread;
    }
    let smooth = covered / total;
    if object.weight == 0.0 {
        return (color.to_array().map(|c| c as u8), if inside { 255 } else { 0 });
    }

    let object_color = object.mean();
    let (mut alpha, mut unmixed) = (smooth, object_color);
    if ground.weight > 0.05 {
        let span = object_color - ground.mean();
        let contrast = span.length_squared();
        let share = ((color - ground.mean()).dot(span) / contrast.max(1.0)).clamp(0.0, 1.0);
        let trust = contrast / (contrast + 6.0 * (object.variance() + ground.variance()) + 100.0);
        alpha = smooth + (share - smooth) * trust;
        if alpha > 0.5 {
            let unmix = (color - ground.mean() * (1.0 - alpha)) / alpha;
            unmixed = object_color.lerp(unmix.clamp(Vec3::ZERO, Vec3::splat(255.0)), alpha * alpha);
        }
    }
    let alpha = alpha.clamp((distance - 0.5).clamp(0.0, 1.0), (distance + 1.5).clamp(0.0, 1.0));
    (unmixed.to_array().map(|c| c.round() as u8), (alpha * 255.0).round() as u8)
}

fn rgb(picture: &RgbaImage, x: usize, y: usize) -> Vec3 {
    let [r, g, b, _] = picture.get_pixel(x as u32, y as u32).0;
    Vec3::new(f32::from(r), f32::from(g), f32::from(b))
}

/// Gives the soft rim of a picture with alpha the colours of the opaque pixels next to it, so that a matte
/// colour left there by a paint program does not fringe the mesh. What is clear becomes black.
pub(super) fn clean_rim(cutout: &mut RgbaImage, cancel: Cancel<'_>) -> Result<(), Cancelled> {
    const RIM_REACH: u32 = 3;
    const OPAQUE: u8 = 250;
    let (width, height) = cutout.dimensions();
    for y in 0..height {
        if y % 64 == 0 {
            cancel.check()?;
        }
        for x in 0..width {
            let pixel = *cutout.get_pixel(x, y);
            let alpha = pixel.0[3];
            if alpha == 0 {
                cutout.put_pixel(x, y, image::Rgba([0; 4]));
            }
            // Opaque pixels are never written, so the order of the pixels does not matter.
            if alpha == 0 || alpha >= OPAQUE {
                continue;
            }
            let mut opaque = Side::default();
            for ny in y.saturating_sub(RIM_REACH)..(y + RIM_REACH + 1).min(height) {
                for nx in x.saturating_sub(RIM_REACH)..(x + RIM_REACH + 1).min(width) {
                    if cutout.get_pixel(nx, ny).0[3] >= OPAQUE {
                        let squared = nx.abs_diff(x).pow(2) + ny.abs_diff(y).pow(2);
                        opaque.add(rgb(cutout, nx as usize, ny as usize), (-(squared as f32) / 3.0).exp());
                    }
                }
            }
            if opaque.weight > 0.0 {
                let share = f32::from(alpha) / 255.0;
                let color = opaque.mean().lerp(rgb(cutout, x as usize, y as usize), share * share);
                let [r, g, b] = color.to_array().map(|c| c.round() as u8);
                cutout.put_pixel(x, y, image::Rgba([r, g, b, alpha]));
            }
        }
    }
    Ok(())
}
