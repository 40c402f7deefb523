#![allow(clippy::unwrap_used)]

use std::f32::consts::TAU;
use std::sync::LazyLock;

use glam::Vec3;
use oreforge_geometry::bvh::Bvh;
use oreforge_geometry::repair::{Defects, Repaired, find, repair};
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::inspect;
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled, TriMesh};
use proptest::prelude::*;

/// A closed body with a handle, 40 wide.
fn body() -> TriMesh {
    BODY.clone()
}

static BODY: LazyLock<TriMesh> = LazyLock::new(|| {
    let mut volume = Volume::filled([44, 30, 30], 0.0);
    for z in 0..30 {
        for y in 0..30 {
            for x in 0..44 {
                let i = volume.index(x, y, z);
                let p = Vec3::new(x as f32, y as f32, z as f32) - Vec3::new(15.0, 14.5, 14.5);
                let ball = 11.5 - p.length() + (p.x * 0.5).sin() * 0.7;
                let q = p - Vec3::X * 14.0;
                let ring = 2.6 - (q.truncate().length() - 9.0).hypot(q.z);
                volume.values[i] = ball.max(ring);
            }
        }
    }
    surface_nets(&volume, Cancel::never()).unwrap()
});

fn fixed(mesh: TriMesh) -> Repaired {
    repair(mesh, Cancel::never()).unwrap()
}

/// Farthest any vertex of one mesh is from the surface of the other.
fn farthest(from: &TriMesh, to: &TriMesh) -> f32 {
    let bvh = Bvh::new(to);
    from.positions.iter().map(|&p| bvh.nearest(p, f32::MAX).unwrap().distance_m).fold(0.0, f32::max)
}

fn assert_sound(repaired: &Repaired) {
    let topology = inspect(&repaired.mesh);
    assert!(
        topology.watertight && topology.manifold && topology.consistently_wound,
        "{repaired:?} {topology:?}",
        repaired = (repaired.before, repaired.after)
    );
    assert_eq!((topology.degenerate_triangles, topology.unused_vertices), (0, 0));
    assert!(repaired.after.is_clean(), "{:?}", repaired.after);
}

#[test]
fn a_clean_mesh_is_left_alone() {
    let mesh = body();
    let repaired = fixed(mesh.clone());
    assert!(repaired.before.is_clean(), "{:?}", repaired.before);
    assert_eq!(repaired.mesh, mesh);
}

