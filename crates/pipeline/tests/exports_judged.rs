//! What other programs make of our exports: Blender and assimp, each where it is installed.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use glam::{Vec2, Vec3};
use oreforge_geometry::asset::{Asset, Encoding, Format, Texture, WriteOptions, read, write};
use oreforge_pipeline::meshes::{ExportOptions, export};
use oreforge_protocol::ExportPreset;
use serde::Deserialize;

/// Blender and assimp count in 32 bits, and go through turns and units.
const NEAR: f32 = 2e-4;

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "Plain")]
struct Corner {
    place: Vec3,
    normal: Vec3,
    /// Origin at the texture's bottom left, as both judges have it.
    uv: Option<Vec2>,
}

#[derive(Deserialize)]
struct Plain {
    place: [f32; 3],
    normal: [f32; 3],
    uv: Option<[f32; 2]>,
}

impl From<Plain> for Corner {
    fn from(Plain { place, normal, uv }: Plain) -> Self {
        Self { place: place.into(), normal: normal.into(), uv: uv.map(Vec2::from_array) }
    }
}

#[derive(Debug, Deserialize)]
struct Triangle {
    material: Option<String>,
    corners: [Corner; 3],
}

#[derive(Debug, Deserialize)]
struct Look {
    /// By the input of the shader.
    textures: BTreeMap<String, String>,
    base_color: [f32; 4],
    roughness: f32,
}

/// What Blender says of a file.
#[derive(Debug, Deserialize)]
struct Held {
    vertices: usize,
    objects: Vec<String>,
    triangles: Vec<Triangle>,
    materials: BTreeMap<String, Look>,
    /// Width and height in pixels; 0 when it was not found.
    images: BTreeMap<String, [u32; 2]>,
}

/// A textured crate with a lid of another material, leaning so that no axis and no side is like another, with a
/// normal map.
fn leaning_crate() -> Asset {
    let foreign = Path::new(env!("CARGO_MANIFEST_DIR")).join("../geometry/tests/foreign/crate.glb");
    let mut asset = read(&fs::read(foreign).unwrap(), Format::Glb, &|_| None).unwrap().asset;
    for p in &mut asset.positions {
        *p += Vec3::new(0.3 * p.y, 0.1 * p.x, 0.2 * p.y + 0.05 * p.x);
    }
    for t in &asset.triangles {
        let [a, b, c] = t.map(|v| asset.positions[v as usize]);
        for &v in t {
            asset.normals[v as usize] = (b - a).cross(c - a).normalize();
        }
    }
    let mut bytes = Vec::new();
    let flat = image::RgbImage::from_pixel(4, 4, image::Rgb([128, 128, 255]));
    flat.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    let normal =
        Texture { name: "bumps".to_owned(), encoding: Encoding::Png, bytes, width_px: 4, height_px: 4 };
    asset.textures.push(normal);
    let planks = asset.materials.iter_mut().find(|m| m.base_color_texture.is_some()).unwrap();
    planks.normal_texture = Some(asset.textures.len() - 1);
    asset
}

/// The asset as an export for `preset` writes it, in a folder of its own; answers the file to open.
fn exported(asset: &Asset, format: Format, preset: Option<ExportPreset>, dir: &Path) -> PathBuf {
    let options = WriteOptions {
        file_stem: "leaning".to_owned(),
        object_name: "leaning".to_owned(),
        generator: "Oreforge test".to_owned(),
        z_up: false,
        units_per_metre: 1.0,
        compressed: false,
        extras: None,
    };
    let glb = write(std::slice::from_ref(asset), Format::Glb, &options).unwrap();
    let options = ExportOptions {
        file_name: format!("leaning.{}", format.extension()),
        preset,
        ..ExportOptions::default()
    };
    let made = export(&glb.files[0].bytes, "leaning.glb", &|_| None, &options).unwrap();
    let folder = dir.join(format!("{}-{}", format.extension(), preset.map_or("none", ExportPreset::as_str)));
    fs::create_dir_all(&folder).unwrap();
    for file in &made.files {
        fs::write(folder.join(&file.name), &file.bytes).unwrap();
    }
    folder.join(&made.files.last().unwrap().name)
}

