use glam::Vec3;
use image::RgbImage;
use oreforge_geometry::bake::bake;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::raster::{Camera, Shading, Surface, Texture, render};
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::unwrap::{UnwrapOptions, Unwrapped, unwrap};
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled, Painter, TriMesh};

/// Colour that changes evenly through space, away from black.
struct Rainbow;

impl Painter for Rainbow {
    fn albedo(&self, position_m: Vec3, normal: Vec3, footprint_m: f32) -> [f32; 3] {
        assert!(normal.is_normalized());
        assert!((0.0005..0.05).contains(&footprint_m), "{footprint_m}");
        (position_m * 0.35 + 0.6).to_array()
    }
}

struct Red;

impl Painter for Red {
    fn albedo(&self, _: Vec3, _: Vec3, _: f32) -> [f32; 3] {
        [1.0, 0.25, 0.0]
    }
}

fn ball() -> Unwrapped {
    let mut volume = Volume::filled([48; 3], 0.0);
    for z in 0..48 {
        for y in 0..48 {
            for x in 0..48 {
                let i = volume.index(x, y, z);
                volume.values[i] = 20.0 - Vec3::new(x as f32, y as f32, z as f32).distance(Vec3::splat(23.5));
            }
        }
    }
    let mesh = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
    let mut mesh = decimate(mesh, 3000, Cancel::never()).expect("nobody cancels");
    for p in &mut mesh.positions {
        *p = (*p - 23.5) / 24.0;
    }
    let options = UnwrapOptions { texture_px: 512, margin_px: 4, favoured: Some((Vec3::Z, 1.5)) };
    unwrap(&mesh, &options, Cancel::never()).expect("nobody cancels")
}

fn baked(mesh: &Unwrapped, painter: &dyn Painter) -> RgbImage {
    bake(mesh, 512, painter, Cancel::never()).expect("nobody cancels")
}

#[test]
fn no_seam_is_seen_from_anywhere() {
    let mesh = ball();
    let albedo = baked(&mesh, &Rainbow);
    let surface = Surface { positions: &mesh.positions, normals: &mesh.normals, triangles: &mesh.triangles };
    let texture = Texture { uvs: &mesh.uvs, albedo: &albedo };
    for (azimuth, elevation) in
        [(0.0, 0.0), (45.0, 20.0), (90.0, 0.0), (135.0, -30.0), (0.0, 90.0), (0.0, -90.0)]
    {
        let camera = Camera {
            azimuth_deg: azimuth,
            elevation_deg: elevation,
            target_m: Vec3::ZERO,
            half_extent_m: 0.9,
        };
        let draw = |shading| render(surface, &camera, 300, shading, Cancel::never()).expect("nobody cancels");
        let (painted, textured) = (draw(Shading::Painted(&Rainbow)), draw(Shading::Textured(texture)));
        for ((x, y, p), t) in painted.enumerate_pixels().zip(textured.pixels()) {
            assert_eq!(p[3], t[3]);
            assert!((0..3).all(|i| p[i].abs_diff(t[i]) <= 3), "{azimuth} {elevation} {x} {y} {p:?} {t:?}");
        }
    }
}

#[test]
fn what_no_chart_covers_takes_its_neighbours_colour() {
    let texture = baked(&ball(), &Red);
    assert!(texture.pixels().all(|p| p.0 == [255, 64, 0]));
}

#[test]
fn nothing_is_black() {
    let nothing = unwrap(
        &TriMesh::default(),
        &UnwrapOptions { texture_px: 8, margin_px: 1, favoured: None },
        Cancel::never(),
    );
    let nothing = nothing.expect("nobody cancels");
    for size in [0, 1, 7] {
        let texture = bake(&nothing, size, &Red, Cancel::never()).expect("nobody cancels");
        assert_eq!(texture.dimensions(), (size, size));
        assert!(texture.as_raw().iter().all(|&c| c == 0));
    }
}

#[test]
fn cancel_is_heard_and_threads_do_not_matter() {
    let mesh = ball();
    assert_eq!(bake(&mesh, 64, &Red, Cancel::new(&|| true)), Err(Cancelled));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(|| baked(&mesh, &Rainbow))
    };
    assert_eq!(with(1), with(4));
}
