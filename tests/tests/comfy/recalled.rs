//! A prompt is over, its server has forgotten it and our process is gone: the files lie where they were.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::common::{MemoryLedger, server};
use oreforge_engines::comfy::{Made, ProduceError, Work};
use oreforge_protocol::{OutputFile, ServerFolder};
use oreforge_tests::fake_comfy::{Boundary, FakeComfy, Options, Outcome};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const PICTURES: usize = 3;

fn work() -> Work {
    let empty = json!({ "width": 24, "height": 16, "batch_size": PICTURES, "color": 4_000_000 });
    let graph = json!({
        "1": { "class_type": "EmptyImage", "inputs": empty },
        "2": { "class_type": "SaveImage", "inputs": { "images": ["1", 0], "filename_prefix": "ours/a" } },
    });
    let Value::Object(graph) = graph else { unreachable!("a graph is an object") };
    Work { purpose: "views".to_owned(), graph, uploads: Vec::new(), outputs: vec!["2".to_owned()] }
}

async fn produce(fake: &FakeComfy, ledger: &MemoryLedger) -> Result<Vec<Made>, ProduceError> {
    server(fake).produce(&work(), ledger, &CancellationToken::new(), &|_| {}, &|_, _| {}).await
}

/// Our process goes as it asks for a file for the n-th time, and the server comes up anew.
async fn both_gone(nth: usize) -> (FakeComfy, MemoryLedger) {
    let fake = Arc::new(FakeComfy::start(Options::default()));
    let ledger = MemoryLedger::default();
    let hold = fake.hold(Boundary::request("GET /view", nth));
    let first = {
        let (fake, ledger) = (Arc::clone(&fake), ledger.clone());
        tokio::spawn(async move { produce(&fake, &ledger).await })
    };
    hold.reached().await;
    first.abort();
    let _ = first.await;
    hold.release();
    fake.kill().await;
    fake.start_again().await;
    (Arc::into_inner(fake).unwrap(), ledger)
}

fn noted(ledger: &MemoryLedger) -> Vec<OutputFile> {
    ledger.all().into_iter().flat_map(|note| note.files).collect()
}

fn place(fake: &FakeComfy, file: &OutputFile) -> PathBuf {
    fake.root().join("output").join(&file.subfolder).join(&file.file_name)
}

fn sent(fake: &FakeComfy) -> Vec<Outcome> {
    fake.ledger().iter().map(|sent| sent.outcome).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_fetched_by_the_names_that_were_noted() {
    for nth in 1..=PICTURES {
        let (fake, ledger) = both_gone(nth).await;
        let files = noted(&ledger);
        assert_eq!(files.len(), PICTURES);
        let made = produce(&fake, &ledger).await.unwrap();
        assert!(made.iter().map(|made| &made.file).eq(&files));
        for Made { file, bytes } in &made {
            assert_eq!(*bytes, std::fs::read(place(&fake, file)).unwrap());
        }
        assert_eq!(sent(&fake), [Outcome::Success], "run twice, gone at file {nth}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_broken_or_of_another_prompt_is_made_again() {
    type Harm = fn(&FakeComfy, &OutputFile);
    let harms: [(&str, Harm); 4] = [
        ("deleted", |fake, file| std::fs::remove_file(place(fake, file)).unwrap()),
        ("cut", |fake, file| {
            let bytes = std::fs::read(place(fake, file)).unwrap();
            std::fs::write(place(fake, file), &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("emptied", |fake, file| std::fs::write(place(fake, file), b"").unwrap()),
        ("another's", |fake, file| {
            std::fs::copy(fake.root().join("output/theirs/a_00001_.png"), place(fake, file)).unwrap();
        }),
    ];
    for (harm, harmed) in harms {
        for nth in 0..PICTURES {
            let (fake, ledger) = both_gone(1).await;
            let theirs = their_picture(&fake).await;
            harmed(&fake, &noted(&ledger)[nth]);
            let made = produce(&fake, &ledger).await.unwrap();
            assert_eq!(made.len(), PICTURES, "{harm}");
            assert!(
                made.iter().all(|made| made.bytes != theirs),
                "{harm}: another prompt's picture was taken"
            );
            assert_eq!(sent(&fake), [Outcome::Success; 3], "{harm}: ours, theirs, and ours once more");
        }
    }
}

/// What a stranger's prompt saves, of the size of ours.
async fn their_picture(fake: &FakeComfy) -> Vec<u8> {
    let mut graph = work().graph;
    graph["2"]["inputs"]["filename_prefix"] = "theirs/a".into();
    let over = fake.ledger().len() + 1;
    fake.submit_as_stranger(&Value::Object(graph)).unwrap();
    let all_over = || {
        let sent = sent(fake);
        sent.len() == over && sent.iter().all(|outcome| *outcome == Outcome::Success)
    };
    let wait = async {
        while !all_over() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("their prompt ends");
    std::fs::read(fake.root().join("output/theirs/a_00001_.png")).unwrap()
}

/// Names without a stamp start from 1 when the folder was emptied: nothing says whose they are.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_another_prompt_may_get_too_is_not_trusted() {
    let (fake, ledger) = both_gone(1).await;
    let theirs = their_picture(&fake).await;
    let mut note = ledger.all().remove(0);
    note.files = vec![OutputFile {
        node_id: "2".to_owned(),
        kind: "images".to_owned(),
        file_name: "a_00001_.png".to_owned(),
        subfolder: "theirs".to_owned(),
        folder: ServerFolder::Output,
    }];
    oreforge_engines::comfy::PromptLedger::note(&ledger, note).await.unwrap();
    let made = produce(&fake, &ledger).await.unwrap();
    assert!(made.len() == PICTURES && made.iter().all(|made| made.bytes != theirs));
    assert_eq!(sent(&fake), [Outcome::Success; 3]);
}
