//! Meshes as neural engines make them, held against pictures of what they show.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, LazyLock};

use glam::{Mat3, Quat, Vec3};
use image::RgbaImage;
use oreforge_geometry::bake::bake;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::raster::{Camera, Shading, Surface, Texture, render};
use oreforge_geometry::repair::repair;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::inspect;
use oreforge_geometry::unwrap::{UnwrapOptions, unwrap};
use oreforge_geometry::views::{PlacedView, Registered, View, ViewsPainter, register};
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Painter, TriMesh};
use proptest::prelude::*;

const VIEW_PX: u32 = 384;
const AROUND: [(f32, f32); 5] = [(0.0, 0.0), (90.0, 0.0), (180.0, 0.0), (270.0, 0.0), (35.0, 15.0)];

/// Something like a rabbit: no two sides of it look alike, and an ear hides a part of the back.
static RABBIT: LazyLock<TriMesh> = LazyLock::new(|| {
    let size = [72, 90, 84];
    let balls: [(Vec3, Vec3); 8] = [
        (Vec3::new(36.0, 26.0, 34.0), Vec3::new(22.0, 20.0, 26.0)),
        (Vec3::new(36.0, 50.0, 56.0), Vec3::new(15.0, 14.0, 15.0)),
        (Vec3::new(28.0, 70.0, 50.0), Vec3::new(5.0, 17.0, 6.0)),
        (Vec3::new(47.0, 67.0, 46.0), Vec3::new(5.0, 15.0, 7.0)),
        (Vec3::new(36.0, 24.0, 9.0), Vec3::splat(7.0)),
        (Vec3::new(26.0, 8.0, 58.0), Vec3::new(7.0, 5.0, 14.0)),
        (Vec3::new(47.0, 8.0, 58.0), Vec3::new(7.0, 5.0, 14.0)),
        (Vec3::new(36.0, 46.0, 72.0), Vec3::new(6.0, 5.0, 6.0)),
    ];
    let mut volume = Volume::filled(size, 0.0);
    for z in 0..size[2] {
        for y in 0..size[1] {
            for x in 0..size[0] {
                let p = Vec3::new(x as f32, y as f32, z as f32);
                let inside = |&(middle, radii): &(Vec3, Vec3)| {
                    (1.0 - ((p - middle) / radii).length()) * radii.min_element()
                };
                // A soft maximum joins them without creases.
                let sum: f32 = balls.iter().map(|ball| (inside(ball) * 0.7).min(20.0).exp()).sum();
                let i = volume.index(x, y, z);
                volume.values[i] = sum.ln() / 0.7;
            }
        }
    }
    let mut mesh = surface_nets(&volume, Cancel::never()).unwrap();
    mesh.positions.iter_mut().for_each(|p| *p *= 0.01);
    mesh
});

/// Patches of plain colours with soft borders.
struct Patches;

impl Painter for Patches {
    fn albedo(&self, p: Vec3, _: Vec3, _: f32) -> [f32; 3] {
        let wave = |v: f32| 0.5 + 0.45 * (v * 14.0).sin();
        [wave(p.x + 0.3 * p.y), wave(p.y * 0.8), wave(p.z + 0.2)]
    }
}

fn picture(mesh: &TriMesh, painter: &dyn Painter, camera: &Camera) -> RgbaImage {
    let normals = mesh.vertex_normals();
    let surface = Surface { positions: &mesh.positions, normals: &normals, triangles: &mesh.triangles };
    render(surface, camera, VIEW_PX, Shading::Painted(painter), Cancel::never()).unwrap()
}

fn views(of: &TriMesh, from: &[(f32, f32)]) -> Vec<View> {
    let view = |&(azimuth_deg, elevation_deg): &(f32, f32)| {
        let camera = Camera::around(&of.positions, azimuth_deg, elevation_deg);
        let picture = Arc::new(picture(of, &Patches, &camera));
        View { azimuth_deg, elevation_deg, picture, trust: 1.0 }
    };
    from.iter().map(view).collect()
}

