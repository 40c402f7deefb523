//! Each captured HTTP exchange, sent to the fake again.

use std::collections::BTreeMap;

use oreforge_tests::fake_comfy::{Auth, FakeComfy, Options};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::client::{fixture, http, soon};

/// What the capture and the fake need not share: the time, Python's words, and the sizes of other bytes.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| *key != "traceback")
            .map(|(key, value)| (key.clone(), comparable(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(comparable).collect(),
        other => other.clone(),
    }
}

/// A `Value` would sort the nodes, and the first fault in their order is told.
#[derive(serde::Deserialize)]
struct Exchange {
    request: Request,
}

#[derive(serde::Deserialize)]
struct Request {
    json: Option<Box<RawValue>>,
}

async fn body_of(answer: Response) -> Value {
    let text = soon("a body", answer.text()).await.unwrap();
    serde_json::from_str(&text).unwrap_or(json!(text))
}

fn content_type(answer: &Response) -> Option<String> {
    answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned())
}

/// A fake with the pictures of the captured server's input/ and output/.
fn captured_server() -> FakeComfy {
    let fake = FakeComfy::start(Options::default());
    for name in ["example", "lab_front", "lab_back", "lab_left", "lab_right"] {
        fake.put_input(&format!("{name}.png"), &png());
    }
    std::fs::create_dir_all(fake.root().join("output/lab")).unwrap();
    std::fs::create_dir_all(fake.root().join("output/mesh")).unwrap();
    std::fs::write(fake.root().join("output/lab/a_00001_.png"), png()).unwrap();
    std::fs::write(fake.root().join("output/lab_up_out.png"), png()).unwrap();
    std::fs::write(fake.root().join("output/mesh/lab_00004_.glb"), vec![7; 178_740]).unwrap();
    fake.put_input("lab_note.txt", b"hello, I am text");
    fake.put_input("stühle 椅子.png", &png());
    fake
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn refuses_and_accepts_as_captured() {
    let fake = captured_server();
    let client = http();
    let captured: BTreeMap<String, Value> = serde_json::from_str(&fixture("http/errors.json")).unwrap();
    let requests: BTreeMap<String, Exchange> = serde_json::from_str(&fixture("http/errors.json")).unwrap();
    let origins: BTreeMap<&str, &str> = BTreeMap::from([
        ("origin_other_port", "http://localhost:1420"),
        ("origin_tauri", "tauri://localhost"),
        ("origin_tauri_windows", "http://tauri.localhost"),
        ("origin_null", "null"),
        ("origin_file", "file://"),
    ]);
    for (name, exchange) in &captured {
        let (request, response) = (&exchange["request"], &exchange["response"]);
        let Some(method) = request["method"].as_str() else { continue };
        let method: Method = method.parse().unwrap();
        let path = request["path"].as_str().unwrap();
        if path.starts_with("/userdata") {
            continue;
        }
        let mut asked = client.request(method, format!("{}{path}", fake.url()));
        if let Some(json) = &requests[name].request.json {
            asked = asked.body(json.get().to_owned());
        } else if let Some(body) = request["body"].as_str() {
            asked = asked.body(body.replace(" as text/plain", ""));
        }
        if let Some(origin) = origins.get(name.as_str()) {
            asked = asked.header("origin", *origin);
        } else if name == "origin_same" {
            asked = asked.header("origin", fake.url());
        }
        let answer = soon(name, asked.send()).await.unwrap();
        assert_eq!(u64::from(answer.status().as_u16()), response["status"], "{name}");
        let kind = content_type(&answer);
        let wanted = response["headers"]["Content-Type"].as_str();
        if wanted.is_some() {
            assert_eq!(kind.as_deref(), wanted, "{name}");
        }
        assert_eq!(comparable(&body_of(answer).await), comparable(&response["body"]), "{name}");
    }
}

#[tokio::test]
async fn shows_files_as_captured() {
    let fake = captured_server();
    let client = http();
    let captured: BTreeMap<String, Value> = serde_json::from_str(&fixture("http/view.json")).unwrap();
    let mut validators = (String::new(), String::new());
    for (name, exchange) in &captured {
        let (request, response) = (&exchange["request"], &exchange["response"]);
        let method: Method = request["method"].as_str().unwrap().parse().unwrap();
        let mut asked =
            client.request(method, format!("{}{}", fake.url(), request["path"].as_str().unwrap()));
        for (header, value) in request["headers"].as_object().into_iter().flatten() {
            let value = match value.as_str().unwrap() {
                "<its Etag>" => &validators.0,
                "<its Last-Modified>" => &validators.1,
                value => value,
            };
            asked = asked.header(header, value);
        }
        let answer = soon(name, asked.send()).await.unwrap();
        assert_eq!(u64::from(answer.status().as_u16()), response["status"], "{name}");
        let headers = answer.headers().clone();
        let text = |name: &str| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        for (header, wanted) in response["headers"].as_object().unwrap() {
            let wanted = wanted.as_str().unwrap();
            match header.as_str() {
                "Content-Type" | "Content-Disposition" | "Accept-Ranges" | "Content-Range" => {
                    assert_eq!(text(header).as_deref(), Some(wanted), "{name} {header}");
                }
                "Etag" | "Last-Modified" => assert!(text(header).is_some(), "{name} {header}"),
                _ => {}
            }
        }
        if name == "glb" {
            validators = (text("etag").unwrap(), text("last-modified").unwrap());
        }
    }
}

/// The file name in `filename=""`, raw, which reqwest would encode.
fn raw_multipart(name: &str) -> (String, String) {
    let body = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"image\"; filename=\"{name}\"\r\n\r\ncontent\r\n--cut--\r\n"
    );
    ("multipart/form-data; boundary=cut".to_owned(), body)
}

