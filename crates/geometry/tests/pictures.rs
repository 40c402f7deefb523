//! What comes from outside as a picture: read when it is one, refused with a reason when it is not.
#![allow(clippy::unwrap_used)]

use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, tiff::TiffEncoder, webp::WebPEncoder};
use image::{
    DynamicImage, ExtendedColorType, ImageBuffer, ImageEncoder, ImageFormat, Luma, LumaA, Rgb, RgbImage,
    Rgba, RgbaImage,
};
use oreforge_geometry::picture::{
    Limits, PictureError, decode, decode_grey16, decode_to_fit, encode_png, encode_png_grey,
    encode_png_grey16, shrink_to_fit,
};
use proptest::prelude::*;
use std::io::Cursor;

const WIDTH: u32 = 40;
const HEIGHT: u32 = 24;

/// Red grows to the right, green downwards: every corner is another colour, so a wrong turn shows.
fn gradient() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb([(x * 6) as u8, (y * 10) as u8, 90]))
}

fn gradient_with_alpha() -> RgbaImage {
    RgbaImage::from_fn(WIDTH, HEIGHT, |x, y| Rgba([(x * 6) as u8, (y * 10) as u8, 90, (55 + x * 5) as u8]))
}

fn written(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn read(bytes: &[u8]) -> Result<RgbaImage, PictureError> {
    decode(bytes, &Limits::default())
}

fn assert_close(ours: &RgbaImage, truth: &RgbaImage, tolerance: u8) {
    assert_eq!(ours.dimensions(), truth.dimensions());
    for (x, y, pixel) in ours.enumerate_pixels() {
        for (a, b) in pixel.0.into_iter().zip(truth.get_pixel(x, y).0) {
            assert!(a.abs_diff(b) <= tolerance, "({x}, {y}): {pixel:?} is not {:?}", truth.get_pixel(x, y));
        }
    }
}

#[test]
fn sixteen_bits_of_grey_come_back_as_they_were() {
    let grey = ImageBuffer::from_fn(WIDTH, HEIGHT, |x, y| Luma([(x * 1601 + y * 37) as u16]));
    assert_eq!(decode_grey16(&encode_png_grey16(&grey), &Limits::default()).unwrap(), grey);
    let coloured = written(gradient_with_alpha(), ImageFormat::Png);
    let read = decode_grey16(&coloured, &Limits::default()).unwrap();
    assert_eq!(read.get_pixel(0, 0).0, [0], "it is clear there");
    assert!(read.get_pixel(WIDTH - 1, 0).0[0] > 10_000);
}

fn opaque(picture: &RgbImage) -> RgbaImage {
    DynamicImage::ImageRgb8(picture.clone()).into_rgba8()
}

/// A palette PNG of four colours, the last one transparent, two bits a pixel.
fn palette_png() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png_chunk(&mut png, b"IHDR", &[0, 0, 0, 16, 0, 0, 0, 16, 2, 3, 0, 0, 0]);
    png_chunk(&mut png, b"PLTE", &[255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9]);
    png_chunk(&mut png, b"tRNS", &[255, 255, 255, 0]);
    let rows: Vec<u8> = (0..16).flat_map(|_| [0, 0b00_01_10_11, 0, 0, 0b11_11_11_11]).collect();
    png_chunk(&mut png, b"IDAT", &zlib_stored(&rows));
    png_chunk(&mut png, b"IEND", &[]);
    png
}

