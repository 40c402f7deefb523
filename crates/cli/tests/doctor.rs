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

fn check_of(output: &Output, subject: &str) -> Value {
    checks(output).into_iter().find(|check| check["subject"].as_str().unwrap().contains(subject)).unwrap()
}

#[test]
fn all_is_well_without_a_server() {
    let output = doctor(&["--json"]);
    assert_eq!(output.status.code(), Some(0));
    let checks = checks(&output);
    assert_eq!(checks.len(), 3);
    assert!(checks.iter().all(|check| check["state"] == "good"), "{checks:?}");
}

#[test]
fn a_program_that_is_not_blender_is_no_fault_and_no_blender() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_oreforge"));
    command.args(["doctor", "--json", "--data-dir"]).arg(data.path()).env_remove("RUST_LOG");
    for (program, words) in [("true", "true is not Blender"), ("/nowhere/blender", "Blender is not there")] {
        let output = command.env("OREFORGE_BLENDER", program).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let check = check_of(&output, "blender");
        assert!(check["message"].as_str().unwrap().contains(words), "{check}");
        assert!(check["hint"].as_str().unwrap().contains("--blender"), "{check}");
    }
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

/// A ComfyUI behind a proxy that lets in whoever has this `Authorization`.
fn locked(authorization: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&connection).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let given = head.iter().find_map(|line| line.strip_prefix("authorization: "));
            let (status, body) = match given {
                Some(given) if given == authorization && head[0].contains("/prompt") => {
                    ("200 OK", json!({ "exec_info": { "queue_remaining": 0 } }).to_string())
                }
                Some(given) if given == authorization => {
                    ("200 OK", json!({ "system": { "comfyui_version": "0.3.64" } }).to_string())
                }
                _ => ("401 Unauthorized", String::new()),
            };
            let _ = write!(
                connection,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn a_server_that_wants_a_token_says_so_and_takes_it() {
    let url = locked("Bearer hush-hush");
    let told = |args: &[&str], variable: Option<&str>| {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_oreforge"));
        command.arg("doctor").args(["--json", "--comfy", &url]).args(args).arg("--data-dir").arg(data.path());
        command.env_remove("OREFORGE_COMFY_TOKEN");
        if let Some(token) = variable {
            command.env("OREFORGE_COMFY_TOKEN", token);
        }
        let output = command.output().unwrap();
        assert!(!String::from_utf8_lossy(&output.stdout).contains("hush"));
        for log in std::fs::read_dir(data.path().join("logs")).unwrap() {
            assert!(!std::fs::read_to_string(log.unwrap().path()).unwrap().contains("hush"));
        }
        (output.status.code(), check_of(&output, "://"))
    };
    let (code, check) = told(&[], None);
    assert_eq!((code, check["state"].as_str()), (Some(4), Some("bad")));
    assert!(check["message"].as_str().unwrap().contains("this server wants a token"), "{check}");
    assert!(check["hint"].as_str().unwrap().contains("--token"), "{check}");
    let (code, check) = told(&["--token", "hush"], None);
    assert_eq!(code, Some(4));
    assert!(check["message"].as_str().unwrap().contains("does not take the one it was given"), "{check}");
    assert_eq!(told(&["--token", "hush-hush"], None).0, Some(0));
    assert_eq!(told(&[], Some("hush-hush")).0, Some(0));
    assert_eq!(doctor(&["--token", "hush-hush"]).status.code(), Some(2), "a token of no server");

    let url = locked("Basic bWU6aHVzaA==");
    assert_eq!(doctor(&["--comfy", &url.replace("http://", "http://me:hush@")]).status.code(), Some(0));
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
        let server = check_of(&output, "://");
        assert_eq!(server["state"], state, "{server}");
        assert!(server["message"].as_str().unwrap().contains(words), "{server}");
        assert!(server["hint"].is_string(), "{server}");
    }
    assert_eq!(doctor(&["--comfy", "ftp://example.com"]).status.code(), Some(2));
}
