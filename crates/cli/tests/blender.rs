//! Meshes written by way of Blender: a real one, and programs that only look like one.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let foreign = Path::new(env!("CARGO_MANIFEST_DIR")).join("../geometry/tests/foreign");
        fs::copy(foreign.join("crate.glb"), dir.path().join("crate.glb")).unwrap();
        fs::create_dir(dir.path().join("tmp")).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A program that takes Blender's arguments as $in and $out, and does `what`.
    fn blender(&self, what: &str) -> PathBuf {
        let program = self.path("blender");
        let script = format!("#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\nin=$2 out=$3\n{what}\n");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        program
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oreforge"));
        command.args(args).arg("--data-dir").arg(self.path("data")).current_dir(self.dir.path());
        command.env("TMPDIR", self.path("tmp")).env_remove("RUST_LOG").env_remove("OREFORGE_BLENDER");
        command
    }

    fn export(&self, to: &str, blender: &Path) -> Output {
        let blender = blender.to_str().unwrap();
        let args = ["export", "crate.glb", "--to", to, "--via", "blender", "--blender", blender, "--json"];
        self.command(&args).output().unwrap()
    }

    fn nothing_is_left(&self, to: &str) {
        assert!(!self.path(to).exists(), "{to} was written");
        self.no_folder_is_left();
    }

    fn no_folder_is_left(&self) {
        assert_eq!(fs::read_dir(self.path("tmp")).unwrap().count(), 0, "a temporary folder is left");
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_the_real_blender_writes_is_read_back_and_kept() {
    if Command::new("blender").arg("--version").output().is_err() {
        eprintln!("SKIPPED: Blender is not installed; no file was written by way of it.");
        return;
    }
    let desk = Desk::new();
    let output = desk.export("crate.fbx", Path::new("blender"));
    assert!(output.status.success(), "{}", stderr(&output));
    let exported: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(exported["triangles"], serde_json::json!([20]));
    assert!(!exported["notes"].to_string().contains("textures"), "{exported}");
    let fbx = fs::read(desk.path("crate.fbx")).unwrap();
    assert!(fbx.starts_with(b"Kaydara FBX Binary"));
    assert!(String::from_utf8_lossy(&fbx).contains("Blender"));
    desk.no_folder_is_left();
}

#[test]
fn without_blender_it_says_what_to_do() {
    let desk = Desk::new();
    let output = desk.export("crate.fbx", &desk.path("nowhere"));
    assert_eq!(output.status.code(), Some(4));
    let said = stderr(&output);
    assert!(said.contains("Blender is not there") && said.contains("OREFORGE_BLENDER"), "{said}");
    desk.nothing_is_left("crate.fbx");
}

#[test]
fn the_environment_names_blender() {
    let desk = Desk::new();
    let args = ["export", "crate.glb", "--to", "same.glb", "--via", "blender"];
    let output =
        desk.command(&args).env("OREFORGE_BLENDER", desk.blender("cp \"$in\" \"$out\"")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(desk.path("same.glb").exists());
    desk.no_folder_is_left();
}

#[test]
fn a_blender_that_fails_leaves_nothing_and_its_words() {
    let desk = Desk::new();
    for (what, code, word) in [
        ("echo 'cp -r' >&2; cp \"$in\" \"$out\"; echo it broke >&2; exit 1", 6, "it broke"),
        ("true", 6, "without writing"),
        (": > \"$out\"", 6, "without writing"),
        ("mkdir \"$out\"", 6, "without writing"),
        ("ln -s \"$in\" \"$out\"", 6, "without writing"),
        ("head -c 4000 \"$in\" | tail -c 3000 > \"$out\"", 6, "not the mesh"),
        ("kill -9 $$", 6, "could not write"),
    ] {
        let output = desk.export("crate.glb.glb", &desk.blender(what));
        assert_eq!(output.status.code(), Some(code), "{what}: {}", stderr(&output));
        assert!(stderr(&output).contains(word), "{what}: {}", stderr(&output));
        desk.nothing_is_left("crate.glb.glb");
    }
}

#[test]
fn another_mesh_is_not_taken_for_ours() {
    let desk = Desk::new();
    // One of the same triangles in another place, and one with a triangle less.
    assert!(desk.command(&["export", "crate.glb", "--to", "crate.obj"]).output().unwrap().status.success());
    let obj = fs::read_to_string(desk.path("crate.obj")).unwrap();
    let face = obj.lines().find(|line| line.starts_with("f ")).unwrap();
    fs::write(desk.path("open.obj"), obj.replacen(face, "", 1)).unwrap();
    let moved = obj.lines().map(|line| match line.strip_prefix("v ") {
        Some(place) => {
            let mut numbers: Vec<f32> = place.split(' ').map(|number| number.parse().unwrap()).collect();
            numbers[0] += 0.5;
            format!("v {} {} {}\n", numbers[0], numbers[1], numbers[2])
        }
        None => format!("{line}\n"),
    });
    fs::write(desk.path("moved.obj"), moved.collect::<String>()).unwrap();
    let cases = [("crate.obj", None), ("open.obj", Some("instead of 20")), ("moved.obj", Some("its place"))];
    for (other, word) in cases {
        let what = format!("cp '{}' \"$out\"", desk.path(other).display());
        let output = desk.export("told.obj", &desk.blender(&what));
        let Some(word) = word else {
            assert!(output.status.success(), "{}", stderr(&output));
            fs::remove_file(desk.path("told.obj")).unwrap();
            continue;
        };
        assert_eq!(output.status.code(), Some(6), "{other}");
        assert!(stderr(&output).contains(word), "{other}: {}", stderr(&output));
        desk.nothing_is_left("told.obj");
    }
}

#[test]
fn a_flood_of_words_is_cut() {
    let desk = Desk::new();
    let flood = "yes flood | head -c 30000000; yes flood | head -c 30000000 >&2; echo the end >&2; exit 1";
    let output = desk.export("crate.fbx", &desk.blender(flood));
    assert_eq!(output.status.code(), Some(6));
    assert!(output.stderr.len() < 20_000 && stderr(&output).contains("the end"), "{} B", output.stderr.len());
    desk.nothing_is_left("crate.fbx");
}

#[test]
fn an_interrupt_ends_blender_and_all_that_it_started() {
    let desk = Desk::new();
    let fifo = desk.path("alive");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let blender = desk
        .blender(&format!("exec 3> '{}'; echo up >&3; (sleep 60; echo survived >&3) & wait", fifo.display()));
    let blender = blender.to_str().unwrap();
    let args = ["export", "crate.glb", "--to", "crate.fbx", "--via", "blender", "--blender", blender];
    let mut oreforge = desk.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut alive = File::open(&fifo).unwrap();
    let mut up = [0; 3];
    alive.read_exact(&mut up).unwrap();
    let interrupted = Command::new("kill").args(["-INT", &oreforge.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(oreforge.wait().unwrap().code(), Some(130));
    // It ends when nobody is left that could write to it.
    let mut rest = String::new();
    alive.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    desk.nothing_is_left("crate.fbx");
}

#[test]
fn what_goes_only_without_blender_is_refused() {
    let desk = Desk::new();
    for args in [
        ["--to", "crate.usdz", "--lods", "0"],
        ["--to", "crate.gltf", "--lods", "0"],
        ["--to", "crate.fbx", "--lods", "2"],
    ] {
        let output = desk
            .command(&[&["export", "crate.glb", "--via", "blender"], &args[..]].concat())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains("without Blender"), "{}", stderr(&output));
        desk.nothing_is_left(args[1]);
    }
}
