use glam::Vec3;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::{inspect, weld};
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled, TriMesh};
use proptest::prelude::*;

fn ball(size: usize, radius: f32) -> Volume {
    let mut volume = Volume::filled([size; 3], 0.0);
    let centre = Vec3::splat((size - 1) as f32 / 2.0);
    for z in 0..size {
        for y in 0..size {
            for x in 0..size {
                let i = volume.index(x, y, z);
                volume.values[i] = radius - Vec3::new(x as f32, y as f32, z as f32).distance(centre);
            }
        }
    }
    volume
}

fn nets(volume: &Volume) -> TriMesh {
    surface_nets(volume, Cancel::never()).expect("nobody cancels")
}

fn assert_closed(mesh: &TriMesh) {
    let topology = inspect(mesh);
    assert!(topology.watertight && topology.manifold && topology.consistently_wound, "{topology:?}");
    assert_eq!(topology.unused_vertices, 0);
    let welded = weld(&mesh.positions, &mesh.triangles);
    assert_eq!(welded.positions.len(), mesh.positions.len(), "vertices coincide");
}

#[test]
fn a_ball_becomes_a_sphere() {
    let mesh = nets(&ball(41, 15.0));
    assert_closed(&mesh);
    let topology = inspect(&mesh);
    assert_eq!((topology.components, topology.euler_characteristic), (1, 2));
    let exact = 4.0 / 3.0 * std::f64::consts::PI * 15.0f64.powi(3);
    assert!((topology.volume_m3 / exact - 1.0).abs() < 0.01, "{}", topology.volume_m3);
    for p in &mesh.positions {
        assert!((p.distance(Vec3::splat(20.0)) - 15.0).abs() < 0.15);
    }
}

#[test]
fn a_full_volume_is_closed_at_its_border() {
    let mesh = nets(&Volume::filled([65, 3, 130], 1.0));
    assert_closed(&mesh);
    assert_eq!(inspect(&mesh).euler_characteristic, 2);
    let (low, high) = mesh.bounds().expect("a box has vertices");
    assert!(low.abs_diff_eq(Vec3::splat(-0.5), 1e-6) && high.abs_diff_eq(Vec3::new(64.5, 2.5, 129.5), 1e-4));
}

#[test]
fn nothing_inside_gives_nothing() {
    for size in [[4, 4, 4], [0, 0, 0], [0, 5, 5], [5, 0, 5], [5, 5, 0]] {
        assert_eq!(nets(&Volume::filled(size, -1.0)), TriMesh::default());
    }
}

#[test]
fn values_that_are_no_numbers_are_outside() {
    let mut volume = ball(9, 3.0);
    let i = volume.index(4, 4, 4);
    volume.values[i] = f32::NAN;
    let i = volume.index(4, 4, 6);
    volume.values[i] = f32::INFINITY;
    assert_closed(&nets(&volume));
}

#[test]
fn cancel_is_heard() {
    assert_eq!(surface_nets(&ball(9, 3.0), Cancel::new(&|| true)), Err(Cancelled));
}

#[test]
fn threads_do_not_matter() {
    let volume = ball(70, 30.0);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread starts");
    let many = rayon::ThreadPoolBuilder::new().num_threads(5).build().expect("five threads start");
    assert_eq!(one.install(|| nets(&volume)), many.install(|| nets(&volume)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn salt_and_pepper_is_closed(size in [1usize..9, 1usize..9, 1usize..9], seed: u64, share in 0.05f64..0.95, steps in 1u32..40) {
        let mut state = seed | 1;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut volume = Volume::filled(size, 0.0);
        for value in &mut volume.values {
            let sign = if random() < share { 1.0 } else { -1.0 };
            *value = sign * ((random() * f64::from(steps)).floor() / f64::from(steps)) as f32;
            if steps == 1 {
                *value = sign;
            }
        }
        if volume.values.iter().any(|&v| v > 0.0) {
            assert_closed(&nets(&volume));
        }
    }

    #[test]
    fn a_row_longer_than_a_word_is_closed(width in 55usize..140, seed: u64) {
        let mut state = seed | 1;
        let mut volume = Volume::filled([width, 3, 3], 0.0);
        for value in &mut volume.values {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *value = (state >> 40) as f32 / (1 << 24) as f32 - 0.5;
        }
        assert_closed(&nets(&volume));
    }
}
