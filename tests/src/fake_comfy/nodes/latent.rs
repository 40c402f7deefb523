use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use ::image::imageops::{self, FilterType};
use ::image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Call, Data, Given, Raised, Shown};

/// What a sampler is asked to bring out.
#[derive(Debug, Clone)]
pub(in super::super) enum Recipe {
    Text(String),
    /// An object turned by these angles.
    Views {
        picture: RgbImage,
        azimuths_deg: Vec<f32>,
    },
    /// A solid with these sides: front, left, back, right.
    Solid(BTreeMap<String, RgbImage>),
    Picture(RgbImage),
}

#[derive(Debug, Clone)]
pub(in super::super) struct Latent {
    pub width: u32,
    pub height: u32,
    pub count: usize,
    pub recipe: Option<Recipe>,
    /// Of what goes into the sampler, the noise seed included.
    seed: String,
}

pub(super) fn empty(call: &Call) -> Data {
    let size = |name| call.integer(name).unwrap_or(512) as u32;
    Data::Latent(Arc::new(Latent {
        width: size("width"),
        height: size("height"),
        count: call.integer("batch_size").unwrap_or(1) as usize,
        recipe: None,
        seed: call.seed.clone(),
    }))
}

/// Checkpoints for pictures of objects have no text encoder.
pub(super) fn checkpoint(call: &Call) -> Given {
    let name = call.string("ckpt_name");
    let has_clip = !["zero123", "sv3d", "hunyuan3d"].iter().any(|kind| name.contains(kind));
    let clip = if has_clip { Data::Opaque("CLIP".into()) } else { Data::Nothing };
    Given::outputs(vec![Data::Opaque("MODEL".into()), clip, Data::Opaque("VAE".into())])
}

pub(super) fn encode_text(call: &Call) -> Result<Given, Raised> {
    if matches!(call.data("clip"), Data::Nothing) {
        return Err(Raised::runtime_error(
            "ERROR: clip input is invalid: None\n\nIf the clip is from a checkpoint loader node your checkpoint \
             does not contain a valid clip or text encoder model.",
        ));
    }
    Ok(conditioning(Recipe::Text(call.string("text").to_owned())))
}

fn conditioning(recipe: Recipe) -> Given {
    let recipe = Data::Conditioning(Arc::new(recipe));
    Given::outputs(vec![recipe.clone(), recipe])
}

pub(super) fn encode_vision(call: &Call) -> Result<Given, Raised> {
    let picture = call.images("image")?[0].clone();
    Ok(Given::outputs(vec![Data::Vision(Arc::new(picture))]))
}

pub(super) fn encode_picture(call: &Call) -> Result<Given, Raised> {
    let pictures = call.images("pixels")?;
    let (width, height) = pictures[0].dimensions();
    let recipe = Some(Recipe::Picture(pictures[0].clone()));
    let latent = Latent { width, height, count: pictures.len(), recipe, seed: call.seed.clone() };
    Ok(Given::outputs(vec![Data::Latent(Arc::new(latent))]))
}

pub(super) fn zero123(call: &Call) -> Result<Given, Raised> {
    let count = call.integer("batch_size").unwrap_or(1);
    let (start, increment) = (call.float("azimuth"), call.float("azimuth_batch_increment"));
    views(call, (0..count).map(|index| start + index as f32 * increment).collect())
}

/// The first and the last frame both look from the front.
pub(super) fn sv3d(call: &Call) -> Result<Given, Raised> {
    let count = call.integer("video_frames").unwrap_or(21);
    let increment = 360.0 / (count.max(2) - 1) as f32;
    views(call, (0..count).map(|index| index as f32 * increment).collect())
}

fn views(call: &Call, azimuths_deg: Vec<f32>) -> Result<Given, Raised> {
    let Data::Latent(latent) = empty(call) else {
        unreachable!("an empty latent is a latent");
    };
    let picture =
        imageops::resize(&call.images("init_image")?[0], latent.width, latent.height, FilterType::Triangle);
    let latent = Latent { count: azimuths_deg.len(), ..(*latent).clone() };
    let mut given = conditioning(Recipe::Views { picture, azimuths_deg });
    given.outputs.push(Data::Latent(Arc::new(latent)));
    Ok(given)
}

pub(super) fn hunyuan(call: &Call) -> Given {
    let sides = call.inputs.iter().filter_map(|(name, data)| match data {
        Data::Vision(picture) => {
            let side = if name == "clip_vision_output" { "front" } else { name };
            Some((side.to_owned(), (**picture).clone()))
        }
        _ => None,
    });
    conditioning(Recipe::Solid(sides.collect()))
}

