//! What bytes are, from their first few and, for TGA, their last.

use image::ImageFormat;

/// What a file is, as far as its signature tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Decoded here; with the name people know it by.
    Picture(ImageFormat, &'static str),
    /// A picture of a kind that is not decoded here.
    OtherPicture(&'static str),
    /// Something else; what it looks like, when that is known.
    Other(Option<&'static str>),
}

const READ: [(&[u8], ImageFormat, &str); 8] = [
    (b"\x89PNG\r\n\x1a\n", ImageFormat::Png, "PNG"),
    (b"\xff\xd8\xff", ImageFormat::Jpeg, "JPEG"),
    (b"GIF87a", ImageFormat::Gif, "GIF"),
    (b"GIF89a", ImageFormat::Gif, "GIF"),
    (b"II*\0", ImageFormat::Tiff, "TIFF"),
    (b"MM\0*", ImageFormat::Tiff, "TIFF"),
    (b"II+\0", ImageFormat::Tiff, "TIFF"),
    (b"MM\0+", ImageFormat::Tiff, "TIFF"),
];

const NOT_READ: [(&[u8], &str); 15] = [
    (b"8BPS", "Photoshop"),
    (b"gimp xcf", "GIMP"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"DDS ", "DDS"),
    (b"\xabKTX ", "KTX"),
    (b"qoif", "QOI"),
    (b"farbfeld", "farbfeld"),
    (b"\0\0\x01\0", "Icon (ICO)"),
    (b"FUJIFILM", "Camera raw"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
];

const OTHER: [(&[u8], &str); 17] = [
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"glTF", "a GLB mesh"),
    (b"BLENDER", "a Blender file"),
    (b"Kaydara FBX", "an FBX mesh"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"OggS", "a sound or film"),
    (b"ID3", "a sound"),
    (b"fLaC", "a sound"),
    (b"\x1aE\xdf\xa3", "a film"),
];

pub(super) fn kind_of(bytes: &[u8]) -> Kind {
    if let Some((_, format, name)) = READ.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Kind::Picture(*format, name);
    }
    if bytes.starts_with(b"RIFF") {
        return match bytes.get(8..12) {
            Some(b"WEBP") => Kind::Picture(ImageFormat::WebP, "WebP"),
            _ => Kind::Other(Some("a sound or film")),
        };
    }
    // "BM" alone begins many a text: the four reserved bytes and the size of the header settle it.
    if bytes.starts_with(b"BM") && bytes.get(15..18).is_none_or(|high| high == [0; 3]) {
        return Kind::Picture(ImageFormat::Bmp, "BMP");
    }
    if let Some((_, name)) = NOT_READ.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Kind::OtherPicture(name);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return match bytes.get(8..12) {
            Some(b"avif" | b"avis") => Kind::OtherPicture("AVIF"),
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1") => {
                Kind::OtherPicture("HEIC")
            }
            Some(b"crx ") => Kind::OtherPicture("Camera raw"),
            _ => Kind::Other(Some("a film")),
        };
    }
    if bytes.ends_with(b"TRUEVISION-XFILE.\0") {
        return Kind::Picture(ImageFormat::Tga, "TGA");
    }
    if let Some((_, what)) = OTHER.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Kind::Other(Some(what));
    }
    text_kind(bytes)
}

fn text_kind(bytes: &[u8]) -> Kind {
    let start = &bytes[..bytes.len().min(1024)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A character cut in two by the window is no reason to call it something else.
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&start[..e.valid_up_to()]).unwrap_or(""),
        Err(_) => return Kind::Other(None),
    };
    let is_text = !text.is_empty()
        && text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}'));
    if !is_text {
        return Kind::Other(None);
    }
    let lower = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if lower.contains("<svg") {
        Kind::OtherPicture("SVG")
    } else if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        Kind::Other(Some("a web page"))
    } else if ["p1", "p2", "p3"].iter().any(|magic| lower.starts_with(magic))
        && lower[2..].starts_with([' ', '\n', '\r', '\t'])
    {
        Kind::OtherPicture("PNM")
    } else {
        Kind::Other(Some("a text"))
    }
}
