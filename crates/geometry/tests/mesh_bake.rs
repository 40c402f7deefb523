use glam::Vec3;
use image::RgbImage;
use oreforge_geometry::bake::{bake, normal_map, normal_map_px, occlusion_map};
use oreforge_geometry::bvh::Bvh;
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

/// A dense ball with bumps, and a coarse one in its place.
fn bumpy() -> (TriMesh, Unwrapped) {
    let mut volume = Volume::filled([64; 3], 0.0);
    for z in 0..64 {
        for y in 0..64 {
            for x in 0..64 {
                let i = volume.index(x, y, z);
                let p = Vec3::new(x as f32, y as f32, z as f32) - 31.5;
                let bumps = (p.x * 0.5).sin() * (p.y * 0.5).sin() * (p.z * 0.5).sin();
                volume.values[i] = 25.0 + bumps - p.length();
            }
        }
    }
    let dense = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
    let coarse = decimate(dense.clone(), 1500, Cancel::never()).expect("nobody cancels");
    let options = UnwrapOptions { texture_px: 512, margin_px: 4, favoured: None };
    (dense, unwrap(&coarse, &options, Cancel::never()).expect("nobody cancels"))
}

#[test]
fn a_normal_map_gives_a_coarse_mesh_the_normals_of_the_dense_one() {
    let (dense, mut mesh) = bumpy();
    let tangents = mesh.tangents();
    assert_eq!(tangents.len(), mesh.positions.len());
    for (t, n) in tangents.iter().zip(&mesh.normals) {
        assert!((t.truncate().length() - 1.0).abs() < 1e-4 && t.w.abs() == 1.0);
        assert!(t.truncate().dot(*n).abs() < 0.1, "{t} {n}");
    }
    let map = normal_map(&mesh, &tangents, &dense, 512, Cancel::never()).expect("nobody cancels");
    let (bvh, normals) = (Bvh::new(&dense), dense.vertex_normals());
    let (mut plain, mut mapped, mut count) = (0.0, 0.0, 0.0);
    for triangle in &mesh.triangles {
        // As glTF says: tangent, cross product with its sign, normal, each between the vertices.
        let corners = triangle.map(|v| v as usize);
        let third = |values: [Vec3; 3]| values.iter().sum::<Vec3>() / 3.0;
        let p = third(corners.map(|v| mesh.positions[v]));
        let n = third(corners.map(|v| mesh.normals[v])).normalize();
        let t = third(corners.map(|v| tangents[v].truncate())).normalize();
        let b = n.cross(t) * tangents[corners[0]].w;
        let uv = corners.map(|v| mesh.uvs[v]).iter().sum::<glam::Vec2>() / 3.0 * 512.0;
        let texel = Vec3::from_array(map.get_pixel(uv.x as u32, uv.y as u32).0.map(f32::from)) / 127.5 - 1.0;
        let shaded = (t * texel.x + b * texel.y + n * texel.z).normalize();
        let hit = bvh.nearest(p, f32::MAX).expect("there is a surface");
        let [a, b, c] = dense.triangles[hit.triangle as usize].map(|v| normals[v as usize]);
        let [v, w] = hit.weights;
        let fine = (a * (1.0 - v - w) + b * v + c * w).normalize();
        plain += n.angle_between(fine).to_degrees();
        mapped += shaded.angle_between(fine).to_degrees();
        count += 1.0;
    }
    assert!(
        mapped / count < 2.0 && plain / count > 3.0 * mapped / count,
        "{} {}",
        plain / count,
        mapped / count
    );
}

#[test]
fn a_map_of_a_smooth_surface_is_as_fine_as_the_surface() {
    let (dense, mesh) = bumpy();
    assert_eq!(normal_map_px(&mesh, &dense, 4096), 256);
    assert_eq!(normal_map_px(&mesh, &dense, 128), 128);
}

#[test]
fn the_sky_is_open_over_a_ball_and_narrow_in_a_pit() {
    let ball = ball();
    let solid = TriMesh { positions: ball.positions.clone(), triangles: ball.triangles.clone() };
    let map = occlusion_map(&ball, &solid, 128, Cancel::never()).expect("nobody cancels");
    assert!(map.pixels().all(|p| p.0[0] > 240), "{:?}", map.pixels().map(|p| p.0[0]).min());

    // A box with a deep round hole from above.
    let mut volume = Volume::filled([60, 40, 60], 0.0);
    for z in 0..60 {
        for y in 0..40 {
            for x in 0..60 {
                let p = Vec3::new(x as f32, y as f32, z as f32) - Vec3::new(29.5, 19.5, 29.5);
                let inside = (Vec3::new(25.0, 16.0, 25.0) - p.abs()).min_element();
                let hole = 6.0 - p.x.hypot(p.z);
                let i = volume.index(x, y, z);
                volume.values[i] = inside.min(if p.y > -10.0 { -hole } else { inside });
            }
        }
    }
    let pit = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
    let options = UnwrapOptions { texture_px: 256, margin_px: 4, favoured: None };
    let unwrapped = unwrap(&pit, &options, Cancel::never()).expect("nobody cancels");
    let map = occlusion_map(&unwrapped, &pit, 256, Cancel::never()).expect("nobody cancels");
    let at = |wanted: Vec3| {
        let nearest = |v: &usize| (unwrapped.positions[*v].distance_squared(wanted) * 1e4) as u64;
        let v = (0..unwrapped.positions.len()).min_by_key(nearest).expect("it has vertices");
        let uv = unwrapped.uvs[v] * 256.0;
        map.get_pixel((uv.x as u32).min(255), (uv.y as u32).min(255)).0[0]
    };
    let (bottom, top) = (at(Vec3::new(29.5, 9.5, 29.5)), at(Vec3::new(15.0, 35.5, 15.0)));
    assert!(bottom < 60 && top > 240, "{bottom} {top}");
}
