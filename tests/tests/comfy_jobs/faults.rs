//! Something goes wrong, or a person changes their mind, at every moment of a whole job.

use std::pin::pin;

use futures_util::StreamExt;
use libtest_mimic::Failed;
use oreforge_commands::Oreforge;
use oreforge_protocol::{
    ArtifactKind, Command, EngineChoice, ErrorCode, EventBody, EventSeq, JobSnapshot, JobState, Reply,
    StepName,
};
use oreforge_tests::fake_comfy::{Boundary, FakeComfy, Fault, Outcome, Submission};

use tokio::time::timeout;

use crate::cases::{Case, after_a_stranger, cases, small_server};
use crate::desk::{Desk, MAX_RUN, all_events, begin, block_on, every, ours, stranger};

/// How a job went.
pub struct Ran {
    pub job: JobSnapshot,
    /// Why it failed, each time, before it was done.
    pub failures: Vec<ErrorCode>,
    /// By the server, until the views were there and after that.
    pub met: [Vec<Boundary>; 2],
}

/// Runs a job until it is done, again where it failed, on a server that is up by then, and tells when its views are
/// there: boundaries are counted anew from then on.
pub async fn run(forge: &Oreforge, desk: &Desk, fake: &FakeComfy, mut at_views: impl FnMut()) -> Ran {
    let job = begin(forge, desk.small_request(fake)).await;
    let (mut cursor, mut ends) = (EventSeq(0), 0);
    let (mut failures, mut to_views) = (Vec::new(), Vec::new());
    loop {
        let mut events = pin!(forge.events(job.id, cursor));
        while let Some(event) = events.next().await {
            cursor = event.seq;
            ends += usize::from(event.body.is_terminal());
            if matches!(event.body, EventBody::StepDone { step: StepName::Views, .. }) {
                to_views = fake.boundaries();
                at_views();
                fake.forget_boundaries();
            }
        }
        let job = match forge.execute(Command::GetJob { id: job.id }).await.unwrap() {
            Reply::GetJob(job) => job,
            other => panic!("{other:?}"),
        };
        assert_eq!(ends, failures.len() + 1, "one end of each run is told");
        if job.state != JobState::Failed || failures.len() > 2 {
            return Ran { job, failures, met: [to_views, fake.boundaries()] };
        }
        failures.push(job.error.expect("a job that failed says why").code);
        fake.start_again().await;
        forge.execute(Command::ResumeJob { id: job.id }).await.unwrap();
    }
}

fn of_ours(fake: &FakeComfy) -> Vec<Submission> {
    let all = fake.ledger().into_iter();
    all.filter(|sent| sent.client_id.as_deref() != Some("somebody-else")).collect()
}

/// What holds however a job ended: nothing of it is left on the server, and nobody else's prompt was touched.
fn check(fake: &FakeComfy, case: &str) {
    let left = ours(fake).into_iter().filter(|o| matches!(o, Outcome::Waiting | Outcome::Running));
    assert_eq!(left.count(), 0, "{case}: {:?}", ours(fake));
    for theirs in fake.ledger().iter().filter(|sent| sent.client_id.as_deref() == Some("somebody-else")) {
        let untouched =
            matches!(theirs.outcome, Outcome::Success | Outcome::Lost | Outcome::Waiting | Outcome::Running);
        assert!(untouched, "{case}: another client's prompt was {:?}", theirs.outcome);
    }
}

/// Which of these faults happened.
fn met<'a>(
    faults: &'a [(Boundary, Fault)],
    met: &'a [Boundary],
) -> impl Iterator<Item = (&'a Boundary, &'a Fault)> {
    faults.iter().filter(|(boundary, _)| met.contains(boundary)).map(|(boundary, fault)| (boundary, fault))
}

