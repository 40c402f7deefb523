//! The client against the fake server, with something going wrong at every moment of a prompt.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{MemoryLedger, Notes, PICTURE, bystander, produce, server, work};
use futures_util::{StreamExt, stream};
use oreforge_engines::comfy::{Made, ProduceError, RunError};
use oreforge_tests::fake_comfy::{BodyFault, Boundary, FakeComfy, Fault, Options, Outcome};
use tokio_util::sync::CancellationToken;

/// Servers at work at the same time: they mostly wait.
const AT_ONCE: usize = 32;

/// What a run without faults meets.
async fn boundaries() -> Vec<Boundary> {
    let fake = FakeComfy::start(Options::default());
    produce(&fake, &MemoryLedger::default(), &CancellationToken::new()).await.unwrap();
    let met = fake.boundaries();
    assert!(met.len() > 15, "{met:?}");
    met
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::DropSockets,
        Fault::DeafSockets,
        Fault::DropAnswer,
        Fault::Status(500),
        Fault::Status(503),
        Fault::Delay(Duration::from_millis(300)),
        Fault::Restart { down: Duration::from_millis(60) },
        Fault::Body(BodyFault::Truncate(20)),
        Fault::Body(BodyFault::Empty),
        Fault::Body(BodyFault::Html),
        Fault::Body(BodyFault::Trickle { chunk_bytes: 64, pause: Duration::from_millis(1) }),
    ]
}

fn is_ours(client_id: Option<&str>) -> bool {
    client_id != Some("somebody-else")
}

/// What holds after every run, whatever went wrong.
fn check(fake: &FakeComfy, case: &str) {
    let all = fake.ledger();
    let ours: Vec<Outcome> =
        all.iter().filter(|s| is_ours(s.client_id.as_deref())).map(|s| s.outcome).collect();
    let ended = ours.iter().filter(|outcome| **outcome == Outcome::Success).count();
    let lost = ours.iter().filter(|outcome| **outcome == Outcome::Lost).count();
    assert!(ours.len() <= 1 + lost || ended <= 1, "{case}: sent too often: {ours:?}");
    assert!(!ours.iter().any(|o| matches!(o, Outcome::Waiting | Outcome::Running)), "{case}: left: {ours:?}");
    for other in all.iter().filter(|s| !is_ours(s.client_id.as_deref())) {
        let fine =
            matches!(other.outcome, Outcome::Success | Outcome::Lost | Outcome::Running | Outcome::Waiting);
        assert!(fine, "{case}: another client's prompt was {:?}", other.outcome);
    }
    assert!(!fake.root().join("input/oreforge").exists(), "{case}: a picture stays on the server");
}

fn check_made(made: &Result<Vec<Made>, ProduceError>, case: &str) {
    let made = made.as_ref().unwrap_or_else(|error| panic!("{case}: {error:?}"));
    assert_eq!(made.len(), 1, "{case}");
    let picture =
        image::load_from_memory(&made[0].bytes).unwrap_or_else(|e| panic!("{case}: {e}")).into_rgb8();
    assert_eq!(picture.dimensions(), (PICTURE.0, PICTURE.1), "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_anywhere_loses_a_result_or_runs_it_twice() {
    let cases = boundaries()
        .await
        .into_iter()
        .flat_map(|boundary| faults().into_iter().map(move |fault| (boundary.clone(), fault)));
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, |(boundary, fault)| async move {
            let case = format!("{fault:?} at {boundary}");
            let fake = FakeComfy::start(Options::default());
            fake.submit_as_stranger(&bystander(&fake)).unwrap();
            let restarts = matches!(fault, Fault::Restart { .. });
            fake.inject(boundary, fault);
            let ledger = MemoryLedger::default();
            check_made(&produce(&fake, &ledger, &CancellationToken::new()).await, &case);
            check(&fake, &case);
            let sent = fake.ledger().iter().filter(|s| is_ours(s.client_id.as_deref())).count();
            assert!(restarts || sent == 1, "{case}: sent {sent} times");
            assert!(sent <= 2, "{case}: sent {sent} times");
        })
        .await;
}

