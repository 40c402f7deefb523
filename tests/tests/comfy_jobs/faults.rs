//! Something goes wrong, or a person changes their mind, at every moment of a whole job.

use std::pin::pin;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use libtest_mimic::Failed;
use oreforge_commands::Oreforge;
use oreforge_protocol::{
    ArtifactKind, Command, EngineChoice, ErrorCode, EventBody, EventSeq, JobSnapshot, JobState, Reply,
    StepName,
};
use oreforge_tests::fake_comfy::{BodyFault, Boundary, FakeComfy, Fault, Outcome};

use tokio::time::timeout;

use crate::desk::{Desk, MAX_RUN, all_events, begin, block_on, ours, server, stranger};

/// Jobs at the same time: they mostly wait for a server that has gone wrong.
const AT_ONCE: usize = 24;

/// Boundaries between two faults of one job.
const APART: usize = 5;

/// Of so many boundaries one is where the server stays away: elsewhere that is a restart that takes long.
const KILL_ONE_OF: usize = 4;

/// A node's progress is told up to a hundred times; at so many of them, first and last, something happens.
const PROGRESS_SHOWN: usize = 6;

/// What the graphs of these jobs are made of.
const CLASSES: [&str; 16] = [
    "CLIPVisionEncode",
    "EmptyImage",
    "EmptyLatentHunyuan3Dv2",
    "Hunyuan3Dv2Conditioning",
    "Hunyuan3Dv2ConditioningMultiView",
    "ImageOnlyCheckpointLoader",
    "KSampler",
    "LoadImage",
    "ModelSamplingAuraFlow",
    "PreviewAny",
    "SaveGLB",
    "SaveImage",
    "StableZero123_Conditioning_Batched",
    "VAEDecode",
    "VAEDecodeHunyuan3D",
    "VoxelToMesh",
];

fn small_server() -> FakeComfy {
    let fake = server();
    fake.keep_classes(&CLASSES);
    fake
}

/// What goes wrong in a job until its views are there, and after that. A server that forgets is met once in each: one
/// that goes down twice over the same work has it set aside.
type Case = [Vec<(Boundary, Fault)>; 2];

/// Every boundary that a job without faults meets, those of each half counted from 1.
async fn boundaries() -> [Vec<Boundary>; 2] {
    let (fake, desk) = (small_server(), Desk::new());
    fake.submit_as_stranger(&stranger()).unwrap();
    let forge = desk.open_impatient().await;
    let mut to_views = Vec::new();
    let (job, _) = run(&forge, &desk, &fake, || to_views = fake.boundaries()).await;
    assert_eq!(job.error, None);
    forge.shutdown().await;
    [to_views, fake.boundaries()]
}

fn is_request(boundary: &Boundary) -> bool {
    boundary.name.starts_with("request ")
}

fn is_answer(boundary: &Boundary) -> bool {
    boundary.name.starts_with("answer ")
}

fn is_node(boundary: &Boundary) -> bool {
    boundary.name == "message executing"
}

/// Every kind of fault at every boundary where it can happen. What a server gets over by itself happens several times
/// in one job, a few boundaries apart.
fn groups(met: &[Boundary]) -> Vec<Vec<(Boundary, Fault)>> {
    let met = &without_repetition(met);
    let trickle = BodyFault::Trickle { chunk_bytes: 16_384, pause: Duration::from_millis(2) };
    let anywhere: fn(&Boundary) -> bool = |_| true;
    let kinds = [
        (Fault::Restart { down: Duration::from_millis(60) }, anywhere, usize::MAX),
        (Fault::OutOfMemory, is_node, usize::MAX),
        (Fault::DropSockets, anywhere, APART),
        (Fault::DeafSockets, anywhere, APART),
        (Fault::Delay(Duration::from_millis(100)), anywhere, APART),
        (Fault::DropAnswer, |boundary| is_request(boundary) || is_answer(boundary), APART),
        (Fault::Status(500), |boundary| is_request(boundary) || is_answer(boundary), APART),
        (Fault::Status(503), |boundary| is_request(boundary) || is_answer(boundary), APART),
        (Fault::Body(BodyFault::Truncate(20)), is_answer, APART),
        (Fault::Body(BodyFault::Empty), is_answer, APART),
        (Fault::Body(BodyFault::Html), is_answer, APART),
        (Fault::Body(BodyFault::ContentType("text/html")), is_answer, APART),
        (Fault::Body(trickle), is_answer, APART),
    ];
    let mut groups: Vec<Vec<(Boundary, Fault)>> =
        met.iter().step_by(KILL_ONE_OF).map(|boundary| vec![(boundary.clone(), Fault::Kill)]).collect();
    for (fault, can_happen, apart) in kinds {
        let here: Vec<&Boundary> = met.iter().filter(|boundary| can_happen(boundary)).collect();
        for first in 0..apart.min(here.len()) {
            let group = here.iter().skip(first).step_by(apart);
            groups.push(group.map(|&boundary| (boundary.clone(), fault.clone())).collect());
        }
    }
    groups
}

