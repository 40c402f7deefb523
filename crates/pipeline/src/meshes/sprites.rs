//! A turntable of a mesh as sprite atlases: colour, normals and depth, and a JSON file that engines read.

use std::io::Cursor;

use glam::{Vec2, Vec3};
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, Rgba, RgbaImage, imageops};
use oreforge_geometry::Cancel;
use oreforge_geometry::asset::{Asset, Companion, NamedFile};
use oreforge_geometry::raster::{Camera, Layers, Surface, layers};
use oreforge_protocol::{ErrorCode, ErrorReport, SpriteOptions};
use serde_json::{Map, Value, json};

use super::import;
use super::look::{Look, normals};
use crate::run::{generator, internal};

/// What older engines and phones take as one texture.
const MAX_ATLAS_PX: u32 = 8192;

#[derive(Debug, Clone)]
pub struct Sprites {
    /// The JSON comes last: it is there when all it names are.
    pub files: Vec<NamedFile>,
    pub frames: u32,
    pub atlas_width_px: u32,
    pub atlas_height_px: u32,
}

/// Reads a mesh and renders it from `options.directions` sides. `name` is what the files are called, without an
/// ending.
///
/// # Errors
/// When the bytes are no mesh, or the options make no sense.
pub fn sprites(
    bytes: &[u8],
    file_name: &str,
    companion: Companion<'_>,
    name: &str,
    options: &SpriteOptions,
) -> Result<Sprites, ErrorReport> {
    if let Some(problem) = options.problems().into_iter().next() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, problem));
    }
    let columns = f64::from(options.directions).sqrt().ceil() as u32;
    let rows = options.directions.div_ceil(columns);
    let (width, height) = (columns * options.size_px, rows * options.size_px);
    if width.max(height) > MAX_ATLAS_PX {
        return Err(ErrorReport::new(
            ErrorCode::BadRequest,
            format!("The atlas would be {width} × {height} px; {MAX_ATLAS_PX} is the largest side."),
        )
        .with_hint("Choose smaller sprites or fewer directions."));
    }
    let (_, imported) = import(bytes, file_name, companion)?;
    let asset = imported.asset;
    let look = Look::of(&asset);
    let normals = normals(&asset);
    let surface = Surface { positions: &asset.positions, normals: &normals, triangles: &asset.triangles };

    let mut colours = RgbaImage::new(width, height);
    let mut directions = RgbaImage::new(width, height);
    let mut depths = ImageBuffer::<Luma<u16>, Vec<u16>>::new(width, height);
    let (mut frames, mut order) = (Map::new(), Vec::new());
    for index in 0..options.directions {
        let azimuth_deg = 360.0 * index as f32 / options.directions as f32;
        let camera = camera(&asset, azimuth_deg, options);
        let albedo = |triangle: u32, weights: Vec3| look.at(&asset, triangle, weights);
        // Nobody cancels a turntable: it ends with its process.
        let seen: Layers = layers(surface, &camera, options.size_px, &albedo, Cancel::never())
            .map_err(|e| internal("draw the sprites", &e))?;
        let colour = match options.outline_px {
            0 => seen.albedo,
            radius_px => outlined(&seen.albedo, radius_px),
        };
        let (x, y) = (index % columns * options.size_px, index / columns * options.size_px);
        imageops::replace(&mut colours, &colour, i64::from(x), i64::from(y));
        imageops::replace(&mut directions, &seen.normal, i64::from(x), i64::from(y));
        imageops::replace(&mut depths, &seen.depth, i64::from(x), i64::from(y));
        let frame_name = format!("{name}_{index:03}.png");
        frames.insert(frame_name.clone(), frame(x, y, options.size_px, feet(&asset, &camera)));
        order.push(Value::from(frame_name));
    }
    let (normal_name, depth_name) = (format!("{name}_normal.png"), format!("{name}_depth.png"));
    let sheet = json!({
        "frames": frames,
        "animations": { name: order },
        "meta": {
            "app": generator(),
            "version": "1.0",
            "image": format!("{name}.png"),
            "format": "RGBA8888",
            "size": { "w": width, "h": height },
            "scale": "1",
            "normalMap": normal_name,
            "depthMap": depth_name,
            "elevation_deg": options.elevation_deg,
        },
    });
    let sheet = serde_json::to_vec_pretty(&sheet).map_err(|e| internal("write the list of frames", &e))?;
    let files = vec![
        NamedFile { name: format!("{name}.png"), bytes: png(DynamicImage::from(colours))? },
        NamedFile { name: normal_name, bytes: png(DynamicImage::from(directions))? },
        NamedFile { name: depth_name, bytes: png(DynamicImage::from(depths))? },
        NamedFile { name: format!("{name}.json"), bytes: sheet },
    ];
    Ok(Sprites { files, frames: options.directions, atlas_width_px: width, atlas_height_px: height })
}

