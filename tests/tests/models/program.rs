//! The program fetches model files, dies on its way, and goes on.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command as Program, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use oreforge_tests::file_site::{FileSite, Site, model};
use serde_json::Value;
use tempfile::TempDir;

use crate::AS_PROGRAM;

const MAX_RUN: Duration = Duration::from_secs(120);
const TOKEN: &str = "hf_s3cretT0ken";

struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { dir: oreforge_tests::quick_folder().unwrap() };
        fs::create_dir(desk.path("models")).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(&self, args: &[&str], out: &str, tokens: &str) -> Child {
        Program::new(std::env::current_exe().unwrap())
            .arg("models")
            .args(args)
            .args(["--json", "--data-dir"])
            .arg(self.path("data"))
            .current_dir(self.dir.path())
            .env(AS_PROGRAM, "")
            .env("OREFORGE_SITE_TOKENS", tokens)
            // Nobody's keyring is asked, or written to.
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(File::create(self.path(out)).unwrap())
            .stderr(File::create(self.path("stderr")).unwrap())
            .spawn()
            .unwrap()
    }

    fn get(&self, site: &FileSite, name: &str, out: &str) -> Child {
        let url = site.url(name);
        let args = ["get", &url, "--folder", "checkpoints", "--models-folder", "models", "--yes"];
        self.start(&args, out, &format!("{}={TOKEN}", site.name()))
    }

    fn said(&self, out: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(out)).unwrap();
        // The last line may be on its way.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn list(&self) -> Vec<Value> {
        assert_eq!(end(self.start(&["downloads"], "list", "")), Some(0));
        self.said("list")
    }

    fn model(&self, name: &str) -> PathBuf {
        self.path("models/checkpoints").join(name)
    }
}

fn until(mut what: impl FnMut() -> bool) {
    let deadline = Instant::now() + MAX_RUN;
    while !what() {
        assert!(Instant::now() < deadline, "it does not come");
        thread::sleep(Duration::from_millis(5));
    }
}

fn end(mut child: Child) -> Option<i32> {
    until(|| child.try_wait().unwrap().is_some());
    child.wait().unwrap().code()
}

pub fn killed_half_way() -> Result<(), Failed> {
    const HALF: usize = 2_000_000;
    let body = model(2 * HALF, 1);
    let token = Some(TOKEN.to_owned());
    let site = FileSite::open(Site { hold_after: Some(HALF), token, ..Site::new(body.clone()) });
    let desk = Desk::new();
    let mut program = desk.get(&site, "a.safetensors", "first");
    // What is safe is in the database, which is what the next life of the program has.
    until(|| desk.list().iter().any(|download| download["bytes"] == HALF));
    program.kill().unwrap();
    program.wait().unwrap();
    site.go_on();
    assert_eq!(desk.list()[0]["state"], "interrupted");
    assert!(!desk.model("a.safetensors").exists());
    let code = end(desk.get(&site, "a.safetensors", "second"));
    assert_eq!(code, Some(0), "{}", fs::read_to_string(desk.path("stderr"))?);
    assert!(fs::read(desk.model("a.safetensors"))? == body, "the bytes are others");
    let asked = site.asked();
    assert_eq!(asked.iter().map(|asked| asked.start).collect::<Vec<_>>(), [0, HALF]);
    assert_eq!(asked[1].sent_bytes, body.len() - HALF, "nothing is fetched again");
    assert_eq!(desk.said("second").last().unwrap()["state"], "done");
    for file in walk(desk.dir.path()) {
        let bytes = fs::read(&file)?;
        let found = bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes());
        assert!(!found, "the token is in {}", file.display());
    }
    Ok(())
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

pub fn two_at_once() -> Result<(), Failed> {
    let body = model(1_000_000, 1);
    let site = FileSite::open(Site { hold_after: Some(1000), ..Site::new(body.clone()) });
    let desk = Desk::new();
    let names = ["a.safetensors", "b.safetensors", "c.safetensors"];
    let programs: Vec<Child> = names.iter().map(|name| desk.get(&site, name, name)).collect();
    until(|| desk.list().len() == 3 && site.asked().len() == 2);
    let state = |wanted: &str| desk.list().iter().filter(|download| download["state"] == wanted).count();
    assert_eq!((state("running"), state("waiting")), (2, 1));
    // The same file by another program: it waits for the one that has it.
    let again = desk.get(&site, "a.safetensors", "again");
    until(|| !desk.said("again").is_empty());
    assert_eq!(site.asked().len(), 2);
    site.go_on();
    for program in programs.into_iter().chain([again]) {
        assert_eq!(end(program), Some(0));
    }
    assert_eq!(site.asked().len(), 3);
    for name in names {
        assert!(fs::read(desk.model(name))? == body);
    }
    assert_eq!(end(desk.start(&["downloads", "--clear"], "cleared", "")), Some(0));
    assert_eq!(desk.list(), Vec::<Value>::new());
    Ok(())
}

pub fn failures_are_listed_and_cleared() -> Result<(), Failed> {
    let site = FileSite::open(Site { status: 404, ..Site::new(Vec::new()) });
    let desk = Desk::new();
    assert_eq!(end(desk.get(&site, "a.safetensors", "out")), Some(6));
    let said = fs::read_to_string(desk.path("stderr"))?;
    assert!(said.contains("has no such file") && said.contains("download button"), "{said}");
    assert_eq!(desk.list()[0]["state"], "failed");
    assert_eq!(end(desk.start(&["downloads", "--clear"], "cleared", "")), Some(0));
    assert_eq!(fs::read_dir(desk.path("models/checkpoints"))?.count(), 0);
    Ok(())
}

pub fn what_is_refused() -> Result<(), Failed> {
    let site = FileSite::open(Site::new(model(10, 1)));
    let desk = Desk::new();
    for (name, words) in [
        ("a.ckpt", "can hold a program"),
        ("a.sh", "no name of a model file"),
        ("a.safetensors?token=x", "holds a token"),
    ] {
        assert_eq!(end(desk.get(&site, name, "out")), Some(2), "{name}");
        let said = fs::read_to_string(desk.path("stderr"))?;
        assert!(said.contains(words), "{name}: {said}");
    }
    assert_eq!(site.asked(), []);
    let url = site.url("a.safetensors");
    let nobody = desk.start(&["get", &url, "--folder", "vae", "--models-folder", "models"], "out", "");
    assert_eq!(end(nobody), Some(2), "nobody said yes");
    Ok(())
}