pub(super) fn guider(call: &Call) -> Given {
    Given::outputs(vec![call.data("conditioning").clone()])
}

pub(super) fn sample(call: &Call) -> Given {
    let Data::Latent(noise) = (match call.data("latent_image") {
        Data::Latent(latent) => Data::Latent(latent.clone()),
        _ => empty(call),
    }) else {
        unreachable!("both arms are latents");
    };
    let asked = match (call.data("positive"), call.data("guider")) {
        (Data::Conditioning(recipe), _) | (_, Data::Conditioning(recipe)) => Some((**recipe).clone()),
        _ => None,
    };
    let recipe = noise.recipe.clone().or(asked);
    let latent = Latent { recipe, seed: call.seed.clone(), ..(*noise).clone() };
    let steps = match call.data("sigmas") {
        Data::Plain(Value::Number(steps)) => steps.as_u64(),
        _ => call.integer("steps"),
    };
    // The latents of Hunyuan3D have no colours to show.
    let shown = match &latent.recipe {
        Some(Recipe::Solid(_)) => Shown::Nothing,
        _ => Shown::Jpeg(Arc::new(preview(&render(&latent, 0)))),
    };
    let output = Data::Latent(Arc::new(latent));
    let max_step = steps.unwrap_or(1);
    let steps = (1..=max_step).map(|step| (step, shown.clone())).collect();
    Given { outputs: vec![output.clone(), output], ui: None, steps, max_step }
}

/// 512 pixels wide whatever the picture, as the server blows its previews up.
fn preview(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    imageops::resize(picture, 512, 512, FilterType::Triangle)
        .write_to(&mut bytes, ImageFormat::Jpeg)
        .expect("memory takes a JPEG");
    bytes.into_inner()
}

pub(super) fn decode(call: &Call) -> Result<Given, Raised> {
    let Data::Latent(latent) = call.data("samples") else {
        return Err(Raised::runtime_error("samples is no latent"));
    };
    let pictures = (0..latent.count).map(|index| render(latent, index)).collect();
    Ok(Given::outputs(vec![Data::Images(Arc::new(pictures))]))
}

fn render(latent: &Latent, index: usize) -> RgbImage {
    let (width, height) = (latent.width, latent.height);
    match &latent.recipe {
        Some(Recipe::Views { picture, azimuths_deg }) => {
            turned(picture, width, height, azimuths_deg.get(index).copied().unwrap_or(0.0))
        }
        Some(Recipe::Picture(picture)) => imageops::resize(picture, width, height, FilterType::Triangle),
        Some(Recipe::Text(text)) => painted(&format!("{}{text}{index}", latent.seed), width, height),
        Some(Recipe::Solid(_)) | None => painted(&format!("{}{index}", latent.seed), width, height),
    }
}

/// The picture as if its object had turned: narrower from the side, mirrored from behind.
fn turned(picture: &RgbImage, width: u32, height: u32, azimuth_deg: f32) -> RgbImage {
    let front = imageops::resize(picture, width, height, FilterType::Triangle);
    let cos = azimuth_deg.to_radians().cos();
    let stretch = (0.7 + 0.3 * cos.abs()) * if cos < -0.01 { -1.0 } else { 1.0 };
    let background = *front.get_pixel(0, 0);
    RgbImage::from_fn(width, height, |x, y| {
        let middle = width as f32 / 2.0;
        let from = middle + (x as f32 + 0.5 - middle) / stretch;
        if from < 0.0 || from >= width as f32 { background } else { *front.get_pixel(from as u32, y) }
    })
}

/// A shaded vase on white, its profile and colour by the seed.
pub(super) fn painted(seed: &str, width: u32, height: u32) -> RgbImage {
    let hash = Sha256::digest(seed);
    let part = |index: usize| f32::from(hash[index]) / 255.0;
    let color = [60.0 + 120.0 * part(0), 60.0 + 120.0 * part(1), 60.0 + 120.0 * part(2)];
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = ((x as f32 + 0.5) / width as f32 - 0.5, (y as f32 + 0.5) / height as f32);
        let bulge = (v * 6.0 + 3.0 * part(3)).sin() * 0.06 * part(4);
        let radius = 0.18 + 0.08 * part(5) + bulge;
        if !(0.12..0.88).contains(&v) || u.abs() > radius {
            return Rgb([255; 3]);
        }
        let light = 0.55 + 0.45 * (1.0 - (u / radius + 0.3).powi(2)).max(0.0);
        Rgb(color.map(|channel| (channel * light) as u8))
    })
}
