//! What the draft engine makes of the sample pictures, held against the pictures themselves.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use glam::Vec3;
use image::{Rgba, RgbaImage};
use oreforge_engines::draft::{Shape, Solid};
use oreforge_geometry::bake::bake;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::raster::{Camera, Shading, Surface, Texture, render};
use oreforge_geometry::resize::{Window, resize_premultiplied};
use oreforge_geometry::topology::inspect;
use oreforge_geometry::unwrap::{UnwrapOptions, unwrap};
use oreforge_geometry::{Cancel, TriMesh};
use oreforge_protocol::ForgeParams;

/// Name, profile, back, legs, silhouette components.
const SAMPLES: [(&str, &str, &str, u64); 8] = [
    ("amphora", "lathe", "mirror", 0),
    ("duck", "organic", "mirror", 0),
    ("house", "hard", "mirror", 0),
    ("mushroom", "lathe", "mirror", 0),
    ("penguin", "organic", "fill", 0),
    ("robot", "organic", "fill", 0),
    ("t-rex", "organic", "mirror", 2),
    ("teapot", "organic", "mirror", 0),
];

const SIZE_PX: u32 = 512;

fn sample(name: &str) -> Arc<RgbaImage> {
    let path = format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"));
    Arc::new(image::open(path).unwrap().to_rgba8())
}

fn drafted(name: &str) -> (Arc<RgbaImage>, Arc<Solid>, TriMesh) {
    let cutout = sample(name);
    let solid = Arc::new(Solid::new(cutout.clone(), &ForgeParams::default(), Cancel::never()).unwrap());
    let mesh = solid.surface(256, Cancel::never()).unwrap();
    (cutout, solid, mesh)
}

/// The picture under the camera that looks at the solid from the front.
fn as_seen(cutout: &RgbaImage, camera: &Camera, mesh: &TriMesh) -> Vec<[f32; 4]> {
    let opaque: Vec<(u32, u32)> =
        cutout.enumerate_pixels().filter(|(_, _, p)| p[3] > 127).map(|(x, y, _)| (x, y)).collect();
    let left = opaque.iter().map(|p| p.0).min().unwrap() as f32;
    let right = opaque.iter().map(|p| p.0).max().unwrap() as f32 + 1.0;
    let bottom = opaque.iter().map(|p| p.1).max().unwrap() as f32 + 1.0;
    let (low, high) = mesh.bounds().unwrap();
    let px_per_m = (right - left) / (high.x - low.x);
    let half = camera.half_extent_m * px_per_m;
    let window = Window {
        left: (left + right) / 2.0 + camera.target_m.x * px_per_m - half,
        top: bottom - camera.target_m.y * px_per_m - half,
        width: 2.0 * half,
        height: 2.0 * half,
    };
    resize_premultiplied(cutout, window, SIZE_PX as usize, SIZE_PX as usize)
        .cells()
        .iter()
        .map(|c| c.to_array())
        .collect()
}

/// Silhouette IoU, and PSNR where both are opaque in a 7 × 7 neighbourhood.
fn compare(reference: &[[f32; 4]], rendered: &RgbaImage) -> (f64, f64) {
    let size = SIZE_PX as i32;
    let alpha = |x: i32, y: i32| {
        let i = (y * size + x) as usize;
        (reference[i][3], f32::from(rendered.get_pixel(x as u32, y as u32)[3]) / 255.0)
    };
    let (mut both, mut either, mut error, mut count) = (0u32, 0u32, 0.0f64, 0u32);
    for y in 3..size - 3 {
        for x in 3..size - 3 {
            let (a, b) = alpha(x, y);
            both += u32::from(a > 0.5 && b > 0.5);
            either += u32::from(a > 0.5 || b > 0.5);
            let deep = (-3..=3).all(|dy| {
                (-3..=3).all(|dx| {
                    let (a, b) = alpha(x + dx, y + dy);
                    a > 0.98 && b > 0.98
                })
            });
            if deep {
                let Rgba(pixel) = rendered.get_pixel(x as u32, y as u32);
                for k in 0..3 {
                    let wanted = reference[(y * size + x) as usize][k] * 255.0;
                    error += f64::from(wanted - f32::from(pixel[k])).powi(2);
                }
                count += 3;
            }
        }
    }
    (f64::from(both) / f64::from(either), 10.0 * (65025.0 / (error / f64::from(count)).max(1e-9)).log10())
}

fn from_the_front(
    surface: Surface<'_>,
    shading: Shading<'_>,
    cutout: &RgbaImage,
    mesh: &TriMesh,
) -> (f64, f64) {
    let (low, high) = mesh.bounds().unwrap();
    let camera =
        Camera { azimuth_deg: 0.0, elevation_deg: 0.0, target_m: (low + high) / 2.0, half_extent_m: 0.54 };
    let rendered = render(surface, &camera, SIZE_PX, shading, Cancel::never()).unwrap();
    compare(&as_seen(cutout, &camera, mesh), &rendered)
}

