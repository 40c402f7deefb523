//! The server as a browser and as a program of the artist's own meets it.
#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Once;

use oreforge_commands::{Config, Oreforge};
use oreforge_server::{ServeConfig, ServeError, Server};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Running {
    url: String,
    token: String,
    client: Client,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
    _data: TempDir,
}

/// reqwest is built for a crypto provider that the program installs.
fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    Client::new()
}

async fn serve() -> Running {
    let data = tempfile::tempdir().unwrap();
    let forge =
        Oreforge::open(Config { data_dir: Some(data.path().to_owned()), ..Config::default() }).unwrap();
    let server = Server::bind(ServeConfig::default()).await.unwrap();
    let (url, token) = (server.url(), server.token().to_owned());
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(server.run(forge, async move {
        // A test that drops its end stops the server as well.
        let _ = stopped.await;
    }));
    Running { url, token, client: client(), stop, ended, _data: data }
}

impl Running {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    async fn command(&self, name: &str, arguments: &Value) -> (StatusCode, Value) {
        let path = format!("/api/commands/{name}");
        let answer = self.ask(Method::POST, &path).header("content-type", "application/json");
        let answer = answer.body(arguments.to_string()).send().await.unwrap();
        (answer.status(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    async fn forge_sample(&self) -> Value {
        let request = json!({ "request": { "source": { "from": "sample", "name": "teapot" },
            "params": { "triangles": 2000, "texture_px": 256 } } });
        let (status, job) = self.command("start_forge", &request).await;
        assert_eq!(status, StatusCode::OK, "{job}");
        job
    }

    async fn read_events(&self, job: &Value, after: i64) -> Vec<Value> {
        let path = format!("/api/jobs/{}/events?after={after}", job["id"].as_str().unwrap());
        let text = self.ask(Method::GET, &path).send().await.unwrap().text().await.unwrap();
        sse_data(&text)
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

fn sse_data(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn seqs(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["seq"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_forged_followed_and_its_mesh_fetched() {
    let server = serve().await;
    let job = server.forge_sample().await;
    let events = server.read_events(&job, 0).await;
    assert_eq!(events.last().unwrap()["type"], "done", "the stream ends with the job");
    let all = seqs(&events);
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "in order, each once: {all:?}");

    // Progress is coalesced: an older one may be gone by the second reading.
    let lasting = |events: &[Value]| {
        let kept: Vec<Value> = events.iter().filter(|event| event["type"] != "progress").cloned().collect();
        seqs(&kept)
    };
    let middle = all[all.len() / 2];
    let rest = lasting(&server.read_events(&job, middle).await);
    assert_eq!(rest, lasting(&events).into_iter().filter(|seq| *seq > middle).collect::<Vec<_>>());

    let (_, done) = server.command("get_job", &json!({ "id": job["id"] })).await;
    let mesh = done["artifacts"].as_array().unwrap().iter().find(|a| a["kind"] == "mesh").unwrap();
    let path = format!("/files/artifact/{}", mesh["id"].as_str().unwrap());
    let whole = server.ask(Method::GET, &path).send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "model/gltf-binary");
    let whole = whole.bytes().await.unwrap();
    assert_eq!(whole.len() as u64, mesh["bytes"].as_u64().unwrap());
    let part = server.ask(Method::GET, &path).header("range", "bytes=4-11").send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.unwrap(), whole.slice(4..12));

    let path = format!("/api/jobs/{}/events", job["id"].as_str().unwrap());
    let last = all.last().unwrap().to_string();
    let again = server.ask(Method::GET, &path).header("last-event-id", last).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NO_CONTENT, "an EventSource stops asking");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_opens_files_and_nothing_else() {
    let server = serve().await;
    let picture = include_bytes!("../../../assets/samples/teapot.png").as_slice();
    let answer =
        server.ask(Method::POST, "/api/pictures?name=my%20pot.png").body(picture).send().await.unwrap();
    let picture_info: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(picture_info["file_name"], "my pot.png");
    let pass = server.ask(Method::GET, "/api/file-pass").send().await.unwrap().text().await.unwrap();
    let query = serde_json::from_str::<Value>(&pass).unwrap()["query"].as_str().unwrap().to_owned();

    let bare = |path: &str| server.client.get(format!("{}{path}", server.url)).send();
    let file = format!("/files/source/{}", picture_info["id"].as_str().unwrap());
    assert_eq!(bare(&file).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let shown = bare(&format!("{file}?{query}&download=a%0Ab.png")).await.unwrap();
    assert_eq!(shown.headers()["content-disposition"], "attachment; filename*=UTF-8''a%0Ab.png");
    assert_eq!(shown.bytes().await.unwrap(), picture);
    for closed in ["/api/opening", "/api/openapi.json", "/api/file-pass"] {
        let answer = bare(&format!("{closed}?{query}")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{closed}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_stay_outside() {
    let server = serve().await;
    let status = |request: RequestBuilder| async { request.send().await.unwrap().status() };
    let opening = || server.ask(Method::GET, "/api/opening");
    assert_eq!(status(opening()).await, StatusCode::OK);
    assert_eq!(status(opening().header("origin", &server.url)).await, StatusCode::OK);
    assert_eq!(status(opening().header("origin", "http://evil.example")).await, StatusCode::FORBIDDEN);
    assert_eq!(status(opening().header("origin", "null")).await, StatusCode::FORBIDDEN);
    let port = server.url.rsplit(':').next().unwrap();
    let rebound = opening().header("host", format!("evil.example:{port}"));
    assert_eq!(status(rebound).await, StatusCode::MISDIRECTED_REQUEST, "DNS rebinding");
    let wrong = |token: &str| server.client.get(format!("{}/api/opening", server.url)).bearer_auth(token);
    assert_eq!(status(wrong("")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(wrong(&server.token[1..])).await, StatusCode::UNAUTHORIZED);
    for path in ["/files/artifact/..%2f..%2fetc%2fpasswd", "/files/source/%2e%2e", "/files/x/y"] {
        assert_eq!(status(server.ask(Method::GET, path)).await, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/assets/../../Cargo.toml", "/..%2fCargo.toml"] {
        assert_eq!(status(server.ask(Method::GET, path)).await, StatusCode::NOT_FOUND, "{path}");
    }
    let guesses = 200;
    let mut refused = 0;
    for _ in 0..guesses {
        refused += u32::from(status(wrong("guess")).await == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > guesses / 2, "{refused} of {guesses} guesses were slowed down");
    assert_eq!(status(opening()).await, StatusCode::OK, "whoever has the token is not kept out by them");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_of_a_page_names_a_place_on_the_disk() {
    let server = serve().await;
    let path = json!({ "from": "path", "path": "/etc/passwd" });
    for (name, arguments) in [
        ("import_picture", json!({ "source": path })),
        ("start_forge", json!({ "request": { "source": path } })),
        ("save_artifact", json!({ "id": "01a1fcb7-0459-77f5-bd37-a1087f3bfd3a", "path": "/tmp/x.glb" })),
        ("no_such_command", json!({})),
        ("get_job", json!({ "id": 7 })),
    ] {
        let (status, report) = server.command(name, &arguments).await;
        assert_eq!((status, &report["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")), "{name}");
    }
    let huge = "x".repeat(9_000_000);
    let answer = server.ask(Method::POST, "/api/commands/get_job").header("content-type", "application/json");
    assert_eq!(answer.body(huge).send().await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_server_ends_open_streams() {
    let server = serve().await;
    let job = server.forge_sample().await;
    let path = format!("/api/jobs/{}/events", job["id"].as_str().unwrap());
    let mut stream = server.ask(Method::GET, &path).send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    server.stop.send(()).unwrap();
    server.ended.await.unwrap().unwrap();
    let mut text = String::new();
    while let Ok(Some(chunk)) = stream.chunk().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    let last = sse_data(&text).pop().unwrap();
    assert!(["interrupted", "done"].contains(&last["type"].as_str().unwrap()), "{last}");
}

#[tokio::test]
async fn beyond_this_computer_it_wants_a_token_of_ones_own() {
    let everywhere = ServeConfig { bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED), ..ServeConfig::default() };
    assert!(matches!(Server::bind(everywhere.clone()).await, Err(ServeError::NeedsToken { .. })));
    let weak = ServeConfig { token: Some("1234".to_owned()), ..everywhere.clone() };
    assert!(matches!(Server::bind(weak).await, Err(ServeError::WeakToken)));
    let strong = ServeConfig { token: Some("correct-horse-battery".to_owned()), ..everywhere };
    let server = Server::bind(strong).await.unwrap();
    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    let taken = ServeConfig { port, ..ServeConfig::default() };
    assert!(matches!(Server::bind(taken).await, Err(ServeError::Bind { .. })));
}