/// Without shared vertices, somewhere else, of another size, with floaters and a shell inside.
fn foreign(mesh: &TriMesh, turn: Mat3, scale: f32, shift: Vec3) -> TriMesh {
    let middle = Vec3::new(0.36, 0.3, 0.36);
    let mut bodies = vec![(Vec3::ZERO, 1.0)];
    bodies.extend([(Vec3::new(0.5, 0.3, -0.1), 0.012), (Vec3::new(-0.2, 0.6, 0.3), 0.008)]);
    bodies.push((Vec3::ZERO, 0.3));
    let mut soup = TriMesh::default();
    for (at, size) in bodies {
        for (i, triangle) in mesh.triangles.iter().enumerate() {
            let start = soup.positions.len() as u32;
            let jitter = Vec3::splat((i % 5) as f32 * 2e-7);
            soup.positions.extend(triangle.map(|v| {
                let p = if size == 1.0 {
                    mesh.positions[v as usize]
                } else {
                    middle + at + (mesh.positions[v as usize] - middle) * size
                };
                turn * (p + jitter) * scale + shift
            }));
            soup.triangles.push([start, start + 1, start + 2]);
        }
    }
    soup
}

fn registered(mesh: &TriMesh, views: &[View]) -> Registered {
    register(mesh, views, Cancel::never()).unwrap().unwrap()
}

/// Of pixels that are opaque in both, in dB.
fn psnr(a: &RgbaImage, b: &RgbaImage) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (a, b) in a.pixels().zip(b.pixels()).filter(|(a, b)| a.0[3] == 255 && b.0[3] == 255) {
        sum += (0..3).map(|i| (f64::from(a.0[i]) - f64::from(b.0[i])).powi(2)).sum::<f64>() / 3.0;
        count += 1.0;
    }
    10.0 * (255.0_f64.powi(2) / (sum / count).max(1e-9)).log10()
}

fn quarter_turns(about_x: u8, about_y: u8, about_z: u8) -> Mat3 {
    let turn = |axis: Vec3, turns: u8| {
        let turn =
            Mat3::from_quat(Quat::from_axis_angle(axis, f32::from(turns) * std::f32::consts::FRAC_PI_2));
        Mat3::from_cols_array(&turn.to_cols_array().map(f32::round))
    };
    turn(Vec3::X, about_x) * turn(Vec3::Y, about_y) * turn(Vec3::Z, about_z)
}

#[test]
fn a_neural_mesh_is_cleaned_found_and_painted() {
    let seen = views(&RABBIT, &AROUND);
    let raw = foreign(&RABBIT, quarter_turns(1, 0, 0), 37.0, Vec3::new(5.0, -80.0, 3.0));
    let cleaned = repair(raw, Cancel::never()).unwrap();
    assert!(cleaned.before.split_vertices > 10_000 && cleaned.before.islands >= 2, "{:?}", cleaned.before);
    assert_eq!(cleaned.before.inner_shells, 1);
    let budgeted = decimate(cleaned.mesh, 6000, Cancel::never()).unwrap();

    let found = registered(&budgeted, &seen);
    assert!(found.iou >= 0.98, "{found:?}");
    assert_eq!(found.up_axis, "+z");

    let standing = found.views_from_mesh.standing(&budgeted, 1.0);
    let mut placed = budgeted;
    placed.positions.iter_mut().for_each(|p| *p = standing.world_from_mesh.apply(*p));
    let (low, high) = placed.bounds().unwrap();
    assert!(low.y.abs() < 1e-5 && ((high - low).max_element() - 1.0).abs() < 1e-4);
    assert!((low + high).x.abs() < 1e-4 && (low + high).z.abs() < 1e-4);

    let cameras: Vec<PlacedView> = seen.iter().map(|view| view.placed(&standing)).collect();
    let painter = ViewsPainter::new(&cameras, Arc::new(placed.clone()), Cancel::never()).unwrap();
    let options = UnwrapOptions { texture_px: 512, margin_px: 4, favoured: None };
    let unwrapped = unwrap(&placed, &options, Cancel::never()).unwrap();
    let albedo = bake(&unwrapped, 512, &painter, Cancel::never()).unwrap();
    let surface = Surface {
        positions: &unwrapped.positions,
        normals: &unwrapped.normals,
        triangles: &unwrapped.triangles,
    };
    for view in &cameras {
        let texture = Texture { uvs: &unwrapped.uvs, albedo: &albedo };
        let again =
            render(surface, &view.camera, VIEW_PX, Shading::Textured(texture), Cancel::never()).unwrap();
        let quality = psnr(&again, &view.picture);
        assert!(quality > 30.0, "{}: {quality} dB", view.camera.azimuth_deg);
    }
    let topology = inspect(&placed);
    assert!(topology.watertight && topology.manifold && topology.consistently_wound);
}