fn png_chunk(png: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend(name);
    png.extend(data);
    let mut crc = u32::MAX;
    for &byte in &png[start..] {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    png.extend((!crc).to_be_bytes());
}

/// RFC 1950 and 1951, one stored block.
fn zlib_stored(data: &[u8]) -> Vec<u8> {
    let length = data.len() as u16;
    let mut zlib = vec![0x78, 1, 1];
    zlib.extend(length.to_le_bytes());
    zlib.extend((!length).to_le_bytes());
    zlib.extend(data);
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in data {
        a = (a + u32::from(byte)) % 65521;
        b = (b + a) % 65521;
    }
    zlib.extend((b << 16 | a).to_be_bytes());
    zlib
}

/// A PNG that claims a size and holds next to nothing.
fn png_claiming(width_px: u32, height_px: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [width_px.to_be_bytes(), height_px.to_be_bytes()].concat();
    header.extend([8, 6, 0, 0, 0]);
    png_chunk(&mut png, b"IHDR", &header);
    png_chunk(&mut png, b"IDAT", &zlib_stored(&[0; 64]));
    png_chunk(&mut png, b"IEND", &[]);
    png
}

/// Every kind that is read, small.
fn corpus() -> Vec<(&'static str, Vec<u8>)> {
    let grey = image::GrayImage::from_fn(WIDTH, HEIGHT, |x, _| Luma([(x * 6) as u8]));
    vec![
        ("png rgb", written(gradient(), ImageFormat::Png)),
        ("png rgba", written(gradient_with_alpha(), ImageFormat::Png)),
        ("png palette", palette_png()),
        ("jpeg", written(gradient(), ImageFormat::Jpeg)),
        ("jpeg grey", written(grey, ImageFormat::Jpeg)),
        ("webp", written(gradient_with_alpha(), ImageFormat::WebP)),
        ("bmp", written(gradient(), ImageFormat::Bmp)),
        ("gif", written(gradient_with_alpha(), ImageFormat::Gif)),
        ("tiff", written(gradient_with_alpha(), ImageFormat::Tiff)),
    ]
}

#[test]
fn lossless_kinds_come_back_exactly() {
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff] {
        assert_close(&read(&written(gradient_with_alpha(), format)).unwrap(), &gradient_with_alpha(), 0);
    }
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Bmp] {
        assert_close(&read(&written(gradient(), format)).unwrap(), &opaque(&gradient()), 0);
    }
}

#[test]
fn lossy_kinds_come_back_closely() {
    assert_close(&read(&written(gradient(), ImageFormat::Jpeg)).unwrap(), &opaque(&gradient()), 40);
    let gif = read(&written(gradient(), ImageFormat::Gif)).unwrap();
    assert_close(&gif, &opaque(&gradient()), 60);
}

#[test]
fn sixteen_bits_are_rounded_to_eight() {
    let deep = image::ImageBuffer::<Rgba<u16>, _>::from_fn(WIDTH, HEIGHT, |x, y| {
        Rgba(gradient_with_alpha().get_pixel(x, y).0.map(|v| u16::from(v) * 257 + 60))
    });
    assert_close(&read(&written(deep, ImageFormat::Png)).unwrap(), &gradient_with_alpha(), 1);
    let grey = image::ImageBuffer::<Luma<u16>, _>::from_pixel(WIDTH, HEIGHT, Luma([0x8000_u16]));
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let read = read(&written(grey.clone(), format)).unwrap();
        assert_close(&read, &RgbaImage::from_pixel(WIDTH, HEIGHT, Rgba([128, 128, 128, 255])), 1);
    }
}

#[test]
fn grey_and_grey_with_alpha_become_colour() {
    let grey = image::ImageBuffer::<LumaA<u8>, _>::from_pixel(WIDTH, HEIGHT, LumaA([70_u8, 120]));
    let read = read(&written(grey, ImageFormat::Png)).unwrap();
    assert_close(&read, &RgbaImage::from_pixel(WIDTH, HEIGHT, Rgba([70, 70, 70, 120])), 0);
}

#[test]
fn a_palette_with_a_transparent_colour_keeps_both() {
    let picture = read(&palette_png()).unwrap();
    assert_eq!(picture.get_pixel(0, 0).0, [255, 0, 0, 255]);
    assert_eq!(picture.get_pixel(1, 0).0, [0, 255, 0, 255]);
    assert_eq!(picture.get_pixel(2, 5).0, [0, 0, 255, 255]);
    assert_eq!(picture.get_pixel(3, 0).0[3], 0);
}

#[test]
fn tga_is_known_by_its_footer() {
    let mut tga = written(gradient(), ImageFormat::Tga);
    if !tga.ends_with(b"TRUEVISION-XFILE.\0") {
        tga.extend([0; 8]);
        tga.extend(b"TRUEVISION-XFILE.\0");
    }
    assert_close(&read(&tga).unwrap(), &opaque(&gradient()), 0);
}

/// A TIFF block, little endian, with nothing but the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif
}

