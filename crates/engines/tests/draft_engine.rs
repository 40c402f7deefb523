//! The draft engine through its trait: odd cut-outs, cancelling, determinism, memory from step to step.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use glam::Vec3;
use image::{Rgba, RgbaImage};
use oreforge_engines::comfy::PromptLedger;
use oreforge_engines::draft::{DraftEngine, DraftError, Shape, Solid};
use oreforge_engines::{Engine, EngineError, StepContext, SurfaceInput};
use oreforge_geometry::topology::inspect;
use oreforge_geometry::{Cancel, Cancelled, Grid};
use oreforge_protocol::{
    BackChoice, ErrorCode, ErrorReport, ForgeParams, ProfileChoice, PromptNote, SymmetryChoice, ViewSlot,
};
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

fn drawn(width: u32, height: u32, inside: impl Fn(u32, u32) -> bool) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        if inside(x, y) { Rgba([(x * 7 % 256) as u8, (y * 5 % 256) as u8, 90, 255]) } else { Rgba([0; 4]) }
    })
}

fn odd_cutouts() -> Vec<(&'static str, RgbaImage, usize)> {
    let centre = |x: u32, y: u32| (f64::from(x) - 99.5).hypot(f64::from(y) - 99.5);
    vec![
        ("one pixel", drawn(9, 9, |x, y| x == 4 && y == 4), 1),
        // Alpha falls to ½ only at the next pixel's centre.
        (
            "a soft pixel",
            RgbaImage::from_fn(5, 5, |x, y| Rgba([9, 90, 200, if x == 2 && y == 2 { 255 } else { 127 }])),
            1,
        ),
        ("3 × 3 pixels", drawn(3, 3, |_, _| true), 1),
        ("an upright line of one pixel", drawn(200, 200, |x, y| x == 100 && (10..190).contains(&y)), 1),
        ("a level line of one pixel", drawn(200, 200, |x, y| y == 100 && (10..190).contains(&x)), 1),
        ("a slanting line", drawn(200, 200, |x, y| x.abs_diff(y) < 2 && (10..190).contains(&x)), 1),
        ("a ring", drawn(200, 200, |x, y| (70.0..90.0).contains(&centre(x, y))), 1),
        ("a thin ring", drawn(200, 200, |x, y| (86.5..90.0).contains(&centre(x, y))), 1),
        (
            "two discs",
            drawn(200, 100, |x, y| (x % 100).abs_diff(50).pow(2) + y.abs_diff(50).pow(2) < 1500),
            2,
        ),
        ("all of a square frame", drawn(64, 64, |_, _| true), 1),
        ("a very wide strip", drawn(900, 8, |_, _| true), 1),
        ("a very tall strip", drawn(6, 900, |_, _| true), 1),
        ("a comb", drawn(200, 200, |x, y| y < 40 || (y < 180 && x % 20 < 10)), 1),
    ]
}

#[test]
fn an_odd_cutout_gives_a_closed_mesh_of_its_pieces() {
    for (name, cutout, components) in odd_cutouts() {
        let cutout = Arc::new(cutout);
        for profile in
            [ProfileChoice::Auto, ProfileChoice::Organic, ProfileChoice::Lathe, ProfileChoice::Hard]
        {
            let params = ForgeParams { profile, back: BackChoice::Fill, ..ForgeParams::default() };
            let solid = Arc::new(Solid::new(cutout.clone(), &params, Cancel::never()).unwrap());
            let mesh = solid.surface(256, Cancel::never()).unwrap();
            let found = inspect(&mesh);
            assert!(found.watertight && found.manifold, "{name}, {profile:?}: {found:?}");
            assert_eq!(found.components, components, "{name}, {profile:?}");
            assert!(mesh.positions.iter().all(|p| p.is_finite()), "{name}, {profile:?}");
            let painter = solid.painter(Cancel::never()).unwrap();
            for (i, &p) in mesh.positions.iter().enumerate().step_by(17) {
                let normal = [Vec3::X, Vec3::Z, Vec3::NEG_Z, Vec3::Y][i % 4];
                let colour = painter.albedo(p, normal, 0.003);
                assert!(colour.iter().all(|c| (0.0..=1.0).contains(c)), "{name}, {profile:?}: {colour:?}");
            }
        }
    }
}