/// Two to four faults in one run, at moments that may never come.
#[tokio::test(flavor = "multi_thread")]
async fn several_faults_in_one_run_do_no_more_harm_than_one() {
    let (met, faults) = (boundaries().await, faults());
    stream::iter(0..80u64)
        .for_each_concurrent(AT_ONCE, |seed| {
            // Knuth's multiplier spreads the seeds; xorshift64 goes on from there.
            let mut dice = (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut roll = move |sides: usize| {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                (dice >> 20) as usize % sides
            };
            let armed: Vec<(Boundary, Fault)> = (0..2 + roll(3))
                .map(|_| {
                    let Boundary { name, nth } = met[roll(met.len())].clone();
                    (Boundary { name, nth: nth + roll(3) }, faults[roll(faults.len())].clone())
                })
                .collect();
            async move {
                let case = format!("{armed:?}");
                let fake = FakeComfy::start(Options::default());
                fake.submit_as_stranger(&bystander(&fake)).unwrap();
                let restarts =
                    armed.iter().filter(|(_, fault)| matches!(fault, Fault::Restart { .. })).count();
                for (boundary, fault) in armed {
                    fake.inject(boundary, fault);
                }
                let ended = produce(&fake, &MemoryLedger::default(), &CancellationToken::new()).await;
                let set_aside = ended == Err(ProduceError::Run(RunError::SetAside));
                if !(set_aside && restarts >= 2) {
                    check_made(&ended, &case);
                }
                check(&fake, &case);
                let sent = fake.ledger().iter().filter(|s| is_ours(s.client_id.as_deref())).count();
                assert!(sent <= 1 + restarts, "{case}: sent {sent} times");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_at_any_moment_is_honoured() {
    stream::iter(boundaries().await)
        .for_each_concurrent(AT_ONCE, |boundary| async move {
            let case = format!("cancel at {boundary}");
            let fake = Arc::new(FakeComfy::start(Options::default()));
            let hold = fake.hold(boundary);
            let (cancel, ledger) = (CancellationToken::new(), MemoryLedger::default());
            let running = {
                let (fake, cancel, ledger) = (Arc::clone(&fake), cancel.clone(), ledger.clone());
                tokio::spawn(async move { produce(&fake, &ledger, &cancel).await })
            };
            hold.reached().await;
            cancel.cancel();
            fake.submit_as_stranger(&bystander(&fake)).unwrap();
            hold.release();
            let ended = running.await.unwrap();
            match ended {
                Err(ProduceError::Run(RunError::Cancelled)) => {}
                // The last bytes were on their way already.
                made @ Ok(_) => check_made(&made, &case),
                Err(error) => panic!("{case}: {error:?}"),
            }
            check(&fake, &case);
        })
        .await;
}

/// Our own process ends at any moment; the next one finds what it left.
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_adopted_by_the_next_process() {
    stream::iter(boundaries().await)
        .for_each_concurrent(AT_ONCE, |boundary| async move {
            let case = format!("process gone at {boundary}");
            let fake = Arc::new(FakeComfy::start(Options::default()));
            let hold = fake.hold(boundary);
            let ledger = MemoryLedger::default();
            let first = {
                let (fake, ledger) = (Arc::clone(&fake), ledger.clone());
                tokio::spawn(async move { produce(&fake, &ledger, &CancellationToken::new()).await })
            };
            hold.reached().await;
            first.abort();
            // A moment after the last bytes it is over already.
            let was_over = first.await.is_ok();
            hold.release();
            check_made(&produce(&fake, &ledger, &CancellationToken::new()).await, &case);
            check(&fake, &case);
            let sent = fake.ledger().len();
            assert_eq!(sent, 1, "{case}: sent {sent} times; over before: {was_over}");
        })
        .await;
}

/// Two machines' worth of bad luck: the server goes down again and again while it works on the prompt.
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_takes_the_server_with_it_is_not_sent_a_third_time() {
    let fake = FakeComfy::start(Options::default());
    fake.inject_every("message executing", Some(Fault::Restart { down: Duration::from_millis(30) }));
    let ledger = MemoryLedger::default();
    let cancel = CancellationToken::new();
    let ended = produce(&fake, &ledger, &cancel).await;
    assert_eq!(ended, Err(ProduceError::Run(RunError::SetAside)));
    assert_eq!(fake.ledger().len(), 2);
    // Also not after a restart of ours.
    fake.inject_every("message executing", None);
    assert_eq!(produce(&fake, &ledger, &cancel).await, Err(ProduceError::Run(RunError::SetAside)));
    assert_eq!(fake.ledger().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_gone_are_made_again() {
    let fake = FakeComfy::start(Options::default());
    let ledger = MemoryLedger::default();
    let first = produce(&fake, &ledger, &CancellationToken::new()).await.unwrap();
    std::fs::remove_dir_all(fake.root().join("output")).unwrap();
    std::fs::create_dir(fake.root().join("output")).unwrap();
    let again = produce(&fake, &ledger, &CancellationToken::new()).await.unwrap();
    let pixels = |made: &[Made]| image::load_from_memory(&made[0].bytes).unwrap().into_rgb8();
    assert_eq!(pixels(&first), pixels(&again));
    assert_eq!(fake.ledger().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_runs_out_is_freed_and_the_person_told() {
    let fake = FakeComfy::start(Options::default());
    fake.inject(Boundary::message("executing", 2), Fault::OutOfMemory);
    let notes = Notes::default();
    let (server, ledger) = (server(&fake), MemoryLedger::default());
    let work = work(&server).await;
    let cancel = CancellationToken::new();
    let made = server.produce(&work, &ledger, &cancel, &|_| {}, &|_, note| notes.add(note)).await;
    check_made(&made, "out of memory");
    assert_eq!(fake.ledger().len(), 2);
    assert!(notes.all()[0].contains("ran out of memory"), "{:?}", notes.all());
    assert!(fake.boundaries().iter().any(|b| b.name == "request POST /free"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_fails_is_named() {
    let fake = FakeComfy::start(Options::default());
    fake.inject(Boundary::message("executing", 2), Fault::NodeError("no such thing".to_owned()));
    let ended = produce(&fake, &MemoryLedger::default(), &CancellationToken::new()).await;
    let Err(ProduceError::Run(RunError::Failed(failure))) = ended else { panic!("{ended:?}") };
    assert!(!failure.node_type.is_empty() && failure.message.contains("no such thing"), "{failure:?}");
    assert_eq!(fake.ledger().len(), 1);
}