#[test]
fn exif_orientation_is_applied() {
    let upright = DynamicImage::ImageRgb8(gradient());
    let stored_as = |orientation| match orientation {
        1 => upright.clone(),
        2 => upright.fliph(),
        3 => upright.rotate180(),
        4 => upright.flipv(),
        5 => upright.rotate270().flipv(),
        6 => upright.rotate270(),
        7 => upright.rotate90().flipv(),
        _ => upright.rotate90(),
    };
    for orientation in 1..=8 {
        let stored = stored_as(orientation).into_rgb8();
        let (width, height) = stored.dimensions();
        let mut files = [Vec::new(), Vec::new(), Vec::new()];
        let [png_file, jpeg_file, webp_file] = &mut files;
        let mut png = PngEncoder::new(png_file);
        png.set_exif_metadata(exif(orientation)).unwrap();
        png.write_image(&stored, width, height, ExtendedColorType::Rgb8).unwrap();
        let mut jpeg = JpegEncoder::new_with_quality(jpeg_file, 100);
        jpeg.set_exif_metadata(exif(orientation)).unwrap();
        jpeg.write_image(&stored, width, height, ExtendedColorType::Rgb8).unwrap();
        let mut webp = WebPEncoder::new_lossless(webp_file);
        webp.set_exif_metadata(exif(orientation)).unwrap();
        webp.write_image(&stored, width, height, ExtendedColorType::Rgb8).unwrap();
        for file in &files {
            assert_close(&read(file).unwrap(), &opaque(&gradient()), 40);
            let small = decode_to_fit(file, &Limits::default(), WIDTH / 2).unwrap();
            assert_eq!(small.dimensions(), (WIDTH / 2, HEIGHT / 2));
        }
    }
}

