//! What a job on a server comes to when nothing breaks, and when something is missing.

use libtest_mimic::Failed;
use oreforge_protocol::{
    ArtifactKind, EngineChoice, ErrorCode, EventBody, ForgeRequest, JobSnapshot, Report, StepName, ViewSlot,
};
use oreforge_tests::fake_comfy::{Boundary, FakeComfy, Fault, Options, Outcome};

use crate::desk::{Desk, all_events, begin, block_on, logs, ours, server};

/// Runs a job to its end and tells how it stands then, with its events.
async fn run(desk: &Desk, request: ForgeRequest) -> (JobSnapshot, Vec<oreforge_protocol::Event>) {
    let forge = desk.open();
    let job = begin(&forge, request).await;
    let events = all_events(&forge, job.id).await;
    let job = match forge.execute(oreforge_protocol::Command::GetJob { id: job.id }).await.unwrap() {
        oreforge_protocol::Reply::GetJob(job) => job,
        other => panic!("{other:?}"),
    };
    forge.shutdown().await;
    (job, events)
}

fn report(job: &JobSnapshot) -> Report {
    let artifact = job.artifacts.iter().find(|artifact| artifact.kind == ArtifactKind::Report).unwrap();
    serde_json::from_slice(&std::fs::read(&artifact.path).unwrap()).unwrap()
}

fn slots(job: &JobSnapshot) -> Vec<ViewSlot> {
    job.artifacts.iter().filter(|a| a.kind == ArtifactKind::View).filter_map(|a| a.slot).collect()
}

pub fn both_steps() -> Result<(), Failed> {
    let (fake, desk) = (server(), Desk::new());
    let (job, events) = block_on(run(&desk, desk.request(EngineChoice::Comfy, Some(fake.url()))))?;
    assert_eq!(job.error, None);
    assert_eq!(slots(&job).len(), 4);
    let report = report(&job);
    assert_eq!(report.engine, "comfy");
    assert!(report.mesh.watertight && report.mesh.triangles <= 200, "{:?}", report.mesh);
    let facts = &report.steps.iter().find(|step| step.name == StepName::Mesh).unwrap().facts;
    assert_eq!(facts["workflow"], "Views to mesh (Hunyuan3D-2 multi-view)");
    assert_eq!(ours(&fake), [Outcome::Success; 2]);
    assert!(!fake.root().join("input/oreforge").exists(), "a picture stays on the server");
    // Each view is visible as it comes, and no step is at its end before its files are here.
    let views = events.iter().filter(|event| matches!(event.body, EventBody::ViewReady { .. })).count();
    assert_eq!(views, 4);
    let glb = job.artifacts.iter().find(|artifact| artifact.kind == ArtifactKind::Mesh).unwrap();
    let glb = std::fs::read(&glb.path)?;
    let url = fake.url();
    let host = url.trim_start_matches("http://").as_bytes();
    assert!(!glb.windows(host.len()).any(|bytes| bytes == host), "an asset names no server");
    Ok(())
}

pub fn one_step_each() -> Result<(), Failed> {
    for (views, mesh, engine, sent) in [
        (EngineChoice::Draft, EngineChoice::Comfy, "draft+comfy", 1),
        (EngineChoice::Comfy, EngineChoice::Draft, "comfy+draft", 1),
    ] {
        let (fake, desk) = (server(), Desk::new());
        let mut request = desk.request(EngineChoice::Auto, Some(fake.url()));
        (request.params.views_engine, request.params.mesh_engine) = (Some(views), Some(mesh));
        let (job, _) = block_on(run(&desk, request))?;
        assert_eq!(job.error, None, "{engine}");
        assert_eq!(report(&job).engine, engine);
        assert_eq!(ours(&fake).len(), sent, "{engine}");
    }
    Ok(())
}