#[test]
fn nothing_to_draft_is_an_error() {
    for cutout in
        [RgbaImage::new(20, 20), RgbaImage::new(0, 0), RgbaImage::from_pixel(8, 8, Rgba([9, 9, 9, 100]))]
    {
        let drafted = Solid::new(Arc::new(cutout), &ForgeParams::default(), Cancel::never());
        assert!(matches!(drafted, Err(DraftError::Empty)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_the_cutout_the_mesh_is_closed(
        width in 1u32..40,
        height in 1u32..40,
        alphas in prop::collection::vec(prop_oneof![Just(0u8), Just(255u8), any::<u8>()], 1600),
        depth in 0.1f32..4.0,
    ) {
        let cutout = RgbaImage::from_fn(width, height, |x, y| Rgba([x as u8, y as u8, 7, alphas[(y * width + x) as usize]]));
        let params = ForgeParams { depth: Some(depth), ..ForgeParams::default() };
        match Solid::new(Arc::new(cutout), &params, Cancel::never()) {
            Ok(solid) => {
                let mesh = solid.surface(96, Cancel::never()).unwrap();
                let found = inspect(&mesh);
                prop_assert!(mesh.triangles.is_empty() || (found.watertight && found.manifold), "{found:?}");
                prop_assert!(mesh.positions.iter().all(|p| p.is_finite()));
            }
            Err(DraftError::Empty) => {}
            Err(DraftError::Cancelled(Cancelled)) => prop_assert!(false, "nobody cancelled"),
        }
    }
}

/// A lively picture as large as pictures get here.
fn large() -> Arc<RgbaImage> {
    Arc::new(drawn(2048, 2048, |x, y| {
        let (dx, dy) = (f64::from(x) - 1024.0, f64::from(y) - 1024.0);
        dx.hypot(dy) < 900.0 + 80.0 * (8.0 * dy.atan2(dx)).sin()
    }))
}

fn input(cutout: Arc<RgbaImage>, params: ForgeParams) -> SurfaceInput {
    SurfaceInput { cutout, given_views: Arc::default(), views: Arc::default(), depth: None, params }
}

/// The draft engine asks nothing of any server.
struct NoPrompts;

#[async_trait]
impl PromptLedger for NoPrompts {
    async fn prompts(&self) -> Result<Vec<PromptNote>, ErrorReport> {
        Ok(Vec::new())
    }
    async fn note(&self, note: PromptNote) -> Result<(), ErrorReport> {
        panic!("a prompt: {note:?}");
    }
}

fn context() -> Arc<StepContext> {
    Arc::new(StepContext {
        cancel: CancellationToken::new(),
        leaving: CancellationToken::new(),
        prompts: Arc::new(NoPrompts),
        on_progress: Box::new(|_, _| {}),
        on_log: Box::new(|_, _| {}),
        on_preview: Box::new(|_| {}),
        memo: Arc::new(Mutex::new(None)),
    })
}

#[test]
fn cancelling_a_large_picture_stops_the_work_wherever_it_happens() {
    let cutout = large();
    let params = ForgeParams { back: BackChoice::Fill, ..ForgeParams::default() };
    let run = |cancel: Cancel<'_>| -> Result<(), DraftError> {
        let solid = Arc::new(Solid::new(cutout.clone(), &params, cancel)?);
        solid.surface(256, cancel)?;
        solid.painter(cancel)?;
        Ok(())
    };
    let asked = AtomicUsize::new(0);
    run(Cancel::new(&|| asked.fetch_add(1, Ordering::Relaxed) == usize::MAX)).unwrap();
    let total = asked.into_inner();
    for share in 1..8 {
        let (asked, stop_at) = (AtomicUsize::new(0), total * share / 8);
        let result = run(Cancel::new(&|| asked.fetch_add(1, Ordering::Relaxed) >= stop_at));
        assert!(matches!(result, Err(DraftError::Cancelled(Cancelled))), "{share}/8");
        // Every thread may be at work on a stretch of its own, and ask once at its end.
        let late = asked.into_inner() - stop_at;
        assert!(
            late <= 8 * rayon::current_num_threads(),
            "{late} questions after the answer at {share}/8 of {total}"
        );
    }
}

#[test]
fn stopping_at_any_question_stops() {
    let cutout = Arc::new(drawn(120, 120, |x, y| x.abs_diff(60).pow(2) + y.abs_diff(60).pow(2) < 2500));
    let run = |stop_at: usize| {
        let questions = AtomicUsize::new(0);
        let asked = || questions.fetch_add(1, Ordering::Relaxed) >= stop_at;
        let cancel = Cancel::new(&asked);
        let solid = match Solid::new(cutout.clone(), &ForgeParams::default(), cancel) {
            Ok(solid) => Arc::new(solid),
            Err(DraftError::Cancelled(Cancelled)) => return true,
            Err(DraftError::Empty) => panic!("the disc is there"),
        };
        solid.surface(64, cancel).is_err() || solid.painter(cancel).is_err()
    };
    for stop_at in [0, 1, 5, 20, 100, 300, 1000] {
        assert!(run(stop_at), "went on after question {stop_at}");
    }
    assert!(!run(usize::MAX));
}

#[tokio::test]
async fn a_cancelled_step_says_so() {
    let context = context();
    context.cancel.cancel();
    let drafted = DraftEngine::new().mesh(&context, &input(large(), ForgeParams::default())).await;
    assert!(matches!(drafted, Err(EngineError::Cancelled)));
}

#[tokio::test]
async fn steps_remember_and_forgetting_changes_nothing() {
    let cutout = Arc::new(drawn(90, 120, |x, y| x.abs_diff(45).pow(2) + y.abs_diff(60).pow(2) < 1600));
    let input = input(cutout, ForgeParams::default());
    let engine = DraftEngine::new();
    let slots = Mutex::new(Vec::new());
    let one_run = context();
    let facts = engine.views(&one_run, &input, &|view| slots.lock().unwrap().push(view.slot)).await.unwrap();
    assert_eq!(
        *slots.lock().unwrap(),
        [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::ThreeQuarter]
    );
    let remembered = engine.mesh(&one_run, &input).await.unwrap();
    let afresh = engine.mesh(&context(), &input).await.unwrap();
    assert!(remembered.mesh == afresh.mesh);
    assert_eq!(remembered.facts, afresh.facts);
    assert_eq!(remembered.facts, facts);
    let (a, b) = (
        engine.painter(&one_run, &input).await.unwrap().unwrap(),
        engine.painter(&context(), &input).await.unwrap().unwrap(),
    );
    for &p in remembered.mesh.positions.iter().step_by(101) {
        assert_eq!(a.albedo(p, Vec3::NEG_Z, 0.01), b.albedo(p, Vec3::NEG_Z, 0.01));
    }
}

#[tokio::test]
async fn another_input_in_the_same_run_is_not_mistaken_for_the_first() {
    let disc = Arc::new(drawn(90, 90, |x, y| x.abs_diff(45).pow(2) + y.abs_diff(45).pow(2) < 1600));
    let engine = DraftEngine::new();
    let run = context();
    let plain = engine.mesh(&run, &input(disc.clone(), ForgeParams::default())).await.unwrap();
    let flat = ForgeParams { depth: Some(0.3), ..ForgeParams::default() };
    let flat = engine.mesh(&run, &input(disc, flat)).await.unwrap();
    let depth = |mesh: &oreforge_geometry::TriMesh| {
        let (low, high) = mesh.bounds().unwrap();
        high.z - low.z
    };
    assert!(depth(&flat.mesh) < 0.5 * depth(&plain.mesh));
}

#[tokio::test]
async fn given_views_are_carved_from() {
    let front = drawn(120, 120, |x, y| x.abs_diff(60) < 50 && y.abs_diff(60) < 50);
    let right = drawn(120, 120, |x, y| x.abs_diff(60) < 20 && y.abs_diff(60) < 50);
    let top = drawn(120, 120, |x, y| x.abs_diff(60) < 50 && y.abs_diff(60) < 20);
    let input = SurfaceInput {
        cutout: Arc::new(front),
        given_views: Arc::new(BTreeMap::from([(ViewSlot::Right, right), (ViewSlot::Top, top)])),
        views: Arc::default(),
        depth: None,
        params: ForgeParams::default(),
    };
    let carved = DraftEngine::new().mesh(&context(), &input).await.unwrap();
    let (low, high) = carved.mesh.bounds().unwrap();
    assert!(((high.z - low.z) / (high.x - low.x) - 0.4).abs() < 0.03, "{low} {high}");
}

#[tokio::test]
async fn an_empty_given_view_is_named() {
    let input = SurfaceInput {
        cutout: Arc::new(drawn(60, 60, |x, y| x.abs_diff(30) < 20 && y.abs_diff(30) < 20)),
        given_views: Arc::new(BTreeMap::from([(ViewSlot::Left, RgbaImage::new(60, 60))])),
        views: Arc::default(),
        depth: None,
        params: ForgeParams::default(),
    };
    match DraftEngine::new().mesh(&context(), &input).await {
        Err(EngineError::Failed(report)) => {
            assert_eq!(report.code, ErrorCode::ViewUnusable);
            assert!(report.message.contains("left"), "{}", report.message);
        }
        Err(EngineError::Cancelled) => panic!("nobody cancelled"),
        Ok(_) => panic!("an empty view is no view"),
    }
}

/// Largest distance of a vertex's mirror image to the nearest vertex, as a share of the mesh's size.
fn asymmetry(mesh: &oreforge_geometry::TriMesh) -> f32 {
    let (low, high) = mesh
        .positions
        .iter()
        .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &p| (low.min(p), high.max(p)));
    let size = (high - low).max_element();
    let cell = |p: Vec3| (p / (0.02 * size)).floor().as_ivec3();
    let mut near: std::collections::HashMap<_, Vec<Vec3>> = std::collections::HashMap::new();
    for &p in &mesh.positions {
        near.entry(cell(p)).or_default().push(p);
    }
    let farthest = |p: Vec3| {
        let image = Vec3::new(-p.x, p.y, p.z);
        let steps = (0..27).map(|i| glam::IVec3::new(i % 3 - 1, i / 3 % 3 - 1, i / 9 - 1));
        let candidates = steps.filter_map(|step| near.get(&(cell(image) + step))).flatten();
        candidates.map(|other| other.distance(image)).fold(f32::INFINITY, f32::min)
    };
    mesh.positions.iter().map(|&p| farthest(p)).fold(0.0, f32::max) / size
}

#[test]
fn a_symmetric_solid_is_its_own_mirror_image_and_closed() {
    // A body with one arm raised and a stripe that is no part of its shape.
    let lopsided = |picture_px: u32| {
        let s = picture_px as f32 / 200.0;
        RgbaImage::from_fn(picture_px, picture_px, |x, y| {
            let (x, y) = (x as f32 / s, y as f32 / s);
            let body = ((x - 90.0) / 35.0).powi(2) + ((y - 110.0) / 70.0).powi(2) < 1.0;
            let arm = (90.0..180.0).contains(&x) && (y - (150.0 - 0.6 * x)).abs() < 9.0;
            let stripe = if x > 80.0 && x < 95.0 { 230 } else { 60 };
            Rgba([stripe, 90, 40, if body || arm { 255 } else { 0 }])
        })
    };
    let surface = |given: BTreeMap<ViewSlot, RgbaImage>, symmetry| {
        let input = SurfaceInput {
            cutout: Arc::new(lopsided(300)),
            given_views: Arc::new(given),
            views: Arc::default(),
            depth: None,
            params: ForgeParams { symmetry, ..ForgeParams::default() },
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let surface = runtime.block_on(DraftEngine::new().mesh(&context(), &input)).unwrap();
        assert_eq!(surface.facts["symmetric"], (symmetry == SymmetryChoice::On));
        surface.mesh
    };
    let side =
        || BTreeMap::from([(ViewSlot::Right, drawn(120, 200, |x, y| (20..100).contains(&x) && y > 9))]);
    for given in [BTreeMap::new, side] {
        let mesh = surface(given(), SymmetryChoice::On);
        let found = inspect(&mesh);
        assert!(found.watertight && found.manifold && found.components == 1, "{found:?}");
        // A cell of the field it is cut from: the nearest vertex may lie across its triangle.
        assert!(asymmetry(&mesh) < 1.0 / 256.0, "off by {}", asymmetry(&mesh));
        assert!(asymmetry(&surface(given(), SymmetryChoice::Auto)) > 0.05, "its arm is gone");
    }
}

#[tokio::test]
async fn the_front_runs_as_the_depth_map_says() {
    let cutout = Arc::new(drawn(200, 200, |x, y| x.abs_diff(100) < 80 && y.abs_diff(100) < 80));
    let made = |depth: Option<Grid<f32>>| SurfaceInput {
        depth: depth.map(Arc::new),
        ..input(Arc::clone(&cutout), ForgeParams::default())
    };
    // Twice as fine as the picture: near on the right, far on the left.
    let ramp = Grid::from_cells(400, 400, (0..160_000).map(|i| (i % 400) as f32 / 400.0).collect());
    let surface = DraftEngine::new().mesh(&context(), &made(Some(ramp))).await.unwrap();
    assert_eq!(surface.facts["depth_map"], true);
    let found = inspect(&surface.mesh);
    assert!(found.watertight && found.manifold && found.components == 1, "{found:?}");
    let (low, high) = surface.mesh.bounds().unwrap();
    let size = high - low;
    // The front at a share of the width, in the middle of the height.
    let front = |share: f32| {
        let x = low.x + share * size.x;
        let near = |p: &&Vec3| {
            (p.x - x).abs() < 0.03 * size.x && (p.y - (low.y + high.y) / 2.0).abs() < 0.1 * size.y
        };
        surface.mesh.positions.iter().filter(near).map(|p| p.z).fold(f32::MIN, f32::max)
    };
    let fronts = [0.2, 0.4, 0.6, 0.8].map(front);
    assert!(fronts.windows(2).all(|pair| pair[1] > pair[0] + 0.05 * size.z), "{fronts:?}");

    let flat = Grid::filled(50, 50, 0.5);
    let unused = DraftEngine::new().mesh(&context(), &made(Some(flat))).await.unwrap();
    assert_eq!(unused.facts["depth_map"], false);
    let without = DraftEngine::new().mesh(&context(), &made(None)).await.unwrap();
    assert!(unused.mesh.positions == without.mesh.positions, "a map that says nothing changes nothing");
}

#[test]
fn its_own_depth_given_back_leaves_a_solid_as_it_is() {
    let cutout = Arc::new(drawn(200, 160, |x, y| (x as f32 - 100.0).hypot(1.3 * (y as f32 - 80.0)) < 85.0));
    let params = ForgeParams::default();
    let solid = Solid::new(Arc::clone(&cutout), &params, Cancel::never()).unwrap();
    let nearness = solid.nearness(Cancel::never()).unwrap();
    let again = Solid::with_depth(cutout, &params, Some(&nearness), Cancel::never()).unwrap();
    let bounds = |solid: &Solid| solid.surface(128, Cancel::never()).unwrap().bounds().unwrap();
    let ((low, high), (low_again, high_again)) = (bounds(&solid), bounds(&again));
    let off = (low - low_again).abs().max_element().max((high - high_again).abs().max_element());
    assert!(off < 0.03 * (high - low).max_element(), "{low} {high} became {low_again} {high_again}");
}
