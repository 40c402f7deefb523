//! Settings, several servers, and jobs that go on with something else than they began with.

use libtest_mimic::Failed;
use oreforge_protocol::{
    ArtifactKind, ComfyServer, Command, EngineChoice, ErrorCode, EventBody, GateVerdict, JobId, JobRequest,
    JobSnapshot, JobState, Reply, Secret, ServerAuth, Settings, StepName,
};
use oreforge_tests::fake_comfy::{Auth, Boundary, FakeComfy, Fault, Options, Outcome};

use crate::desk::{Desk, MODELS, all_events, begin, block_on, logs, ours, server, stranger};

fn named(fakes: &[&FakeComfy]) -> Settings {
    let servers = fakes.iter().enumerate().map(|(number, fake)| ComfyServer {
        name: format!("server {number}"),
        url: fake.url(),
        auth: ServerAuth::None,
    });
    Settings { servers: servers.collect(), unreachable_s: 5, ..Settings::default() }
}

async fn save(forge: &oreforge_commands::Oreforge, settings: Settings) -> Settings {
    match forge.execute(Command::SaveSettings { settings }).await.unwrap() {
        Reply::SaveSettings(settings) => settings,
        other => panic!("{other:?}"),
    }
}

async fn snapshot(forge: &oreforge_commands::Oreforge, id: JobId) -> JobSnapshot {
    match forge.execute(Command::GetJob { id }).await.unwrap() {
        Reply::GetJob(job) => job,
        other => panic!("{other:?}"),
    }
}

pub fn least_busy() -> Result<(), Failed> {
    let (busy, idle, bare) = (server(), server(), FakeComfy::start(Options::default()));
    bare.set_models("checkpoints", &[]);
    let taken = Boundary::stage("taken", 1);
    let _held = busy.hold(taken.clone());
    busy.submit_as_stranger(&stranger()).unwrap();
    let desk = Desk::new();
    block_on(async {
        busy.reached(&taken).await;
        let forge = desk.open();
        save(&forge, named(&[&bare, &busy, &idle])).await;
        let job = begin(&forge, desk.request(EngineChoice::Auto, None)).await;
        all_events(&forge, job.id).await;
        assert_eq!(snapshot(&forge, job.id).await.error, None);
        forge.shutdown().await;
    })?;
    assert_eq!(ours(&idle), [Outcome::Success; 2]);
    assert_eq!((ours(&busy), ours(&bare)), (Vec::new(), Vec::new()));
    Ok(())
}

pub fn hand_over() -> Result<(), Failed> {
    let (dying, other) = (server(), server());
    dying.inject(Boundary::message("progress", 2), Fault::Kill);
    let desk = Desk::new();
    block_on(async {
        let forge = desk.open();
        save(&forge, named(&[&dying, &other])).await;
        let job = begin(&forge, desk.request(EngineChoice::Comfy, None)).await;
        let events = all_events(&forge, job.id).await;
        assert_eq!(snapshot(&forge, job.id).await.error, None);
        let said = format!("{} takes over.", other.url());
        assert!(logs(&events).iter().any(|log| log.ends_with(&said)), "{:?}", logs(&events));
        forge.shutdown().await;
    })?;
    assert_eq!(ours(&dying), [Outcome::Lost]);
    assert_eq!(ours(&other), [Outcome::Success; 2]);
    Ok(())
}

