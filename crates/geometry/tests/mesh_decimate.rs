use std::collections::BTreeSet;

use glam::Vec3;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::inspect;
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled, TriMesh};
use proptest::prelude::*;

fn field(size: [usize; 3], value: impl Fn(Vec3) -> f32) -> TriMesh {
    let mut volume = Volume::filled(size, 0.0);
    for z in 0..size[2] {
        for y in 0..size[1] {
            for x in 0..size[0] {
                let i = volume.index(x, y, z);
                volume.values[i] = value(Vec3::new(x as f32, y as f32, z as f32));
            }
        }
    }
    surface_nets(&volume, Cancel::never()).expect("nobody cancels")
}

fn ball(radius: f32) -> TriMesh {
    let size = (2.0 * radius) as usize + 6;
    field([size; 3], |p| radius - p.distance(Vec3::splat(radius + 2.0)))
}

fn fewer(mesh: &TriMesh, target: usize) -> TriMesh {
    decimate(mesh.clone(), target, Cancel::never()).expect("nobody cancels")
}

#[test]
fn a_ball_stays_a_ball() {
    let mesh = ball(30.0);
    let exact = inspect(&mesh);
    for target in [8000, 2000, 501, 100, 20] {
        let smaller = fewer(&mesh, target);
        let topology = inspect(&smaller);
        assert!(topology.triangles <= target && topology.triangles + 2 > target, "{topology:?}");
        assert!(topology.watertight && topology.manifold && topology.consistently_wound, "{topology:?}");
        assert_eq!((topology.euler_characteristic, topology.degenerate_triangles), (2, 0));
        assert_eq!(topology.unused_vertices, 0);
        let tolerance = 40.0 / target as f64;
        assert!((topology.volume_m3 / exact.volume_m3 - 1.0).abs() < tolerance.max(0.002), "{topology:?}");
    }
}

/// A ball is equally curved everywhere, so its triangles end up alike, also where a large mesh was cut into parts.
#[test]
fn few_triangles_of_many_are_spread_evenly() {
    let mesh = ball(85.0);
    assert!(mesh.triangles.len() > 130_000, "large enough to be cut into parts");
    for target in [4000, 1000, 200] {
        let smaller = fewer(&mesh, target);
        let areas: Vec<f32> = smaller
            .triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|v| smaller.positions[v as usize]);
                (b - a).cross(c - a).length() / 2.0
            })
            .collect();
        let mean = areas.iter().sum::<f32>() / areas.len() as f32;
        let (least, most) = areas.iter().fold((f32::MAX, 0.0f32), |(l, m), &a| (l.min(a), m.max(a)));
        assert!(most < 6.0 * mean && least > 0.1 * mean, "{target}: {least} to {most}, {mean} on average");
    }
}

/// Flat triangles between corners on a ball are all inside it, and so are those whose corners are where the planes
/// of the fine surface want them, by 1 % of this ball; as much outside as inside, none is lost.
#[test]
fn a_coarse_ball_is_as_large_as_a_fine_one() {
    let mesh = ball(30.0);
    let exact = inspect(&mesh).volume_m3;
    for (target, tolerance) in [(500, 0.004), (2000, 0.001)] {
        let lost = 1.0 - inspect(&fewer(&mesh, target)).volume_m3 / exact;
        assert!(lost.abs() < tolerance, "{target}: {lost}");
    }
}

#[test]
fn a_ring_keeps_its_hole_and_two_bodies_stay_two() {
    let ring = field([40, 40, 16], |p| {
        let p = p - Vec3::new(19.5, 19.5, 7.5);
        4.0 - (p.truncate().length() - 12.0).hypot(p.z)
    });
    assert_eq!(inspect(&fewer(&ring, 200)).euler_characteristic, 0);
    let two = field([40, 20, 20], |p| {
        6.0 - p.distance(Vec3::new(9.0, 10.0, 10.0)).min(p.distance(Vec3::new(28.0, 10.0, 10.0)))
    });
    assert_eq!(inspect(&fewer(&two, 60)).components, 2);
}

