use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, GrayImage, ImageBuffer, ImageEncoder, Luma, RgbaImage};

/// PNG, RGBA 8 bit; about 8 ms for 1024².
///
/// # Panics
/// When the picture has no pixels.
pub fn encode_png(picture: &RgbaImage) -> Vec<u8> {
    encode(picture, picture.width(), picture.height(), ExtendedColorType::Rgba8)
}

/// PNG, grey 8 bit.
///
/// # Panics
/// When the picture has no pixels.
pub fn encode_png_grey(picture: &GrayImage) -> Vec<u8> {
    encode(picture, picture.width(), picture.height(), ExtendedColorType::L8)
}

/// PNG, grey 16 bit.
///
/// # Panics
/// When the picture has no pixels.
pub fn encode_png_grey16(picture: &ImageBuffer<Luma<u16>, Vec<u16>>) -> Vec<u8> {
    // The encoder takes samples as they lie in memory.
    let samples: Vec<u8> = picture.as_raw().iter().flat_map(|sample| sample.to_ne_bytes()).collect();
    encode(&samples, picture.width(), picture.height(), ExtendedColorType::L16)
}

fn encode(samples: &[u8], width_px: u32, height_px: u32, color: ExtendedColorType) -> Vec<u8> {
    let mut png = Vec::with_capacity(samples.len() / 4);
    // One fixed filter: choosing one per row costs three times the compression.
    PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Up)
        .write_image(samples, width_px, height_px, color)
        .expect("writing a picture with pixels to memory cannot fail");
    png
}
