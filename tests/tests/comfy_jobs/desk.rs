//! A data folder, a small picture, a server, and the program or its commands over them.

use std::fs::File;
use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt, stream};
use image::{Rgba, RgbaImage};
use libtest_mimic::Failed;
use oreforge_commands::{ComfyLimits, Config, Oreforge};
use oreforge_protocol::{
    ComfyChoices, Command, EngineChoice, Event, EventBody, EventSeq, ForgeParams, ForgeRequest, JobId,
    JobSnapshot, Reply, Settings, SourceRef,
};
use oreforge_tests::fake_comfy::{FakeComfy, Options, Outcome};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Set for this binary to be the program instead of the tests.
pub const AS_PROGRAM: &str = "OREFORGE_TEST_AS_PROGRAM";

/// Longer than the busiest machine needs for a job.
pub const MAX_RUN: Duration = Duration::from_secs(120);

pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(runtime.block_on(work))
}

/// Jobs at the same time: they mostly wait for a server that has gone wrong.
const AT_ONCE: usize = 16;

/// Runs every case to its end, and fails once all have, when any did.
pub async fn every<C>(cases: Vec<C>, run: impl AsyncFn(C)) -> Result<(), Failed> {
    let count = cases.len();
    let failed = stream::iter(cases)
        .map(|case| AssertUnwindSafe(run(case)).catch_unwind())
        .buffer_unordered(AT_ONCE)
        .filter(|ended| ready(ended.is_err()))
        .count()
        .await;
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {count} failed, each told above").into()) }
}

/// What the built-in workflows for views and meshes need.
pub const MODELS: [&str; 3] =
    ["stable_zero123.ckpt", "hunyuan3d-dit-v2.safetensors", "hunyuan3d-dit-v2-mv.safetensors"];

const SMALL: [(&str, &str); 4] =
    [("views.steps", "1"), ("views.size", "64"), ("mesh.steps", "1"), ("mesh.octree_resolution", "16")];

const SMALL_WORKFLOWS: [&str; 2] = ["small-image-to-views-zero123", "small-views-to-mesh-hunyuan3d"];

/// A server with every model of the built-in workflows for views and meshes.
pub fn server() -> FakeComfy {
    let fake = FakeComfy::start(Options::default());
    fake.set_models("checkpoints", &MODELS);
    fake
}

/// Short enough for tests, long enough for a busy machine.
fn impatient() -> ComfyLimits {
    let ms = Duration::from_millis;
    ComfyLimits {
        connect: ms(2_000),
        probe: ms(2_000),
        stop_unreachable: ms(5_000),
        in_flight: ms(300),
        look: (ms(20), ms(200)),
        back_off: (ms(10), ms(200)),
        reopen: ms(20),
        deaf: ms(1_000),
        ping: ms(1_000),
        ..ComfyLimits::default()
    }
}

/// What another client runs.
pub fn stranger() -> Value {
    json!({
        "1": { "class_type": "EmptyImage", "inputs": { "width": 16, "height": 16, "batch_size": 1, "color": 0 } },
        "2": { "class_type": "SaveImage", "inputs": { "images": ["1", 0], "filename_prefix": "theirs/a" } },
    })
}

/// What became of our prompts, in the order they were sent.
pub fn ours(fake: &FakeComfy) -> Vec<Outcome> {
    let all = fake.ledger().into_iter();
    all.filter(|sent| sent.client_id.as_deref() != Some("somebody-else")).map(|sent| sent.outcome).collect()
}

