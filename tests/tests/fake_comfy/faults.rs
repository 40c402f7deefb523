//! The failure switches do what they say, and the traps that no transcript can show.

use std::time::Duration;

use oreforge_tests::fake_comfy::{BodyFault, Boundary, FakeComfy, Fault, Options, Outcome};
use serde_json::{Value, json};

use crate::client::{Client, http, soon};
use crate::graphs::{invert, text_to_image};

fn with_picture() -> FakeComfy {
    let fake = FakeComfy::start(Options::default());
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    fake.put_input("lab_front.png", &bytes.into_inner());
    fake
}

async fn post(
    fake: &FakeComfy,
    graph: &impl serde::Serialize,
    prompt_id: &str,
) -> reqwest::Result<reqwest::Response> {
    let body = serde_json::to_string(&json!({ "prompt": graph, "prompt_id": prompt_id, "client_id": "me" }))
        .unwrap();
    soon("an answer", http().post(format!("{}/prompt", fake.url())).body(body).send()).await
}

async fn get(fake: &FakeComfy, path: &str) -> reqwest::Result<reqwest::Response> {
    soon("an answer", http().get(format!("{}{path}", fake.url())).send()).await
}

async fn history(fake: &FakeComfy, prompt_id: &str) -> Value {
    let answer = get(fake, &format!("/history/{prompt_id}")).await.unwrap();
    serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()[prompt_id].clone()
}

/// The worker tells two statuses for each prompt, the second after the history is written.
async fn finished(fake: &FakeComfy, nth: usize) {
    soon("the end", fake.reached(&Boundary::message("status", 2 * nth))).await;
}

fn outcomes(fake: &FakeComfy) -> Vec<(String, Outcome)> {
    fake.ledger().into_iter().map(|submission| (submission.prompt_id, submission.outcome)).collect()
}

#[tokio::test]
async fn an_answer_is_lost_before_or_after_the_server_acted() {
    let fake = with_picture();
    fake.inject(Boundary::request("POST /prompt", 1), Fault::DropAnswer);
    fake.inject(Boundary::answer("POST /prompt", 1), Fault::DropAnswer);
    let graph = invert("lab_front.png", 64);
    assert!(post(&fake, &graph, "before").await.is_err());
    assert!(fake.ledger().is_empty());
    assert!(post(&fake, &graph, "after").await.is_err());
    assert_eq!(fake.ledger().len(), 1);
    assert!(post(&fake, &graph, "third").await.unwrap().status().is_success());
}

#[tokio::test]
async fn success_is_told_before_the_history_has_it() {
    let fake = with_picture();
    let hold = fake.hold(Boundary::stage("history", 1));
    post(&fake, &invert("lab_front.png", 64), "mine").await.unwrap();
    soon("success", hold.reached()).await;
    assert_eq!(
        fake.boundaries().iter().filter(|boundary| boundary.name == "message execution_success").count(),
        1
    );
    assert!(history(&fake, "mine").await.is_null());
    hold.release();
    finished(&fake, 1).await;
    assert_eq!(history(&fake, "mine").await["status"]["status_str"], "success");
    assert_eq!(outcomes(&fake), [("mine".to_owned(), Outcome::Success)]);
}

#[tokio::test]
async fn an_interrupt_before_the_start_is_lost_and_a_later_one_works() {
    let fake = FakeComfy::start(Options::default());
    let taken = fake.hold(Boundary::stage("taken", 1));
    let sampling = fake.hold(Boundary::message("progress", 2));
    post(&fake, &text_to_image(1, 4), "mine").await.unwrap();
    let interrupt = || async {
        let body = json!({ "prompt_id": "mine" }).to_string();
        let asked = http().post(format!("{}/interrupt", fake.url())).body(body);
        assert!(soon("an answer", asked.send()).await.unwrap().status().is_success());
    };
    soon("the start", taken.reached()).await;
    interrupt().await;
    taken.release();
    soon("a step", sampling.reached()).await;
    interrupt().await;
    sampling.release();
    finished(&fake, 1).await;
    let entry = history(&fake, "mine").await;
    assert_eq!(entry["status"]["messages"][2][0], "execution_interrupted");
    assert_eq!(outcomes(&fake), [("mine".to_owned(), Outcome::Interrupted)]);
}

#[tokio::test]
async fn a_restart_forgets_everything_but_the_files() {
    let fake = with_picture();
    post(&fake, &invert("lab_front.png", 64), "done").await.unwrap();
    finished(&fake, 1).await;
    fake.inject(Boundary::message("progress", 2), Fault::Restart { down: Duration::ZERO });
    let _ = post(&fake, &text_to_image(1, 4), "lost").await;
    soon("the fault", fake.reached(&Boundary::message("progress", 2))).await;
    let answer = loop {
        if let Ok(answer) = get(&fake, "/history").await {
            let text = answer.text().await.unwrap();
            if text == "{}" {
                break text;
            }
        }
    };
    assert_eq!(answer, "{}");
    assert!(fake.root().join("output/lab/d_00001_.png").is_file());
    assert_eq!(outcomes(&fake), [("done".to_owned(), Outcome::Success), ("lost".to_owned(), Outcome::Lost)]);
    let posted: Value = serde_json::from_str(
        &post(&fake, &invert("lab_front.png", 64), "new").await.unwrap().text().await.unwrap(),
    )
    .unwrap();
    assert_eq!(posted["number"], 0);
}

