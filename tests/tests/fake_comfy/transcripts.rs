//! Each transcript is played against the fake: the same requests at the same moments, and every message of every
//! socket compared, field by field. Ids, names and times differ from run to run; an id or a name must stand for
//! the same thing throughout.

use std::collections::{BTreeMap, HashMap, HashSet};

use oreforge_tests::fake_comfy::{FakeComfy, Options};
use serde_json::{Value, json};

use crate::client::{Client, fixture, http, soon};
use crate::graphs::{Ordered, labelled};

/// Values that differ from run to run, or say what only Python can (tracebacks, tensors in words).
const NOT_COMPARED: [&str; 10] = [
    "timestamp",
    "traceback",
    "current_inputs",
    "current_outputs",
    "width",
    "seed",
    "length",
    "header_hex",
    "metadata_length",
    "text",
];
/// Lists that are Python sets.
const IN_ANY_ORDER: [&str; 2] = ["executed", "nodes_in_any_order"];
/// Names that stand for something.
const NAMES: [&str; 4] = ["prompt_id", "filename", "sid", "client_id"];

struct Replay {
    fake: FakeComfy,
    http: reqwest::Client,
    clients: BTreeMap<String, Client>,
    opened: usize,
    /// What a name of the transcript is called here.
    names: HashMap<String, String>,
    previous: Option<Ordered>,
    fresh: u32,
    first_number: Option<(i64, i64)>,
    place: String,
}

fn cached_nodes(lines: &[Value], prompt_id: &str) -> Vec<String> {
    let told = lines.iter().find(|line| {
        line["text"]["type"] == "execution_cached" && line["text"]["data"]["prompt_id"] == prompt_id
    });
    told.map(|line| serde_json::from_value(line["text"]["data"]["nodes"].clone()).unwrap())
        .unwrap_or_default()
}

/// The transcript writes a request when its answer came; what the request caused may stand before it. A status
/// that counts more prompts than were posted by then was caused by the next post.
fn in_order_of_cause(mut lines: Vec<Value>) -> Vec<Value> {
    let mut ordered: Vec<Value> = Vec::new();
    let mut waiting = 0;
    let mut ended = HashSet::new();
    let is_post = |line: &Value| line["http"]["path"] == "/prompt" && line["http"]["method"] == "POST";
    while !lines.is_empty() {
        let line = lines.remove(0);
        let counted = line["text"]["data"]["status"]["exec_info"]["queue_remaining"].as_u64();
        if counted.is_some_and(|counted| counted > waiting)
            && let Some(post) = lines.iter().position(is_post)
        {
            ordered.push(lines.remove(post));
            waiting += 1;
        }
        waiting += u64::from(is_post(&line));
        let kind = line["text"]["type"].as_str().unwrap_or_default();
        let is_end = ["execution_success", "execution_error", "execution_interrupted"].contains(&kind);
        if is_end && ended.insert(line["text"]["data"].to_string()) {
            waiting = waiting.saturating_sub(1);
        }
        ordered.push(line);
    }
    ordered
}

impl Replay {
    async fn new(lines: &[Value]) -> Self {
        let fake = FakeComfy::start(Options::default());
        for name in ["front", "left", "back", "right"] {
            fake.put_input(&format!("lab_{name}.png"), &picture(name));
        }
        fake.put_input("lab_corrupt.png", b"\x89PNG\r\n\x1a\nand then nothing of a picture");
        let mut replay = Self {
            fake,
            http: http(),
            clients: BTreeMap::new(),
            opened: 0,
            names: HashMap::new(),
            previous: None,
            fresh: 0,
            first_number: None,
            place: String::new(),
        };
        replay.warm_up(lines).await;
        replay
    }

    /// The captured server had run other prompts before: what the first prompt finds cached is brought there.
    async fn warm_up(&mut self, lines: &[Value]) {
        let Some(post) =
            lines.iter().find(|line| line["http"]["path"] == "/prompt" && line["http"]["status"] == 200)
        else {
            return;
        };
        let mut graph = self.graph(post, 0);
        let mut cached = cached_nodes(lines, post["http"]["response"]["prompt_id"].as_str().unwrap());
        if !lines.iter().any(|line| line["text"]["type"] == "execution_cached") {
            // Nobody listened. The picture had been loaded by then.
            let is_load = |node: &Ordered| serde_json::to_string(node).unwrap().contains("\"LoadImage\"");
            cached =
                graph.nodes().iter().filter(|(_, node)| is_load(node)).map(|(id, _)| id.clone()).collect();
        }
        if !cached.is_empty() {
            let mut warm = json!({});
            for id in &cached {
                warm[id] = serde_json::to_value(&graph.nodes()[id]).unwrap();
                let shown = json!({ "class_type": "PreviewAny", "inputs": { "source": [id, 0] } });
                warm[format!("shows {id}")] = shown;
            }
            self.fake.submit_as_stranger(&warm).unwrap();
        }
        self.fake.lockstep(true);
        while soon("a step", self.fake.step()).await {}
    }