pub struct Desk {
    dir: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self { dir: oreforge_tests::quick_folder().unwrap() };
        picture().save(desk.path("stick.png")).unwrap();
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Every file of the data folder.
    pub fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path) -> Vec<PathBuf> {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
        }
        below(&self.path("data"))
    }

    /// Within a runtime.
    pub fn open(&self) -> Oreforge {
        Oreforge::open(Config { data_dir: Some(self.path("data")), only_own_jobs: false }).unwrap()
    }

    /// Impatient with servers, so that what waits for them is quick. Within a runtime.
    pub async fn open_impatient(&self) -> Oreforge {
        let config = Config { data_dir: Some(self.path("data")), only_own_jobs: false };
        let forge = Oreforge::open_within(config, impatient()).unwrap();
        // The least that the settings allow.
        let settings = Settings { silence_s: 30, unreachable_s: 5, ..Settings::default() };
        forge.execute(Command::SaveSettings { settings }).await.unwrap();
        forge
    }

    /// Small in every way, on this server.
    pub fn request(&self, engine: EngineChoice, server: Option<String>) -> ForgeRequest {
        let source = SourceRef::Path { path: self.path("stick.png").to_string_lossy().into_owned() };
        let set = [("views.steps", "5"), ("mesh.steps", "5"), ("mesh.octree_resolution", "64")];
        let comfy = ComfyChoices {
            server,
            set: set.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..ComfyChoices::default()
        };
        let params = ForgeParams { engine, comfy, triangles: 200, texture_px: 64, ..ForgeParams::default() };
        ForgeRequest { params, ..ForgeRequest::new(source) }
    }

    /// Workflows that take one step and make a coarse mesh.
    fn write_small_workflows(&self) {
        let folder = self.path("data/workflows");
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["image-to-views-zero123", "views-to-mesh-hunyuan3d"] {
            let built_in = |ending| {
                let root = env!("CARGO_MANIFEST_DIR");
                std::fs::read_to_string(format!("{root}/../workflows/{name}.{ending}")).unwrap()
            };
            // Only surface nets tell each percent that they have done.
            let graph = built_in("json")
                .replace(r#""num_chunks": 8000"#, r#""num_chunks": 500000"#)
                .replace(r#""algorithm": "surface net""#, r#""algorithm": "basic""#);
            let usual_and_small =
                [("min = 5\n", "min = 1\n"), ("min = 64\n", "min = 16\n"), ("min = 256\n", "min = 64\n")];
            let manifest = usual_and_small
                .iter()
                .fold(built_in("toml"), |text, (usual, small)| text.replace(usual, small));
            std::fs::write(folder.join(format!("small-{name}.json")), graph).unwrap();
            std::fs::write(folder.join(format!("small-{name}.toml")), manifest).unwrap();
        }
    }

    /// As [`Desk::request`], with small workflows.
    pub fn small_request(&self, fake: &FakeComfy) -> ForgeRequest {
        self.write_small_workflows();
        let mut request = self.request(EngineChoice::Comfy, Some(fake.url()));
        request.params.detail_maps = Some(false);
        let comfy = &mut request.params.comfy;
        comfy.set = SMALL.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        comfy.views_workflow = Some(SMALL_WORKFLOWS[0].to_owned());
        comfy.mesh_workflow = Some(SMALL_WORKFLOWS[1].to_owned());
        request
    }

    /// The program at work on [`Desk::small_request`].
    pub fn small_forge(&self, fake: &FakeComfy) -> Running {
        self.write_small_workflows();
        let url = fake.url();
        let mut args =
            vec!["forge", "stick.png", "--engine", "comfy", "--comfy", &url, "--json", "--out", "out"];
        args.extend(["--triangles", "200", "--texture", "64"]);
        args.extend(["--views-workflow", SMALL_WORKFLOWS[0], "--mesh-workflow", SMALL_WORKFLOWS[1]]);
        let set = SMALL.map(|(key, value)| format!("{key}={value}"));
        args.extend(set.iter().flat_map(|value| ["--set", value]));
        self.start(&args)
    }

    fn program(&self, args: &[&str]) -> Program {
        let mut program = Program::new(std::env::current_exe().unwrap());
        program
            .args(args)
            .arg("--data-dir")
            .arg(self.path("data"))
            .current_dir(self.dir.path())
            .env(AS_PROGRAM, "")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(File::create(self.path("stdout")).unwrap())
            .stderr(File::create(self.path("stderr")).unwrap());
        program
    }

    /// The program, at work.
    pub fn start(&self, args: &[&str]) -> Running {
        Running(self.program(args).spawn().unwrap())
    }

    pub fn forge(&self, fake: &FakeComfy) -> Running {
        let set = ["views.steps=5", "mesh.steps=5", "mesh.octree_resolution=64"];
        let url = fake.url();
        let mut args =
            vec!["forge", "stick.png", "--engine", "comfy", "--comfy", &url, "--json", "--out", "out"];
        args.extend(["--triangles", "200", "--texture", "64"]);
        args.extend(set.iter().flat_map(|value| ["--set", value]));
        self.start(&args)
    }

    pub fn jobs(&self, args: &[&str]) -> Option<i32> {
        let mut all = vec!["jobs"];
        all.extend(args);
        self.start(&all).end()
    }

    /// The id and state of the one job there is.
    pub fn only_job(&self) -> (String, String) {
        assert_eq!(self.jobs(&["list", "--json"]), Some(0));
        let listed = std::fs::read_to_string(self.path("stdout")).unwrap();
        let job: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
        let text = |key: &str| job[key].as_str().unwrap().to_owned();
        (text("id"), text("state"))
    }
}

/// The program at work.
pub struct Running(Child);

impl Running {
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Its exit code, once it has ended by itself.
    pub async fn ended(&mut self) -> Option<i32> {
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Its exit code.
    pub fn end(mut self) -> Option<i32> {
        let deadline = Instant::now() + MAX_RUN;
        while self.0.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                let _ = self.0.kill();
                panic!("the program does not end");
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.0.wait().unwrap().code()
    }
}

pub async fn begin(forge: &Oreforge, request: ForgeRequest) -> JobSnapshot {
    match forge.execute(Command::StartForge { request }).await.unwrap() {
        Reply::StartForge(job) => job,
        other => panic!("{other:?}"),
    }
}

/// Every event of a job, to the one that ends it.
pub async fn all_events(forge: &Oreforge, id: JobId) -> Vec<Event> {
    let events = forge.events(id, EventSeq(0)).collect();
    tokio::time::timeout(MAX_RUN, events).await.expect("the job ends")
}

pub fn logs(events: &[Event]) -> Vec<&str> {
    let log = |event: &'_ Event| matches!(event.body, EventBody::Log { .. });
    let logs = events.iter().filter(|event| log(event));
    logs.map(|event| if let EventBody::Log { message, .. } = &event.body { message.as_str() } else { "" })
        .collect()
}

/// An upright ellipse: little surface, so that a job is quick.
fn picture() -> RgbaImage {
    RgbaImage::from_fn(96, 96, |x, y| {
        let (dx, dy) = ((f64::from(x) - 48.0) / 12.0, (f64::from(y) - 48.0) / 42.0);
        let inside = dx * dx + dy * dy <= 1.0;
        if inside { Rgba([190, 60 + y as u8, 40, 255]) } else { Rgba([0; 4]) }
    })
}
