//! Mesh files from elsewhere, looked at and handed over from the command line.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

struct Desk {
    dir: TempDir,
}

impl Desk {
    /// With the crate that Blender wrote in every format.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let foreign = Path::new(env!("CARGO_MANIFEST_DIR")).join("../geometry/tests/foreign");
        for entry in fs::read_dir(foreign).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
        }
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_oreforge"))
            .args(args)
            .arg("--data-dir")
            .arg(self.path("data"))
            .current_dir(self.dir.path())
            .env_remove("RUST_LOG")
            .output()
            .unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn inspect_says_the_same_of_every_format() {
    let desk = Desk::new();
    for name in ["crate.glb", "crate.gltf", "crate.obj", "crate.stl", "crate-ascii.stl", "crate.ply"] {
        let ticket = desk.json(&["inspect", name]);
        assert_eq!(ticket["triangles"], 20, "{name}");
        assert_eq!(ticket["components"], 2, "{name}");
        assert_eq!(ticket["watertight"], true, "{name}");
        assert_eq!(ticket["defects"]["holes"], 0, "{name}");
        let textures = if name.contains("stl") || name.contains("ply") { 0 } else { 1 };
        assert_eq!(ticket["textures"].as_array().unwrap().len(), textures, "{name}");
    }
    let text = desk.run(&["inspect", "crate.obj"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("ok    watertight"));
}

#[test]
fn inspect_finds_what_is_wrong() {
    let desk = Desk::new();
    // The crate without one of its sides.
    let text = fs::read_to_string(desk.path("crate.obj")).unwrap();
    let face = text.lines().find(|line| line.starts_with("f ")).unwrap();
    fs::write(desk.path("open.obj"), text.replacen(face, "", 1)).unwrap();
    let ticket = desk.json(&["inspect", "open.obj"]);
    assert_eq!((&ticket["watertight"], &ticket["defects"]["holes"]), (&Value::Bool(false), &Value::from(1)));
    assert_eq!(ticket["verdict"], "doubtful");
    let check = &ticket["checks"].as_array().unwrap()[0];
    assert_eq!(
        (&check["name"], &check["says"]),
        (&Value::from("watertight"), &Value::from("It has a hole."))
    );
}

#[test]
fn what_inspect_names_a_fix_for_is_fixed_and_the_older_file_stays() {
    let desk = Desk::new();
    let text = fs::read_to_string(desk.path("crate.obj")).unwrap();
    let face = text.lines().find(|line| line.starts_with("f ")).unwrap();
    // A side is gone, and the others share their texels.
    let open = text.replacen(face, "", 1);
    let folded = open.lines().map(|line| match line.strip_prefix("vt ") {
        Some(_) => "vt 0.25 0.25\n".to_owned(),
        None => format!("{line}\n"),
    });
    fs::write(desk.path("found.obj"), folded.collect::<String>()).unwrap();
    let before = fs::read(desk.path("found.obj")).unwrap();
    let fixes = |name: &str| -> Vec<(String, String)> {
        let ticket = desk.json(&["inspect", name]);
        let named =
            |check: &Value| Some((check["name"].as_str()?.to_owned(), check["fix"].as_str()?.to_owned()));
        ticket["checks"].as_array().unwrap().iter().filter_map(named).collect()
    };
    assert!(fixes("found.obj").contains(&("watertight".to_owned(), "repair".to_owned())));
    assert!(fixes("crate.stl").contains(&("texture".to_owned(), "unfold".to_owned())));
    let said = desk.run(&["inspect", "found.obj"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("[--fix repairs it]"));
    for (from, to) in [("found.obj", "sound.glb"), ("crate.stl", "sound.gltf")] {
        let exported = desk.json(&["export", from, "--to", to, "--fix"]);
        assert!(fixes(to).is_empty(), "{from}: {exported}");
    }
    assert_eq!(fs::read(desk.path("found.obj")).unwrap(), before);
    assert_eq!(desk.json(&["inspect", "sound.glb"])["watertight"], true);
}

#[test]
fn a_glb_is_compressed_when_asked_and_says_what_is_lost() {
    let desk = Desk::new();
    let exported = desk.json(&["export", "crate.obj", "--to", "small.glb", "--compress"]);
    assert!(exported["notes"].to_string().contains("rounded"), "{exported}");
    let (small, plain) = (desk.json(&["inspect", "small.glb"]), desk.json(&["inspect", "crate.glb"]));
    for what in ["triangles", "watertight", "components", "materials"] {
        assert_eq!(small[what], plain[what], "{what}");
    }
    assert!(
        String::from_utf8_lossy(&fs::read(desk.path("small.glb")).unwrap())
            .contains("EXT_meshopt_compression")
    );
    let fbx = desk.json(&["export", "crate.obj", "--to", "same.fbx", "--compress"]);
    assert!(fbx["notes"].to_string().contains("is not compressed"), "{fbx}");
}

#[test]
fn a_repair_closes_the_crate_and_says_so() {
    let desk = Desk::new();
    let text = fs::read_to_string(desk.path("crate.obj")).unwrap();
    let faces: Vec<&str> = text.lines().filter(|line| line.starts_with("f ")).collect();
    let open = text.replacen(faces[0], "", 1).replacen(faces[2], &format!("{0}\n{0}", faces[2]), 1);
    fs::write(desk.path("open.obj"), open).unwrap();
    let exported = desk.json(&["export", "open.obj", "--to", "whole.glb", "--repair"]);
    let (before, after) = (&exported["repaired"]["before"], &exported["repaired"]["after"]);
    assert_eq!((&before["holes"], &after["holes"]), (&Value::from(1), &Value::from(0)));
    assert!(before["duplicate_triangles"].as_u64().unwrap() > 0);
    assert!(after.as_object().unwrap().values().all(|count| count == 0), "{after}");
    let ticket = desk.json(&["inspect", "whole.glb"]);
    assert_eq!((&ticket["watertight"], &ticket["manifold"]), (&Value::Bool(true), &Value::Bool(true)));
    // The texture is still on it, and the lid still has its own material.
    assert_eq!((ticket["textures"].as_array().unwrap().len(), &ticket["materials"]), (1, &Value::from(2)));
    let said = desk.run(&["export", "open.obj", "--to", "whole.glb", "--repair"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("holes and cracks: 1 before, 0 after"));
}

#[test]
fn export_goes_from_every_format_to_every_format() {
    let desk = Desk::new();
    for from in ["crate.glb", "crate.gltf", "crate.obj", "crate.stl"] {
        for ending in ["glb", "gltf", "obj", "stl", "ply"] {
            let to = format!("out.{ending}");
            let exported = desk.json(&["export", from, "--to", &to]);
            assert_eq!(exported["triangles"], serde_json::json!([20]), "{from} {to}");
            for file in exported["files"].as_array().unwrap() {
                let length = fs::metadata(desk.path(file["path"].as_str().unwrap())).unwrap().len();
                assert_eq!(file["bytes"], length, "{from} {to}");
            }
            let ticket = desk.json(&["inspect", &to]);
            assert_eq!((&ticket["triangles"], &ticket["watertight"]), (&Value::from(20), &Value::Bool(true)));
            if !["stl", "ply"].contains(&ending) {
                let same = desk.json(&["inspect", from])["bounds_max_m"] == ticket["bounds_max_m"];
                assert!(same || from.ends_with("stl"), "{from} {to}");
            }
        }
    }
    let fbx = desk.json(&["export", "crate.gltf", "--to", "out.fbx", "--preset", "unreal"]);
    assert_eq!(fbx["files"].as_array().unwrap().len(), 1);
    assert!(fs::read(desk.path("out.fbx")).unwrap().starts_with(b"Kaydara FBX Binary"));
}

#[test]
fn what_cannot_be_done_is_said_and_leaves_no_file() {
    let desk = Desk::new();
    fs::write(desk.path("broken.stl"), [7; 90]).unwrap();
    fs::write(desk.path("empty.ply"), "").unwrap();
    for (args, code) in [
        (["export", "broken.stl", "--to", "x.glb"], 3),
        (["export", "empty.ply", "--to", "x.glb"], 3),
        (["export", "nowhere.glb", "--to", "x.glb"], 3),
        (["export", "README.md", "--to", "x.glb"], 3),
        (["export", "crate.glb", "--to", "x.usdc"], 2),
        (["export", "crate.glb", "--to", "x"], 2),
        (["export", "crate.glb", "--to", "nowhere/x.glb"], 2),
    ] {
        let output = desk.run(&args);
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.starts_with("error: ") && said.lines().count() >= 2, "{args:?}: {said}");
        assert!(!desk.path(args[3]).exists(), "{args:?}");
    }
    let few = desk.run(&["export", "crate.glb", "--to", "x.glb", "--triangles", "2"]);
    assert_eq!(few.status.code(), Some(2));
}

#[test]
fn a_mesh_reads_nothing_outside_of_its_folder() {
    let desk = Desk::new();
    fs::create_dir(desk.path("inner")).unwrap();
    let text = fs::read_to_string(desk.path("crate.obj")).unwrap();
    let absolute = desk.path("crate.mtl").to_string_lossy().into_owned();
    for name in ["../crate.mtl", absolute.as_str()] {
        fs::write(desk.path("inner/crate.obj"), text.replace("mtllib crate.mtl", &format!("mtllib {name}")))
            .unwrap();
        let ticket = desk.json(&["inspect", "inner/crate.obj"]);
        assert!(ticket["textures"].as_array().unwrap().is_empty(), "{name}");
        assert!(ticket["notes"].to_string().contains("not beside the mesh"), "{name}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(desk.path("crate.mtl"), desk.path("inner/crate.mtl")).unwrap();
        fs::write(desk.path("inner/crate.obj"), text).unwrap();
        let ticket = desk.json(&["inspect", "inner/crate.obj"]);
        assert!(ticket["textures"].as_array().unwrap().is_empty());
    }
}

#[test]
fn sprites_show_a_mesh_from_all_around_in_three_atlases() {
    let desk = Desk::new();
    let options = ["--directions", "5", "--size", "64", "--elevation", "20", "--outline", "2"];
    let sheet = desk.json(&[&["sprites", "crate.glb", "--to", "turn.json"][..], &options].concat());
    assert_eq!(
        (&sheet["frames"], &sheet["atlas_width_px"], &sheet["atlas_height_px"]),
        (&5.into(), &192.into(), &128.into())
    );
    let list: Value = serde_json::from_slice(&fs::read(desk.path("turn.json")).unwrap()).unwrap();
    assert_eq!(list["meta"]["image"], "turn.png");
    assert_eq!(list["animations"]["turn"].as_array().unwrap().len(), 5);
    let colour = image::open(desk.path("turn.png")).unwrap().into_rgba8();
    let normal = image::open(desk.path("turn_normal.png")).unwrap().into_rgba8();
    let depth = image::open(desk.path("turn_depth.png")).unwrap();
    assert_eq!(depth.color(), image::ColorType::L16);
    let depth = depth.into_luma16();
    let mut seen = Vec::new();
    for (name, frame) in list["frames"].as_object().unwrap() {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| frame["frame"][key].as_u64().unwrap() as u32);
        let tile = |atlas: &image::RgbaImage| image::imageops::crop_imm(atlas, x, y, w, h).to_image();
        let (tile, normals) = (tile(&colour), tile(&normal));
        let covered = normals.pixels().filter(|p| p.0[3] == 255).count();
        assert!((400..3500).contains(&covered), "{name} shows the crate: {covered}");
        for (px, py, normal) in normals.enumerate_pixels().filter(|(.., p)| p.0[3] == 255) {
            assert!(normal.0[2] >= 126, "what is seen faces the camera: {name} {px} {py} {normal:?}");
            assert!(depth.get_pixel(x + px, y + py).0[0] > 0, "and is at some depth");
        }
        let inked = tile.pixels().zip(normals.pixels()).filter(|(c, n)| c.0[3] == 255 && n.0[3] == 0).count();
        assert!(inked > 60, "{name} has its outline: {inked}");
        let border = |x: u32, y: u32| x == 0 || y == 0 || x == w - 1 || y == h - 1;
        assert!(tile.enumerate_pixels().all(|(x, y, p)| !border(x, y) || p.0[3] == 0), "{name} is cut off");
        seen.push(tile);
    }
    assert!((0..5).all(|i| (0..i).all(|j| seen[i] != seen[j])), "every frame shows another side");

    let refused = desk.run(&["sprites", "crate.glb", "--to", "no.json", "--directions", "0"]);
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!(!desk.path("no.json").exists() && !desk.path("no.png").exists());
}
