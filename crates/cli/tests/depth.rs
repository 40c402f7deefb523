//! Depth maps and the reference beside a mesh, from the command line.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oreforge"))
        .args(args)
        .args(["--data-dir", "data"])
        .current_dir(dir)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn done(dir: &Path, args: &[&str]) -> Vec<u8> {
    let output = run(dir, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn json(dir: &Path, args: &[&str]) -> Value {
    serde_json::from_slice(&done(dir, &[args, &["--json"]].concat())).unwrap()
}

fn sample(name: &str) -> String {
    format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"))
}

fn grey16(path: &Path) -> image::ImageBuffer<image::Luma<u16>, Vec<u16>> {
    match image::open(path).unwrap() {
        image::DynamicImage::ImageLuma16(grey) => grey,
        other => panic!("{:?} is not 16 bits of grey", other.color()),
    }
}

#[test]
fn a_depth_map_has_sixteen_bits_and_follows_its_range() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    done(dir, &["depth", &sample("duck"), "--out", "whole.png"]);
    let whole = grey16(&dir.join("whole.png"));
    assert_eq!(whole.dimensions(), image::image_dimensions(sample("duck")).unwrap());
    let shades: BTreeSet<u16> = whole.as_raw().iter().copied().collect();
    assert!(shades.len() > 1000, "{} shades", shades.len());
    assert!(shades.contains(&0) && shades.contains(&u16::MAX), "from nothing to the nearest point");

    done(dir, &["depth", &sample("duck"), "--out", "near.png", "--far", "0.5", "--gamma", "2"]);
    let near = grey16(&dir.join("near.png"));
    for (whole, near) in whole.pixels().zip(near.pixels()) {
        let (nearness, grey) = (f64::from(whole.0[0]) / 65535.0, f64::from(near.0[0]) / 65535.0);
        let wanted = ((nearness - 0.5) / 0.5).max(0.0).sqrt();
        // The root is steep where it begins.
        assert!((grey - wanted).abs() < 0.01, "{nearness} became {grey}");
    }
    assert!(
        !fs::read_dir(dir.join("data")).unwrap().flatten().any(|entry| {
            entry.file_name() == "sources" && fs::read_dir(entry.path()).unwrap().next().is_some()
        }),
        "nothing of it stays in the store"
    );

    let wrong = run(dir, &["depth", &sample("duck"), "--out", "no.png", "--near", "0.2", "--far", "0.4"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", String::from_utf8_lossy(&wrong.stderr));
    assert!(!dir.join("no.png").exists());
}

#[test]
fn a_depth_map_is_the_relief_and_the_mesh_shows_its_picture() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let picture = sample("mushroom");
    let (width, height) = image::image_dimensions(&picture).unwrap();
    image::ImageBuffer::from_fn(width, height, |x, _| image::Luma([(x * 65_535 / width) as u16]))
        .save(dir.join("ramp.png"))
        .unwrap();
    let small = ["--triangles", "4000", "--texture", "256"];
    let forge = |out: &str, more: &[&str]| {
        done(dir, &[&["forge", &picture, "--out", out][..], &small, more].concat());
        let report = fs::read(dir.join(out).join("mushroom.report.json")).unwrap();
        serde_json::from_slice::<Value>(&report).unwrap()
    };
    let (plain, ramped) = (forge("plain", &[]), forge("ramped", &["--depth-map", "ramp.png"]));
    let depth_map = |report: &Value| {
        let steps = report["steps"].as_array().unwrap();
        steps.iter().find(|step| step["name"] == "mesh").unwrap()["facts"]["depth_map"].clone()
    };
    assert_eq!((depth_map(&plain), depth_map(&ramped)), (Value::Null, Value::Bool(true)));
    assert_ne!(
        fs::read(dir.join("plain/mushroom.glb")).unwrap(),
        fs::read(dir.join("ramped/mushroom.glb")).unwrap()
    );

    // The gate, the report of the mesh and the ticket of the file say the same of the same front.
    let front = &plain["gate"]["views"][0];
    assert!(front["resemblance"]["likeness"].as_f64().unwrap() > 0.95, "{front}");
    let mesh = &plain["mesh"]["resemblance"];
    assert!(
        mesh["likeness"].as_f64().unwrap() > 0.9 && mesh["silhouette"].as_f64().unwrap() > 0.95,
        "{mesh}"
    );
    let verdicts = |reference: &str| {
        let ticket = json(dir, &["inspect", "plain/mushroom.glb", "--reference", reference]);
        ["silhouette", "colour", "likeness"].map(|name| {
            let checks = ticket["checks"].as_array().unwrap();
            checks.iter().find(|check| check["name"] == name).unwrap()["verdict"].clone()
        })
    };
    assert_eq!(verdicts(&picture), ["pass"; 3]);
    assert!(verdicts(&sample("duck")).iter().all(|verdict| verdict == "doubtful"));
    let alone = json(dir, &["inspect", "plain/mushroom.glb"]);
    assert!(!alone["checks"].to_string().contains("silhouette"), "without a picture nothing is compared");
}