#[tokio::test]
async fn stores_uploads_as_captured() {
    let fake = captured_server();
    let client = http();
    let url = format!("{}/upload/image", fake.url());
    let captured: BTreeMap<String, Value> = serde_json::from_str(&fixture("http/uploads.json")).unwrap();
    let named = |name: &str, content: &str| {
        Form::new().part("image", Part::text(content.to_owned()).file_name(name.to_owned()))
    };
    let long = format!("{}.png", "x".repeat(300));
    let forms = [
        ("first", named("lab_up.png", "A")),
        ("same_name_same_content", named("lab_up.png", "A")),
        ("same_name_other_content", named("lab_up.png", "B")),
        ("same_name_other_content_overwrite_false", named("lab_up.png", "C").text("overwrite", "false")),
        ("same_name_other_content_overwrite_true", named("lab_up.png", "B").text("overwrite", "true")),
        ("overwrite_1", named("lab_up.png", "A").text("overwrite", "1")),
        ("overwrite_True_capital", named("lab_up.png", "D").text("overwrite", "True")),
        ("subfolder", named("lab_up.png", "A").text("subfolder", "lab/sub")),
        ("subfolder_temp", named("lab_up.png", "A").text("subfolder", "lab").text("type", "temp")),
        ("type_output", named("lab_up_out.png", "A").text("type", "output").text("overwrite", "1")),
        ("type_nonsense", named("x.png", "A").text("type", "nonsense")),
        ("subfolder_traversal", named("x.png", "A").text("subfolder", "../..")),
        ("filename_traversal", named("../evil.png", "A")),
        ("filename_with_folder", named("newdir/x.png", "A")),
        ("filename_with_existing_folder", named("lab/sub/y.png", "A")),
        ("long_filename", named(&long, "A")),
        (
            "mask_field_order_subfolder_first",
            Form::new().text("subfolder", "lab").part("image", Part::text("A").file_name("order.png")),
        ),
        ("not_an_image", named("lab_note.txt", "hello, I am text")),
        ("empty_file", named("lab_empty.png", "")),
        ("wrong_field", Form::new().part("file", Part::text("A").file_name("x.png"))),
        // What reqwest makes of a name beyond ASCII.
        ("unicode_filename_star", named("stühle2 椅.png", "A")),
    ];
    for (name, form) in forms {
        let answer = soon(name, client.post(&url).multipart(form).send()).await.unwrap();
        let wanted = &captured[name]["response"];
        assert_eq!(u64::from(answer.status().as_u16()), wanted["status"], "{name}");
        assert_eq!(body_of(answer).await, wanted["body"], "{name}");
    }
    for (name, file_name) in [
        ("backslash_filename", "lab\\z.png"),
        ("unicode_filename", "stühle 椅子.png"),
        ("unicode_filename_percent", "st%C3%BChle3.png"),
        ("quote_in_filename", "say \\\"hi\\\".png"),
        ("no_filename", ""),
    ] {
        std::fs::remove_file(fake.root().join("input/stühle 椅子.png")).ok();
        let (kind, body) = raw_multipart(file_name);
        let asked = client.post(&url).header("content-type", kind).body(body);
        let answer = soon(name, asked.send()).await.unwrap();
        let wanted = &captured[name]["response"];
        assert_eq!(u64::from(answer.status().as_u16()), wanted["status"], "{name}");
        assert_eq!(body_of(answer).await, wanted["body"], "{name}");
    }
    for (name, body) in [("not_multipart", "xxx, no multipart"), ("raw_json", "{\"image\":\"x\"}")] {
        let answer = soon(name, client.post(&url).body(body).send()).await.unwrap();
        assert_eq!(u64::from(answer.status().as_u16()), captured[name]["response"]["status"], "{name}");
    }
    let info = client.get(format!("{}/object_info/LoadImage", fake.url())).send().await.unwrap();
    let listed = body_of(info).await["LoadImage"]["input"]["required"]["image"][0].to_string();
    assert!(listed.contains("lab_up (1).png") && !listed.contains("lab/sub"), "{listed}");
}

