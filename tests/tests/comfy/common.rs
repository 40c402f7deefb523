//! What the tests of the ComfyUI client share.

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use image::{ImageFormat, Rgb, RgbImage};
use oreforge_engines::comfy::{
    Limits, Made, ProduceError, PromptLedger, RunError, Server, ServerAddress, Upload, Work,
};
use oreforge_protocol::{ErrorReport, PromptNote};
use oreforge_tests::fake_comfy::FakeComfy;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Width and height of what the work makes.
pub const PICTURE: (u32, u32) = (48, 40);

/// Notes that outlive a client, as on a disk.
#[derive(Clone, Default)]
pub struct MemoryLedger(Arc<Mutex<Vec<PromptNote>>>);

impl MemoryLedger {
    pub fn all(&self) -> Vec<PromptNote> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl PromptLedger for MemoryLedger {
    async fn prompts(&self) -> Result<Vec<PromptNote>, ErrorReport> {
        Ok(self.all())
    }

    async fn note(&self, note: PromptNote) -> Result<(), ErrorReport> {
        let mut notes = self.0.lock().unwrap();
        match notes.iter_mut().find(|known| known.prompt_id == note.prompt_id) {
            Some(known) => *known = note,
            None => notes.push(note),
        }
        Ok(())
    }
}

#[derive(Default)]
pub struct Notes(Mutex<Vec<String>>);

impl Notes {
    pub fn add(&self, note: String) {
        self.0.lock().unwrap().push(note);
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Short enough for tests, long enough for a busy machine.
pub fn limits() -> Limits {
    let ms = Duration::from_millis;
    Limits {
        connect: ms(2_000),
        request: ms(5_000),
        probe: ms(2_000),
        silence: ms(30_000),
        unreachable: ms(20_000),
        stop_unreachable: ms(5_000),
        in_flight: ms(200),
        look: (ms(20), ms(200)),
        back_off: (ms(10), ms(100)),
        reopen: ms(20),
        deaf: ms(1_000),
        ping: ms(1_000),
    }
}

pub fn server(fake: &FakeComfy) -> Server {
    Server::open(ServerAddress::parse(&fake.url()).unwrap(), limits()).unwrap()
}

pub fn png(seed: u8) -> Vec<u8> {
    let picture = RgbImage::from_fn(64, 64, |x, y| Rgb([x as u8 * 3, y as u8 * 3, seed]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

pub fn graph(image: &str, prefix: &str) -> Value {
    json!({
        "1": { "class_type": "LoadImage", "inputs": { "image": image } },
        "2": { "class_type": "ImageScale", "inputs": {
            "image": ["1", 0], "upscale_method": "bilinear", "width": PICTURE.0, "height": PICTURE.1, "crop": "disabled"
        } },
        "3": { "class_type": "ImageInvert", "inputs": { "image": ["2", 0] } },
        "4": { "class_type": "SaveImage", "inputs": { "images": ["3", 0], "filename_prefix": prefix } },
    })
}

/// What another client runs.
pub fn bystander(fake: &FakeComfy) -> Value {
    fake.put_input("theirs.png", &png(200));
    graph("theirs.png", "theirs/a")
}

pub async fn work(server: &Server) -> Work {
    let uploaded = server.upload(&upload(7), &CancellationToken::new()).await.unwrap();
    Work { uploads: vec![upload(7)], ..work_on(&uploaded.reference()) }
}

pub fn upload(shade: u8) -> Upload {
    Upload { png: Arc::new(png(shade)), stays: false }
}

pub fn work_on(image: &str) -> Work {
    let Value::Object(graph) = graph(image, "ours/a") else { unreachable!("a graph is an object") };
    Work { purpose: "views".to_owned(), graph, uploads: Vec::new(), outputs: vec!["4".to_owned()] }
}

/// Upload, run, download: all that a step does with a server.
pub async fn produce(
    fake: &FakeComfy,
    ledger: &MemoryLedger,
    cancel: &CancellationToken,
) -> Result<Vec<Made>, ProduceError> {
    let server = server(fake);
    let uploaded = server.upload(&upload(7), cancel).await;
    let Ok(uploaded) = uploaded else {
        assert!(cancel.is_cancelled(), "{uploaded:?}");
        return Err(RunError::Cancelled.into());
    };
    let work = Work { uploads: vec![upload(7)], ..work_on(&uploaded.reference()) };
    server.produce(&work, ledger, cancel, &|_| {}, &|_, _| {}).await
}