#[test]
fn what_is_no_picture_is_called_by_its_name() {
    let cases: [(&[u8], &str); 12] = [
        (b"", "empty"),
        (b"Dear diary, today I drew a dragon.\n", "a text"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "a web page"),
        (b"PK\x03\x04rest of a zip", "a ZIP archive"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"glTF\x02\0\0\0", "a GLB mesh"),
        (b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "SVG"),
        (b"8BPS\0\x01", "Photoshop"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x20ftypisom\0\0\0\0", "a film"),
        (&[0x13, 0x37, 0, 1, 2, 3, 0xfe, 0xdc], "not a picture."),
    ];
    for (bytes, word) in cases {
        let message = read(bytes).unwrap_err().to_string();
        assert!(message.contains(word), "{message:?} should say {word:?}");
    }
}

#[test]
fn a_picture_that_claims_to_be_huge_is_refused_from_its_header() {
    let e = read(&png_claiming(40_000, 40_000)).unwrap_err();
    assert!(e.is_too_large());
    assert_eq!(e.to_string(), "The picture is 40000 × 40000 pixels (1600 megapixels); the limit is 64.");
    assert!(read(&png_claiming(u32::MAX >> 1, u32::MAX >> 1)).is_err());
    // Fits in pixels, not in memory.
    let tight = Limits { max_decoded_bytes: 1_000_000, ..Limits::default() };
    assert!(matches!(decode(&png_claiming(1000, 1000), &tight), Err(PictureError::TooMuchMemory { .. })));
    let file = Limits { max_bytes: 100, ..Limits::default() };
    assert!(matches!(
        decode(&written(gradient(), ImageFormat::Png), &file),
        Err(PictureError::FileTooLarge { .. })
    ));
}

#[test]
fn a_bomb_that_holds_less_than_it_claims_is_damaged() {
    assert!(matches!(read(&png_claiming(4000, 4000)), Err(PictureError::Damaged { .. })));
}

#[test]
fn a_sliver_is_too_small() {
    let e = read(&written(RgbImage::new(3, 500), ImageFormat::Png)).unwrap_err();
    assert_eq!(e, PictureError::TooSmall { width_px: 3, height_px: 500, min_side_px: 16 });
}

/// A TIFF whose one strip claims an offset and a length of its own.
fn tiff_with_strip(rows_per_strip: u32, offset: u32, length: u32) -> Vec<u8> {
    let mut tiff = Vec::new();
    TiffEncoder::new(Cursor::new(&mut tiff))
        .write_image(&gradient(), WIDTH, HEIGHT, ExtendedColorType::Rgb8)
        .unwrap();
    let directory = u32::from_le_bytes(tiff[4..8].try_into().unwrap()) as usize;
    let entries = u16::from_le_bytes(tiff[directory..directory + 2].try_into().unwrap());
    for entry in 0..usize::from(entries) {
        let at = directory + 2 + entry * 12;
        let value = match u16::from_le_bytes(tiff[at..at + 2].try_into().unwrap()) {
            273 => offset,
            278 => rows_per_strip,
            279 => length,
            _ => continue,
        };
        tiff[at + 2..at + 4].copy_from_slice(&4_u16.to_le_bytes());
        tiff[at + 4..at + 8].copy_from_slice(&1_u32.to_le_bytes());
        tiff[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
    }
    tiff
}

#[test]
fn tiffs_with_odd_strips_are_refused_calmly() {
    for (rows, offset, length) in
        [(HEIGHT, u32::MAX - 4, 100), (HEIGHT, 8, u32::MAX), (0, 8, 10), (1, 8, 120)]
    {
        assert!(read(&tiff_with_strip(rows, offset, length)).is_err(), "{rows} {offset} {length}");
    }
}

#[test]
fn cut_short_at_every_length_it_is_an_error_and_no_panic() {
    for (name, bytes) in corpus() {
        let whole = read(&bytes).unwrap();
        for length in 0..bytes.len() {
            match read(&bytes[..length]) {
                Err(_) => {}
                // A trailer may be missing, the picture may not.
                Ok(picture) => assert!(picture == whole, "{name} cut at {length} of {}", bytes.len()),
            }
        }
        assert!(read(&bytes[..bytes.len() / 2]).is_err(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits_never_panic(kind in 0..9_usize, flips in prop::collection::vec((0.0..1.0_f64, 0..8_u32), 1..12)) {
        let (_, mut bytes) = corpus().swap_remove(kind);
        for (place, bit) in flips {
            let at = (place * bytes.len() as f64) as usize;
            bytes[at] ^= 1 << bit;
        }
        let small = Limits { max_pixels: 4_000_000, max_decoded_bytes: 50_000_000, ..Limits::default() };
        if let Ok(picture) = decode(&bytes, &small) {
            prop_assert!(picture.width() >= 16 && picture.height() >= 16);
        }
    }

    #[test]
    fn noise_after_a_signature_never_panics(kind in 0..9_usize, keep in 4..64_usize, noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_, bytes) = corpus().swap_remove(kind);
        let mut bytes = bytes[..keep.min(bytes.len())].to_vec();
        bytes.extend(noise);
        let small = Limits { max_pixels: 4_000_000, max_decoded_bytes: 50_000_000, ..Limits::default() };
        let _ = decode(&bytes, &small);
    }

    #[test]
    fn shrinking_keeps_the_mean_and_the_limit(width in 1..90_u32, height in 1..90_u32, side in 1..60_u32, seed: u32) {
        let picture = RgbaImage::from_fn(width, height, |x, y| {
            let v = (x.wrapping_mul(73) ^ y.wrapping_mul(151) ^ seed).wrapping_mul(2_654_435_761) >> 24;
            Rgba([120, 60, 200, v as u8])
        });
        let small = shrink_to_fit(picture.clone(), side);
        prop_assert!(small.width().max(small.height()) <= side.max(1) || small == picture);
        let mean = |p: &RgbaImage| p.pixels().map(|p| f64::from(p.0[3])).sum::<f64>() / f64::from(p.width() * p.height());
        prop_assert!((mean(&small) - mean(&picture)).abs() <= 0.51);
        for pixel in small.pixels().filter(|p| p.0[3] > 0) {
            prop_assert_eq!(&pixel.0[..3], &[120, 60, 200]);
        }
    }
}

#[test]
fn transparent_colours_do_not_bleed_when_shrunk() {
    let picture =
        RgbaImage::from_fn(
            64,
            64,
            |x, _| {
                if x % 2 == 0 { Rgba([200, 10, 10, 255]) } else { Rgba([0, 255, 0, 0]) }
            },
        );
    for pixel in shrink_to_fit(picture, 32).pixels() {
        assert_eq!(pixel.0, [200, 10, 10, 128]);
    }
}

#[test]
fn encoded_pictures_decode_to_themselves() {
    assert_eq!(read(&encode_png(&gradient_with_alpha())).unwrap(), gradient_with_alpha());
    let grey = image::GrayImage::from_fn(WIDTH, HEIGHT, |x, y| Luma([(x * y) as u8]));
    let back = image::load_from_memory(&encode_png_grey(&grey)).unwrap();
    assert_eq!(back, DynamicImage::ImageLuma8(grey));
}
