use glam::Vec3;
use oreforge_geometry::smooth::taubin;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::inspect;
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled, TriMesh};
use proptest::prelude::*;

fn voxel_ball(size: usize, radius: f32) -> TriMesh {
    let mut volume = Volume::filled([size; 3], -1.0);
    let centre = Vec3::splat((size - 1) as f32 / 2.0);
    for z in 0..size {
        for y in 0..size {
            for x in 0..size {
                let i = volume.index(x, y, z);
                if Vec3::new(x as f32, y as f32, z as f32).distance(centre) < radius {
                    volume.values[i] = 1.0;
                }
            }
        }
    }
    surface_nets(&volume, Cancel::never()).expect("nobody cancels")
}

/// Mean deviation of the vertex normals from the sphere's.
fn roughness(mesh: &TriMesh, size: usize) -> f32 {
    let centre = Vec3::splat((size - 1) as f32 / 2.0);
    let angles =
        mesh.vertex_normals().into_iter().zip(&mesh.positions).map(|(n, &p)| n.angle_between(p - centre));
    angles.sum::<f32>() / mesh.positions.len() as f32
}

#[test]
fn stairs_go_and_volume_stays() {
    let mut mesh = voxel_ball(48, 19.5);
    let before = inspect(&mesh);
    let rough = roughness(&mesh, 48);
    taubin(&mut mesh, 10, 0.5, -0.53, Cancel::never()).expect("nobody cancels");
    let after = inspect(&mesh);
    assert!(
        after.watertight && after.manifold && after.consistently_wound && after.degenerate_triangles == 0
    );
    assert!(
        (after.volume_m3 / before.volume_m3 - 1.0).abs() < 0.005,
        "{} {}",
        before.volume_m3,
        after.volume_m3
    );
    let smooth = roughness(&mesh, 48);
    assert!(smooth < 0.65 * rough, "{rough} {smooth}");
}

#[test]
fn cancel_leaves_the_mesh_alone() {
    let mut mesh = voxel_ball(12, 4.0);
    let before = mesh.clone();
    assert_eq!(taubin(&mut mesh, 3, 0.5, -0.53, Cancel::new(&|| true)), Err(Cancelled));
    assert_eq!(mesh, before);
}

#[test]
fn threads_do_not_matter() {
    let smoothed = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(|| {
            let mut mesh = voxel_ball(40, 15.0);
            taubin(&mut mesh, 5, 0.5, -0.53, Cancel::never()).expect("nobody cancels");
            mesh
        })
    };
    assert_eq!(smoothed(1), smoothed(4));
}

proptest! {
    #[test]
    fn noise_stays_closed(seed: u64, iterations in 0u32..12) {
        let mut state = seed | 1;
        let mut volume = Volume::filled([7, 6, 5], 0.0);
        for value in &mut volume.values {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *value = (state >> 40) as f32 / (1 << 24) as f32 - 0.5;
        }
        let mut mesh = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
        taubin(&mut mesh, iterations, 0.5, -0.53, Cancel::never()).expect("nobody cancels");
        let topology = inspect(&mesh);
        prop_assert!(topology.watertight && topology.manifold);
        prop_assert!(mesh.positions.iter().all(|p| p.is_finite()));
    }
}
