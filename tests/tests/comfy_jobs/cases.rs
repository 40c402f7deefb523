//! Every moment of a whole job on a server, and what may go wrong at each.

use std::time::Duration;

use oreforge_tests::fake_comfy::{BodyFault, Boundary, FakeComfy, Fault};

use crate::desk::{Desk, server, stranger};
use crate::faults::run;

/// Boundaries from one fault to the next in one job.
const APART: usize = 4;

/// Answers from one that is spoilt to the next in one job: a server that gives none three times in a row is down.
const ANSWERS_APART: usize = 8;

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

pub fn small_server() -> FakeComfy {
    let fake = server();
    fake.keep_classes(&CLASSES);
    fake
}

/// Another client's prompt has run by now, and boundaries are counted from here on.
pub async fn after_a_stranger(fake: &FakeComfy) {
    fake.submit_as_stranger(&stranger()).unwrap();
    // Two nodes and the end.
    fake.reached(&Boundary::message("executing", 3)).await;
    fake.forget_boundaries();
}

/// What goes wrong in a job until its views are there, and after that. A server that forgets is met once in each: one
/// that goes down twice over the same work has it set aside.
pub type Case = [Vec<(Boundary, Fault)>; 2];

/// What a job without faults meets, those of each half counted from 1.
pub async fn boundaries() -> [Vec<Boundary>; 2] {
    let (fake, desk) = (small_server(), Desk::new());
    after_a_stranger(&fake).await;
    let forge = desk.open_impatient().await;
    let ran = run(&forge, &desk, &fake, || {}).await;
    assert_eq!(ran.job.error, None);
    forge.shutdown().await;
    ran.met
}

fn is_request(boundary: &Boundary) -> bool {
    boundary.name.starts_with("request ")
}

fn is_answer(boundary: &Boundary) -> bool {
    boundary.name.starts_with("answer ")
}

fn is_executing(boundary: &Boundary) -> bool {
    boundary.name == "message executing"
}

type Where<'a> = &'a dyn Fn(&Boundary) -> bool;

/// Every kind of fault at every one of these boundaries where it can happen. What a server gets over by itself happens
/// several times in one job, a few boundaries apart.
fn groups(met: &[Boundary]) -> Vec<Vec<(Boundary, Fault)>> {
    let trickle = BodyFault::Trickle { chunk_bytes: 16_384, pause: Duration::from_millis(2) };
    // The last one names no node.
    let end = met.iter().rfind(|boundary| is_executing(boundary));
    let is_node = |boundary: &Boundary| is_executing(boundary) && Some(boundary) != end;
    let anywhere = |_: &Boundary| true;
    let asked = |boundary: &Boundary| is_request(boundary) || is_answer(boundary);
    let kinds: [(Fault, Where<'_>, usize); 15] = [
        (Fault::Kill, &anywhere, usize::MAX),
        (Fault::Restart { down: Duration::from_millis(60) }, &anywhere, usize::MAX),
        (Fault::OutOfMemory, &is_node, usize::MAX),
        (Fault::NodeError("the tensor is shy".to_owned()), &is_node, usize::MAX),
        (Fault::DropSockets, &anywhere, APART),
        (Fault::DeafSockets, &anywhere, APART),
        (Fault::Delay(Duration::from_millis(100)), &anywhere, APART),
        (Fault::DropAnswer, &asked, 2 * ANSWERS_APART),
        (Fault::Status(500), &asked, 2 * ANSWERS_APART),
        (Fault::Status(503), &asked, 2 * ANSWERS_APART),
        (Fault::Body(BodyFault::Truncate(20)), &is_answer, ANSWERS_APART),
        (Fault::Body(BodyFault::Empty), &is_answer, ANSWERS_APART),
        (Fault::Body(BodyFault::Html), &is_answer, ANSWERS_APART),
        (Fault::Body(BodyFault::ContentType("text/html")), &is_answer, ANSWERS_APART),
        (Fault::Body(trickle), &is_answer, ANSWERS_APART),
    ];
    let mut groups = Vec::new();
    for (fault, can_happen, apart) in kinds {
        let here: Vec<&Boundary> = met.iter().filter(|boundary| can_happen(boundary)).collect();
        for first in 0..apart.min(here.len()) {
            let group = here.iter().skip(first).step_by(apart);
            groups.push(group.map(|&boundary| (boundary.clone(), fault.clone())).collect());
        }
    }
    groups
}

pub async fn cases() -> Vec<Case> {
    let [to_views, to_mesh] = boundaries().await.map(|met| groups(&met));
    let count = to_views.len().max(to_mesh.len());
    let at = |groups: &[Vec<_>], index: usize| groups.get(index).cloned().unwrap_or_default();
    (0..count).map(|index| [at(&to_views, index), at(&to_mesh, index)]).collect()
}
