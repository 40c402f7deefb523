//! Times the geometry that `bench/peers.py` times its peers with, on data both read: `peers_bench FOLDER PICTURE`.
//! Writes the data and the results into the folder, and one line of JSON: milliseconds by name.

mod bodies;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use bodies::{damaged, lumpy_body};
use oreforge_geometry::asset::{self, Format};
use oreforge_geometry::bake::normal_map;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::glb::{GlbOptions, write_raw};
use oreforge_geometry::picture::{self, Limits};
use oreforge_geometry::repair::repair;
use oreforge_geometry::similarity::ssim;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::weld;
use oreforge_geometry::unwrap::{UnwrapOptions, unwrap};
use oreforge_geometry::{Cancel, Grid, TriMesh};

/// Cells of the body; its surface has half a million triangles.
const SIZE: [usize; 3] = [336, 336, 168];
/// Cells of a smaller one, that is damaged and gets a copy of itself inside: 580,000 triangles together.
const DAMAGED_SIZE: [usize; 3] = [256, 256, 128];
const TEXTURE_PX: u32 = 1024;
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

    let whole = surface_nets(&lumpy_body(DAMAGED_SIZE), never).expect("nobody cancels");
    let broken = damaged(&whole);
    keep_as_is(folder, "broken", &broken)?;
    let mended = timed.run("repair", || repair(broken.clone(), never).expect("nobody cancels"));
    keep(folder, "ours-repaired", &mended.mesh)?;

    let game = decimate(small, 20_000, never).expect("nobody cancels");
    keep(folder, "game", &game)?;
    let options = UnwrapOptions { texture_px: TEXTURE_PX, margin_px: 4, favoured: None };
    let unwrapped = timed.run("unwrap", || unwrap(&game, &options, never).expect("nobody cancels"));

    let mut laid_out = unwrapped.clone();
    let tangents = laid_out.tangents();
    let (positions, triangles) = (laid_out.positions.clone(), laid_out.triangles.clone());
    keep_as_is(folder, "laid-out", &TriMesh { positions, triangles })?;
    fs::write(folder.join("laid-out.uvs"), bytes(laid_out.uvs.iter().flat_map(|uv| uv.to_array())))?;
    let normals = timed.run("normal map", || {
        normal_map(&laid_out, &tangents, &full, TEXTURE_PX, never).expect("nobody cancels")
    });
    fs::write(
        folder.join("ours-normals.png"),
        picture::encode_png(&image::DynamicImage::from(normals).to_rgba8()),
    )?;

    let glb = timed.run("write GLB", || write_raw(&game, &GlbOptions::default()).expect("a sound mesh"));
    timed.run("read GLB", || asset::read(&glb, Format::Glb, &|_| None).expect("what was just written"));

    let encoded = fs::read(picture)?;
    let shown = picture::decode(&encoded, &Limits::default()).expect("a sound picture");
    let (one, other) = (grey(&shown), grey(&image::imageops::flip_horizontal(&shown)));
    fs::write(folder.join("one.f32"), bytes(one.cells().iter().copied()))?;
    fs::write(folder.join("other.f32"), bytes(other.cells().iter().copied()))?;
    let alike = timed.run("ssim", || ssim(&one, &other, never).expect("nobody cancels"));

    timed.run("thumbnail", || {
        let small = picture::decode_to_fit(&encoded, &Limits::default(), 256).expect("a sound picture");
        picture::encode_png(&small)
    });

    let ours = serde_json::json!({
        "ms": taken_ms,
        "size": SIZE,
        "texture_px": TEXTURE_PX,
        "coverage": unwrapped.coverage,
        "overlap": unwrapped.overlap,
        "charts": unwrapped.charts,
        "picture": [one.width(), one.height()],
        "ssim": alike,
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

/// Mean of the channels, 0..=1.
fn grey(picture: &image::RgbaImage) -> Grid<f32> {
    let cells = picture.pixels().map(|p| p.0[..3].iter().map(|&c| f32::from(c)).sum::<f32>() / 765.0);
    Grid::from_cells(picture.width() as usize, picture.height() as usize, cells.collect())
}

/// Vertices at the same place made one.
fn keep(folder: &Path, name: &str, mesh: &TriMesh) -> io::Result<()> {
    keep_as_is(folder, name, &weld(&mesh.positions, &mesh.triangles))
}

/// Positions as f32 and triangles as u32, little-endian, in two files.
fn keep_as_is(folder: &Path, name: &str, mesh: &TriMesh) -> io::Result<()> {
    let positions = bytes(mesh.positions.iter().flat_map(|p| p.to_array()));
    let triangles: Vec<u8> = mesh.triangles.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
    fs::write(folder.join(format!("{name}.positions")), positions)?;
    fs::write(folder.join(format!("{name}.triangles")), triangles)
}

fn bytes(numbers: impl Iterator<Item = f32>) -> Vec<u8> {
    numbers.flat_map(f32::to_le_bytes).collect()
}
