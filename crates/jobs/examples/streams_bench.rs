//! A hundred readers follow a job that says a hundred thousand things: what each hears, how late, in how much memory.
//! A reader that stalls from the start stands beside them.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use futures_util::{Stream, StreamExt};
use oreforge_jobs::{
    HostKind, JobSpec, Jobs, NewJob, Run, Runs, StepError, StepHost, StepInputs, StepOutput, Store,
};
use oreforge_protocol::{
    ErrorCode, ErrorReport, Event, EventBody, EventSeq, ForgeRequest, GateReport, GateVerdict, JobRequest,
    PromptNote, SourceRef, StepName,
};

const READERS: usize = 100;
const EVENTS: usize = 100_000;

/// When each event was written, in nanoseconds since the start; 0 before.
struct Written {
    start: Instant,
    at_ns: Vec<AtomicU64>,
}

struct Talkers(Arc<Written>);
struct Talker(Arc<Written>);

#[async_trait]
impl Runs for Talkers {
    async fn start(&self, _: JobSpec, _: Arc<dyn StepInputs>) -> Result<(Box<dyn Run>, String), ErrorReport> {
        Ok((Box::new(Talker(Arc::clone(&self.0))), "talker".to_owned()))
    }

    async fn take_back(&self, _: PromptNote) -> bool {
        false
    }
}

#[async_trait]
impl Run for Talker {
    fn written_bytes(&self, _: StepName) -> u64 {
        0
    }

    async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        if step != StepName::Gate {
            return Ok(StepOutput::default());
        }
        let written = Arc::clone(&self.0);
        let talking = tokio::task::spawn_blocking(move || {
            for at_ns in &written.at_ns {
                at_ns.store(written.start.elapsed().as_nanos() as u64, Ordering::Release);
                host.sink.quality(GateReport {
                    verdict: GateVerdict::Pass,
                    views: Vec::new(),
                    reasons: Vec::new(),
                    swapped: Vec::new(),
                })?;
            }
            Ok::<(), ErrorReport>(())
        });
        talking.await.map_err(|ended| ErrorReport::new(ErrorCode::Internal, ended.to_string()))??;
        Ok(StepOutput::default())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let written =
        Arc::new(Written { start: Instant::now(), at_ns: (0..EVENTS).map(|_| AtomicU64::new(0)).collect() });
    let jobs = Jobs::start(
        Arc::new(Store::open(dir.path())?),
        Arc::new(Talkers(Arc::clone(&written))),
        HostKind::Resident,
    );
    let source = jobs.import("a.png".to_owned(), b"a picture"[..].into()).await?;
    let request = JobRequest::Forge(ForgeRequest::new(SourceRef::Imported {
        id: source.id,
        file_name: source.file_name,
    }));
    let before_mb = resident_mb();
    let job = jobs
        .create(NewJob { name: "talk".to_owned(), project: None, request, in_front: false, failure: None })
        .await?;
    // Takes one event and then no more, to the end.
    let mut stalled = Box::pin(jobs.events(job.id, EventSeq(0)));
    stalled.next().await;
    let readers: Vec<_> = (0..READERS)
        .map(|_| tokio::spawn(listen(Box::pin(jobs.events(job.id, EventSeq(0))), Arc::clone(&written))))
        .collect();
    let mut all = Heard::default();
    for reader in readers {
        all.add(&reader.await?);
    }
    let elapsed_s = written.start.elapsed().as_secs_f64();
    println!(
        "| readers | events each | lost | twice or out of order | p50 ms | p99 ms | all heard after s | memory grew by MB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    println!(
        "| {READERS} and one that stalls | {EVENTS} | {} | {} | {:.1} | {:.1} | {elapsed_s:.1} | {:.0} |",
        READERS * EVENTS - all.count,
        all.out_of_order,
        all.late_ms(0.5),
        all.late_ms(0.99),
        resident_mb() - before_mb
    );
    drop(stalled);
    jobs.shutdown().await;
    Ok(())
}

/// Tenths of milliseconds that are told apart; what is later counts as the last.
const BINS: usize = 100_000;

struct Heard {
    count: usize,
    out_of_order: usize,
    late: Vec<u32>,
}

impl Default for Heard {
    fn default() -> Self {
        Self { count: 0, out_of_order: 0, late: vec![0; BINS] }
    }
}

impl Heard {
    fn add(&mut self, other: &Heard) {
        self.count += other.count;
        self.out_of_order += other.out_of_order;
        self.late.iter_mut().zip(&other.late).for_each(|(ours, theirs)| *ours += theirs);
    }

    fn late_ms(&self, share: f64) -> f64 {
        let wanted = self.count as f64 * share;
        let mut seen = 0.0;
        let bin = self.late.iter().position(|&count| {
            seen += f64::from(count);
            seen >= wanted
        });
        bin.map_or(f64::NAN, |bin| bin as f64 / 10.0)
    }
}

async fn listen(mut events: impl Stream<Item = Event> + Unpin, written: Arc<Written>) -> Heard {
    let mut heard = Heard::default();
    let mut newest = EventSeq(0);
    while let Some(event) = events.next().await {
        heard.out_of_order += usize::from(event.seq <= newest);
        newest = event.seq;
        if let EventBody::Quality { .. } = event.body {
            let now_ns = written.start.elapsed().as_nanos() as u64;
            let late_ns = now_ns - written.at_ns[heard.count].load(Ordering::Acquire);
            heard.late[(late_ns as usize / 100_000).min(BINS - 1)] += 1;
            heard.count += 1;
        }
    }
    heard
}

fn resident_mb() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.and_then(|text| text.split(' ').nth(1)?.parse::<f64>().ok());
    resident.map_or(f64::NAN, |pages| pages * 4096.0 / 1e6)
}