#[test]
fn a_mesh_that_is_not_the_one_in_the_views_does_not_fit() {
    let seen = views(&RABBIT, &AROUND);
    let slab = surface_nets(
        &{
            let mut volume = Volume::filled([40, 12, 40], -1.0);
            for z in 2..38 {
                for y in 2..10 {
                    (2..38).for_each(|x| {
                        let i = volume.index(x, y, z);
                        volume.values[i] = 1.0;
                    });
                }
            }
            volume
        },
        Cancel::never(),
    )
    .unwrap();
    assert!(registered(&slab, &seen).iou < 0.8);
    let clear = View { picture: Arc::new(RgbaImage::new(64, 64)), ..seen[0].clone() };
    assert!(register(&RABBIT, &[clear], Cancel::never()).unwrap().is_none());
}

#[test]
fn a_mesh_that_lies_as_it_should_is_not_turned_for_a_hair() {
    // All four sides of a pillar look alike.
    let mut pillar = TriMesh::default();
    for (x, z) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
        pillar.positions.extend([Vec3::new(x, 0.0, z), Vec3::new(x, 5.0, z)]);
    }
    for i in 0..4u32 {
        let (a, b, c, d) = (2 * i, 2 * i + 1, (2 * i + 2) % 8, (2 * i + 3) % 8);
        pillar.triangles.extend([[a, b, d], [a, d, c]]);
    }
    pillar.triangles.extend([[0, 2, 4], [0, 4, 6], [1, 5, 3], [1, 7, 5]]);
    let found = registered(&pillar, &views(&pillar, &AROUND));
    let off = (found.azimuth_deg + 180.0).rem_euclid(360.0) - 180.0;
    assert!(found.up_axis == "+y" && off.abs() < 1.0 && found.iou > 0.97, "{found:?}");
}

#[test]
fn what_stands_before_a_surface_does_not_paint_it() {
    // The front shows a red rabbit; from behind it is blue, and nothing shows its sides.
    struct Sides;
    impl Painter for Sides {
        fn albedo(&self, _: Vec3, normal: Vec3, _: f32) -> [f32; 3] {
            if normal.z > 0.0 { [1.0, 0.0, 0.0] } else { [0.0, 0.0, 1.0] }
        }
    }
    let cameras: Vec<PlacedView> = [0.0, 180.0]
        .map(|azimuth_deg| {
            let camera = Camera::around(&RABBIT.positions, azimuth_deg, 0.0);
            let picture = Arc::new(picture(&RABBIT, &Sides, &camera));
            PlacedView { camera, picture, trust: 1.0 }
        })
        .to_vec();
    let painter = ViewsPainter::new(&cameras, Arc::new(RABBIT.clone()), Cancel::never()).unwrap();
    assert!((0.5..1.0).contains(&painter.seen_share()), "{}", painter.seen_share());
    for (&p, n) in RABBIT.positions.iter().zip(RABBIT.vertex_normals()).filter(|(_, n)| n.z.abs() > 0.55) {
        let [r, g, b] = painter.albedo(p, n, 0.005);
        let (own, other) = if n.z > 0.0 { (r, b) } else { (b, r) };
        assert!(own > 0.9 && other < 0.1 && g < 0.02, "{p} {n}: {r} {g} {b}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn any_turn_along_the_axes_is_found(
        x in 0u8..4, y in 0u8..4, z in 0u8..4, azimuth_deg in -12.0f32..12.0, scale in 0.01f32..100.0,
        shift in prop::array::uniform3(-50.0f32..50.0),
    ) {
        let turn = quarter_turns(x, y, z) * Mat3::from_rotation_y(azimuth_deg.to_radians());
        let mut mesh = decimate(RABBIT.clone(), 3000, Cancel::never()).unwrap();
        let known = mesh.positions.clone();
        mesh.positions.iter_mut().for_each(|p| *p = turn * (*p * scale) + Vec3::from_array(shift) * scale);
        let found = registered(&mesh, &views(&RABBIT, &AROUND[..4]));
        prop_assert!(found.iou >= 0.98, "{found:?}");
        // In the views' own space the sphere round the rabbit has radius 1.
        let camera = Camera::around(&RABBIT.positions, 0.0, 0.0);
        for (&there, &p) in known.iter().zip(&mesh.positions) {
            let there = (there - camera.target_m) / camera.half_extent_m;
            let off = found.views_from_mesh.apply(p).distance(there);
            prop_assert!(off < 0.03, "{off} at {there}: {found:?}");
        }
    }
}