#[test]
fn each_defect_is_found_and_mended() {
    let good = body();
    let corner = |t: usize, i: usize| good.triangles[t][i];
    type Count = fn(&Defects) -> usize;
    let mut damaged: Vec<(&str, TriMesh, Count)> = Vec::new();

    let mut mesh = good.clone();
    mesh.triangles.drain(100..101);
    mesh.triangles.drain(700..702);
    damaged.push(("holes", mesh, |d| d.holes));

    let mut mesh = good.clone();
    (40..60).for_each(|t| mesh.triangles[t].swap(0, 1));
    damaged.push(("turned triangles", mesh, |d| d.turned));

    let mut mesh = good.clone();
    mesh.triangles.iter_mut().for_each(|t| t.swap(0, 1));
    damaged.push(("inside out", mesh, |d| d.turned));

    let mut mesh = good.clone();
    mesh.triangles.extend_from_within(10..30);
    damaged.push(("duplicates", mesh, |d| d.duplicate_triangles));

    let mut mesh = good.clone();
    mesh.triangles.push([corner(3, 0), corner(3, 0), corner(3, 1)]);
    damaged.push(("degenerate", mesh, |d| d.degenerate_triangles));

    // A triangle cut in two along an edge that its neighbour keeps whole.
    let mut mesh = good.clone();
    let [a, b, c] = mesh.triangles[200];
    let middle = mesh.positions.len() as u32;
    mesh.positions.push((mesh.positions[a as usize] + mesh.positions[b as usize]) / 2.0);
    mesh.triangles[200] = [a, middle, c];
    mesh.triangles.push([middle, b, c]);
    damaged.push(("t-junction", mesh, |d| d.holes));

    // Every triangle with corners of its own, a hair apart.
    let positions: Vec<Vec3> = good
        .triangles
        .as_flattened()
        .iter()
        .enumerate()
        .map(|(i, &v)| good.positions[v as usize] + Vec3::splat((i % 7) as f32 * 1e-6))
        .collect();
    let triangles = (0..good.triangles.len() as u32).map(|t| [3 * t, 3 * t + 1, 3 * t + 2]).collect();
    damaged.push(("split vertices", TriMesh { positions, triangles }, |d| d.split_vertices));

    let with = |scale: f32, middle: Vec3| {
        let mut mesh = good.clone();
        let start = mesh.positions.len() as u32;
        mesh.positions
            .extend(good.positions.iter().map(|p| middle + (*p - Vec3::new(15.0, 14.5, 14.5)) * scale));
        mesh.triangles.extend(good.triangles.iter().map(|t| t.map(|v| v + start)));
        mesh
    };
    damaged.push(("inner shell", with(0.3, Vec3::new(15.0, 14.5, 14.5)), |d| d.inner_shells));
    damaged.push(("floater", with(0.01, Vec3::new(40.0, 26.0, 26.0)), |d| d.islands));

    // A fin on an edge.
    let mut mesh = good.clone();
    let tip = mesh.positions.len() as u32;
    mesh.positions.push(good.positions[corner(300, 0) as usize] * 1.2);
    mesh.triangles.push([corner(300, 0), corner(300, 1), tip]);
    damaged.push(("fin", mesh, |d| d.crowded_edges));

    for (what, mesh, count) in damaged {
        let repaired = fixed(mesh);
        assert!(count(&repaired.before) > 0, "{what}: {:?}", repaired.before);
        assert_sound(&repaired);
        let way = farthest(&repaired.mesh, &good).max(farthest(&good, &repaired.mesh));
        assert!(way < 0.5, "{what} moved the surface by {way}");
    }
}

#[test]
fn bodies_that_touch_in_an_edge_become_two() {
    let cube = |at: Vec3| {
        let positions: Vec<Vec3> =
            (0..8).map(|i| at + Vec3::new((i & 1) as f32, (i >> 1 & 1) as f32, (i >> 2) as f32)).collect();
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        (positions, quads.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect::<Vec<[u32; 3]>>())
    };
    let (mut positions, mut triangles) = cube(Vec3::ZERO);
    let (more, other) = cube(Vec3::new(1.0, 1.0, 0.0));
    positions.extend(more);
    triangles.extend(other.iter().map(|t| t.map(|v| v + 8)));
    let repaired = fixed(TriMesh { positions, triangles });
    assert_eq!(repaired.before.crowded_edges, 1);
    assert_sound(&repaired);
    let topology = inspect(&repaired.mesh);
    assert_eq!((topology.components, topology.triangles), (2, 24));
    assert!((topology.volume_m3 - 2.0).abs() < 0.05, "{topology:?}");
}

#[test]
fn a_wide_open_bottom_is_closed_flat() {
    let rings: [(f32, f32); 3] = [(0.0, 1.0), (1.0, 1.0), (2.0, 0.6)];
    let sides = 48u32;
    let mut positions: Vec<Vec3> = rings
        .iter()
        .flat_map(|&(y, r)| {
            (0..sides).map(move |i| {
                let angle = i as f32 / sides as f32 * TAU;
                Vec3::new(r * angle.sin(), y, r * angle.cos())
            })
        })
        .collect();
    positions.push(Vec3::Y * 2.2);
    let mut triangles = Vec::new();
    for i in 0..sides {
        let j = (i + 1) % sides;
        for ring in 0..2 {
            let (low, high) = (ring * sides, (ring + 1) * sides);
            triangles.extend([[low + i, low + j, high + j], [low + i, high + j, high + i]]);
        }
        triangles.push([2 * sides + i, 2 * sides + j, 3 * sides]);
    }
    let repaired = fixed(TriMesh { positions: positions.clone(), triangles });
    assert_eq!(repaired.before, Defects { holes: 1, ..Defects::default() });
    assert_sound(&repaired);
    assert_eq!(repaired.mesh.positions.len(), positions.len());
    let bottom: f32 = repaired.mesh.triangles[sides as usize * 5..]
        .iter()
        .map(|&t| repaired.mesh.area_normal(t).length() / 2.0)
        .sum();
    let exact = sides as f32 / 2.0 * (TAU / sides as f32).sin();
    assert!((bottom - exact).abs() < 1e-4, "{bottom} {exact}");
}