    fn graph(&mut self, line: &Value, cached: usize) -> Ordered {
        self.fresh += 1;
        let label = line["http"]["request"]["prompt"].as_str().unwrap_or_default();
        labelled(label, self.fresh, self.previous.as_ref(), cached)
    }

    async fn play(&mut self, lines: &[Value]) {
        for (index, line) in lines.iter().enumerate() {
            self.place = format!("line {}: {}", index + 1, shortened(line));
            let rest = &lines[index..];
            if let Some(event) = line["ws"].as_str() {
                self.socket_event(event, line, rest).await;
            } else if line["http"].is_object() {
                self.request(line, lines).await;
            } else if line["text"].is_object() || line["binary"].is_object() {
                self.expect(line).await;
            } else {
                self.note(line["note"].as_str().unwrap_or_default(), rest).await;
            }
        }
    }

    async fn step(&mut self) -> bool {
        let stepped = soon("a step", self.fake.step()).await;
        for client in self.clients.values_mut() {
            client.catch_up(&self.fake).await;
        }
        stepped
    }

    /// Lets the server go on unheard, as far as the greeting of the next socket says.
    async fn go_on_unheard(&mut self, rest: &[Value]) {
        let greeted = rest.iter().position(|line| line["text"]["data"]["sid"].is_string());
        let greeting = greeted.map(|index| &rest[index]);
        // Right after the greeting, without a prompt_id: the node a client finds running.
        let current = greeted.and_then(|index| rest.get(index + 1)).filter(|line| {
            line["text"]["type"] == "executing" && line["text"]["data"]["prompt_id"].is_null()
        });
        if let Some(node) = current.and_then(|line| line["text"]["data"]["node"].as_str()) {
            if self.fake.current_node().as_deref() == Some(node) {
                return;
            }
            while self.fake.current_node().as_deref() != Some(node) {
                assert!(self.step().await, "{}: never came to node {node}", self.place);
            }
            // Its progress_state and executing.
            self.step().await;
            self.step().await;
        } else if greeting
            .is_none_or(|line| line["text"]["data"]["status"]["exec_info"]["queue_remaining"] == 0)
        {
            while self.step().await {}
        }
    }

    async fn note(&mut self, note: &str, rest: &[Value]) {
        if note.starts_with("SIG") && note.ends_with("sent to the server") {
            soon("the end of the server", self.fake.kill()).await;
        } else if note == "server started again" {
            soon("the new server", self.fake.start_again()).await;
        } else if note.starts_with("gave up waiting") {
            self.go_on_unheard(rest).await;
        }
    }

    async fn socket_event(&mut self, event: &str, line: &Value, rest: &[Value]) {
        let name = line["client"].as_str().unwrap().to_owned();
        match event {
            "open" => {
                self.go_on_unheard(rest).await;
                let mut client = Client::open(&self.fake, self.opened, line["path"].as_str().unwrap()).await;
                self.opened += 1;
                let is_told_the_node = rest
                    .iter()
                    .find(|line| {
                        line["client"] == *name
                            && line["text"]["data"]["sid"].is_null()
                            && line["text"].is_object()
                    })
                    .is_some_and(|line| {
                        line["text"]["type"] == "executing" && line["text"]["data"]["prompt_id"].is_null()
                    });
                client.take_until(if is_told_the_node { 2 } else { 1 }).await;
                client.catch_up(&self.fake).await;
                self.clients.insert(name, client);
            }
            "sent" => {
                let client = self.clients.get_mut(&name).unwrap();
                let is_flags = line["text"]["type"] == "feature_flags";
                let text = line["raw"].as_str().map_or_else(|| line["text"].to_string(), str::to_owned);
                client.send(&text).await;
                let answered = rest.iter().any(|line| {
                    line["client"] == *name && line["ws"].is_null() && line["text"]["type"] == "feature_flags"
                });
                if is_flags && answered {
                    client.take_until(2).await;
                }
            }
            "closing (close frame)" => {
                let client = self.clients.remove(&name).unwrap();
                let number = client.number;
                client.close().await;
                soon("the server's notice", self.fake.noticed_end_of(number)).await;
            }
            "aborting TCP (RST) without a close frame" => {
                let client = self.clients.remove(&name).unwrap();
                let number = client.number;
                client.abort();
                soon("the server's notice", self.fake.noticed_end_of(number)).await;
            }
            "closed" => {
                if let Some(client) = self.clients.remove(&name) {
                    let left = format!("{:?} {:?}", client.statuses, client.others);
                    assert!(
                        client.others.is_empty() && client.statuses.is_empty(),
                        "{}: unheard of: {left}",
                        self.place
                    );
                }
            }
            "close done" => {}
            other => panic!("{}: what is {other}?", self.place),
        }
    }

