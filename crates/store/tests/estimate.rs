//! How long the pictures of a prompt take: learned from the same workflow and size on the same server, or not said.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use common::picture;
use oreforge_protocol::{
    ArtifactKind, ComfyServer, JobId, JobRequest, ProspectRequest, ServerAuth, Settings, StepName,
};
use oreforge_store::{ArtifactBytes, NewJob, StepCommit, Store};
use serde_json::json;

const DESK: &str = "http://desk:8188";
const TOWER: &str = "http://tower:8188";

fn asked(store: &Store, workflow: &str, steps: u32, count: u32) -> JobId {
    let request = ProspectRequest {
        workflow: Some(workflow.to_owned()),
        inputs: BTreeMap::from([("steps".to_owned(), steps.into())]),
        count,
        ..ProspectRequest::new("a duck")
    };
    let request = JobRequest::Prospect(request);
    let name = "a duck".to_owned();
    store.create_job(NewJob { name, project: None, request, in_front: false, failure: None }).unwrap()
}

fn made(store: &Store, id: JobId, workflow: &str, server: &str, picture_ms: u32) {
    store.begin(id, "comfy").unwrap();
    let facts = json!({ "workflow": workflow, "server": server, "picture_ms": picture_ms });
    let facts = serde_json::from_value(facts).unwrap();
    let done = StepCommit { step: StepName::Pictures, elapsed_ms: 99_999, facts, artifacts: Vec::new() };
    store.commit_step(id, done).unwrap();
}

fn estimate(store: &Store, id: JobId) -> Option<u64> {
    store.snapshot(id).unwrap().steps[0].estimate_ms
}

#[test]
fn pictures_take_as_long_as_the_same_ones_took_on_the_same_server() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let server =
        |url: &str| ComfyServer { name: url.to_owned(), url: url.to_owned(), auth: ServerAuth::None };
    let name = |urls: &[&str]| {
        let servers = urls.iter().map(|url| server(url)).collect();
        store.save_settings(&Settings { servers, ..Settings::default() }).unwrap();
    };
    name(&[DESK]);
    assert_eq!(estimate(&store, asked(&store, "sd15", 20, 4)), None, "nothing is known");
    for picture_ms in [1000, 3000, 2000] {
        made(&store, asked(&store, "sd15", 20, 1), "sd15", DESK, picture_ms);
    }
    made(&store, asked(&store, "sd15", 20, 1), "sd15", TOWER, 9000);
    let four = asked(&store, "sd15", 20, 4);
    assert_eq!(estimate(&store, four), Some(8000));
    assert_eq!(estimate(&store, asked(&store, "sd15", 30, 4)), None, "other steps");
    assert_eq!(estimate(&store, asked(&store, "sdxl", 20, 4)), None, "another workflow");
    name(&[DESK, TOWER]);
    assert_eq!(estimate(&store, four), None, "either server may take it");
    name(&[TOWER]);
    assert_eq!(estimate(&store, four), Some(36_000));
    // What is there already is not made again.
    store.begin(four, "comfy").unwrap();
    let first: Vec<ArtifactBytes> = picture(ArtifactKind::Picture, b"one")
        .into_iter()
        .map(|picture| ArtifactBytes { number: Some(0), ..picture })
        .collect();
    let staged = store.stage(four, StepName::Pictures, first).unwrap();
    store.publish(four, staged).unwrap();
    assert_eq!(estimate(&store, four), Some(27_000));
}
