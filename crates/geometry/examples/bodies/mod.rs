//! What the examples measure with.

use glam::Vec3;
use oreforge_geometry::TriMesh;
use oreforge_geometry::volume::Volume;

/// A ball with lumps, positive inside.
pub fn lumpy_body(size: [usize; 3]) -> Volume {
    let mut volume = Volume::filled(size, 0.0);
    let half = Vec3::from_array(size.map(|n| n as f32)) / 2.0;
    for z in 0..size[2] {
        for y in 0..size[1] {
            for x in 0..size[0] {
                let p = (Vec3::new(x as f32, y as f32, z as f32) - half) / half;
                let lumps = (p.x * 9.0).sin() * (p.y * 8.0).cos() * (p.z * 5.0).cos();
                let i = volume.index(x, y, z);
                volume.values[i] = 0.8 - p.length() + 0.12 * lumps;
            }
        }
    }
    volume
}

/// Holes, turned and doubled triangles, split vertices, and a copy inside.
pub fn damaged(mesh: &TriMesh) -> TriMesh {
    let mut positions: Vec<Vec3> = Vec::with_capacity(mesh.positions.len() * 4);
    let mut triangles = Vec::new();
    for (i, &triangle) in mesh.triangles.iter().enumerate().filter(|(i, _)| i % 1009 != 0) {
        let start = positions.len() as u32;
        positions.extend(triangle.map(|v| mesh.positions[v as usize] + Vec3::splat((i % 3) as f32 * 1e-4)));
        let triangle = [start, start + 1, start + 2];
        triangles.push(if i % 2003 == 0 { [start, start + 2, start + 1] } else { triangle });
        if i % 3001 == 0 {
            triangles.push(triangle);
        }
    }
    let start = positions.len() as u32;
    let middle = mesh.bounds().map_or(Vec3::ZERO, |(low, high)| (low + high) / 2.0);
    positions.extend(mesh.positions.iter().map(|&p| middle + (p - middle) * 0.4));
    triangles.extend(mesh.triangles.iter().map(|t| t.map(|v| v + start)));
    TriMesh { positions, triangles }
}
