//! Depth maps of pictures, by a server.

use std::path::Path;

use image::{DynamicImage, Luma, Rgba, RgbaImage};
use libtest_mimic::Failed;
use oreforge_commands::Oreforge;
use oreforge_protocol::{
    ArtifactKind, Command, DepthRange, DepthRequest, ErrorCode, JobSnapshot, ProfileChoice, ProspectRequest,
    Reply, SourceRef,
};
use oreforge_tests::fake_comfy::{Boundary, FakeComfy, Options, Outcome};
use serde_json::Value;

use crate::desk::{Desk, all_events, block_on, ours};

/// A server that can tell depth.
fn seeing() -> FakeComfy {
    let fake = FakeComfy::start(Options::default());
    fake.set_models("diffusion_models", &["lotus-depth-d-v1-1.safetensors"]);
    fake.set_models("vae", &["vae-ft-mse-840000-ema-pruned.safetensors"]);
    fake
}

/// A disc, brighter further down, of a size that no sampler takes; what is transparent hides green.
fn disc(path: &Path) {
    let disc = RgbaImage::from_fn(101, 75, |x, y| {
        let (dx, dy) = (f64::from(x) - 50.0, f64::from(y) - 37.0);
        let grey = 20 + 2 * y as u8;
        if dx.hypot(dy) <= 30.0 { Rgba([grey, grey, grey, 255]) } else { Rgba([0, 255, 0, 0]) }
    });
    disc.save(path).unwrap();
}

fn source(path: &Path) -> SourceRef {
    SourceRef::Path { path: path.to_string_lossy().into_owned() }
}

async fn prospect(forge: &Oreforge, request: ProspectRequest) -> JobSnapshot {
    let id = match forge.execute(Command::StartProspect { request, in_front: false }).await.unwrap() {
        Reply::StartProspect(job) => job.id,
        other => panic!("{other:?}"),
    };
    all_events(forge, id).await;
    match forge.execute(Command::GetJob { id }).await.unwrap() {
        Reply::GetJob(job) => job,
        other => panic!("{other:?}"),
    }
}

fn grey16(path: &Path) -> image::ImageBuffer<Luma<u16>, Vec<u16>> {
    match image::open(path).unwrap() {
        DynamicImage::ImageLuma16(grey) => grey,
        other => panic!("{:?} is not 16 bits of grey", other.color()),
    }
}

/// The fake says that what is darker is nearer.
fn assert_depth(path: &Path) {
    let map = grey16(path);
    assert_eq!(map.dimensions(), (101, 75));
    let column: Vec<u16> = (10..65).map(|y| map.get_pixel(50, y).0[0]).collect();
    assert!(column.is_sorted_by(|above, below| above >= below), "{column:?}");
    assert!(column[0] > 60_000 && column[54] < 5_000 && column[53] > 0, "{column:?}");
    assert_eq!(map.get_pixel(2, 2).0[0], 0, "beside the object");
}

pub fn by_a_server() -> Result<(), Failed> {
    let (fake, desk) = (seeing(), Desk::new());
    let picture = desk.path("disc.png");
    disc(&picture);
    block_on(async {
        let forge = desk.open();
        let request =
            ProspectRequest { server: Some(fake.url()), ..ProspectRequest::depth_map(source(&picture)) };
        let job = prospect(&forge, request.clone()).await;
        assert_eq!((job.error, job.name.as_str()), (None, "disc depth"));
        assert_eq!(ours(&fake), [Outcome::Success]);
        let [map] = &job.artifacts[..] else { panic!("{:?}", job.artifacts) };
        assert_eq!(map.kind, ArtifactKind::Picture);
        // Nothing was cropped, and nothing hidden shone through.
        let sent = image::open(&map.path).unwrap().to_rgb8();
        assert_eq!((sent.dimensions(), sent.get_pixel(0, 0).0), ((96, 72), [0; 3]));
        let depth = DepthRequest {
            source: source(&picture),
            mask: None,
            profile: ProfileChoice::Auto,
            range: DepthRange::default(),
            map: Some(SourceRef::Artifact { id: map.id }),
        };
        let path = desk.path("disc.depth.png");
        let save = Command::SaveDepth { depth: depth.clone(), path: path.to_string_lossy().into_owned() };
        forge.execute(save).await.unwrap();
        assert_depth(&path);
        // Adjusted as any other.
        let range = DepthRange { far: 0.5, ..DepthRange::default() };
        let save = Command::SaveDepth {
            depth: DepthRequest { range, ..depth },
            path: path.to_string_lossy().into_owned(),
        };
        forge.execute(save).await.unwrap();
        assert_eq!(grey16(&path).get_pixel(50, 60).0[0], 1);

        let wrong = ProspectRequest { workflow: Some("text-to-image-sd15".to_owned()), ..request.clone() };
        let error = prospect(&forge, wrong).await.error.unwrap();
        assert_eq!(error.code, ErrorCode::BadRequest);
        fake.set_models("diffusion_models", &[]);
        let error = prospect(&forge, request).await.error.unwrap();
        assert_eq!(error.code, ErrorCode::EngineUnavailable);
        assert!(error.message.contains("lotus-depth-d-v1-1.safetensors"), "{error:?}");
        forge.shutdown().await;
    })
}

/// The program dies while the server is at it; another life of it takes the result over.
pub fn by_the_program() -> Result<(), Failed> {
    let (fake, desk) = (seeing(), Desk::new());
    disc(&desk.path("disc.png"));
    let url = fake.url();
    let args = ["depth", "disc.png", "--out", "out.png", "--engine", "comfy", "--comfy", &url, "--json"];
    block_on(async {
        let moment = Boundary::message("executing", 3);
        let hold = fake.hold(moment.clone());
        let program = desk.start(&args);
        hold.reached().await;
        program.kill();
        hold.release();
    })?;
    let (id, _) = desk.only_job();
    assert_eq!(desk.jobs(&["resume", &id, "--json"]), Some(0));
    assert_eq!(ours(&fake), [Outcome::Success], "one prompt, over both lives");

    assert_eq!(desk.start(&args).end(), Some(0));
    assert_depth(&desk.path("out.png"));
    let said = std::fs::read_to_string(desk.path("stdout"))?;
    let last: Value = serde_json::from_str(said.lines().last().unwrap())?;
    assert!(last["path"].as_str().unwrap().ends_with("out.png"), "{last}");
    fake.set_models("vae", &[]);
    assert_eq!(desk.start(&args).end(), Some(4));
    Ok(())
}