pub fn kept_without_secrets() -> Result<(), Failed> {
    let auth = Auth::Basic { user: "ann".to_owned(), password: "pa55word".to_owned() };
    let fake = FakeComfy::start(Options { auth: Some(auth), ..Options::default() });
    fake.set_models("checkpoints", &MODELS);
    let address = fake.url().replace("http://", "http://ann:pa55word@");
    let desk = Desk::new();
    block_on(async {
        let forge = desk.open();
        // A job that names its server with a password works, and the password is nowhere afterwards.
        let job = begin(&forge, desk.request(EngineChoice::Comfy, Some(address.clone()))).await;
        let JobRequest::Forge(request) = &job.request else { panic!("{job:?}") };
        assert_eq!(request.params.comfy.server, Some(fake.url()));
        all_events(&forge, job.id).await;
        assert_eq!(snapshot(&forge, job.id).await.error, None);
        let settings = Settings {
            servers: vec![ComfyServer { name: "a".to_owned(), url: address, auth: ServerAuth::None }],
            silence_s: 120,
            ..Settings::default()
        };
        let saved = save(&forge, settings).await;
        assert_eq!((saved.servers[0].url.as_str(), saved.silence_s), (fake.url().as_str(), 120));
        let bad = Settings { silence_s: 1, unreachable_s: 0, ..Settings::default() };
        let refused = forge.execute(Command::SaveSettings { settings: bad }).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::BadRequest);
        assert!(refused.message.contains("silence") && refused.message.contains("absence"), "{refused:?}");
        forge.shutdown().await;
        drop(forge);
        let forge = desk.open();
        match forge.execute(Command::GetSettings {}).await.unwrap() {
            Reply::GetSettings(settings) => assert_eq!(settings, saved),
            other => panic!("{other:?}"),
        }
        forge.shutdown().await;
    })?;
    for file in desk.files() {
        let bytes = std::fs::read(&file)?;
        assert!(!bytes.windows(8).any(|part| part == b"pa55word"), "{}", file.display());
    }
    Ok(())
}

/// In the keyring that these tests have, and in the program that knows it.
pub fn forgotten_with_its_server() -> Result<(), Failed> {
    let auth = Auth::Bearer("s3same".to_owned());
    let fake = FakeComfy::start(Options { auth: Some(auth), ..Options::default() });
    let in_keyring = || keyring_core::Entry::new("oreforge", &fake.url()).unwrap().get_password().ok();
    let at = |name: &str| ComfyServer { name: name.to_owned(), url: fake.url(), auth: ServerAuth::Token };
    let naming = |servers: &[ComfyServer]| Settings { servers: servers.to_vec(), ..Settings::default() };
    let desk = Desk::new();
    block_on(async {
        let forge = desk.open();
        let lets_us_in = async || match forge.execute(Command::EngineStatus {}).await.unwrap() {
            Reply::EngineStatus(engines) => {
                engines.iter().any(|status| status.engine == "comfy" && status.ready)
            }
            other => panic!("{other:?}"),
        };
        save(&forge, naming(&[at("one"), at("other")])).await;
        assert!(!lets_us_in().await);
        let secret = Some(Secret("s3same".to_owned()));
        forge.execute(Command::SaveSecret { server: fake.url(), secret }).await.unwrap();
        assert_eq!((lets_us_in().await, in_keyring().as_deref()), (true, Some("s3same")));
        // Another entry still has the address.
        save(&forge, naming(&[at("other")])).await;
        assert_eq!((lets_us_in().await, in_keyring().as_deref()), (true, Some("s3same")));
        save(&forge, naming(&[])).await;
        assert_eq!(in_keyring(), None);
        save(&forge, naming(&[at("again")])).await;
        assert!(!lets_us_in().await);
        // Nor is it kept for a server that is let be as it is.
        let secret = Some(Secret("s3same".to_owned()));
        forge.execute(Command::SaveSecret { server: fake.url(), secret }).await.unwrap();
        save(&forge, naming(&[ComfyServer { auth: ServerAuth::None, ..at("again") }])).await;
        assert_eq!((lets_us_in().await, in_keyring()), (false, None));
        forge.shutdown().await;
    })
}

pub fn upgraded() -> Result<(), Failed> {
    let (fake, desk) = (server(), Desk::new());
    block_on(async {
        let forge = desk.open();
        let job = begin(&forge, desk.request(EngineChoice::Draft, None)).await;
        all_events(&forge, job.id).await;
        let mesh = |job: &JobSnapshot| {
            job.artifacts.iter().find(|a| a.kind == ArtifactKind::Mesh).unwrap().sha256.clone()
        };
        let draft = mesh(&snapshot(&forge, job.id).await);
        let with = |from| Command::RetryWith {
            id: job.id,
            from,
            engine: EngineChoice::Comfy,
            server: Some(fake.url()),
        };
        assert_eq!(forge.execute(with(StepName::Gate)).await.unwrap_err().code, ErrorCode::BadRequest);
        forge.execute(with(StepName::Mesh)).await.unwrap();
        all_events(&forge, job.id).await;
        let better = snapshot(&forge, job.id).await;
        assert_eq!((better.state, better.error.as_ref()), (JobState::Done, None));
        assert_ne!(mesh(&better), draft);
        forge.shutdown().await;
    })?;
    assert_eq!(ours(&fake), [Outcome::Success]);
    Ok(())
}

