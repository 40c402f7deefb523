//! The six steps on real pictures with the real draft engine, everything kept in memory.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use async_trait::async_trait;
use oreforge_engines::Engine;
use oreforge_engines::draft::DraftEngine;
use oreforge_pipeline::{
    ForgeEngines, ForgeRun, ForgeSpec, NewArtifact, Preview, PromptLedger, StepError, StepHost, StepInputs,
    StepOutput, StepSink,
};
use oreforge_protocol::{
    ArtifactKind, ErrorCode, ErrorReport, ForgeParams, GateReport, GateVerdict, JobKind, LogLevel,
    PromptNote, Report, SourceId, StepName, StepReport, ViewSlot,
};
use tokio_util::sync::CancellationToken;

type Artifacts = BTreeMap<(ArtifactKind, Option<ViewSlot>), Vec<u8>>;

/// A store that forgets nothing until it is dropped.
struct Shelf {
    source: Vec<u8>,
    mask: Option<Vec<u8>>,
    depth_map: Option<Vec<u8>>,
    given: BTreeMap<ViewSlot, Vec<u8>>,
    artifacts: Mutex<Artifacts>,
    reports: Mutex<Vec<StepReport>>,
    verdicts: Mutex<Vec<GateReport>>,
    progress: Mutex<Vec<f32>>,
    cancel_at_progress: Option<(usize, CancellationToken)>,
    /// The one thread of the test's runtime, which nothing may hold up.
    runtime: ThreadId,
}

impl Shelf {
    fn of(source: Vec<u8>) -> Self {
        Self {
            source,
            mask: None,
            depth_map: None,
            given: BTreeMap::new(),
            artifacts: Mutex::default(),
            reports: Mutex::default(),
            verdicts: Mutex::default(),
            progress: Mutex::default(),
            cancel_at_progress: None,
            runtime: thread::current().id(),
        }
    }

    fn keep(&self, artifact: NewArtifact) {
        assert!(!artifact.bytes.is_empty());
        self.artifacts.lock().unwrap().insert((artifact.kind, artifact.slot), artifact.bytes);
    }

    fn commit(&self, step: StepName, output: StepOutput) {
        output.artifacts.into_iter().for_each(|artifact| self.keep(artifact));
        self.reports.lock().unwrap().push(StepReport { name: step, elapsed_ms: 1, facts: output.facts });
    }

    fn bytes(&self, kind: ArtifactKind, slot: Option<ViewSlot>) -> Vec<u8> {
        self.artifacts.lock().unwrap().get(&(kind, slot)).cloned().expect("the artifact is there")
    }
}

impl StepInputs for Shelf {
    fn source(&self) -> Result<Vec<u8>, ErrorReport> {
        Ok(self.source.clone())
    }
    fn given_view(&self, slot: ViewSlot) -> Result<Vec<u8>, ErrorReport> {
        Ok(self.given[&slot].clone())
    }
    fn mask(&self) -> Result<Vec<u8>, ErrorReport> {
        Ok(self.mask.clone().expect("asked for only when there is one"))
    }
    fn depth_map(&self) -> Result<Vec<u8>, ErrorReport> {
        Ok(self.depth_map.clone().expect("asked for only when there is one"))
    }
    fn artifact(&self, kind: ArtifactKind, slot: Option<ViewSlot>) -> Result<Vec<u8>, ErrorReport> {
        let found = self.artifacts.lock().unwrap().get(&(kind, slot)).cloned();
        found.ok_or_else(|| ErrorReport::new(ErrorCode::ArtifactNotFound, "It is not there."))
    }
    fn pictures(&self) -> Result<BTreeSet<u32>, ErrorReport> {
        Ok(BTreeSet::new())
    }
    fn reports(&self) -> Result<Vec<StepReport>, ErrorReport> {
        Ok(self.reports.lock().unwrap().clone())
    }
}