pub fn fall_back() -> Result<(), Failed> {
    let (fake, desk) = (FakeComfy::start(Options::default()), Desk::new());
    fake.set_models("checkpoints", &["hunyuan3d-dit-v2.safetensors"]);
    let (job, events) = block_on(run(&desk, desk.request(EngineChoice::Auto, Some(fake.url()))))?;
    assert_eq!(job.error, None);
    assert_eq!(report(&job).engine, "draft+comfy");
    let logs = logs(&events);
    assert!(
        logs.iter()
            .any(|log| log.starts_with("The draft engine makes the views.") && log.contains("zero123"))
    );
    let gone = Desk::new();
    let (job, events) =
        block_on(run(&gone, gone.request(EngineChoice::Auto, Some("http://127.0.0.1:9".to_owned()))))?;
    assert_eq!((job.error.as_ref(), report(&job).engine.as_str()), (None, "draft"));
    assert!(crate::desk::logs(&events).iter().any(|log| log.contains("unreachable")));
    Ok(())
}

pub fn missing() -> Result<(), Failed> {
    let (fake, desk) = (FakeComfy::start(Options::default()), Desk::new());
    fake.set_models("checkpoints", &["v1-5-pruned-emaonly.safetensors"]);
    fake.remove_class("VoxelToMesh");
    let (job, _) = block_on(run(&desk, desk.request(EngineChoice::Comfy, Some(fake.url()))))?;
    let error = job.error.unwrap();
    assert_eq!(error.code, ErrorCode::EngineUnavailable);
    for wanted in
        ["stable_zero123.ckpt", "sv3d_p.safetensors", "hunyuan3d-dit-v2-mv_fp16.safetensors", "VoxelToMesh"]
    {
        assert!(error.message.contains(wanted), "{wanted}: {}", error.message);
    }
    assert!(error.hint.unwrap().contains("models/checkpoints"));
    assert_eq!(ours(&fake), [], "nothing was queued");
    let url = fake.url();
    let args = ["forge", "stick.png", "--engine", "comfy", "--comfy", &url, "--out", "out"];
    assert_eq!(desk.start(&args).end(), Some(4));
    let stderr = std::fs::read_to_string(desk.path("stderr"))?;
    assert!(stderr.contains("VoxelToMesh") && stderr.contains("stable_zero123"), "{stderr}");
    Ok(())
}

/// A workflow says how new a ComfyUI it takes: all of its nodes may be there and do something else.
pub fn too_old() -> Result<(), Failed> {
    let run_on = |fake: &FakeComfy| {
        let desk = Desk::new();
        let request = desk.small_request(fake);
        let manifest = desk.path("data/workflows/small-image-to-views-zero123.toml");
        let text = std::fs::read_to_string(&manifest).unwrap();
        std::fs::write(&manifest, text.replace("min_comfyui = \"0.3.0\"", "min_comfyui = \"0.9\"")).unwrap();
        block_on(run(&desk, request))
    };
    let fake = server();
    let (job, _) = run_on(&fake)?;
    let error = job.error.unwrap();
    assert_eq!(error.code, ErrorCode::EngineUnavailable);
    assert!(error.message.contains("This is ComfyUI 0.3.64; the workflow needs 0.9.0."), "{}", error.message);
    assert!(error.hint.unwrap().contains("Update ComfyUI to 0.9.0 or newer."));
    assert_eq!(ours(&fake), [], "nothing was queued");

    let silent = FakeComfy::start(Options { version: None, ..Options::default() });
    silent.set_models("checkpoints", &crate::desk::MODELS);
    let (job, events) = run_on(&silent)?;
    assert_eq!(job.error, None);
    let logs = logs(&events);
    assert!(
        logs.iter().any(|log| log.contains("does not tell its version") && log.contains("0.9.0")),
        "{logs:?}"
    );
    Ok(())
}

pub fn node_error() -> Result<(), Failed> {
    let (fake, desk) = (server(), Desk::new());
    fake.inject(Boundary::message("executing", 3), Fault::NodeError("the tensor is shy".to_owned()));
    assert_eq!(desk.forge(&fake).end(), Some(6));
    let stdout = std::fs::read_to_string(desk.path("stdout"))?;
    assert!(stdout.contains("the tensor is shy"), "{stdout}");
    // The same job goes on where it stopped.
    let (id, state) = desk.only_job();
    assert_eq!(state, "failed");
    assert_eq!(desk.jobs(&["resume", &id, "--json"]), Some(0));
    assert_eq!(ours(&fake), [Outcome::Error, Outcome::Success, Outcome::Success]);
    Ok(())
}
