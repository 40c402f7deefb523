//! How far apart two surfaces lie.

use glam::Vec3;
use oreforge_geometry::TriMesh;
use rayon::prelude::*;

/// Of each surface, at random, as the prototype's judge takes them: how close they lie together is part of the result.
const POINTS: usize = 20_000;

/// Mean distance from the points of each surface to the nearest of the other, both ways, as a share of the diagonal
/// of `truth`.
pub fn chamfer(truth: &TriMesh, made: &TriMesh) -> f32 {
    let (low, high) = truth.bounds().expect("an object has vertices");
    let (a, b) = (scattered(truth, 1), scattered(made, 2));
    (mean_distance_m(&a, &b) + mean_distance_m(&b, &a)) / 2.0 / (high - low).length()
}

fn mean_distance_m(from: &[Vec3], to: &[Vec3]) -> f32 {
    let nearest = |&p: &Vec3| to.iter().map(|&q| p.distance_squared(q)).fold(f32::INFINITY, f32::min).sqrt();
    from.par_iter().map(nearest).sum::<f32>() / from.len() as f32
}

/// Points spread evenly over a surface.
fn scattered(mesh: &TriMesh, seed: u64) -> Vec<Vec3> {
    let corners = |t: &[u32; 3]| t.map(|v| mesh.positions[v as usize]);
    let mut up_to = 0.0;
    let areas_up_to: Vec<f64> = mesh
        .triangles
        .iter()
        .map(|t| {
            let [p, q, r] = corners(t);
            up_to += f64::from((q - p).cross(r - p).length());
            up_to
        })
        .collect();
    let mut state = seed;
    let mut random = || {
        // Steele, Lea & Flood 2014, SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..POINTS)
        .map(|_| {
            let at = random() * up_to;
            let triangle = areas_up_to.partition_point(|&area| area <= at).min(areas_up_to.len() - 1);
            let [p, q, r] = corners(&mesh.triangles[triangle]);
            let (u, v) = (random() as f32, random() as f32);
            let (u, v) = if u + v > 1.0 { (1.0 - u, 1.0 - v) } else { (u, v) };
            p + (q - p) * u + (r - p) * v
        })
        .collect()
}
