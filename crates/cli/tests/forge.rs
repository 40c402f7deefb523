//! The command line as others script against it, end to end with the real engine.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const FORGEABLE: [&str; 8] = ["amphora", "duck", "house", "mushroom", "penguin", "robot", "t-rex", "teapot"];
const VIEWS: [&str; 5] = ["front.png", "right.png", "back.png", "left.png", "three_quarter.png"];

fn sample(name: &str) -> String {
    format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"))
}

struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("out")
    }

    fn command(&self, verb: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oreforge"));
        command
            .args(verb)
            .arg("--data-dir")
            .arg(self.path("data"))
            .current_dir(self.dir.path())
            .env_remove("RUST_LOG");
        command
    }

    fn forge(&self, args: &[&str]) -> Output {
        self.command(&["forge"]).args(args).arg("--out").arg(self.out()).output().unwrap()
    }

    /// A forge whose events are read while it runs.
    fn start(&self, args: &[&str]) -> Child {
        self.command(&["forge", "--json"])
            .args(args)
            .arg("--out")
            .arg(self.out())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json_lines(output: &Output) -> Vec<Value> {
    words(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("only JSON on stdout"))
        .collect()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// Everything below a folder, hidden files too.
fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_sample_becomes_a_mesh_and_the_one_without_an_outline_asks_for_a_mask() {
    let desk = Desk::new();
    let mut pictures: Vec<String> = FORGEABLE.map(sample).to_vec();
    pictures.insert(3, sample("coffee"));
    let pictures: Vec<&str> = pictures.iter().map(String::as_str).collect();
    let output = desk.forge(&pictures);
    let errors = words(&output.stderr);
    assert_eq!(code(&output), 3, "{errors}");
    assert_eq!(files(&desk.out()).len(), FORGEABLE.len() * 4, "{:?}", files(&desk.out()));
    for name in FORGEABLE {
        let at = |ending: &str| desk.out().join(format!("{name}.{ending}"));
        let glb = fs::read(at("glb")).unwrap();
        assert_eq!(&glb[..4], b"glTF");
        assert_eq!(u32::from_le_bytes(glb[8..12].try_into().unwrap()) as usize, glb.len());
        for view in VIEWS {
            image::open(at("views").join(view)).unwrap();
        }
        image::open(at("preview.png")).unwrap();
        let report: Value = serde_json::from_slice(&fs::read(at("report.json")).unwrap()).unwrap();
        assert_eq!(report["engine"], "draft");
        assert_eq!(report["source_name"], format!("{name}.png"));
        let steps: Vec<&str> =
            report["steps"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
        assert!(
            ["prepare", "views", "gate", "mesh", "finish"].iter().all(|step| steps.contains(step)),
            "{steps:?}"
        );
        let mesh = &report["mesh"];
        for quality in ["watertight", "manifold", "consistently_wound"] {
            assert_eq!(mesh[quality], true, "{name}: {quality}");
        }
        assert!(mesh["triangles"].as_u64().unwrap() <= 20_000 && mesh["vertices"].as_u64().unwrap() > 100);
        assert_eq!((&mesh["degenerate_triangles"], &mesh["texture_px"]), (&0.into(), &1024.into()));
        assert!(mesh["bounds_min_m"][1].as_f64().unwrap().abs() < 1e-3, "{name} stands on the ground");
        assert!(report["gate"]["views"].as_array().is_some_and(|views| !views.is_empty()));
    }
    assert!(errors.contains("mask") || errors.contains("brush") || errors.contains("object"), "{errors}");
}

#[test]
fn json_is_one_event_per_line_and_the_same_input_gives_the_same_bytes() {
    let desk = Desk::new();
    let args =
        [&*sample("mushroom"), "--triangles", "3000", "--texture", "256", "--seed", "7", "--no-provenance"];
    let mut args = args.to_vec();
    args.push("--json");
    let output = desk.forge(&args);
    assert_eq!(code(&output), 0, "{}", words(&output.stderr));
    let events = json_lines(&output);
    let kinds = types(&events);
    assert_eq!((kinds[0], kinds[kinds.len() - 1]), ("queued", "done"));
    for wanted in
        ["step_active", "step_done", "progress", "image_ready", "view_ready", "mesh_ready", "quality"]
    {
        assert!(kinds.contains(&wanted), "no {wanted} in {kinds:?}");
    }
    assert!(events.is_sorted_by(|a, b| a["seq"].as_i64() < b["seq"].as_i64()));
    assert!(events.iter().all(|event| event["job_id"] == events[0]["job_id"] && event["at"].is_i64()));
    let glb = desk.out().join("mushroom.glb");
    let first = fs::read(&glb).unwrap();
    fs::remove_file(&glb).unwrap();
    assert_eq!(code(&desk.forge(&args)), 0);
    assert!(first == fs::read(&glb).unwrap(), "two runs differ");
    let listed = desk.command(&["jobs", "list", "--json"]).output().unwrap();
    let jobs = json_lines(&listed);
    assert_eq!(jobs.len(), 2);
    assert!(
        jobs.iter()
            .all(|job| job["state"] == "done" && job["checkpoint"] == "export" && job["kind"] == "forge")
    );
    let id = events[0]["job_id"].as_str().unwrap();
    let shown = json_lines(&desk.command(&["jobs", "show", id, "--json"]).output().unwrap()).remove(0);
    let mesh = shown["artifacts"].as_array().unwrap().iter().find(|a| a["kind"] == "mesh").unwrap().clone();
    assert_eq!(fs::read(mesh["path"].as_str().unwrap()).unwrap(), first);
    let seq = events[events.len() - 3]["seq"].to_string();
    let tail =
        json_lines(&desk.command(&["jobs", "events", id, "--after", &seq, "--json"]).output().unwrap());
    assert_eq!(tail, events[events.len() - 2..]);
}

#[test]
fn pictures_that_cannot_be_used_exit_with_3_and_leave_nothing() {
    let desk = Desk::new();
    let duck = fs::read(sample("duck")).unwrap();
    let mut huge = duck[..33].to_vec();
    huge[16..24].copy_from_slice(&[0x00, 0x01, 0x86, 0xa0, 0x00, 0x01, 0x86, 0xa0]);
    let bad: [(&str, &[u8]); 6] = [
        ("empty.png", b""),
        ("text.png", b"This is a letter to a friend, not a picture at all."),
        ("truncated.png", &duck[..duck.len() / 2]),
        ("huge.png", &huge),
        ("drawing.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ("zeros.jpg", &[0; 4096]),
    ];
    for (name, bytes) in bad {
        fs::write(desk.path(name), bytes).unwrap();
        let output = desk.forge(&[name, "--json"]);
        assert_eq!(code(&output), 3, "{name}: {}", words(&output.stderr));
        let events = json_lines(&output);
        let error = &events.last().unwrap()["error"];
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{name}: {error}");
        assert_eq!(types(&events).iter().filter(|kind| **kind == "error").count(), 1);
        assert!(words(&output.stderr).starts_with("error: "), "{name}");
    }
    for missing in ["nowhere.png", "."] {
        assert_eq!(code(&desk.forge(&[missing])), 3, "{missing}");
    }
    assert_eq!(code(&desk.forge(&[&sample("duck"), "--mask", "nowhere.png"])), 3);
    assert_eq!(code(&desk.forge(&[&sample("duck"), "--view", "back=text.png"])), 3);
    assert!(!desk.out().exists(), "{:?}", files(&desk.out()));
}

#[test]
fn what_makes_no_sense_exits_with_2_before_any_work() {
    let desk = Desk::new();
    fs::write(desk.path("file"), b"not a folder").unwrap();
    let duck = sample("duck");
    for args in [
        vec!["--profile", "round"],
        vec!["--depth", "9"],
        vec!["--triangles", "3"],
        vec!["--texture", "10"],
        vec!["--view", "inside=a.png"],
        vec!["--view", "front=a.png"],
        vec!["--view", "back=a.png", "--view", "back=b.png"],
        vec![&*duck, "--mask", "m.png"],
        vec!["--nonsense"],
    ] {
        let mut all = vec![&*duck];
        all.extend(&args);
        assert_eq!(code(&desk.forge(&all)), 2, "{args:?}");
    }
    assert_eq!(code(&desk.command(&["forge", &duck]).output().unwrap()), 2, "no --out");
    let inside_a_file = desk.path("file").join("out");
    let output = desk.command(&["forge", &duck]).arg("--out").arg(&inside_a_file).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(
        words(&output.stderr).contains("cannot be written")
            || words(&output.stderr).contains("Nothing can be")
    );
    assert!(!desk.path("data").exists(), "nothing was queued");
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(code(&desk.command(&["jobs", "show", unknown]).output().unwrap()), 2);
    let output = Command::new(env!("CARGO_BIN_EXE_oreforge"))
        .args(["forge", &duck, "--out", "new", "--data-dir", "file"])
        .current_dir(desk.dir.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 6);
    assert!(words(&output.stderr).contains("file"), "names the folder: {}", words(&output.stderr));
    assert!(!desk.path("new").exists());
}

#[test]
fn an_engine_that_is_not_there_exits_with_4() {
    let desk = Desk::new();
    let output = desk.forge(&[&sample("duck"), "--engine", "comfy"]);
    assert_eq!(code(&output), 4);
    assert!(words(&output.stderr).contains("ComfyUI"));
    assert!(!desk.out().exists());
}

#[test]
fn names_that_file_systems_dislike_are_forged_like_any_other() {
    let desk = Desk::new();
    let names = ["x".repeat(250), "🦆".repeat(60), "ente größe 鴨 a".to_owned(), "..".to_owned()];
    let pictures: Vec<String> = names.iter().map(|name| format!("{name}.png")).collect();
    for picture in &pictures {
        fs::copy(sample("duck"), desk.path(picture)).unwrap();
    }
    let mut args: Vec<&str> = pictures.iter().map(String::as_str).collect();
    args.extend(["--triangles", "500", "--texture", "64", "--project", "../../outside"]);
    let output = desk.forge(&args);
    assert_eq!(code(&output), 0, "{}", words(&output.stderr));
    assert_eq!(files(&desk.out()).len(), 4 * names.len(), "{:?}", files(&desk.out()));
    assert_eq!(files(&desk.path("data").join("projects")), ["_.._outside"]);
}

#[test]
fn two_pictures_of_one_name_both_keep_their_results() {
    let desk = Desk::new();
    for (folder, name) in [("a", "robot"), ("b", "house")] {
        fs::create_dir(desk.path(folder)).unwrap();
        fs::copy(sample(name), desk.path(folder).join("thing.png")).unwrap();
    }
    let output = desk.forge(&["a/thing.png", "b/thing.png", "--triangles", "2000", "--texture", "256"]);
    assert_eq!(code(&output), 0, "{}", words(&output.stderr));
    let endings = ["glb", "preview.png", "report.json", "views"];
    let mut wanted: Vec<String> = ["thing", "thing-2"]
        .iter()
        .flat_map(|stem| endings.map(|ending| format!("{stem}.{ending}")))
        .collect();
    wanted.sort();
    assert_eq!(files(&desk.out()), wanted);
}

#[test]
fn a_mask_makes_the_photo_forgeable() {
    let desk = Desk::new();
    let (width, height) = image::image_dimensions(sample("coffee")).unwrap();
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    let mask = image::GrayImage::from_fn(width, height, |x, y| {
        let inside = ((x as f32 - cx) / (0.6 * cx)).powi(2) + ((y as f32 - cy) / (0.7 * cy)).powi(2) < 1.0;
        image::Luma([if inside { 255 } else { 0 }])
    });
    mask.save(desk.path("mask.png")).unwrap();
    let output =
        desk.forge(&[&sample("coffee"), "--mask", "mask.png", "--triangles", "2000", "--texture", "256"]);
    assert_eq!(code(&output), 0, "{}", words(&output.stderr));
    assert_eq!(files(&desk.out()).len(), 4);
}

#[test]
fn a_reader_that_goes_away_costs_no_result() {
    let desk = Desk::new();
    let mut child = desk.start(&[&sample("duck"), "--triangles", "500", "--texture", "64"]);
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", words(&output.stderr));
    assert!(!words(&output.stderr).contains("panicked"));
    assert_eq!(files(&desk.out()).len(), 4);
}

#[test]
fn results_that_cannot_be_written_end_with_2_and_the_job_is_done_all_the_same() {
    let desk = Desk::new();
    fs::create_dir_all(desk.out().join("duck.glb")).unwrap();
    let output = desk.forge(&[&sample("duck"), "--json", "--triangles", "500", "--texture", "64"]);
    assert_eq!(code(&output), 2);
    assert_eq!(types(&json_lines(&output)).last(), Some(&"done"));
    assert!(words(&output.stderr).contains("duck.glb is a folder"), "{}", words(&output.stderr));
}

#[test]
fn whoever_reads_done_finds_the_results() {
    let desk = Desk::new();
    let mut child = desk.start(&[&sample("duck"), "--triangles", "500", "--texture", "64"]);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line.contains(r#""type":"done""#)));
    assert_eq!(files(&desk.out()).len(), 4, "{:?}", files(&desk.out()));
    assert!(child.wait().unwrap().success());
}

/// Ctrl-C in every step: 130, no file, and the job goes on later to the very same bytes.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_cleanly_in_every_step_and_resume_gives_the_same_bytes() {
    let small = ["--triangles", "2000", "--texture", "256", "--no-provenance"];
    let whole = Desk::new();
    let mut args = vec![sample("teapot")];
    args.extend(small.map(str::to_owned));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    assert_eq!(code(&whole.forge(&args)), 0);
    let wanted = fs::read(whole.out().join("teapot.glb")).unwrap();
    for step in ["prepare", "views", "gate", "mesh", "finish"] {
        let desk = Desk::new();
        let mut child = desk.start(&args);
        let mut id = String::new();
        let mut last = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            last = event["type"].as_str().unwrap().to_owned();
            event["job_id"].as_str().unwrap().clone_into(&mut id);
            if last == "step_active" && event["step"] == step {
                let pid = i32::try_from(child.id()).unwrap();
                assert!(Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap().success());
            }
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 130, "{step}: {}", words(&output.stderr));
        assert_eq!(last, "cancelled", "{step}");
        assert!(!desk.out().exists(), "{step}: {:?}", files(&desk.out()));
        let output =
            desk.command(&["jobs", "resume", &id, "--json"]).arg("--out").arg(desk.out()).output().unwrap();
        assert_eq!(code(&output), 0, "{step}: {}", words(&output.stderr));
        assert!(fs::read(desk.out().join("teapot.glb")).unwrap() == wanted, "resumed at {step}: other bytes");
    }
}

#[test]
fn help_version_and_completions_are_there() {
    let run = |args: &[&str]| Command::new(env!("CARGO_BIN_EXE_oreforge")).args(args).output().unwrap();
    let help = run(&["forge", "--help"]);
    assert_eq!(code(&help), 0);
    assert!(words(&help.stdout).contains("Examples:") && words(&help.stdout).contains("Exit codes:"));
    assert!(words(&run(&["--version"]).stdout).starts_with("oreforge "));
    for shell in ["bash", "zsh", "fish"] {
        assert!(words(&run(&["completions", shell]).stdout).contains("oreforge"), "{shell}");
    }
}