    async fn request(&mut self, line: &Value, lines: &[Value]) {
        let http = &line["http"];
        if http["status"].is_null() {
            let url = format!("{}/queue", self.fake.url());
            assert!(self.http.get(url).send().await.is_err(), "{}: a dead server answered", self.place);
            return;
        }
        let mut path = http["path"].as_str().unwrap().to_owned();
        for (theirs, ours) in &self.names {
            path = path.replace(theirs, ours);
        }
        let url = format!("{}{path}", self.fake.url());
        let request = match (http["method"].as_str().unwrap(), path.as_str()) {
            ("GET", _) => self.http.get(url),
            (_, "/upload/image") => {
                self.http.post(url).multipart(self.upload(http["request"]["multipart"].as_str().unwrap()))
            }
            (_, "/prompt") => {
                let prompt_id = http["response"]["prompt_id"].as_str().unwrap_or_default();
                let cached = cached_nodes(lines, prompt_id);
                let mut body = Ordered::from(self.renamed(&http["request"]));
                let graph = self.graph(line, cached.len());
                body.nodes().insert("prompt".into(), graph.clone());
                self.previous = Some(graph);
                self.http.post(url).body(serde_json::to_string(&body).unwrap())
            }
            _ if http["request"].is_null() => self.http.post(url),
            _ => self.http.post(url).body(self.renamed(&http["request"]).to_string()),
        };
        let answer = soon("an answer", request.send()).await.unwrap();
        assert_eq!(answer.status().as_u16(), http["status"].as_u64().unwrap() as u16, "{}", self.place);
        let text = soon("a body", answer.text()).await.unwrap();
        let body = serde_json::from_str(&text)
            .unwrap_or_else(|_| if text.is_empty() { Value::Null } else { json!(text) });
        self.compare("", &http["response"], &body);
        soon("the sockets", self.fake.all_sent()).await;
        for client in self.clients.values_mut() {
            client.catch_up(&self.fake).await;
        }
    }

    /// With the names that things have here.
    fn renamed(&self, theirs: &Value) -> Value {
        let text =
            self.names.iter().fold(theirs.to_string(), |text, (theirs, ours)| text.replace(theirs, ours));
        serde_json::from_str(&text).unwrap()
    }

    fn upload(&self, described: &str) -> reqwest::multipart::Form {
        let bytes = picture(if described.contains("red") { "red" } else { "blue" });
        let part = reqwest::multipart::Part::bytes(bytes).file_name("lab_over.png");
        reqwest::multipart::Form::new().part("image", part).text("overwrite", "true")
    }

    async fn expect(&mut self, line: &Value) {
        let name = line["client"].as_str().unwrap();
        let is_status = line["text"]["type"] == "status";
        let got = loop {
            let client = self.clients.get_mut(name).unwrap_or_else(|| panic!("no socket {name}"));
            let heard = if is_status { &mut client.statuses } else { &mut client.others };
            if let Some(message) = heard.pop_front() {
                break message;
            }
            assert!(self.step().await, "{}: the fake has nothing more to say", self.place);
        };
        if line["binary"].is_object() {
            let wanted = described_binary(&line["binary"]);
            self.compare("", &wanted, &got["binary"]);
        } else {
            self.compare("", &line["text"], &got["text"]);
        }
    }

