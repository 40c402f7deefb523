use std::io::Cursor;
use std::sync::Arc;

use ::image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use super::super::files;
use super::{Call, Data, Given, Raised, Shown};

/// `prompt` and the keys of extra_pnginfo, each as JSON text: what files carry.
pub(super) fn metadata(call: &Call) -> Vec<(String, String)> {
    let more = call.extra_pnginfo.as_object().into_iter().flatten();
    std::iter::once(("prompt".to_owned(), ascii(&call.graph)))
        .chain(more.map(|(key, value)| (key.clone(), ascii(&value.to_string()))))
        .collect()
}

/// As json.dumps writes: everything beyond ASCII escaped.
fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

fn png(frames: &[&RgbImage], metadata: &[(String, String)]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, frames[0].width(), frames[0].height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    for (key, text) in metadata {
        encoder.add_text_chunk(key.clone(), text.clone())?;
    }
    if frames.len() > 1 {
        encoder.set_animated(frames.len() as u32, 0)?;
    }
    let mut writer = encoder.write_header()?;
    for frame in frames {
        writer.write_image_data(frame)?;
    }
    writer.finish()?;
    Ok(bytes)
}

fn refused(error: impl std::fmt::Display) -> Raised {
    Raised::new("OSError", &error.to_string())
}

/// Writes under the next free number and gives the `{filename, subfolder, type}` of it.
fn write(call: &Call, kind: &str, prefix: &str, ending: &str, bytes: &[u8]) -> Result<Value, Raised> {
    let (folder, counter, subfolder, name) = files::save_place(&call.root.join(kind), prefix)
        .map_err(|message| Raised::new("Exception", &message))?;
    let filename = format!("{name}_{:05}_.{ending}", counter);
    std::fs::write(folder.join(&filename), bytes).map_err(refused)?;
    Ok(json!({ "filename": filename, "subfolder": subfolder, "type": kind }))
}

/// SaveImage and PreviewImage.
pub(super) fn images(call: &Call) -> Result<Given, Raised> {
    let (kind, prefix) = match call.class.as_str() {
        "PreviewImage" => ("temp", "ComfyUI_temp_fakes".to_owned()),
        _ => ("output", call.string("filename_prefix").to_owned()),
    };
    let metadata = metadata(call);
    let saved: Result<Vec<Value>, Raised> = call
        .images("images")?
        .iter()
        .map(|picture| write(call, kind, &prefix, "png", &png(&[picture], &metadata).map_err(refused)?))
        .collect();
    Ok(Given { ui: Some(json!({ "images": saved? })), ..Given::default() })
}

/// Pictures that move. The PNG does; WebP is its first frame, videos are only the first bytes of one.
pub(super) fn animation(call: &Call) -> Result<Given, Raised> {
    if call.class == "SaveVideo" {
        return moving(call, "mp4", b"\0\0\0\x14ftypisom\0\0\x02\0isom");
    }
    let pictures = call.images("images")?;
    match call.class.as_str() {
        "SaveAnimatedPNG" => {
            let frames: Vec<&RgbImage> = pictures.iter().collect();
            moving(call, "png", &png(&frames, &metadata(call)).map_err(refused)?)
        }
        "SaveAnimatedWEBP" => {
            let mut bytes = Cursor::new(Vec::new());
            pictures[0].write_to(&mut bytes, ImageFormat::WebP).map_err(refused)?;
            moving(call, "webp", &bytes.into_inner())
        }
        _ => moving(call, "webm", b"\x1a\x45\xdf\xa3\x84\x42\x82\x84webm"),
    }
}

fn moving(call: &Call, ending: &str, bytes: &[u8]) -> Result<Given, Raised> {
    let saved = write(call, "output", call.string("filename_prefix"), ending, bytes)?;
    Ok(Given { ui: Some(json!({ "images": [saved], "animated": [true] })), ..Given::default() })
}

/// The pictures go out as event 1 with type 2, counted from 0.
pub(super) fn over_the_socket(call: &Call) -> Result<Given, Raised> {
    let pictures = call.images("images")?;
    let mut steps = Vec::new();
    for (step, picture) in pictures.iter().enumerate() {
        let png = png(&[picture], &[]).map_err(refused)?;
        steps.push((step as u64, Shown::Png(Arc::new(png))));
    }
    Ok(Given { max_step: pictures.len() as u64, steps, ..Given::default() })
}

/// A safetensors file without tensors.
pub(super) fn latent(call: &Call) -> Result<Given, Raised> {
    let bytes = [&2u64.to_le_bytes()[..], b"{}"].concat();
    let saved = write(call, "output", call.string("filename_prefix"), "latent", &bytes)?;
    Ok(Given { ui: Some(json!({ "latents": [saved] })), ..Given::default() })
}

pub(super) fn as_text(call: &Call) -> Given {
    let shown = match call.data("source") {
        Data::Plain(Value::String(text)) => text.clone(),
        data => data.described().to_string(),
    };
    Given { ui: Some(json!({ "text": [shown] })), ..Given::default() }
}
