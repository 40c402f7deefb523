//! `oreforge doctor` against nothing, something, and something like ComfyUI.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

use serde_json::{Value, json};

fn doctor(args: &[&str]) -> Output {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_oreforge"));
    command.arg("doctor").args(args).arg("--data-dir").arg(data.path()).env_remove("RUST_LOG");
    command.output().unwrap()
}

/// A server that answers each path it knows with JSON, and the rest with 404.
fn serving(routes: Vec<(&'static str, Value)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&connection).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            lines.find(String::is_empty);
            let path = request.split(' ').nth(1).unwrap_or_default();
            let known = routes.iter().find(|(route, _)| *route == path);
            let body = known.map(|(_, answer)| answer.to_string()).unwrap_or_default();
            let status = if known.is_some() { "200 OK" } else { "404 Not Found" };
            let _ = write!(
                connection,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://{address}")
}

fn checks(output: &Output) -> Vec<Value> {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["checks"].as_array().unwrap().clone()
}

#[test]
fn all_is_well_without_a_server() {
    let output = doctor(&["--json"]);
    assert_eq!(output.status.code(), Some(0));
    let checks = checks(&output);
    assert_eq!(checks.len(), 2);
    assert!(checks.iter().all(|check| check["state"] == "good"), "{checks:?}");
}

#[test]
fn a_server_is_described_and_its_password_is_not() {
    let stats = json!({
        "system": { "comfyui_version": "0.3.64", "pytorch_version": "2.6.0" },
        "devices": [{ "name": "cuda:0 Card", "type": "cuda", "vram_total": 12e9, "vram_free": 9e9 }]
    });
    let queue = json!({ "exec_info": { "queue_remaining": 2 } });
    let url = serving(vec![("/system_stats", stats), ("/prompt", queue)]);
    let output = doctor(&["--comfy", &url.replace("http://", "http://me:hush@")]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(&url) && !text.contains("hush"), "{text}");
    assert!(
        text.contains("ComfyUI 0.3.64 on cuda:0 Card with 12.0 GB is at work: 2 in its queue."),
        "{text}"
    );
}

#[test]
fn what_is_wrong_is_told_apart() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let something = serving(vec![("/", json!({}))]);
    for (address, state, words) in
        [(format!("http://{nobody}"), "not_yet", "Unreachable"), (something, "bad", "not ComfyUI")]
    {
        let output = doctor(&["--json", "--comfy", &address]);
        assert_eq!(output.status.code(), Some(4), "{address}");
        let server = checks(&output).pop().unwrap();
        assert_eq!(server["state"], state, "{server}");
        assert!(server["message"].as_str().unwrap().contains(words), "{server}");
        assert!(server["hint"].is_string(), "{server}");
    }
    assert_eq!(doctor(&["--comfy", "ftp://example.com"]).status.code(), Some(2));
}