    fn compare(&mut self, key: &str, theirs: &Value, ours: &Value) {
        let place = self.place.clone();
        match (theirs, ours) {
            _ if NOT_COMPARED.contains(&key) && !theirs.is_object() => {}
            (Value::String(theirs), Value::String(ours)) if NAMES.contains(&key) => {
                let known = self.names.entry(theirs.clone()).or_insert_with(|| ours.clone());
                assert_eq!(known, ours, "{place}: {theirs} was called {known} before");
                let shape = |name: &str| name.replace(|character: char| character.is_ascii_digit(), "0");
                if key == "filename" && !theirs.contains("temp") {
                    assert_eq!(shape(theirs), shape(ours), "{place}");
                }
            }
            (Value::Number(theirs), Value::Number(ours)) if key == "number" && !theirs.is_f64() => {
                let (theirs, ours) = (theirs.as_i64().unwrap(), ours.as_i64().unwrap());
                let (their_first, our_first) = *self.first_number.get_or_insert((theirs, ours));
                // A restart counts from 0 again, a number to the front from the counter downwards.
                let same_distance = theirs.abs() - their_first == ours.abs() - our_first;
                assert!(same_distance || theirs == ours, "{place}: number {theirs} is {ours} here");
                assert_eq!(theirs < 0, ours < 0, "{place}");
            }
            (Value::Object(theirs), Value::Object(ours)) => {
                let called = |name: &str| self.names.get(name).cloned().unwrap_or_else(|| name.to_owned());
                let their_keys: std::collections::BTreeSet<String> =
                    theirs.keys().map(|key| called(key)).collect();
                let our_keys: std::collections::BTreeSet<String> = ours.keys().cloned().collect();
                assert_eq!(their_keys, our_keys, "{place} under {key:?}");
                for (key, value) in theirs {
                    let name = self.names.get(key).unwrap_or(key).clone();
                    self.compare(key, value, &ours[&name]);
                }
            }
            (Value::Array(theirs), Value::Array(ours)) if IN_ANY_ORDER.contains(&key) => {
                let sorted = |list: &[Value]| {
                    let mut texts: Vec<String> = list.iter().map(Value::to_string).collect();
                    texts.sort();
                    texts
                };
                assert_eq!(sorted(theirs), sorted(ours), "{place}");
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                assert_eq!(theirs.len(), ours.len(), "{place} under {key:?}: {theirs:?} {ours:?}");
                // [number, prompt_id, graph, extra_data, outputs]
                let keys: &[&str] = match (key, theirs.len()) {
                    ("prompt" | "item", 5) => &["number", "prompt_id", "graph", "extra_data", "outputs"],
                    ("queue_running" | "queue_pending", _) => &["item"; 16],
                    _ => &[],
                };
                for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                    self.compare(keys.get(index).copied().unwrap_or(""), theirs, ours);
                }
            }
            _ => assert_eq!(theirs, ours, "{place} under {key:?}"),
        }
    }
}

fn described_binary(theirs: &Value) -> Value {
    let magic: String = theirs["payload_first16_hex"].as_str().unwrap().chars().take(6).collect();
    let mut described = json!({ "event": theirs["event"], "magic": magic });
    if theirs["metadata"].is_object() {
        described["metadata"] = theirs["metadata"].clone();
    } else {
        let header = theirs["header_hex"].as_str().unwrap();
        described["type"] = json!(u32::from_str_radix(&header[8..16], 16).unwrap());
    }
    described
}

fn shortened(line: &Value) -> String {
    line.to_string().chars().take(300).collect()
}

fn picture(name: &str) -> Vec<u8> {
    let shade = name.bytes().fold(0u8, u8::wrapping_add);
    let picture = image::RgbImage::from_fn(24, 24, |x, y| {
        if (4..20).contains(&x) && (2..22).contains(&y) {
            image::Rgb([shade, 90, 40])
        } else {
            image::Rgb([255; 3])
        }
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn replay(name: &str) {
    let lines: Vec<Value> = fixture(&format!("ws/{name}.jsonl"))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lines = in_order_of_cause(lines);
    let mut replay = Replay::new(&lines).await;
    replay.play(&lines).await;
}

macro_rules! transcripts {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            replay(stringify!($name)).await;
        }
    )*};
}

// interrupt_right_after_prompt is shortened in the capture itself; faults.rs has the race it is about, and
// stalled_client, whose bytes never leave the server.
transcripts! {
    cached_second_run clear_queue client_connects_mid_run client_supplied_prompt_id delete_pending
    error_corrupt_image error_no_clip_in_checkpoint free_then_rerun interrupt_between_nodes interrupt_global
    interrupt_with_prompt_id interrupt_without_client_id interrupt_wrong_prompt_id
    late_client other_clients_prompt output_kinds overwritten_input partly_invalid ping_and_odd_messages
    preview_image_and_preview_any prompt_without_client_id queue_order reconnect_abrupt
    reconnect_before_old_socket_dies reconnect_clean server_sigint_mid_run server_sigkill_mid_run
    server_sigterm_mid_run success_image_to_views success_taesd_previews success_text_to_image
    success_views_to_mesh success_with_feature_flags two_clients_same_id ws_without_client_id
}