/// Exactly what had to fail did, and views and mesh were made once each; once more only what the server lost before it
/// was made or before it could say so, and what failed there.
fn check_counts(fake: &FakeComfy, case: &Case, ran: &Ran) {
    let words = format!("{case:?}");
    let faults: Vec<_> =
        case.iter().zip(&ran.met).flat_map(|(faults, boundaries)| met(faults, boundaries)).collect();
    // A server that goes when the last file is here is not missed.
    let here = Boundary::answer("GET /view", 1);
    let missed = |boundary: &Boundary| {
        let [_, to_mesh] = &ran.met;
        let at = |wanted: &Boundary| to_mesh.iter().position(|met| met == wanted);
        let in_mesh = case[1].iter().any(|(faulty, _)| faulty == boundary);
        !(in_mesh && at(boundary) > at(&here) && at(&here).is_some())
    };
    let failures = faults.iter().filter(|(boundary, fault)| match fault {
        Fault::Kill => missed(boundary),
        fault => matches!(fault, Fault::NodeError(_)),
    });
    assert_eq!(ran.failures.len(), failures.count(), "{words}: {:?}", ran.failures);
    let node_errors = faults.iter().any(|(_, fault)| matches!(fault, Fault::NodeError(_)));
    for code in &ran.failures {
        let unavailable = *code == ErrorCode::EngineUnavailable && !node_errors;
        assert!(*code == ErrorCode::EngineFailed || unavailable, "{words}: {code:?}");
    }

    let sent = of_ours(fake);
    let count = |outcome: Outcome| sent.iter().filter(|sent| sent.outcome == outcome).count();
    let of_kind = |is: fn(&Fault) -> bool| faults.iter().filter(|(_, fault)| is(fault)).count();
    let unheard = sent.iter().filter(|sent| sent.word_lost).count();
    let at_nodes = of_kind(|fault| matches!(fault, Fault::OutOfMemory | Fault::NodeError(_)));
    let deaths = of_kind(|fault| matches!(fault, Fault::Kill | Fault::Restart { .. }));
    assert_eq!(count(Outcome::Error), at_nodes, "{words}: {sent:#?}");
    assert_eq!(count(Outcome::Success), 2 + unheard, "{words}: {sent:#?}");
    assert_eq!(sent.len(), 2 + unheard + at_nodes + count(Outcome::Lost), "{words}: {sent:#?}");
    assert!(unheard + count(Outcome::Lost) <= deaths, "{words}: {sent:#?}");
}

pub fn check_made(job: &JobSnapshot, case: &str) {
    assert_eq!((job.state, &job.error), (JobState::Done, &None), "{case}");
    let views = job.artifacts.iter().filter(|artifact| artifact.kind == ArtifactKind::View);
    let pictures = views.map(|view| image::open(&view.path).unwrap_or_else(|e| panic!("{case}: {e}")));
    assert_eq!(pictures.count(), 4, "{case}");
    let glb = job.artifacts.iter().find(|artifact| artifact.kind == ArtifactKind::Mesh);
    let bytes = std::fs::read(&glb.unwrap_or_else(|| panic!("{case}: no mesh")).path).unwrap();
    let length = u32::from_le_bytes(bytes[8..12].try_into().unwrap());
    assert!(bytes.starts_with(b"glTF") && length as usize == bytes.len(), "{case}");
}

async fn with_faults(case: Case) {
    let words = format!("{:?}, then {:?}", case[0], case[1]);
    let (fake, desk) = (small_server(), Desk::new());
    after_a_stranger(&fake).await;
    let arm = |faults: &[(Boundary, Fault)]| {
        faults.iter().for_each(|(boundary, fault)| fake.inject(boundary.clone(), fault.clone()));
    };
    arm(&case[0]);
    let forge = desk.open_impatient().await;
    let work = run(&forge, &desk, &fake, || {
        fake.disarm();
        arm(&case[1]);
    });
    let ran = timeout(MAX_RUN, work).await.unwrap_or_else(|_| panic!("{words}: the job does not end"));
    check_made(&ran.job, &words);
    forge.shutdown().await;
    check(&fake, &words);
    check_counts(&fake, &case, &ran);
}

pub fn at_every_boundary() -> Result<(), Failed> {
    block_on(async {
        let cases = cases().await;
        let faults: usize = cases.iter().flatten().map(Vec::len).sum();
        eprintln!("{} jobs with {faults} faults of the server", cases.len());
        every(cases, with_faults).await
    })?
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
        every(moments.into(), async |moment: Boundary| {
            let case = format!("cancelled at {moment}");
            let (fake, desk) = (small_server(), Desk::new());
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
        .await
    })?
}
