//! Times the mesh functions on a body with about 260k triangles: `cargo run --release --example mesh_timing`.

use std::time::Instant;

use glam::Vec3;
use oreforge_geometry::bake::{normal_map, occlusion_map};
use oreforge_geometry::bvh::Bvh;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::glb::{GlbOptions, write_raw};
use oreforge_geometry::raster::{Camera, Shading, Surface, render};
use oreforge_geometry::repair::{find, repair};
use oreforge_geometry::smooth::taubin;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::inspect;
use oreforge_geometry::unwrap::{UnwrapOptions, unwrap};
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, TriMesh};

fn main() {
    let volume = lumpy_body([256, 256, 128]);
    let mesh = timed("surface nets", || surface_nets(&volume, Cancel::never()).expect("nobody cancels"));
    eprintln!("{:?}", timed("topology", || inspect(&mesh)));
    timed("look for defects", || find(&mesh, Cancel::never()).expect("nobody cancels"));
    let damaged = damaged(&mesh);
    let repaired = timed("repair, everything wrong", || {
        repair(damaged.clone(), Cancel::never()).expect("nobody cancels")
    });
    eprintln!("{:?}\n{:?}", repaired.before, repaired.after);
    timed("taubin 10", || {
        taubin(&mut mesh.clone(), 10, 0.5, -0.53, Cancel::never()).expect("nobody cancels")
    });
    let half = timed("decimate to 130k", || {
        decimate(mesh.clone(), 130_000, Cancel::never()).expect("nobody cancels")
    });
    let small = timed("decimate 130k to 20k", || {
        decimate(half.clone(), 20_000, Cancel::never()).expect("nobody cancels")
    });
    eprintln!("{:?}", inspect(&small));
    for (name, mesh) in [("20k", &small), ("130k", &half)] {
        let normals = mesh.vertex_normals();
        let surface = Surface { positions: &mesh.positions, normals: &normals, triangles: &mesh.triangles };
        let camera = Camera::around(&mesh.positions, 35.0, 15.0);
        timed(&format!("render {name} at 512"), || {
            render(surface, &camera, 512, Shading::Clay, Cancel::never()).expect("nobody cancels")
        });
    }
    let options = UnwrapOptions { texture_px: 1024, margin_px: 6, favoured: Some((Vec3::Z, 1.6)) };
    let unwrapped =
        timed("unwrap 20k", || unwrap(&small, &options, Cancel::never()).expect("nobody cancels"));
    eprintln!("{} charts, coverage {}, overlap {}", unwrapped.charts, unwrapped.coverage, unwrapped.overlap);
    let mut unwrapped = unwrapped;
    let tangents = timed("tangents 20k", || unwrapped.clone().tangents());
    unwrapped.tangents();
    timed("normal map 512 of the whole body", || {
        normal_map(&unwrapped, &tangents, &mesh, 512, Cancel::never()).expect("nobody cancels")
    });
    timed("tree over the whole body", || Bvh::new(&mesh).nearest(Vec3::ZERO, 1.0));
    timed("occlusion map 512", || {
        occlusion_map(&unwrapped, &small, 512, Cancel::never()).expect("nobody cancels")
    });
    if let Some(folder) = std::env::args().nth(1) {
        for (name, mesh) in [("full", &mesh), ("small", &small)] {
            let bytes = write_raw(mesh, &GlbOptions::default()).expect("a sound mesh is written");
            std::fs::write(format!("{folder}/{name}.glb"), bytes).expect("the folder can be written");
        }
    }
}

fn timed<T>(what: &str, work: impl Fn() -> T) -> T {
    let mut times_ms = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        std::hint::black_box(work());
        times_ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times_ms.sort_by(f64::total_cmp);
    eprintln!("{what}: {:.1} ms (median of 5, best {:.1})", times_ms[2], times_ms[0]);
    work()
}

/// Holes, turned and doubled triangles, split vertices, and a copy inside.
fn damaged(mesh: &TriMesh) -> TriMesh {
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
    let middle = Vec3::new(128.0, 128.0, 64.0);
    positions.extend(mesh.positions.iter().map(|&p| middle + (p - middle) * 0.4));
    triangles.extend(mesh.triangles.iter().map(|t| t.map(|v| v + start)));
    TriMesh { positions, triangles }
}

fn lumpy_body(size: [usize; 3]) -> Volume {
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