/// Without the middle of long rows of progress.
fn without_repetition(met: &[Boundary]) -> Vec<Boundary> {
    let is_progress = |boundary: &Boundary| boundary.name.starts_with("message progress");
    let rows = met.chunk_by(|one, next| is_progress(one) && is_progress(next));
    let kept = rows.flat_map(|row| {
        let end = row.len().saturating_sub(PROGRESS_SHOWN / 2).max(PROGRESS_SHOWN / 2);
        row.iter().take(PROGRESS_SHOWN / 2).chain(row.iter().skip(end))
    });
    kept.cloned().collect()
}

async fn cases() -> Vec<Case> {
    let [to_views, to_mesh] = boundaries().await.map(|met| groups(&met));
    let count = to_views.len().max(to_mesh.len());
    let at = |groups: &[Vec<_>], index: usize| groups.get(index).cloned().unwrap_or_default();
    (0..count).map(|index| [at(&to_views, index), at(&to_mesh, index)]).collect()
}

/// Runs a job until it is done, once more where the server that died made it fail, and tells when its views are there:
/// boundaries are counted anew from then on. With how
/// often it ended.
async fn run(
    forge: &Oreforge,
    desk: &Desk,
    fake: &FakeComfy,
    mut at_views: impl FnMut(),
) -> (JobSnapshot, usize) {
    let job = begin(forge, desk.small_request(fake)).await;
    let (mut cursor, mut ends, mut starts) = (EventSeq(0), 0, 1);
    loop {
        let mut events = pin!(forge.events(job.id, cursor));
        while let Some(event) = events.next().await {
            cursor = event.seq;
            ends += usize::from(event.body.is_terminal());
            if matches!(event.body, EventBody::StepDone { step: StepName::Views, .. }) {
                at_views();
                fake.forget_boundaries();
            }
        }
        let job = match forge.execute(Command::GetJob { id: job.id }).await.unwrap() {
            Reply::GetJob(job) => job,
            other => panic!("{other:?}"),
        };
        assert_eq!(ends, starts, "one end of each run is told");
        if job.state == JobState::Done || starts > 2 {
            return (job, ends);
        }
        let code = job.error.as_ref().map(|error| error.code);
        let in_words = matches!(code, Some(ErrorCode::EngineFailed | ErrorCode::EngineUnavailable));
        assert!(job.state == JobState::Failed && in_words, "{:?} {:?}", job.state, job.error);
        starts += 1;
        fake.start_again().await;
        forge.execute(Command::ResumeJob { id: job.id }).await.unwrap();
    }
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

/// Views and mesh were made once each, and anew only what the server lost, failed at, or died over before anybody
/// could know of it.
fn check_sent(fake: &FakeComfy, gave_up: bool, case: &str) {
    let all = fake.ledger().into_iter();
    let sent: Vec<_> = all.filter(|sent| sent.client_id.as_deref() != Some("somebody-else")).collect();
    let again = sent.iter().filter(|sent| matches!(sent.outcome, Outcome::Lost | Outcome::Error)).count();
    // What a job knew that gave the server up, nobody knows when both have forgotten it.
    let unknown = sent.iter().filter(|sent| sent.word_lost).count() + usize::from(gave_up);
    assert!((2 + again..=2 + again + unknown).contains(&sent.len()), "{case}: {sent:#?}");
}

fn check_made(job: &JobSnapshot, case: &str) {
    assert_eq!((job.state, &job.error), (JobState::Done, &None), "{case}");
    let views = job.artifacts.iter().filter(|artifact| artifact.kind == ArtifactKind::View);
    let pictures = views.map(|view| image::open(&view.path).unwrap_or_else(|e| panic!("{case}: {e}")));
    assert_eq!(pictures.count(), 4, "{case}");
    let glb = job.artifacts.iter().find(|artifact| artifact.kind == ArtifactKind::Mesh);
    let bytes = std::fs::read(&glb.unwrap_or_else(|| panic!("{case}: no mesh")).path).unwrap();
    let length = u32::from_le_bytes(bytes[8..12].try_into().unwrap());
    assert!(bytes.starts_with(b"glTF") && length as usize == bytes.len(), "{case}");
}

async fn with_faults([to_views, to_mesh]: Case) {
    let case = format!("{to_views:?}, then {to_mesh:?}");
    let (fake, desk) = (small_server(), Desk::new());
    fake.submit_as_stranger(&stranger()).unwrap();
    let arm = |faults: &[(Boundary, Fault)]| {
        faults.iter().for_each(|(boundary, fault)| fake.inject(boundary.clone(), fault.clone()));
    };
    arm(&to_views);
    let forge = desk.open_impatient().await;
    let work = run(&forge, &desk, &fake, || {
        fake.disarm();
        arm(&to_mesh);
    });
    let (job, ends) = timeout(MAX_RUN, work).await.unwrap_or_else(|_| panic!("{case}: the job does not end"));
    check_made(&job, &case);
    forge.shutdown().await;
    check(&fake, &case);
    check_sent(&fake, ends > 1, &case);
}

/// Every fourth case for the sake of the time; all of them with `OREFORGE_ALL_FAULTS`.
pub fn at_every_boundary() -> Result<(), Failed> {
    let one_of = if std::env::var_os("OREFORGE_ALL_FAULTS").is_some() { 1 } else { 4 };
    block_on(async {
        let cases = stream::iter(cases().await.into_iter().step_by(one_of));
        cases.for_each_concurrent(AT_ONCE, with_faults).await;
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
            .await;
    })
}