#[test]
fn every_sample_is_closed_and_looks_like_its_picture() {
    for (name, ..) in SAMPLES {
        let (cutout, solid, mesh) = drafted(name);
        let found = inspect(&mesh);
        assert!(found.watertight && found.manifold && found.consistently_wound, "{name}: {found:?}");
        assert_eq!((found.components, found.degenerate_triangles), (1, 0), "{name}");
        let painter = solid.painter(Cancel::never()).unwrap();
        let normals = mesh.vertex_normals();
        let surface = Surface { positions: &mesh.positions, normals: &normals, triangles: &mesh.triangles };
        let (iou, psnr_db) = from_the_front(surface, Shading::Painted(&*painter), &cutout, &mesh);
        println!("{name}: IoU {iou:.4}, PSNR inside {psnr_db:.1} dB");
        assert!(iou >= 0.99, "{name}: silhouette IoU {iou}");
        assert!(psnr_db >= 38.0, "{name}: {psnr_db} dB inside");
    }
}

#[test]
fn a_finished_sample_still_looks_like_its_picture() {
    let mut sum_db = 0.0;
    for (name, ..) in SAMPLES {
        let (cutout, solid, mesh) = drafted(name);
        let painter = solid.painter(Cancel::never()).unwrap();
        let mesh = decimate(mesh, 20_000, Cancel::never()).unwrap();
        let options = UnwrapOptions { texture_px: 1024, margin_px: 4, favoured: Some((Vec3::Z, 1.6)) };
        let unwrapped = unwrap(&mesh, &options, Cancel::never()).unwrap();
        let albedo = bake(&unwrapped, options.texture_px, &*painter, Cancel::never()).unwrap();
        let surface = Surface {
            positions: &unwrapped.positions,
            normals: &unwrapped.normals,
            triangles: &unwrapped.triangles,
        };
        let texture = Texture { uvs: &unwrapped.uvs, albedo: &albedo };
        let (iou, psnr_db) = from_the_front(surface, Shading::Textured(texture), &cutout, &mesh);
        println!("{name}: IoU {iou:.4}, PSNR inside {psnr_db:.1} dB");
        assert!(iou >= 0.985, "{name}: silhouette IoU {iou}");
        assert!(psnr_db >= 30.0, "{name}: {psnr_db} dB inside");
        sum_db += psnr_db;
    }
    let mean_db = sum_db / SAMPLES.len() as f64;
    assert!(mean_db >= 40.0, "{mean_db} dB inside on average");
}

#[test]
fn every_sample_gets_the_choices_an_artist_would_make() {
    for (name, profile, back, legs) in SAMPLES {
        let solid = Solid::new(sample(name), &ForgeParams::default(), Cancel::never()).unwrap();
        let facts = solid.facts();
        assert_eq!(facts["profile"], profile, "{name}: {facts:?}");
        assert_eq!(facts["back"], back, "{name}: {facts:?}");
        assert_eq!(facts["legs"], legs, "{name}: {facts:?}");
    }
}

#[test]
fn a_solid_stands_on_the_origin_in_the_size_asked_for() {
    for (name, size_m) in [("duck", 1.0), ("t-rex", 0.25), ("mushroom", 12.0)] {
        let params = ForgeParams { size_m, ..ForgeParams::default() };
        let solid = Solid::new(sample(name), &params, Cancel::never()).unwrap();
        let (low, high) = solid.surface(256, Cancel::never()).unwrap().bounds().unwrap();
        let off = Vec3::new(low.x + high.x, 2.0 * low.y, low.z + high.z).abs().max_element() / size_m;
        assert!(off < 0.004, "{name}: {low} {high}");
        assert!(((high - low).max_element() / size_m - 1.0).abs() < 0.004, "{name}: {low} {high}");
    }
}

#[test]
fn the_same_picture_gives_the_same_bytes_on_any_number_of_threads() {
    let make = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let (_, solid, mesh) = drafted("t-rex");
            let painter = solid.painter(Cancel::never()).unwrap();
            let colours: Vec<[f32; 3]> =
                mesh.positions.iter().step_by(97).map(|&p| painter.albedo(p, Vec3::NEG_Z, 0.002)).collect();
            (mesh, colours)
        })
    };
    assert!(make(1) == make(3));
}

#[test]
fn the_legs_of_a_t_rex_stand_apart() {
    let (_, _, mesh) = drafted("t-rex");
    // Vertices of the feet, and whether any lie on the middle plane there.
    let feet: Vec<Vec3> = mesh.positions.iter().copied().filter(|p| (0.02..0.06).contains(&p.y)).collect();
    let near = feet.iter().filter(|p| p.z > 0.03).count();
    let far = feet.iter().filter(|p| p.z < -0.03).count();
    assert!(near * 3 > feet.len() && far * 3 > feet.len(), "{near} {far} of {}", feet.len());
}

#[test]
fn the_teapots_handle_stays_open() {
    let (_, _, mesh) = drafted("teapot");
    assert_eq!(inspect(&mesh).euler_characteristic, 0, "a body with one handle");
}