/// The corners of every triangle, with the origin of the coordinates at the bottom left.
fn corners(asset: &Asset) -> Vec<[Corner; 3]> {
    let corner = |v: u32| {
        let v = v as usize;
        let uv = asset.uvs.get(v).map(|uv| Vec2::new(uv.x, 1.0 - uv.y));
        Corner { place: asset.positions[v], normal: asset.normals[v], uv }
    };
    asset.triangles.iter().map(|t| t.map(corner)).collect()
}

/// What a format holds beside places and triangles.
#[derive(Clone, Copy)]
struct Holds {
    normals: bool,
    uvs: bool,
}

/// Every triangle of one is a triangle of the other, turned the same way.
fn assert_same(theirs: &[[Corner; 3]], ours: &[[Corner; 3]], holds: Holds, what: &str) {
    assert_eq!(theirs.len(), ours.len(), "{what}");
    let same = |a: &Corner, b: &Corner| {
        a.place.distance(b.place) < NEAR
            && (!holds.normals || a.normal.distance(b.normal) < 2e-2)
            && (!holds.uvs || a.uv.unwrap().distance(b.uv.unwrap()) < NEAR)
    };
    for triangle in ours {
        let found = theirs
            .iter()
            .any(|other| (0..3).any(|turn| (0..3).all(|i| same(&other[(i + turn) % 3], &triangle[i]))));
        assert!(found, "{what}: no triangle is {triangle:?}; the first is {:?}", theirs[0]);
    }
}

/// The program, or a loud word that nobody judged.
fn installed(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        eprintln!("SKIPPED: {program} is not installed; its opinion of the exports was not asked.");
    }
    there
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn blender_opens(files: &[&Path]) -> Vec<Held> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/blender.py");
    let output = Command::new("blender")
        .args(["--background", "--factory-startup", "--python-exit-code", "3", "--python"])
        .arg(script)
        .arg("--")
        .args(files)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let held: Vec<Held> = stdout
        .lines()
        .filter_map(|line| line.strip_prefix("JUDGED "))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(held.len(), files.len(), "{}", text(&output));
    held
}

#[test]
fn blender_sees_what_was_meant() {
    if !installed("blender") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let asset = leaning_crate();
    // Z up in Blender; a front that looks at its viewer looks along -Y.
    let upright = |v: Vec3| Vec3::new(v.x, -v.z, v.y);
    let everything = Holds { normals: true, uvs: true };
    let cases = [
        (Format::Glb, None, everything),
        (Format::Gltf, None, everything),
        (Format::Fbx, None, everything),
        (Format::Fbx, Some(ExportPreset::Blender), everything),
        (Format::Fbx, Some(ExportPreset::Unreal), everything),
        (Format::Obj, None, everything),
        // Its importer shades flat, whatever the file says.
        (Format::Ply, Some(ExportPreset::Blender), Holds { normals: false, uvs: true }),
        (Format::Stl, Some(ExportPreset::Print), Holds { normals: true, uvs: false }),
    ];
    let files = cases.map(|(format, preset, _)| exported(&asset, format, preset, dir.path()));
    let held = blender_opens(&files.each_ref().map(PathBuf::as_path));
    for ((format, preset, holds), held) in cases.into_iter().zip(held) {
        let what = format!("{format} for {preset:?}");
        let mut meant = asset.clone();
        if preset.is_some() {
            stand(&mut meant.positions);
        }
        let meant = corners(&meant).into_iter().map(|corners| {
            corners.map(|c| Corner { place: upright(c.place), normal: upright(c.normal), ..c })
        });
        let theirs: Vec<[Corner; 3]> = held.triangles.iter().map(|t| t.corners).collect();
        assert_same(&theirs, &meant.collect::<Vec<_>>(), holds, &what);
        assert_eq!(held.objects.len(), 1, "{what}");

        if matches!(format, Format::Stl | Format::Ply) {
            continue;
        }
        let planks = held.triangles.iter().filter(|t| t.material.as_deref() == Some("Planks")).count();
        assert_eq!(planks, 12, "{what}");
        let look = &held.materials["Planks"];
        assert_eq!(held.images[&look.textures["Base Color"]], [8, 8], "{what}");
        // OBJ's word for a normal map is not Blender's.
        if format != Format::Obj {
            assert_eq!(held.images[&look.textures["Normal"]], [4, 4], "{what}");
        }
        let red = &held.materials["Red"];
        assert!(red.textures.is_empty() && (red.base_color[0] - 0.8).abs() < 1e-2, "{what}: {red:?}");
        let ours = asset.materials.iter().find(|m| m.name == "Red").unwrap().roughness;
        assert!((red.roughness - ours).abs() < 0.05, "{what}: {} for {ours}", red.roughness);
        if matches!(format, Format::Fbx | Format::Obj) {
            assert_eq!(held.vertices, asset.surface().positions.len(), "{what}");
        }
    }
}

