//! Drafts pictures with alpha and draws the solids from all sides: `draft OUT_DIR PICTURE…`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use glam::Vec3;
use image::{GenericImage, RgbaImage};
use oreforge_engines::draft::{Shape, Solid};
use oreforge_geometry::bake::bake;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::glb::{self, GlbOptions};
use oreforge_geometry::raster::{Camera, Shading, Surface, Texture, render};
use oreforge_geometry::topology::inspect;
use oreforge_geometry::unwrap::{UnwrapOptions, unwrap};
use oreforge_geometry::{Cancel, TexturedMesh};
use oreforge_protocol::ForgeParams;

const SIZE_PX: u32 = 320;
const VIEWS_DEG: [(f32, f32); 6] =
    [(0.0, 0.0), (35.0, 12.0), (60.0, 8.0), (90.0, 0.0), (150.0, 12.0), (180.0, 0.0)];

#[expect(clippy::print_stdout, reason = "a command for the terminal")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let out_dir = arguments.next().ok_or("usage: draft OUT_DIR PICTURE…")?;
    std::fs::create_dir_all(&out_dir)?;
    for picture in arguments {
        let cutout = Arc::new(image::open(&picture)?.to_rgba8());
        let mut sheet = RgbaImage::new(SIZE_PX * (VIEWS_DEG.len() as u32 + 2), SIZE_PX);
        let clock = Instant::now();
        let solid = Arc::new(Solid::new(cutout, &ForgeParams::default(), Cancel::never())?);
        let solid_ms = clock.elapsed().as_millis();
        let mesh = solid.surface(256, Cancel::never())?;
        let mesh_ms = clock.elapsed().as_millis() - solid_ms;
        let facts = solid.facts();
        let painter = solid.painter(Cancel::never())?;
        let painter_ms = clock.elapsed().as_millis() - solid_ms - mesh_ms;
        let raw = inspect(&mesh);
        let clock = Instant::now();
        let budgeted = decimate(mesh, 20_000, Cancel::never())?;
        let decimate_ms = clock.elapsed().as_millis();
        let options = UnwrapOptions { texture_px: 1024, margin_px: 4, favoured: Some((Vec3::Z, 1.6)) };
        let unwrapped = unwrap(&budgeted, &options, Cancel::never())?;
        let unwrap_ms = clock.elapsed().as_millis() - decimate_ms;
        let albedo = bake(&unwrapped, options.texture_px, &*painter, Cancel::never())?;
        let bake_ms = clock.elapsed().as_millis() - decimate_ms - unwrap_ms;
        let surface = Surface {
            positions: &unwrapped.positions,
            normals: &unwrapped.normals,
            triangles: &unwrapped.triangles,
        };
        let texture = Texture { uvs: &unwrapped.uvs, albedo: &albedo };
        let clay = [(35.0, 12.0), (90.0, 0.0)].map(|view| (view, Shading::Clay));
        let drawn = VIEWS_DEG.map(|view| (view, Shading::Textured(texture))).into_iter().chain(clay);
        for (i, ((azimuth_deg, elevation_deg), shading)) in drawn.enumerate() {
            let camera = Camera::around(&unwrapped.positions, azimuth_deg, elevation_deg);
            let view = render(surface, &camera, SIZE_PX, shading, Cancel::never())?;
            sheet.copy_from(&view, i as u32 * SIZE_PX, 0)?;
        }
        let stem = picture.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let finished = TexturedMesh {
            positions: unwrapped.positions,
            normals: unwrapped.normals,
            uvs: unwrapped.uvs,
            triangles: unwrapped.triangles,
            albedo,
            detail: None,
        };
        let options = GlbOptions { name: stem.clone(), generator: "draft example".to_owned(), extras: None };
        std::fs::write(out_dir.join(format!("{stem}.glb")), glb::write(&finished, &options)?)?;
        on_grey(&mut sheet);
        sheet.save(out_dir.join(format!("{stem}.png")))?;
        println!(
            "{stem}: ms: solid {solid_ms}, surface {mesh_ms}, painter {painter_ms}, decimate {decimate_ms}, \
             unwrap {unwrap_ms}, bake {bake_ms}\n  {raw:?}\n  {:?}\n  {}",
            inspect(&budgeted),
            serde_json::to_string(&facts)?
        );
    }
    Ok(())
}

fn on_grey(sheet: &mut RgbaImage) {
    for pixel in sheet.pixels_mut() {
        let alpha = u32::from(pixel[3]);
        for k in 0..3 {
            pixel[k] = ((u32::from(pixel[k]) * alpha + 235 * (255 - alpha)) / 255) as u8;
        }
        pixel[3] = 255;
    }
}