#[tokio::test]
async fn a_dead_server_answers_nobody_until_it_is_started() {
    let fake = with_picture();
    fake.kill().await;
    assert!(get(&fake, "/prompt").await.is_err());
    fake.start_again().await;
    assert!(get(&fake, "/prompt").await.unwrap().status().is_success());
}

#[tokio::test]
async fn sockets_drop_or_go_deaf() {
    let fake = with_picture();
    let mut client = Client::open(&fake, 0, "/ws?clientId=me").await;
    client.take_until(1).await;
    fake.inject(Boundary::message("execution_cached", 1), Fault::DropSockets);
    post(&fake, &invert("lab_front.png", 64), "first").await.unwrap();
    let mut heard = Vec::new();
    while let Some(message) = client.next().await {
        heard.push(message["text"]["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(heard.last().map(String::as_str), Some("execution_start"));

    finished(&fake, 1).await;
    let mut client = Client::open(&fake, 1, "/ws?clientId=me").await;
    client.take_until(1).await;
    fake.inject(Boundary::message("execution_cached", 2), Fault::DeafSockets);
    post(&fake, &invert("lab_front.png", 65), "second").await.unwrap();
    finished(&fake, 2).await;
    fake.all_sent().await;
    client.catch_up(&fake).await;
    let last = client.others.back().unwrap();
    assert_eq!(last["text"]["type"], "execution_start", "all it heard before it went deaf");
}

#[tokio::test]
async fn downloads_go_wrong_in_every_way() {
    let fake = with_picture();
    post(&fake, &invert("lab_front.png", 64), "mine").await.unwrap();
    finished(&fake, 1).await;
    let view = "/view?filename=d_00001_.png&subfolder=lab";
    let whole = get(&fake, view).await.unwrap().bytes().await.unwrap();
    let faults = [
        BodyFault::Truncate(10),
        BodyFault::Empty,
        BodyFault::ContentType("text/html"),
        BodyFault::Html,
        BodyFault::Trickle { chunk_bytes: 50, pause: Duration::from_millis(1) },
    ];
    fake.forget_boundaries();
    for (index, fault) in faults.into_iter().enumerate() {
        fake.inject(Boundary::answer("GET /view", index + 1), Fault::Body(fault));
    }
    assert!(get(&fake, view).await.unwrap().bytes().await.is_err(), "truncated");
    assert!(get(&fake, view).await.unwrap().bytes().await.unwrap().is_empty());
    let disguised = get(&fake, view).await.unwrap();
    assert_eq!(disguised.headers()["content-type"], "text/html");
    assert_eq!(disguised.bytes().await.unwrap(), whole);
    assert!(get(&fake, view).await.unwrap().text().await.unwrap().contains("nginx"));
    assert_eq!(get(&fake, view).await.unwrap().bytes().await.unwrap(), whole, "in a trickle");
    fake.inject_every("request GET /view", Some(Fault::Status(503)));
    assert_eq!(get(&fake, view).await.unwrap().status(), 503);
    assert_eq!(get(&fake, view).await.unwrap().status(), 503);
}

#[tokio::test]
async fn a_node_runs_out_of_memory() {
    let fake = FakeComfy::start(Options::default());
    fake.inject(Boundary::message("progress", 1), Fault::OutOfMemory);
    post(&fake, &text_to_image(1, 4), "mine").await.unwrap();
    finished(&fake, 1).await;
    let entry = history(&fake, "mine").await;
    let (kind, error) = (&entry["status"]["messages"][2][0], &entry["status"]["messages"][2][1]);
    assert_eq!(kind, "execution_error");
    assert_eq!(error["exception_type"], "torch.OutOfMemoryError");
    assert_eq!((&error["node_id"], &error["node_type"]), (&json!("3"), &json!("KSampler")));
    assert!(error["exception_message"].as_str().unwrap().starts_with("Allocation on device"));
}

/// The transcript `stalled_client`: the bytes of a client that does not read hold up everybody's messages, HTTP
/// goes on, and all is delivered when it has gone.
#[tokio::test]
async fn a_client_that_does_not_read_stops_the_messages_of_all() {
    let fake = with_picture();
    let stalled = Client::open(&fake, 0, "/ws?clientId=me").await;
    let mut other = Client::open(&fake, 1, "/ws?clientId=other").await;
    other.take_until(1).await;
    // Noise does not pack: 3 frames of 6 MB fill every buffer on the way.
    let mut state = 1u32;
    let noise = image::RgbImage::from_fn(1400, 1400, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Bmp).unwrap();
    fake.put_input("noise.bmp", &bytes.into_inner());
    let mut graph = json!({ "1": { "class_type": "LoadImage", "inputs": { "image": "noise.bmp" } } });
    for id in ["2", "3", "4"] {
        graph[id] = json!({ "class_type": "SaveImageWebsocket", "inputs": { "images": ["1", 0] } });
    }
    post(&fake, &graph, "loud").await.unwrap();
    finished(&fake, 1).await;
    let others =
        fake.submit_as_stranger(&serde_json::to_value(invert("lab_front.png", 64)).unwrap()).unwrap();
    finished(&fake, 2).await;
    assert_eq!(history(&fake, &others).await["status"]["status_str"], "success");
    assert!(
        fake.sent_to(1) < 5,
        "the other client heard more than its greeting and the first prompt's start"
    );
    stalled.abort();
    // Its greeting and three statuses for each prompt.
    other.take_until(7).await;
    assert_eq!(other.statuses.len(), 7);
}
