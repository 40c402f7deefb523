//! Times the mesh functions on a body with about 260k triangles: `cargo run --release --example mesh_timing`.

mod bodies;

use std::time::Instant;

use bodies::{damaged, lumpy_body};
use glam::Vec3;
use oreforge_geometry::Cancel;
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
