//! One data folder, one folder for results, one small picture, and the program run over them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use image::{Rgba, RgbaImage};
use tempfile::TempDir;

use crate::points::{self, Point};
use crate::power;

/// Set for this binary to be the program, with its points of failure, instead of the tests.
pub const AS_PROGRAM: &str = "OREFORGE_CRASH_AS_PROGRAM";

pub struct Desk {
    dir: TempDir,
    started: AtomicUsize,
    power: Option<Power>,
}

/// What is left on the disk when a program is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Only what was made durable.
    Cut,
    /// That, and every rename: a file may have its final name and not its content.
    CutAfterRenames,
}

impl Desk {
    pub fn new() -> Self {
        let dir = oreforge_tests::quick_folder().unwrap();
        let desk = Self { dir, started: AtomicUsize::new(0), power: None };
        picture().save(desk.path("stick.png")).unwrap();
        desk
    }

    /// A desk where a kill is a cut of power.
    pub fn without(power: Power) -> Self {
        Self { power: Some(power), ..Self::new() }
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

    /// A desk with what stands on this one, while no program works on it.
    pub fn copy(&self) -> Self {
        self.copy_onto(Self::new())
    }

    /// A copy where a kill is a cut of power.
    pub fn copy_without(&self, power: Power) -> Self {
        self.copy_onto(Self::without(power))
    }

    fn copy_onto(&self, copy: Self) -> Self {
        for file in files_below(self.dir.path()) {
            let target = copy.path(file.strip_prefix(self.dir.path()).unwrap().to_str().unwrap());
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(file, target).unwrap();
        }
        copy.started.store(self.started.load(Ordering::Relaxed), Ordering::Relaxed);
        copy
    }

    /// The program with arguments, what is planned for it, and a name for its trace.
    fn command(&self, args: &[&str], faults: &str, trace: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(args)
            .arg("--data-dir")
            .arg(self.data())
            .current_dir(self.dir.path())
            .env(AS_PROGRAM, "")
            .env("OREFORGE_FAULT_TRACE", trace)
            .env("OREFORGE_FAULTS", faults)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        if let Some(power) = self.power {
            command.env(power::FORGETFUL, self.dir.path());
            if power == Power::CutAfterRenames {
                command.env(power::KEEPS_RENAMES, "");
            }
        }
        command
    }

    pub fn start(&self, args: &[&str], faults: &str) -> Running {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let trace = self.path(&format!("trace-{number}"));
        let output = |name: &str| self.path(&format!("{name}-{number}"));
        let (stdout, stderr) = (output("stdout"), output("stderr"));
        let child = self
            .command(args, faults, &trace)
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Running { child, stdout, stderr, trace }
    }

    pub fn run(&self, args: &[&str], faults: &str) -> Ended {
        self.start(args, faults).end()
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

/// A program at work.
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    trace: PathBuf,
}

impl Running {
    /// Waits until the program holds itself, as planned; false when it ended before.
    pub fn stops(&mut self) -> bool {
        let mut has_ended = false;
        self.until("does not stop", |running| {
            has_ended = running.child.try_wait().unwrap().is_some();
            let status = fs::read_to_string(format!("/proc/{}/stat", running.child.id())).unwrap_or_default();
            has_ended || status.rsplit(')').next().unwrap_or_default().trim_start().starts_with('T')
        });
        !has_ended
    }

    pub fn points(&self) -> Vec<Point> {
        points::read(&self.trace)
    }

    pub fn go_on(&self) {
        let told = Command::new("kill").args(["-CONT", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    pub fn end(mut self) -> Ended {
        self.until("does not end", |running| running.child.try_wait().unwrap().is_some());
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        let ended = Ended {
            code: self.child.wait().unwrap().code(),
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
            points: self.points(),
        };
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        ended
    }

    fn until(&mut self, complaint: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + MAX_RUN;
        while !is_so(self) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                panic!("the program {complaint}: {}", fs::read_to_string(&self.stderr).unwrap());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Longer than the busiest machine needs for a forge.
const MAX_RUN: Duration = Duration::from_secs(60);

/// How a run of the program ended.
pub struct Ended {
    /// `None` when it was killed.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub points: Vec<Point>,
}

impl Ended {
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
