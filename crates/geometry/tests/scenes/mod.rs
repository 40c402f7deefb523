//! Sample objects on grounds made in code.
#![allow(dead_code, clippy::unwrap_used)]

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, Luma, RgbImage, RgbaImage};
use oreforge_geometry::Cancel;
use oreforge_geometry::segment::{Cutout, MaskHints, SegmentError, cut_out};

pub const OBJECTS: [&str; 8] =
    ["amphora", "duck", "house", "mushroom", "penguin", "robot", "t-rex", "teapot"];
/// Side of the composed pictures, and of the object in their middle.
pub const SIDE: u32 = 512;
pub const OBJECT_SIDE: u32 = 430;

pub fn sample(name: &str) -> RgbaImage {
    let path = format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"));
    image::open(path).unwrap().into_rgba8()
}

pub fn cut(picture: &RgbaImage) -> Result<Cutout, SegmentError> {
    cut_out(picture, &MaskHints::default(), Cancel::never())
}

/// Smooth noise 0..=1 with one value per unit square.
pub fn value_noise(x: f32, y: f32, seed: u32) -> f32 {
    let hash = |x: i32, y: i32| {
        let mut v = (x as u32).wrapping_mul(374_761_393) ^ (y as u32).wrapping_mul(668_265_263) ^ seed;
        v = (v ^ (v >> 13)).wrapping_mul(1_274_126_177);
        v = (v ^ (v >> 16)).wrapping_mul(2_246_822_519);
        ((v ^ (v >> 13)) & 0xffff) as f32 / 65_535.0
    };
    let (left, top) = (x.floor() as i32, y.floor() as i32);
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (fx, fy) = (ease(x - x.floor()), ease(y - y.floor()));
    let row = |y: i32| hash(left, y) * (1.0 - fx) + hash(left + 1, y) * fx;
    row(top) * (1.0 - fy) + row(top + 1) * fy
}

pub type Ground = fn(f32, f32) -> [f32; 3];

pub fn white(_: f32, _: f32) -> [f32; 3] {
    [250.0; 3]
}

pub fn vignette(x: f32, y: f32) -> [f32; 3] {
    let (u, v) = (x / SIDE as f32 - 0.5, y / SIDE as f32 - 0.5);
    let grey = 200.0 - 90.0 * (u * u + v * v);
    [grey, grey, grey * 1.03]
}

pub fn sky_over_earth(_: f32, y: f32) -> [f32; 3] {
    let v = y / SIDE as f32;
    if v < 0.7 {
        [150.0 + 60.0 * v, 190.0 + 60.0 * v, 235.0 + 60.0 * v]
    } else {
        [110.0 - 20.0 * v, 95.0 - 20.0 * v, 70.0 - 20.0 * v]
    }
}

pub fn brick(x: f32, y: f32) -> [f32; 3] {
    let course = (y / 32.0).floor();
    let x = if course as i32 % 2 == 0 { x } else { x + 32.0 };
    let grain = value_noise(x / 2.5, y / 2.5, 9) - 0.5;
    let tone = if y % 32.0 < 4.0 || x % 64.0 < 4.0 {
        175.0 + 40.0 * grain
    } else {
        110.0 + 40.0 * value_noise((x / 64.0).floor(), course, 5) + 50.0 * grain
    };
    [tone, tone * 0.75, tone * 0.65]
}

pub fn gravel(x: f32, y: f32) -> [f32; 3] {
    let tone =
        60.0 + 130.0 * value_noise(x / 7.0, y / 7.0, 1) + 50.0 * (value_noise(x / 2.5, y / 2.5, 2) - 0.5);
    [tone * 0.9, tone * 0.88, tone * 0.85]
}

pub fn grass(x: f32, y: f32) -> [f32; 3] {
    let tone = 60.0 + 90.0 * value_noise(x / 3.0, y / 9.0, 3) + 60.0 * value_noise(x / 1.7, y / 4.0, 7);
    [tone * 0.6, tone * 0.9, tone * 0.5]
}

/// The object on a ground, with sensor noise of 2.5 steps and as a JPEG of quality 85; and its true alpha.
pub fn composed(name: &str, ground: impl Fn(f32, f32) -> [f32; 3]) -> (RgbaImage, GrayImage) {
    let object = image::imageops::resize(
        &sample(name),
        OBJECT_SIDE,
        OBJECT_SIDE,
        image::imageops::FilterType::Triangle,
    );
    let margin = (SIDE - OBJECT_SIDE) / 2;
    let mut alpha = GrayImage::new(SIDE, SIDE);
    let mut picture = RgbImage::new(SIDE, SIDE);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let inside =
            (margin..margin + OBJECT_SIDE).contains(&x) && (margin..margin + OBJECT_SIDE).contains(&y);
        let object = if inside { object.get_pixel(x - margin, y - margin).0 } else { [0; 4] };
        alpha.put_pixel(x, y, Luma([object[3]]));
        let share = f32::from(object[3]) / 255.0;
        let behind = ground(x as f32, y as f32);
        for channel in 0..3 {
            // The sum of four even variables is near enough to a Gaussian one.
            let noise: f32 =
                (0..4_u32).map(|n| value_noise(x as f32, y as f32, 100 + n * 3 + channel as u32) - 0.5).sum();
            let value = f32::from(object[channel]) * share + behind[channel] * (1.0 - share) + noise * 4.3;
            pixel.0[channel] = value.clamp(0.0, 255.0) as u8;
        }
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 85).encode_image(&picture).unwrap();
    (image::load_from_memory(&jpeg).unwrap().into_rgba8(), alpha)
}

pub fn iou(cutout: &RgbaImage, truth: &GrayImage) -> f64 {
    let (mut both, mut either) = (0_u32, 0_u32);
    for (ours, truth) in cutout.pixels().zip(truth.pixels()) {
        let (ours, truth) = (ours.0[3] > 127, truth.0[0] > 127);
        both += u32::from(ours && truth);
        either += u32::from(ours || truth);
    }
    f64::from(both) / f64::from(either)
}
