//! How long after a cancel a real job is over, asked at moments spread over each of its steps.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{
    Command, EventBody, EventSeq, ForgeRequest, JobId, JobKind, Reply, SourceRef, StepName,
};

const CANCELS_PER_STEP: usize = 40;
/// A step may be over before it is cancelled; so often it is tried again.
const MAX_TRIES: u32 = 400;
const BAR_MS: f64 = 100.0;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let config = Config { data_dir: Some(dir.path().to_owned()), only_own_jobs: false };
    let forge = Oreforge::open(config)?;
    let lengths = step_lengths(&forge).await?;
    println!("| step | takes ms | cancels | p50 ms | p99 ms | slowest ms | p99 under {BAR_MS} ms |");
    println!("|---|---|---|---|---|---|---|");
    for &step in JobKind::Forge.steps() {
        let length = lengths.get(&step).copied().unwrap_or_default();
        let mut waits_ms = Vec::new();
        for attempt in 0..MAX_TRIES {
            if waits_ms.len() == CANCELS_PER_STEP {
                break;
            }
            // The golden ratio spreads any number of moments evenly.
            let share = (f64::from(attempt) * 0.618_033_988_75).fract();
            waits_ms.extend(cancel_in(&forge, step, length.mul_f64(share * 0.9)).await?);
        }
        waits_ms.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let at = (waits_ms.len() as f64 * share) as usize;
            waits_ms.get(at).or(waits_ms.last()).copied().unwrap_or(f64::NAN)
        };
        println!(
            "| {step} | {} | {} | {:.1} | {:.1} | {:.1} | {} |",
            length.as_millis(),
            waits_ms.len(),
            at(0.5),
            at(0.99),
            at(1.0),
            if at(0.99) < BAR_MS { "yes" } else { "no" }
        );
    }
    forge.shutdown().await;
    Ok(())
}

async fn start(forge: &Oreforge) -> Result<JobId, Box<dyn Error>> {
    let request = ForgeRequest::new(SourceRef::Sample { name: "robot".to_owned() });
    match forge.execute(Command::StartForge { request }).await? {
        Reply::StartForge(job) => Ok(job.id),
        _ => Err("another reply".into()),
    }
}

async fn step_lengths(forge: &Oreforge) -> Result<BTreeMap<StepName, Duration>, Box<dyn Error>> {
    let mut lengths = BTreeMap::new();
    // The second run has warm caches.
    for _ in 0..2 {
        let mut events = std::pin::pin!(forge.events(start(forge).await?, EventSeq(0)));
        while let Some(event) = events.next().await {
            if let EventBody::StepDone { step, elapsed_ms, .. } = event.body {
                lengths.insert(step, Duration::from_millis(elapsed_ms));
            }
        }
    }
    Ok(lengths)
}

/// From the request to the job's last event, in milliseconds; `None` when the step was over first.
async fn cancel_in(
    forge: &Oreforge,
    wanted: StepName,
    after: Duration,
) -> Result<Option<f64>, Box<dyn Error>> {
    let id = start(forge).await?;
    let mut events = std::pin::pin!(forge.events(id, EventSeq(0)));
    while let Some(event) = events.next().await {
        if matches!(event.body, EventBody::StepActive { step, .. } if step == wanted) {
            break;
        }
    }
    tokio::time::sleep(after).await;
    let asked = Instant::now();
    forge.execute(Command::CancelJob { id }).await?;
    let mut was_in_step = true;
    while let Some(event) = events.next().await {
        match event.body {
            EventBody::StepActive { .. } => was_in_step = false,
            EventBody::Cancelled => {
                return Ok(was_in_step.then(|| asked.elapsed().as_secs_f64() * 1000.0));
            }
            _ => {}
        }
    }
    Ok(None)
}
