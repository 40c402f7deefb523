//! A bare mesh from elsewhere made an asset from the command line.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn run(dir: &TempDir, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oreforge"))
        .args(args)
        .args(["--data-dir", "data"])
        .current_dir(dir.path())
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn json(dir: &TempDir, args: &[&str]) -> Value {
    let output = run(dir, &[args, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn raw_mesh(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find_map(|path| {
        if path.is_dir() {
            return raw_mesh(&path);
        }
        path.to_string_lossy().ends_with("raw_mesh.glb").then_some(path)
    })
}

#[test]
fn a_bare_mesh_is_found_in_its_views_and_painted() {
    let dir = tempfile::tempdir().unwrap();
    let sample = |name: &str| format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"));
    let forged = run(&dir, &["forge", &sample("duck"), "--out", "out", "--texture", "256"]);
    assert!(forged.status.success(), "{}", String::from_utf8_lossy(&forged.stderr));
    let raw = raw_mesh(dir.path()).unwrap();
    // Z up and in centimetres, in a format that says neither.
    json(&dir, &["export", raw.to_str().unwrap(), "--to", "raw.ply", "--preset", "unreal"]);

    let finish = ["finish", "raw.ply", "--triangles", "4000", "--texture", "256"];
    let finished = json(
        &dir,
        &[&finish[..], &["--size", "0.4", "--views", "out/duck.views", "--out", "duck.glb"]].concat(),
    );
    let agreement = &finished["agreement"];
    assert!(agreement["iou"].as_f64().unwrap() >= 0.98, "{agreement}");
    assert_eq!(agreement["up_axis"], "+z", "{agreement}");
    let mesh = &finished["mesh"];
    assert!(mesh["watertight"] == true && mesh["manifold"] == true, "{mesh}");
    assert!(mesh["triangles"].as_u64().unwrap() <= 4000 && mesh["detail_maps"] == true, "{mesh}");

    let ticket = json(&dir, &["inspect", "duck.glb"]);
    assert_eq!(ticket["watertight"], true, "{ticket}");
    assert_eq!(ticket["textures"].as_array().unwrap().len(), 3, "{ticket}");
    let extent: Vec<f64> = (0..3)
        .map(|i| ticket["bounds_max_m"][i].as_f64().unwrap() - ticket["bounds_min_m"][i].as_f64().unwrap())
        .collect();
    assert!((extent.iter().copied().fold(0.0, f64::max) - 0.4).abs() < 1e-4, "{extent:?}");

    // Another format says what it cannot carry.
    let finished = json(&dir, &[&finish[..], &["--views", "out/duck.views", "--out", "duck.fbx"]].concat());
    assert!(finished["notes"].to_string().contains("occlusion"), "{finished}");
    assert!(dir.path().join("duck.fbx").is_file());

    // Views of nothing, and of something else.
    fs::create_dir(dir.path().join("none")).unwrap();
    let none = run(&dir, &[&finish[..], &["--views", "none", "--out", "none.glb"]].concat());
    assert_eq!(none.status.code(), Some(3), "{}", String::from_utf8_lossy(&none.stderr));
    fs::create_dir(dir.path().join("other")).unwrap();
    let stick = image::RgbaImage::from_fn(128, 128, |x, y| {
        image::Rgba([90, 60, 30, if x.abs_diff(y) < 3 { 255 } else { 0 }])
    });
    stick.save(dir.path().join("other/front.png")).unwrap();
    let other = run(&dir, &[&finish[..], &["--views", "other", "--out", "other.glb"]].concat());
    assert_eq!(other.status.code(), Some(3), "{}", String::from_utf8_lossy(&other.stdout));
    assert!(!dir.path().join("other.glb").exists());
}