impl StepSink for Shelf {
    fn progress(&self, fraction: f32, _doing: &str) {
        let mut progress = self.progress.lock().unwrap();
        progress.push(fraction);
        if let Some((at, token)) = &self.cancel_at_progress
            && progress.len() == *at
        {
            token.cancel();
        }
    }
    fn log(&self, _level: LogLevel, _message: String) {}
    fn preview(&self, _number: Option<u32>, _preview: Arc<Preview>) {}
    fn publish(&self, artifact: NewArtifact) -> Result<(), ErrorReport> {
        assert_ne!(thread::current().id(), self.runtime, "publish may block");
        self.keep(artifact);
        Ok(())
    }
    fn quality(&self, report: GateReport) -> Result<(), ErrorReport> {
        assert_ne!(thread::current().id(), self.runtime, "quality may block");
        self.verdicts.lock().unwrap().push(report);
        Ok(())
    }
}

/// The draft engine asks nothing of any server.
#[async_trait]
impl PromptLedger for Shelf {
    async fn prompts(&self) -> Result<Vec<PromptNote>, ErrorReport> {
        Ok(Vec::new())
    }
    async fn note(&self, note: PromptNote) -> Result<(), ErrorReport> {
        panic!("a prompt: {note:?}");
    }
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn run(shelf: &Arc<Shelf>) -> ForgeRun {
    let spec = ForgeSpec {
        name: "thing".to_owned(),
        source_name: "thing.png".to_owned(),
        source_id: "0".repeat(64).parse::<SourceId>().unwrap(),
        params: ForgeParams { triangles: 4000, texture_px: 256, ..ForgeParams::default() },
        given_views: shelf.given.keys().copied().collect(),
        has_mask: shelf.mask.is_some(),
        has_depth_map: shelf.depth_map.is_some(),
    };
    let draft: Arc<dyn Engine> = Arc::new(DraftEngine::new());
    let engines = ForgeEngines { views: Arc::clone(&draft), mesh: draft, notes: Vec::new() };
    ForgeRun::new(spec, engines, Arc::clone(shelf) as Arc<dyn StepInputs>)
}

async fn step(run: &mut ForgeRun, shelf: &Arc<Shelf>, step: StepName) -> Result<(), StepError> {
    let token =
        shelf.cancel_at_progress.as_ref().map_or_else(CancellationToken::new, |(_, token)| token.clone());
    let host = StepHost {
        cancel: token,
        leaving: CancellationToken::new(),
        sink: Arc::clone(shelf) as Arc<dyn StepSink>,
        prompts: Arc::clone(shelf) as Arc<dyn PromptLedger>,
    };
    let output = run.run_step(step, host).await?;
    shelf.commit(step, output);
    Ok(())
}

async fn forge(shelf: &Arc<Shelf>) -> Result<(), StepError> {
    let mut run = run(shelf);
    for &name in JobKind::Forge.steps() {
        step(&mut run, shelf, name).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_picture_becomes_an_asset_with_a_report() {
    let shelf = Arc::new(Shelf::of(sample("duck")));
    forge(&shelf).await.unwrap();

    let report: Report = serde_json::from_slice(&shelf.bytes(ArtifactKind::Report, None)).unwrap();
    assert!(report.mesh.watertight && report.mesh.manifold && report.mesh.consistently_wound, "{report:?}");
    assert!(report.mesh.triangles <= 4000);
    assert_eq!(report.gate.verdict, GateVerdict::Pass, "{:?}", report.gate);
    assert_eq!(report.steps.iter().map(|step| step.name).collect::<Vec<_>>(), JobKind::Forge.steps());
    assert_eq!(shelf.verdicts.lock().unwrap().len(), 1);
    for slot in [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::ThreeQuarter] {
        assert!(shelf.bytes(ArtifactKind::View, Some(slot)).starts_with(b"\x89PNG"));
    }
    assert!(shelf.bytes(ArtifactKind::Mesh, None).starts_with(b"glTF"));
}

#[tokio::test]
async fn a_run_taken_up_at_any_step_gives_the_same_bytes() {
    let whole = Arc::new(Shelf::of(sample("penguin")));
    forge(&whole).await.unwrap();
    let wanted = whole.bytes(ArtifactKind::Mesh, None);

    let pieces = Arc::new(Shelf::of(sample("penguin")));
    for &name in JobKind::Forge.steps() {
        // A new run each time: nothing is left in memory.
        step(&mut run(&pieces), &pieces, name).await.unwrap();
    }
    assert!(pieces.bytes(ArtifactKind::Mesh, None) == wanted, "the resumed GLB differs");
    assert!(pieces.bytes(ArtifactKind::Preview, None) == whole.bytes(ArtifactKind::Preview, None));
}

#[tokio::test]
async fn a_cluttered_photo_asks_for_a_person_and_keeps_its_guess() {
    let shelf = Arc::new(Shelf::of(sample("coffee")));
    let Err(StepError::Failed(report)) = forge(&shelf).await else {
        panic!("the coffee cup was cut out by itself")
    };
    assert_eq!(report.code, ErrorCode::NeedsMask);
    assert!(report.hint.is_some());
    assert!(shelf.bytes(ArtifactKind::Cutout, None).starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn a_given_mask_settles_it() {
    let coffee = image::load_from_memory(&sample("coffee")).unwrap();
    let mask = image::GrayImage::from_fn(coffee.width(), coffee.height(), |x, y| {
        let (dx, dy) = ((x as f32 - 280.0) / 200.0, (y as f32 - 210.0) / 160.0);
        image::Luma([if dx * dx + dy * dy < 1.0 { 255 } else { 0 }])
    });
    let mut png = std::io::Cursor::new(Vec::new());
    mask.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut shelf = Shelf::of(sample("coffee"));
    shelf.mask = Some(png.into_inner());
    let shelf = Arc::new(shelf);
    forge(&shelf).await.unwrap();
    assert!(shelf.bytes(ArtifactKind::Mesh, None).starts_with(b"glTF"));
}

#[tokio::test]
async fn a_bad_picture_is_an_error_that_names_itself() {
    for (bytes, code) in [
        (Vec::new(), ErrorCode::PictureEmpty),
        (b"Dear artist, this is a letter.".to_vec(), ErrorCode::NotAPicture),
        (sample("duck")[..4000].to_vec(), ErrorCode::PictureDamaged),
    ] {
        let shelf = Arc::new(Shelf::of(bytes));
        let Err(StepError::Failed(report)) = forge(&shelf).await else { panic!("{code:?} was forged") };
        assert_eq!(report.code, code, "{report:?}");
        assert!(report.hint.is_some(), "{report:?}");
    }
}

#[tokio::test]
async fn a_vanished_view_refuses_and_does_not_panic() {
    let shelf = Arc::new(Shelf::of(sample("teapot")));
    let mut run = run(&shelf);
    step(&mut run, &shelf, StepName::Prepare).await.unwrap();
    step(&mut run, &shelf, StepName::Views).await.unwrap();
    shelf.artifacts.lock().unwrap().insert((ArtifactKind::View, Some(ViewSlot::Front)), b"torn".to_vec());
    shelf.artifacts.lock().unwrap().remove(&(ArtifactKind::View, Some(ViewSlot::Back)));
    let Err(StepError::Failed(report)) = step(&mut run, &shelf, StepName::Gate).await else {
        panic!("the gate let an unreadable front pass")
    };
    assert_eq!(report.code, ErrorCode::GateRefused);
    let verdicts = shelf.verdicts.lock().unwrap();
    assert_eq!(verdicts[0].verdict, GateVerdict::Refuse);
    assert!(verdicts[0].views.iter().filter(|view| view.verdict == GateVerdict::Refuse).count() >= 2);
}

#[tokio::test]
async fn a_cancel_at_any_word_of_progress_stops_the_run() {
    let shelf = Arc::new(Shelf::of(sample("mushroom")));
    forge(&shelf).await.unwrap();
    let words = shelf.progress.lock().unwrap().len();
    assert!(words > 6, "every step says something: {words}");
    for at in 1..=words {
        let token = CancellationToken::new();
        let mut shelf = Shelf::of(sample("mushroom"));
        shelf.cancel_at_progress = Some((at, token));
        let shelf = Arc::new(shelf);
        match forge(&shelf).await {
            Err(StepError::Cancelled) => {}
            // The last words of the last step come when nothing is left to stop.
            Ok(()) => assert!(at + 1 >= words, "cancelled at word {at} of {words} and went on"),
            Err(StepError::Failed(report)) => panic!("a cancel became a failure: {report:?}"),
        }
    }
}
