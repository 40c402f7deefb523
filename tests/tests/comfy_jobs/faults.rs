//! Something goes wrong, or a person changes their mind, at every moment of a whole job.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use libtest_mimic::Failed;
use oreforge_protocol::{ArtifactKind, Command, EngineChoice, EventBody, JobSnapshot, JobState, Reply};
use oreforge_tests::fake_comfy::{BodyFault, Boundary, FakeComfy, Fault, Outcome};

use crate::desk::{Desk, all_events, begin, block_on, ours, server, stranger};

/// Jobs at the same time: they mostly wait for a server that has gone wrong.
const AT_ONCE: usize = 12;

/// Every kind of boundary that a job without faults meets, by turns the first and the last of its kind.
async fn boundaries() -> Vec<Boundary> {
    let (fake, desk) = (server(), Desk::new());
    let job = run(&desk, &fake).await;
    assert_eq!(job.error, None);
    let last: BTreeMap<String, usize> =
        fake.boundaries().into_iter().map(|met| (met.name, met.nth)).collect();
    let turns = last.into_iter().zip([true, false].into_iter().cycle());
    turns.map(|((name, nth), first)| Boundary { name, nth: if first { 1 } else { nth } }).collect()
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::DropSockets,
        Fault::DropAnswer,
        Fault::Status(503),
        Fault::Restart { down: Duration::from_millis(60) },
        Fault::Body(BodyFault::Truncate(20)),
        Fault::Body(BodyFault::Html),
        Fault::Delay(Duration::from_millis(300)),
    ]
}

async fn run(desk: &Desk, fake: &FakeComfy) -> JobSnapshot {
    let forge = desk.open();
    let job = begin(&forge, desk.request(EngineChoice::Comfy, Some(fake.url()))).await;
    let events = all_events(&forge, job.id).await;
    let ends = events.iter().filter(|event| event.body.is_terminal()).count();
    assert_eq!(ends, 1, "{events:?}");
    let job = match forge.execute(Command::GetJob { id: job.id }).await.unwrap() {
        Reply::GetJob(job) => job,
        other => panic!("{other:?}"),
    };
    forge.shutdown().await;
    job
}

/// What holds however a job ended.
fn check(fake: &FakeComfy, case: &str) {
    let left = ours(fake).into_iter().filter(|o| matches!(o, Outcome::Waiting | Outcome::Running));
    assert_eq!(left.count(), 0, "{case}: {:?}", ours(fake));
    for theirs in fake.ledger().iter().filter(|sent| sent.client_id.as_deref() == Some("somebody-else")) {
        let untouched =
            matches!(theirs.outcome, Outcome::Success | Outcome::Lost | Outcome::Waiting | Outcome::Running);
        assert!(untouched, "{case}: another client's prompt was {:?}", theirs.outcome);
    }
}

pub fn at_every_boundary() -> Result<(), Failed> {
    block_on(async {
        let faults = faults();
        let cases = boundaries().await.into_iter().enumerate();
        let cases = cases.map(|(index, boundary)| (boundary, faults[index % faults.len()].clone()));
        stream::iter(cases)
            .for_each_concurrent(AT_ONCE, |(boundary, fault)| async move {
                let case = format!("{fault:?} at {boundary}");
                let (fake, desk) = (server(), Desk::new());
                fake.submit_as_stranger(&stranger()).unwrap();
                fake.inject(boundary, fault.clone());
                let job = run(&desk, &fake).await;
                assert_eq!((job.state, job.error), (JobState::Done, None), "{case}");
                let glb = job.artifacts.iter().find(|a| a.kind == ArtifactKind::Mesh).unwrap();
                assert!(std::fs::read(&glb.path).unwrap().starts_with(b"glTF"), "{case}");
                check(&fake, &case);
                // A restart loses what is under way, or the only word of what was just done.
                let restarts = usize::from(matches!(fault, Fault::Restart { .. }));
                let sent = ours(&fake);
                assert!((2..=2 + restarts).contains(&sent.len()), "{case}: {sent:?}");
            })
            .await;
    })
}

pub fn cancel_anywhere() -> Result<(), Failed> {
    block_on(async {
        let moments = [
            Boundary::request("GET /object_info", 3),
            Boundary::request("POST /upload/image", 1),
            Boundary::request("POST /prompt", 1),
            Boundary::answer("POST /prompt", 1),
            Boundary::stage("taken", 1),
            Boundary::message("progress", 2),
            Boundary::stage("history", 1),
            Boundary::request("GET /view", 2),
            Boundary::message("progress", 8),
        ];
        stream::iter(moments)
            .for_each_concurrent(AT_ONCE, |moment| async move {
                let case = format!("cancelled at {moment}");
                let (fake, desk) = (server(), Desk::new());
                let hold = fake.hold(moment.clone());
                let forge = desk.open();
                let job = begin(&forge, desk.request(EngineChoice::Comfy, Some(fake.url()))).await;
                fake.reached(&moment).await;
                fake.submit_as_stranger(&stranger()).unwrap();
                match forge.execute(Command::CancelJob { id: job.id }).await.unwrap() {
                    Reply::CancelJob(job) => {
                        assert!(job.cancelling || job.state == JobState::Cancelled, "{case}")
                    }
                    other => panic!("{other:?}"),
                }
                hold.release();
                let events = all_events(&forge, job.id).await;
                let bodies: Vec<&EventBody> = events.iter().map(|event| &event.body).collect();
                assert!(matches!(bodies.last(), Some(EventBody::Cancelled)), "{case}: {bodies:?}");
                assert!(bodies.contains(&&EventBody::Cancelling), "{case}");
                forge.shutdown().await;
                check(&fake, &case);
            })
            .await;
    })
}
