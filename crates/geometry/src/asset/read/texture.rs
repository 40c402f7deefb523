use super::{Notes, tidy_name};
use crate::asset::{Encoding, Texture};
use crate::picture::{self, Limits};

/// A texture of untrusted bytes: decoded once, kept as it is when it is PNG or JPEG, else as PNG. `None` with a
/// note when it is no picture.
pub fn texture(bytes: Vec<u8>, name: &str, notes: &mut Notes) -> Option<Texture> {
    let limits = Limits { min_side_px: 1, ..Limits::default() };
    let name = tidy_name(name, "texture");
    let decoded = match picture::decode(&bytes, &limits) {
        Ok(decoded) => decoded,
        Err(error) => {
            notes.add(format!("The texture \"{name}\" is left out. {error}"));
            return None;
        }
    };
    let (width_px, height_px) = decoded.dimensions();
    let (encoding, bytes) = if bytes.starts_with(b"\x89PNG") {
        (Encoding::Png, bytes)
    } else if bytes.starts_with(&[0xFF, 0xD8]) {
        (Encoding::Jpeg, bytes)
    } else {
        (Encoding::Png, picture::encode_png(&decoded))
    };
    Some(Texture { name, encoding, bytes, width_px, height_px })
}
