//! Hundreds of small jobs in one process leave it as it was. Alone in its program: what is measured is the process.
#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use oreforge_commands::{Config, Oreforge};
use oreforge_jobs::{
    HostKind, JobSpec, Jobs, NewJob, Run, Runs, StepError, StepHost, StepInputs, StepOutput, Store,
};
use oreforge_protocol::{
    Command, ErrorReport, EventBody, EventSeq, ForgeParams, ForgeRequest, JobRequest, LogLevel, PromptNote,
    Reply, SourceRef, StepName,
};

struct Brief;

#[async_trait]
impl Run for Brief {
    fn written_bytes(&self, _: StepName) -> u64 {
        0
    }

    async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        host.sink.progress(0.5, "half way");
        host.sink.log(LogLevel::Info, format!("in {step}"));
        Ok(StepOutput::default())
    }
}

#[async_trait]
impl Runs for Brief {
    async fn start(&self, _: JobSpec, _: Arc<dyn StepInputs>) -> Result<(Box<dyn Run>, String), ErrorReport> {
        Ok((Box::new(Brief), "brief".to_owned()))
    }

    async fn take_back(&self, _: PromptNote) -> bool {
        false
    }
}

#[derive(Debug)]
struct Use {
    resident_kb: usize,
    files: usize,
    threads: usize,
    tasks: usize,
}

fn measure() -> Use {
    let count = |folder| fs::read_dir(folder).unwrap().count();
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    Use {
        resident_kb: pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4,
        files: count("/proc/self/fd"),
        threads: count("/proc/self/task"),
        tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
    }
}

fn must_be_flat(what: &str, before: &Use, after: &Use, growth_kb: usize) {
    println!("{what}: {before:?} then {after:?}");
    assert_eq!((after.files, after.tasks), (before.files, before.tasks), "{what}: files, tasks");
    // Threads that block come and go with the load; a call that hangs keeps one for ever.
    assert!(after.threads <= before.threads + MAX_BLOCKING_THREADS, "{what}: threads");
    assert!(after.resident_kb <= before.resident_kb + growth_kb, "{what}: memory");
}

fn request(source: SourceRef) -> ForgeRequest {
    let params = ForgeParams { triangles: 200, texture_px: 64, ..ForgeParams::default() };
    ForgeRequest { params, ..ForgeRequest::new(source) }
}

const MAX_BLOCKING_THREADS: usize = 8;

#[test]
fn three_hundred_jobs_leave_the_process_as_it_was() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).max_blocking_threads(MAX_BLOCKING_THREADS).enable_all();
    runtime.build().unwrap().block_on(soak());
}

async fn soak() {
    let dir = oreforge_tests::quick_folder().unwrap();
    let jobs = Jobs::start(Arc::new(Store::open(dir.path()).unwrap()), Arc::new(Brief), HostKind::Resident);
    let source = jobs.import("a.png".to_owned(), b"a picture"[..].into()).await.unwrap();
    let source = SourceRef::Imported { id: source.id, file_name: source.file_name };
    let mut before = None;
    for number in 1..=300 {
        let request = JobRequest::Forge(request(source.clone()));
        let job = NewJob { name: "brief".to_owned(), project: None, request, in_front: false, failure: None };
        let id = jobs.create(job).await.unwrap().id;
        let events: Vec<EventBody> = jobs.events(id, EventSeq(0)).map(|event| event.body).collect().await;
        assert!(matches!(events.last(), Some(EventBody::Done { .. })), "{events:?}");
        if number == 50 {
            before = Some(measure());
        }
    }
    must_be_flat("brief jobs", &before.unwrap(), &measure(), 8_000);
    jobs.shutdown().await;
    drop(jobs);

    let dir = oreforge_tests::quick_folder().unwrap();
    let picture = dir.path().join("stick.png");
    // Upright and thin: little surface, so that a forge is quick.
    image::RgbaImage::from_fn(96, 96, |x, y| {
        let inside = x.abs_diff(48).pow(2) * 100 + y.abs_diff(48).pow(2) < 1700;
        image::Rgba(if inside { [200, 90, 40, 255] } else { [0; 4] })
    })
    .save(&picture)
    .unwrap();
    let forge =
        Oreforge::open(Config { data_dir: Some(dir.path().join("data")), only_own_jobs: false }).unwrap();
    let mut before = None;
    for number in 1..=20 {
        let source = SourceRef::Path { path: picture.to_str().unwrap().to_owned() };
        let Reply::StartForge(job) =
            forge.execute(Command::StartForge { request: request(source) }).await.unwrap()
        else {
            panic!("another reply")
        };
        let events: Vec<EventBody> =
            forge.events(job.id, EventSeq(0)).map(|event| event.body).collect().await;
        assert!(matches!(events.last(), Some(EventBody::Done { .. })), "{events:?}");
        if number == 8 {
            before = Some(measure());
        }
    }
    must_be_flat("real jobs", &before.unwrap(), &measure(), 40_000);
    forge.shutdown().await;
}