#[test]
fn corners_of_a_box_stay() {
    let cube = field([24; 3], |p| {
        let q = (p - 11.5).abs() - 8.2;
        -q.max_element()
    });
    let (low, high) = cube.bounds().expect("a box has vertices");
    let smaller = fewer(&cube, 300);
    let (new_low, new_high) = smaller.bounds().expect("a box has vertices");
    assert!(
        low.distance(new_low) < 0.2 && high.distance(new_high) < 0.2,
        "{low} {new_low} {high} {new_high}"
    );
}

#[test]
fn parts_that_are_no_manifold_are_left_alone() {
    let mut mesh = ball(10.0);
    mesh.triangles.truncate(mesh.triangles.len() / 2);
    let border_before = inspect(&mesh);
    let smaller = fewer(&mesh, 100);
    assert!(!border_before.watertight && smaller.triangles.len() < mesh.triangles.len());
    let sides: BTreeSet<(u32, u32)> =
        mesh.triangles.iter().flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)]).collect();
    for &(v, _) in sides.iter().filter(|&&(a, b)| !sides.contains(&(b, a))) {
        let border = mesh.positions[v as usize];
        assert!(smaller.positions.iter().any(|p| p.distance(border) < 1e-4), "{border} has moved");
    }

    let tetrahedron = TriMesh {
        positions: vec![Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::Z],
        triangles: vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],
    };
    assert_eq!(fewer(&tetrahedron, 0), tetrahedron);
    let torn = TriMesh { triangles: vec![[0, 0, 1], [1, 2, 3], [1, 2, 3], [3, 2, 1]], ..tetrahedron };
    assert_eq!(fewer(&torn, 1).triangles.len(), 4);
}

#[test]
fn a_large_body_is_thinned_in_parts_to_the_same_shape() {
    // Detail on one side only: a part must not keep as much as the other for nothing.
    let body = field([150, 110, 110], |p| {
        let q = p - Vec3::new(75.0, 55.0, 55.0);
        let lumps = if q.x > 0.0 { 2.0 * (q * 0.35).sin().element_sum() } else { 0.0 };
        48.0 + lumps - (q * Vec3::new(0.7, 1.0, 1.0)).length()
    });
    let exact = inspect(&body);
    assert!(exact.triangles > 100_000, "{exact:?}");
    let smaller = fewer(&body, 12_000);
    let topology = inspect(&smaller);
    assert!(topology.triangles <= 12_000 && topology.triangles + 2 > 12_000, "{topology:?}");
    assert!(topology.watertight && topology.manifold && topology.consistently_wound, "{topology:?}");
    assert_eq!((topology.euler_characteristic, topology.degenerate_triangles), (2, 0));
    let growth = topology.volume_m3 / exact.volume_m3 - 1.0;
    assert!(growth.abs() < 1e-3, "{growth}");
    let lumpy = smaller.triangles.iter().filter(|t| smaller.positions[t[0] as usize].x > 75.0).count();
    assert!(lumpy > 7_500, "{lumpy} triangles where the detail is, {growth}");
}

#[test]
fn cancel_is_heard_and_threads_do_not_matter() {
    for radius in [20.0, 45.0] {
        let mesh = ball(radius);
        assert_eq!(decimate(mesh.clone(), 100, Cancel::new(&|| true)), Err(Cancelled));
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
            pool.install(|| fewer(&mesh, 1000))
        };
        assert_eq!(with(1), with(4));
    }
}

proptest! {
    #[test]
    fn noise_stays_closed(seed: u64, target in 0usize..900, threshold in -0.3f32..0.3) {
        let mut state = seed | 1;
        let mut volume = Volume::filled([9, 8, 7], 0.0);
        for value in &mut volume.values {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *value = (state >> 40) as f32 / (1 << 24) as f32 - 0.5 - threshold;
        }
        let mesh = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
        let before = inspect(&mesh);
        let after = inspect(&fewer(&mesh, target));
        prop_assert!(after.watertight && after.manifold, "{:?}", after);
        prop_assert_eq!(after.euler_characteristic, before.euler_characteristic);
        prop_assert_eq!(after.components, before.components);
    }
}
