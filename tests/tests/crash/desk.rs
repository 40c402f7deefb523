//! One data folder, one folder for results, one small picture, and the program run over them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use image::{Rgba, RgbaImage};
use tempfile::TempDir;

/// Set for this binary to be the program, with its points of failure, instead of the tests.
pub const AS_PROGRAM: &str = "OREFORGE_CRASH_AS_PROGRAM";

pub struct Desk {
    dir: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        picture().save(desk.path("stick.png")).unwrap();
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub fn trace(&self) -> PathBuf {
        self.path("trace")
    }

    /// The program with arguments, and with what is planned for it.
    pub fn command(&self, args: &[&str], faults: &str) -> Command {
        let _ = fs::remove_file(self.trace());
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(args)
            .arg("--data-dir")
            .arg(self.data())
            .current_dir(self.dir.path())
            .env(AS_PROGRAM, "")
            .env("OREFORGE_FAULT_TRACE", self.trace())
            .env("OREFORGE_FAULTS", faults)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str], faults: &str) -> Ended {
        Ended::of(self.command(args, faults).output().unwrap())
    }

    pub fn forge(&self, faults: &str) -> Ended {
        self.run(&FORGE, faults)
    }

    pub fn resume(&self, id: &str, faults: &str) -> Ended {
        self.run(&["jobs", "resume", id, "--json", "--out", "out"], faults)
    }

    pub fn list(&self) -> Vec<serde_json::Value> {
        let listed = self.run(&["jobs", "list", "--json"], "");
        assert_eq!(listed.code, Some(0), "{}", listed.stderr);
        listed.lines()
    }
}

/// Small in every way: what is tested is what happens between the steps.
pub const FORGE: [&str; 9] =
    ["forge", "stick.png", "--json", "--out", "out", "--triangles", "200", "--texture", "64"];

/// An upright ellipse: little surface, so that a forge takes a quarter of a second.
fn picture() -> RgbaImage {
    RgbaImage::from_fn(96, 96, |x, y| {
        let (dx, dy) = ((f64::from(x) - 48.0) / 4.0, (f64::from(y) - 48.0) / 42.0);
        let inside = dx * dx + dy * dy <= 1.0;
        if inside { Rgba([190, 60 + y as u8, 40, 255]) } else { Rgba([0; 4]) }
    })
}

/// How a run of the program ended.
pub struct Ended {
    /// `None` when it was killed.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        let ended = Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        ended
    }

    pub fn was_killed(&self) -> bool {
        self.code.is_none()
    }

    /// Whole lines of stdout: a kill may cut the last one.
    pub fn lines(&self) -> Vec<serde_json::Value> {
        let whole = self.stdout.rfind('\n').map_or("", |end| &self.stdout[..end]);
        whole.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

/// Every file below a folder, hidden ones too.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

pub fn name_of(path: &Path) -> &str {
    path.file_name().and_then(OsStr::to_str).unwrap()
}
