use glam::{Vec2, Vec3};
use image::{Rgb, RgbImage};
use oreforge_geometry::raster::{Camera, Shading, Surface, Texture, render};
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled, Painter, TriMesh};

struct PositionPainter;

impl Painter for PositionPainter {
    fn albedo(&self, position_m: Vec3, normal: Vec3, footprint_m: f32) -> [f32; 3] {
        assert!(normal.is_normalized() && footprint_m > 0.0);
        (position_m * 0.5 + 0.5).to_array()
    }
}

/// A sphere of radius 0.9 around the origin.
fn sphere() -> TriMesh {
    let mut volume = Volume::filled([41; 3], 0.0);
    for z in 0..41 {
        for y in 0..41 {
            for x in 0..41 {
                let i = volume.index(x, y, z);
                volume.values[i] = 18.0 - (Vec3::new(x as f32, y as f32, z as f32) - 20.0).length();
            }
        }
    }
    let mut mesh = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
    for p in &mut mesh.positions {
        *p = (*p - 20.0) / 20.0;
    }
    mesh
}

fn camera(azimuth_deg: f32, elevation_deg: f32) -> Camera {
    Camera { azimuth_deg, elevation_deg, target_m: Vec3::ZERO, half_extent_m: 1.0 }
}

#[test]
fn a_painted_sphere_shows_the_side_the_camera_sees() {
    let mesh = sphere();
    let normals = mesh.vertex_normals();
    let surface = Surface { positions: &mesh.positions, normals: &normals, triangles: &mesh.triangles };
    for (azimuth, elevation) in
        [(0.0, 0.0), (90.0, 0.0), (180.0, 0.0), (35.0, 15.0), (0.0, 90.0), (0.0, -90.0)]
    {
        let camera = camera(azimuth, elevation);
        let axes = camera.axes();
        let picture = render(surface, &camera, 100, Shading::Painted(&PositionPainter), Cancel::never())
            .expect("no cancel");
        let mut covered = 0.0;
        for (x, y, pixel) in picture.enumerate_pixels() {
            covered += f64::from(pixel[3]) / 255.0;
            let at = Vec2::new(x as f32 - 49.5, 49.5 - y as f32) / 50.0;
            if at.length() > 0.93 {
                assert_eq!(pixel[3], 0);
            } else if at.length() < 0.8 {
                let near = (0.81 - at.length_squared()).sqrt();
                let point = axes.right * at.x + axes.up * at.y + axes.towards * near;
                let shown =
                    Vec3::new(f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])) / 127.5 - 1.0;
                assert!(shown.distance(point) < 0.03, "{azimuth} {elevation} {at} {shown} {point}");
                assert_eq!(pixel[3], 255);
            }
        }
        let exact = std::f64::consts::PI * 45.0 * 45.0;
        assert!((covered / exact - 1.0).abs() < 0.005, "{covered} {exact}");
    }
}

#[test]
fn a_texture_lies_where_its_uvs_say() {
    let positions = [
        Vec3::new(-1.0, -1.0, 0.0),
        Vec3::new(1.0, -1.0, 0.0),
        Vec3::ONE.with_z(0.0),
        Vec3::new(-1.0, 1.0, 0.0),
    ];
    let uvs = [Vec2::new(0.0, 1.0), Vec2::ONE, Vec2::new(1.0, 0.0), Vec2::ZERO];
    let albedo = RgbImage::from_fn(32, 32, |x, y| Rgb([x as u8 * 8, y as u8 * 8, 77]));
    let surface =
        Surface { positions: &positions, normals: &[Vec3::Z; 4], triangles: &[[0, 1, 2], [0, 2, 3]] };
    let texture = Texture { uvs: &uvs, albedo: &albedo };
    let shown = render(surface, &camera(0.0, 0.0), 32, Shading::Textured(texture), Cancel::never())
        .expect("no cancel");
    for (x, y, pixel) in shown.enumerate_pixels() {
        let expected = albedo.get_pixel(x, y);
        assert!((0..3).all(|i| pixel[i].abs_diff(expected[i]) <= 2), "{x} {y} {pixel:?} {expected:?}");
        assert_eq!(pixel[3], 255);
    }
    let behind = render(surface, &camera(180.0, 0.0), 32, Shading::Clay, Cancel::never()).expect("no cancel");
    assert!(behind.pixels().all(|pixel| pixel[3] == 0), "seen from behind");
}

#[test]
fn the_nearer_surface_hides_the_other() {
    let square = |z: f32| {
        [Vec3::new(-1.0, -1.0, z), Vec3::new(1.0, -1.0, z), Vec3::new(1.0, 1.0, z), Vec3::new(-1.0, 1.0, z)]
    };
    for flip in [1.0, -1.0] {
        let positions: Vec<Vec3> = square(0.5 * flip).into_iter().chain(square(-0.5 * flip)).collect();
        let triangles = [[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]];
        let surface = Surface { positions: &positions, normals: &[Vec3::Z; 8], triangles: &triangles };
        let picture =
            render(surface, &camera(0.0, 0.0), 40, Shading::Painted(&PositionPainter), Cancel::never())
                .expect("no cancel");
        assert!(picture.pixels().all(|p| p[2].abs_diff(191) <= 1 && p[3] == 255));
    }
}

#[test]
fn odd_input_does_not_panic() {
    let positions = [Vec3::NAN, Vec3::X, Vec3::INFINITY, Vec3::splat(1e30), Vec3::Y];
    let surface = Surface {
        positions: &positions,
        normals: &[Vec3::ZERO; 5],
        triangles: &[[0, 1, 2], [1, 3, 2], [1, 3, 4], [4, 3, 1], [1, 1, 1]],
    };
    for size in [0, 1, 17] {
        let picture =
            render(surface, &camera(20.0, 10.0), size, Shading::Clay, Cancel::never()).expect("no cancel");
        assert_eq!(picture.dimensions(), (size, size));
    }
}

#[test]
fn cancel_is_heard_and_threads_do_not_matter() {
    let mesh = sphere();
    let normals = mesh.vertex_normals();
    let surface = Surface { positions: &mesh.positions, normals: &normals, triangles: &mesh.triangles };
    assert_eq!(render(surface, &camera(0.0, 0.0), 64, Shading::Clay, Cancel::new(&|| true)), Err(Cancelled));
    let drawn = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(|| render(surface, &camera(30.0, 20.0), 200, Shading::Clay, Cancel::never()))
    };
    assert_eq!(drawn(1), drawn(3));
}
