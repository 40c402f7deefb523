use std::sync::Arc;

use ::image::imageops::{self, FilterType};
use ::image::{DynamicImage, ImageReader, Rgb, RgbImage};

use super::super::files;
use super::{Call, Data, Given, Raised};

fn images(images: Vec<RgbImage>) -> Given {
    Given::outputs(vec![Data::Images(Arc::new(images))])
}

pub(super) fn load(call: &Call) -> Result<Given, Raised> {
    let name = call.string("image");
    let path = files::annotated(&call.root, name)
        .ok_or_else(|| Raised::new("FileNotFoundError", "[Errno 2] No such file or directory: ''"))?;
    let bytes = std::fs::read(&path).map_err(|_| {
        Raised::new("FileNotFoundError", &format!("[Errno 2] No such file or directory: '{name}'"))
    })?;
    let picture = ImageReader::new(std::io::Cursor::new(&bytes))
        .with_guessed_format()
        .map_err(|error| Raised::new("OSError", &error.to_string()))?
        .decode();
    let picture = picture.map_err(|_| {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Raised::new("OSError", "Truncated File Read")
        } else {
            Raised::new("PIL.UnidentifiedImageError", &format!("cannot identify image file '{name}'"))
        }
    })?;
    Ok(Given::outputs(vec![Data::Images(Arc::new(vec![picture.to_rgb8()])), mask(&picture)]))
}

/// Alpha upside down, or 64 by 64 of nothing.
fn mask(picture: &DynamicImage) -> Data {
    let mask = if picture.color().has_alpha() {
        let rgba = picture.to_rgba8();
        RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| Rgb([255 - rgba.get_pixel(x, y)[3]; 3]))
    } else {
        RgbImage::new(64, 64)
    };
    Data::Images(Arc::new(vec![mask]))
}

pub(super) fn empty(call: &Call) -> Given {
    let size = |name| call.integer(name).unwrap_or(512) as u32;
    let color = call.integer("color").unwrap_or(0).to_be_bytes();
    let picture = RgbImage::from_pixel(size("width"), size("height"), Rgb([color[5], color[6], color[7]]));
    images(vec![picture; call.integer("batch_size").unwrap_or(1) as usize])
}

pub(super) fn invert(call: &Call) -> Result<Given, Raised> {
    let mut pictures = call.images("image")?.to_vec();
    pictures.iter_mut().for_each(imageops::invert);
    Ok(images(pictures))
}

/// 0 for one side keeps the proportions.
pub(super) fn scale(call: &Call) -> Result<Given, Raised> {
    let filter = match call.string("upscale_method") {
        "nearest-exact" => FilterType::Nearest,
        "lanczos" => FilterType::Lanczos3,
        "bicubic" => FilterType::CatmullRom,
        _ => FilterType::Triangle,
    };
    let pictures = call.images("image")?;
    let scaled = pictures.iter().map(|picture| {
        let (width, height) = picture.dimensions();
        let size = |name| call.integer(name).unwrap_or(0) as u32;
        let (to_width, to_height) = match (size("width"), size("height")) {
            (0, 0) => (width, height),
            (0, to) => ((u64::from(width) * u64::from(to) / u64::from(height)).max(1) as u32, to),
            (to, 0) => (to, (u64::from(height) * u64::from(to) / u64::from(width)).max(1) as u32),
            to => to,
        };
        imageops::resize(picture, to_width, to_height, filter)
    });
    Ok(images(scaled.collect()))
}

pub(super) fn from_batch(call: &Call) -> Result<Given, Raised> {
    let all = call.images("image")?;
    let start = (call.integer("batch_index").unwrap_or(0) as usize).min(all.len() - 1);
    let count = call.integer("length").unwrap_or(1) as usize;
    Ok(images(all[start..(start + count).min(all.len())].to_vec()))
}