/// Every frame at the same scale, with room for the outline.
fn camera(asset: &Asset, azimuth_deg: f32, options: &SpriteOptions) -> Camera {
    let around = Camera::around(&asset.positions, azimuth_deg, options.elevation_deg);
    let size = options.size_px as f32;
    let kept = size - 2.0 * (options.outline_px as f32 + 1.0);
    Camera { half_extent_m: around.half_extent_m * size / kept, ..around }
}

/// Where the middle of the underside is seen, 0..=1 from the top left: what stands on the ground.
fn feet(asset: &Asset, camera: &Camera) -> Vec2 {
    let lowest = asset.positions.iter().map(|p| p.y).fold(f32::INFINITY, f32::min);
    let feet = Vec3::new(camera.target_m.x, lowest, camera.target_m.z) - camera.target_m;
    let axes = camera.axes();
    (Vec2::new(feet.dot(axes.right), -feet.dot(axes.up)) / camera.half_extent_m + 1.0) / 2.0
}

/// A frame as TexturePacker writes it (JSON, hash).
fn frame(x: u32, y: u32, size_px: u32, pivot: Vec2) -> Value {
    json!({
        "frame": { "x": x, "y": y, "w": size_px, "h": size_px },
        "rotated": false,
        "trimmed": false,
        "spriteSourceSize": { "x": 0, "y": 0, "w": size_px, "h": size_px },
        "sourceSize": { "w": size_px, "h": size_px },
        "pivot": { "x": pivot.x, "y": pivot.y },
    })
}

/// A dark line around what is there, as wide as `radius_px`.
fn outlined(sprite: &RgbaImage, radius_px: u32) -> RgbaImage {
    const INK: [u8; 3] = [0x14, 0x12, 0x10];
    let reach = radius_px as i64;
    let round: Vec<(i64, i64)> = (-reach..=reach)
        .flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)))
        .filter(|(dx, dy)| dx * dx + dy * dy <= reach * reach + reach / 2)
        .collect();
    let (width, height) = (i64::from(sprite.width()), i64::from(sprite.height()));
    RgbaImage::from_fn(sprite.width(), sprite.height(), |x, y| {
        let own = sprite.get_pixel(x, y);
        let near = round.iter().map(|(dx, dy)| (i64::from(x) + dx, i64::from(y) + dy));
        let ink = near
            .filter(|(x, y)| (0..width).contains(x) && (0..height).contains(y))
            .map(|(x, y)| sprite.get_pixel(x as u32, y as u32).0[3])
            .max()
            .unwrap_or(0);
        let (over, under) = (u32::from(own.0[3]), u32::from(ink) * (255 - u32::from(own.0[3])) / 255);
        if over + under == 0 {
            return Rgba([0; 4]);
        }
        let mix = |c: usize| (u32::from(own.0[c]) * over + u32::from(INK[c]) * under) / (over + under);
        Rgba([mix(0) as u8, mix(1) as u8, mix(2) as u8, (over + under).min(255) as u8])
    })
}

fn png(picture: DynamicImage) -> Result<Vec<u8>, ErrorReport> {
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .map_err(|e| internal("write the atlas", &e))?;
    Ok(bytes)
}
