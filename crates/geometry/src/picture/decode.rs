use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader, Luma, RgbaImage};

use super::error::{PictureError, pixels};
use super::shrink::shrink_decoded;
use super::sniff::{Kind, kind_of};

/// What a picture may cost. Every one is checked before the memory is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Length of the file.
    pub max_bytes: u64,
    /// Width times height.
    pub max_pixels: u64,
    /// What the decoder and the picture it fills need at the same time, estimated from the header.
    pub max_decoded_bytes: u64,
    /// Of the shorter side.
    pub min_side_px: u32,
}

impl Default for Limits {
    /// Room for every camera: 64 megapixels as a progressive JPEG, the costliest common case, need 576 MB.
    /// A 24-megapixel photo peaks at 72 MB with [`decode_to_fit`].
    fn default() -> Self {
        Self {
            max_bytes: 64_000_000,
            max_pixels: 64_000_000,
            max_decoded_bytes: 600_000_000,
            min_side_px: 16,
        }
    }
}

/// Decodes untrusted bytes at full size: PNG, JPEG, WebP, BMP, GIF (first frame), TIFF (first page), TGA with a
/// footer. Upright (EXIF orientation applied), 8 bit, straight alpha.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbaImage, PictureError> {
    let (mut decoded, orientation) = decode_native(bytes, limits)?;
    decoded.apply_orientation(orientation);
    Ok(decoded.into_rgba8())
}

/// As [`decode`], shrunk so that its longer side is at most `max_side_px`. Never holds the full picture as
/// RGBA, so a large photo costs half the memory.
pub fn decode_to_fit(bytes: &[u8], limits: &Limits, max_side_px: u32) -> Result<RgbaImage, PictureError> {
    let (decoded, orientation) = decode_native(bytes, limits)?;
    let mut picture = DynamicImage::ImageRgba8(shrink_decoded(decoded, max_side_px));
    picture.apply_orientation(orientation);
    Ok(picture.into_rgba8())
}

/// As [`decode`], grey of 16 bits: what a depth map has to say. Of a coloured picture its lightness; what is clear is
/// black.
pub fn decode_grey16(
    bytes: &[u8],
    limits: &Limits,
) -> Result<ImageBuffer<Luma<u16>, Vec<u16>>, PictureError> {
    let (mut decoded, orientation) = decode_native(bytes, limits)?;
    decoded.apply_orientation(orientation);
    if !decoded.color().has_alpha() {
        return Ok(decoded.into_luma16());
    }
    let pixels = decoded.into_luma_alpha16();
    Ok(ImageBuffer::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [grey, alpha] = pixels.get_pixel(x, y).0;
        Luma([if alpha > u16::MAX / 2 { grey } else { 0 }])
    }))
}

/// Width and height in pixels, upright, from the header alone.
pub fn size(bytes: &[u8], limits: &Limits) -> Result<(u32, u32), PictureError> {
    let Opened { decoder, orientation, .. } = open(bytes, limits)?;
    let (width_px, height_px) = decoder.dimensions();
    Ok(match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (height_px, width_px),
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => (width_px, height_px),
    })
}

fn decode_native(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Orientation), PictureError> {
    let Opened { decoder, name, orientation } = open(bytes, limits)?;
    let size = decoder.dimensions();
    let decoded = DynamicImage::from_decoder(decoder).map_err(|e| picture_error(e, name, size, limits))?;
    Ok((decoded, orientation))
}

/// A picture whose header was read and found within the limits.
struct Opened<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    name: &'static str,
    orientation: Orientation,
}

fn open<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Opened<'a>, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    let length = bytes.len() as u64;
    if length > limits.max_bytes {
        return Err(PictureError::FileTooLarge { bytes: length, max_bytes: limits.max_bytes });
    }
    let (format, name) = match kind_of(bytes) {
        Kind::Picture(format, name) => (format, name),
        Kind::OtherPicture(format) => return Err(PictureError::Unsupported { format: format.to_owned() }),
        Kind::Other(looks_like) => return Err(PictureError::NotAPicture { looks_like }),
    };

    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder_limits = image::Limits::default();
    decoder_limits.max_alloc = Some(limits.max_decoded_bytes);
    reader.limits(decoder_limits);
    let mut decoder = reader.into_decoder().map_err(|e| picture_error(e, name, (0, 0), limits))?;

    let (width_px, height_px) = decoder.dimensions();
    if pixels(width_px, height_px) > limits.max_pixels {
        return Err(PictureError::TooManyPixels { width_px, height_px, max_pixels: limits.max_pixels });
    }
    if width_px.min(height_px) < limits.min_side_px {
        return Err(PictureError::TooSmall { width_px, height_px, min_side_px: limits.min_side_px });
    }
    let working_bytes_per_pixel = match format {
        // Coefficients of a progressive one: three 16-bit channels.
        ImageFormat::Jpeg => 6,
        // Planes of the lossy one, or the frame of an animation.
        ImageFormat::WebP => 4,
        _ => 0,
    };
    let decoded_bytes =
        decoder.total_bytes().saturating_add(pixels(width_px, height_px) * working_bytes_per_pixel);
    if decoded_bytes > limits.max_decoded_bytes {
        return Err(PictureError::TooMuchMemory {
            width_px,
            height_px,
            decoded_bytes,
            max_decoded_bytes: limits.max_decoded_bytes,
        });
    }
    if format == ImageFormat::Jpeg && !jpeg_has_end(bytes) {
        return Err(PictureError::Damaged { format: name, reason: "the file ends too early".to_owned() });
    }

    // A broken note about the orientation is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(Opened { decoder: Box::new(decoder), name, orientation })
}

/// Whether an end-of-image marker follows the first scan. The decoder fills what is missing with grey and
/// says nothing (ITU-T T.81 B.1.1.2: in entropy-coded data 0xFF is followed by 0 or a restart marker).
fn jpeg_has_end(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[marker_start, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == 0xff {
            at += 1;
            continue;
        }
        // Some writers leave padding between segments; then the marker may be anywhere behind it.
        if marker == 0xda || marker_start != 0xff {
            return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]);
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    false
}

fn picture_error(e: ImageError, name: &'static str, size: (u32, u32), limits: &Limits) -> PictureError {
    match e {
        ImageError::Unsupported(e) => PictureError::Unsupported { format: format!("Such {name} ({e})") },
        ImageError::Limits(_) if size == (0, 0) => {
            PictureError::Damaged { format: name, reason: "its header asks for too much memory".to_owned() }
        }
        ImageError::Limits(_) => PictureError::TooMuchMemory {
            width_px: size.0,
            height_px: size.1,
            decoded_bytes: limits.max_decoded_bytes.saturating_add(1),
            max_decoded_bytes: limits.max_decoded_bytes,
        },
        ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            PictureError::Damaged { format: name, reason: "the file ends too early".to_owned() }
        }
        other => PictureError::Damaged {
            format: name,
            reason: other.to_string().trim_end_matches(['.', '\n']).to_owned(),
        },
    }
}
