//! Drafts pictures with alpha and draws the solids from all sides: `draft OUT_DIR PICTURE…`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use image::{GenericImage, RgbaImage};
use oreforge_engines::draft::{Shape, Solid};
use oreforge_geometry::Cancel;
use oreforge_geometry::raster::{Camera, Shading, Surface, render};
use oreforge_geometry::topology::inspect;
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
        let normals = mesh.vertex_normals();
        let surface = Surface { positions: &mesh.positions, normals: &normals, triangles: &mesh.triangles };
        let clay = [(35.0, 12.0), (90.0, 0.0)].map(|view| (view, true));
        let drawn = VIEWS_DEG.map(|view| (view, false)).into_iter().chain(clay);
        for (i, ((azimuth_deg, elevation_deg), clay)) in drawn.enumerate() {
            let camera = Camera::around(&mesh.positions, azimuth_deg, elevation_deg);
            let shading = if clay { Shading::Clay } else { Shading::Painted(&*painter) };
            let view = render(surface, &camera, SIZE_PX, shading, Cancel::never())?;
            sheet.copy_from(&view, i as u32 * SIZE_PX, 0)?;
        }
        let stem = picture.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        on_grey(&mut sheet);
        sheet.save(out_dir.join(format!("{stem}.png")))?;
        println!(
            "{stem}: solid {solid_ms} ms, surface {mesh_ms} ms, painter {painter_ms} ms\n  {:?}\n  {:?} {}",
            inspect(&mesh),
            mesh.bounds(),
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
