//! Signals that race with the steps of a job.

use std::time::Duration;

use oreforge_protocol::{EventBody, EventSeq, JobKind, StepName};
use proptest::prelude::*;

use crate::{all, create, open, state, terminals};

#[derive(Debug, Clone, Copy)]
enum Signal {
    Cancel,
    Resume,
    Retry(StepName),
    Shutdown,
    Yield,
}

const SIGNALS: [Signal; 6] = [
    Signal::Cancel,
    Signal::Resume,
    Signal::Retry(StepName::Prepare),
    Signal::Retry(StepName::Gate),
    Signal::Shutdown,
    Signal::Yield,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Cancel, resume, retry and shutdown race with the steps of a job; each of its runs ends once, and no step
    /// that is done is run again unless a retry asks for it.
    #[test]
    fn whatever_races_a_job_ends_once(
        name in proptest::sample::select(vec!["quick", "hang-gate", "fail-finish", "panic-export"]),
        signals in proptest::collection::vec(
            (proptest::sample::select(SIGNALS.to_vec()), 0u64..3000),
            1..8,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bodies = runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let mut jobs = open(dir.path());
            let id = create(&jobs, name).await;
            for (signal, after_us) in signals {
                // Not a wait for something: the pause is what varies the interleaving.
                tokio::time::sleep(Duration::from_micros(after_us)).await;
                match signal {
                    Signal::Cancel => drop(jobs.cancel(id).await.unwrap()),
                    Signal::Resume => drop(jobs.resume(id, None).await),
                    Signal::Retry(from) => drop(jobs.retry(id, from, None).await),
                    Signal::Shutdown => {
                        jobs.shutdown().await;
                        drop(jobs);
                        jobs = open(dir.path());
                    }
                    Signal::Yield => tokio::task::yield_now().await,
                }
            }
            // A job of a process that ended while it was queued waits for somebody to take it on.
            drop(jobs.resume(id, None).await);
            jobs.cancel(id).await.unwrap();
            let bodies = all(jobs.events(id, EventSeq(0))).await;
            assert!(state(&jobs, id).await.is_terminal());
            jobs.shutdown().await;
            bodies
        });
        let is_again = |body: &EventBody| matches!(body, EventBody::Resumed { .. } | EventBody::Retried { .. });
        let runs: Vec<&[EventBody]> = bodies.split(is_again).collect();
        for run in &runs {
            prop_assert!(terminals(run) <= 1, "{:?}", bodies);
            prop_assert!(run[..run.len().saturating_sub(1)].iter().all(|body| !body.is_terminal()), "{:?}", bodies);
        }
        prop_assert_eq!(terminals(runs[runs.len() - 1]), 1);
        for attempt in bodies.split(|body| matches!(body, EventBody::Retried { .. })) {
            for &step in JobKind::Forge.steps() {
                let times = attempt.iter().filter(|body| matches!(body, EventBody::StepDone { step: s, .. } if *s == step)).count();
                prop_assert!(times <= 1, "{} ran {} times", step, times);
            }
        }
    }
}