/// A workflow of the person's own, whose views show something else.
pub fn refused_and_accepted() -> Result<(), Failed> {
    let (fake, desk) = (FakeComfy::start(Options::default()), Desk::new());
    fake.set_models("checkpoints", &["v1-5-pruned-emaonly.safetensors"]);
    let workflows = desk.path("data/workflows");
    std::fs::create_dir_all(&workflows)?;
    let graph = serde_json::json!({
        "1": { "class_type": "LoadImage", "inputs": { "image": "x.png" } },
        "2": { "class_type": "EmptyImage", "inputs": { "width": 64, "height": 64, "batch_size": 4, "color": 0 } },
        "3": { "class_type": "KSampler", "inputs": { "seed": 0, "steps": 5, "cfg": 1.0, "sampler_name": "euler",
            "scheduler": "normal", "denoise": 1.0, "model": ["6", 0], "positive": ["5", 0], "negative": ["5", 0],
            "latent_image": ["7", 0] } },
        "4": { "class_type": "VAEDecode", "inputs": { "samples": ["3", 0], "vae": ["6", 2] } },
        "5": { "class_type": "CLIPTextEncode", "inputs": { "text": "another thing", "clip": ["6", 1] } },
        "6": { "class_type": "CheckpointLoaderSimple", "inputs": { "ckpt_name": "v1-5-pruned-emaonly.safetensors" } },
        "7": { "class_type": "EmptyLatentImage", "inputs": { "width": 64, "height": 64, "batch_size": 4 } },
        "8": { "class_type": "SaveImage", "inputs": { "images": ["4", 0], "filename_prefix": "other" } },
        "9": { "class_type": "PreviewImage", "inputs": { "images": ["1", 0] } },
    });
    std::fs::write(workflows.join("other.json"), graph.to_string())?;
    let manifest = "title = \"Something else\"\nkind = \"image_to_views\"\nmin_comfyui = \"0.3.0\"\n\
        [[input]]\nname = \"picture\"\ntype = \"picture\"\nnode = \"1\"\nfield = \"image\"\n\
        [[input]]\nname = \"seed\"\ntype = \"seed\"\nnode = \"3\"\nfield = \"seed\"\n\
        [[output]]\nnode = \"8\"\ntype = \"images\"\n";
    std::fs::write(workflows.join("other.toml"), manifest)?;
    block_on(async {
        let forge = desk.open();
        let mut request = desk.request(EngineChoice::Comfy, Some(fake.url()));
        request.params.mesh_engine = Some(EngineChoice::Draft);
        request.params.comfy.views_workflow = Some("other".to_owned());
        request.params.comfy.set.clear();
        let job = begin(&forge, request).await;
        let events = all_events(&forge, job.id).await;
        let refused = snapshot(&forge, job.id).await;
        assert_eq!(refused.error.unwrap().code, ErrorCode::GateRefused);
        assert_eq!(ours(&fake).len(), 3, "another seed was tried, and another");
        let reports = |events: &[oreforge_protocol::Event]| {
            let report = |event: &oreforge_protocol::Event| match &event.body {
                EventBody::Quality { report } => Some(report.clone()),
                _ => None,
            };
            events.iter().filter_map(report).collect::<Vec<_>>()
        };
        let told = reports(&events);
        assert_eq!(told.last().unwrap().verdict, GateVerdict::Refuse);
        assert!(!told.last().unwrap().reasons.is_empty() && !refused.artifacts.is_empty());
        forge.execute(Command::AcceptViews { id: job.id }).await.unwrap();
        all_events(&forge, job.id).await;
        let accepted = snapshot(&forge, job.id).await;
        assert_eq!((accepted.state, accepted.error), (JobState::Done, None));
        assert_eq!(ours(&fake).len(), 3, "the views that were there were taken");
        forge.shutdown().await;
    })
}