#[test]
fn nothing_and_a_stray_triangle_are_survived_and_cancel_is_heard() {
    assert!(fixed(TriMesh::default()).mesh.triangles.is_empty());
    let stray = TriMesh { positions: vec![Vec3::ZERO, Vec3::X, Vec3::Y], triangles: vec![[0, 1, 2]] };
    fixed(stray);
    let mut mesh = body();
    mesh.triangles.pop();
    assert_eq!(repair(mesh.clone(), Cancel::new(&|| true)), Err(Cancelled));
    assert_eq!(find(&mesh, Cancel::never()).unwrap().holes, 1);
}

#[derive(Debug, Clone)]
enum Damage {
    Remove,
    Flip,
    Duplicate,
    Degenerate,
    Crack(f32),
    Detach,
    Fin,
}

fn damage(mesh: &mut TriMesh, what: &Damage, at: usize) {
    let t = at % mesh.triangles.len();
    let [a, b, c] = mesh.triangles[t];
    let new = mesh.positions.len() as u32;
    let place = |v: u32| mesh.positions[v as usize];
    match what {
        Damage::Remove => drop(mesh.triangles.swap_remove(t)),
        Damage::Flip => mesh.triangles[t].swap(1, 2),
        Damage::Duplicate => mesh.triangles.push([b, c, a]),
        Damage::Degenerate => mesh.triangles.push([a, b, b]),
        Damage::Crack(along) => {
            mesh.positions.push(place(a).lerp(place(b), *along));
            mesh.triangles[t] = [a, new, c];
            mesh.triangles.push([new, b, c]);
        }
        Damage::Detach => {
            mesh.positions.push(place(a) + Vec3::new(1e-5, -1e-5, 1e-5));
            mesh.triangles[t][0] = new;
        }
        Damage::Fin => {
            mesh.positions
                .push(place(a) + (place(a) - place(c)).cross(place(b) - place(c)).normalize_or_zero() * 0.7);
            mesh.triangles.push([a, b, new]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// However a good mesh is damaged, it comes back sound and close to what it was.
    #[test]
    fn damage_is_mended(
        damages in prop::collection::vec((prop_oneof![
            Just(Damage::Remove), Just(Damage::Flip), Just(Damage::Duplicate), Just(Damage::Degenerate),
            (0.1f32..0.9).prop_map(Damage::Crack), Just(Damage::Detach), Just(Damage::Fin),
        ], any::<prop::sample::Index>()), 1..40),
        inner in any::<bool>(),
    ) {
        let good = body();
        let mut mesh = good.clone();
        for (what, at) in &damages {
            damage(&mut mesh, what, at.index(1 << 20));
        }
        if inner {
            let start = mesh.positions.len() as u32;
            mesh.positions.extend(good.positions.iter().map(|p| *p * 0.25 + Vec3::new(11.0, 11.0, 11.0)));
            mesh.triangles.extend(good.triangles.iter().map(|t| t.map(|v| v + start)));
        }
        let repaired = fixed(mesh);
        let topology = inspect(&repaired.mesh);
        prop_assert!(topology.watertight && topology.manifold && topology.consistently_wound, "{:?} {:?}", topology, repaired.after);
        prop_assert!(repaired.after.is_clean(), "{:?}", repaired.after);
        prop_assert_eq!(topology.components, 1);
        let exact = inspect(&good).volume_m3;
        prop_assert!((topology.volume_m3 / exact - 1.0).abs() < 0.01, "{} {}", topology.volume_m3, exact);
        let way = farthest(&repaired.mesh, &good).max(farthest(&good, &repaired.mesh));
        prop_assert!(way < 1.5, "{}", way);
    }
}