/// As the presets place a mesh: its feet on the ground, its middle over the origin.
fn stand(positions: &mut [Vec3]) {
    let low = positions.iter().fold(Vec3::INFINITY, |low, &p| low.min(p));
    let high = positions.iter().fold(Vec3::NEG_INFINITY, |high, &p| high.max(p));
    let feet = Vec3::new((low.x + high.x) / 2.0, low.y, (low.z + high.z) / 2.0);
    positions.iter_mut().for_each(|p| *p -= feet);
}

/// Through assimp into a GLB, and back with our own reader.
#[test]
fn assimp_hands_on_what_was_meant() {
    if !installed("assimp") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let asset = leaning_crate();
    let everything = Holds { normals: true, uvs: true };
    let cases = [
        (Format::Glb, 1.0, everything),
        (Format::Gltf, 1.0, everything),
        // Centimetres: it leaves the unit to whoever reads its metadata.
        (Format::Fbx, 100.0, everything),
        (Format::Obj, 1.0, everything),
        (Format::Ply, 1.0, Holds { normals: true, uvs: true }),
        (Format::Stl, 1000.0, Holds { normals: true, uvs: false }),
    ];
    for (format, units_per_metre, holds) in cases {
        let file = exported(&asset, format, None, dir.path());
        let handed_on = file.with_file_name("handed-on.glb");
        let output = Command::new("assimp").arg("export").args([&file, &handed_on]).output().unwrap();
        let back = fs::read(&handed_on).unwrap_or_else(|_| panic!("{format}: {}", text(&output)));
        let beside = |name: &str| fs::read(file.with_file_name(name)).ok();
        let back = read(&back, Format::Glb, &beside).unwrap().asset;
        let to_metres = |c: Corner| {
            let place = c.place / units_per_metre;
            // STL lies with Z up.
            if format != Format::Stl {
                return Corner { place, ..c };
            }
            let upright = |v: Vec3| Vec3::new(v.x, v.z, -v.y);
            Corner { place: upright(place), normal: upright(c.normal), ..c }
        };
        let theirs: Vec<[Corner; 3]> = corners(&back).into_iter().map(|t| t.map(to_metres)).collect();
        assert_same(&theirs, &corners(&asset), holds, &format.to_string());
        if matches!(format, Format::Glb | Format::Fbx) {
            let planks = back.materials.iter().find(|m| m.base_color_texture.is_some()).unwrap();
            let texture = &back.textures[planks.base_color_texture.unwrap()];
            assert_eq!((texture.width_px, texture.height_px), (8, 8), "{format}");
        }
    }
}