#[tokio::test]
async fn refuses_bodies_beyond_the_limit() {
    let fake = FakeComfy::start(Options { max_upload_bytes: 1000, ..Options::default() });
    let client = http();
    let form = Form::new().part("image", Part::bytes(vec![0; 2000]).file_name("big.bin"));
    let answer =
        soon("an answer", client.post(format!("{}/upload/image", fake.url())).multipart(form).send())
            .await
            .unwrap();
    assert_eq!(answer.status(), 413);
    let text = body_of(answer).await;
    assert!(
        text.as_str().unwrap().starts_with("Maximum request body size 1000 exceeded, actual body size 2")
    );
    let features = body_of(client.get(format!("{}/features", fake.url())).send().await.unwrap()).await;
    assert_eq!(features["max_upload_size"], 1000);
}

#[tokio::test]
async fn stands_behind_a_path_and_a_password() {
    let auth = Auth::Basic { user: "ada".into(), password: "lovelace".into() };
    let fake =
        FakeComfy::start(Options { base_path: "/comfy".into(), auth: Some(auth), ..Options::default() });
    let client = http();
    let url = format!("{}/api/prompt", fake.url());
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    let answer = client.get(&url).basic_auth("ada", Some("lovelace")).send().await.unwrap();
    assert_eq!(body_of(answer).await, json!({ "exec_info": { "queue_remaining": 0 } }));
    let outside = format!("http://{}/prompt", fake.address());
    assert_eq!(client.get(outside).basic_auth("ada", Some("lovelace")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn tells_numbers_beyond_64_bits_and_the_models_it_has() {
    let fake = FakeComfy::start(Options::default());
    fake.set_models("checkpoints", &["xl/sd_xl_base_1.0.safetensors", "b.ckpt"]);
    fake.remove_class("SaveGLB");
    let client = http();
    let info = client.get(format!("{}/object_info", fake.url())).send().await.unwrap().text().await.unwrap();
    assert!(info.contains("-18446744073709551615") && info.contains("\"max\": 18446744073709551615"));
    let info: Value = serde_json::from_str(&info).unwrap();
    assert!(info["SaveGLB"].is_null());
    let listed = &info["ImageOnlyCheckpointLoader"]["input"]["required"]["ckpt_name"][0];
    assert_eq!(*listed, json!(["b.ckpt", "xl/sd_xl_base_1.0.safetensors"]));
    let models =
        body_of(client.get(format!("{}/models/checkpoints", fake.url())).send().await.unwrap()).await;
    assert_eq!(models, *listed);
}
