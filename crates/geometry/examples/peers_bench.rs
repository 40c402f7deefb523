//! Times the geometry that `bench/peers.py` times its peers with, on data both read: `peers_bench FOLDER PICTURE`.
//! Writes the data and the results into the folder, and one line of JSON: milliseconds by name.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use glam::Vec3;
use oreforge_geometry::asset::{self, Format};
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::glb::{GlbOptions, write_raw};
use oreforge_geometry::picture::{self, Limits};
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::weld;
use oreforge_geometry::unwrap::{UnwrapOptions, unwrap};
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, TriMesh};

/// Cells of the body; its surface has half a million triangles.
const SIZE: [usize; 3] = [384, 384, 192];
const RUNS: usize = 5;

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(folder), Some(picture)) = (args.next(), args.next()) else {
        return Err(io::Error::other("peers_bench FOLDER PICTURE"));
    };
    let (folder, never) = (Path::new(&folder), Cancel::never());
    let mut taken_ms = BTreeMap::new();
    let mut timed = Timed { taken_ms: &mut taken_ms };

    let body = lumpy_body(SIZE);
    let cells: Vec<u8> = body.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(folder.join("body.f32"), cells)?;
    let full = timed.run("iso-surface", || surface_nets(&body, never).expect("nobody cancels"));
    keep(folder, "full", &full)?;

    let small = timed.run("decimate", || decimate(full.clone(), 50_000, never).expect("nobody cancels"));
    keep(folder, "ours-50k", &small)?;

    let game = decimate(small, 20_000, never).expect("nobody cancels");
    keep(folder, "game", &game)?;
    let options = UnwrapOptions { texture_px: 1024, margin_px: 4, favoured: None };
    let unwrapped = timed.run("unwrap", || unwrap(&game, &options, never).expect("nobody cancels"));

    let glb = timed.run("write GLB", || write_raw(&game, &GlbOptions::default()).expect("a sound mesh"));
    timed.run("read GLB", || asset::read(&glb, Format::Glb, &|_| None).expect("what was just written"));

    let bytes = fs::read(picture)?;
    timed.run("thumbnail", || {
        let small = picture::decode_to_fit(&bytes, &Limits::default(), 256).expect("a sound picture");
        picture::encode_png(&small)
    });

    let ours = serde_json::json!({
        "ms": taken_ms,
        "size": SIZE,
        "coverage": unwrapped.coverage,
        "overlap": unwrapped.overlap,
        "charts": unwrapped.charts,
    });
    writeln!(io::stdout(), "{ours}")
}

struct Timed<'a> {
    taken_ms: &'a mut BTreeMap<&'static str, f64>,
}

impl Timed<'_> {
    fn run<T>(&mut self, what: &'static str, work: impl Fn() -> T) -> T {
        let mut taken_ms = [0.0; RUNS];
        let mut made = None;
        for taken_ms in &mut taken_ms {
            let started = Instant::now();
            let result = std::hint::black_box(work());
            *taken_ms = started.elapsed().as_secs_f64() * 1e3;
            made = Some(result);
        }
        taken_ms.sort_by(f64::total_cmp);
        self.taken_ms.insert(what, taken_ms[RUNS / 2]);
        made.expect("it ran")
    }
}

/// Positions as f32 and triangles as u32, little-endian, in two files.
fn keep(folder: &Path, name: &str, mesh: &TriMesh) -> io::Result<()> {
    let mesh = weld(&mesh.positions, &mesh.triangles);
    let positions: Vec<u8> =
        mesh.positions.iter().flat_map(|p| p.to_array()).flat_map(f32::to_le_bytes).collect();
    let triangles: Vec<u8> = mesh.triangles.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
    fs::write(folder.join(format!("{name}.positions")), positions)?;
    fs::write(folder.join(format!("{name}.triangles")), triangles)
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
