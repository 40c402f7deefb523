//! The plainest client there is, and the captures.

use std::collections::VecDeque;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use oreforge_tests::fake_comfy::FakeComfy;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Longer than anything here takes; a test that waits this long has failed.
pub const LIMIT: Duration = Duration::from_secs(60);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.unwrap_or_else(|_| panic!("{what} never came"))
}

/// reqwest is built for a crypto provider that the program installs.
pub fn http() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().unwrap();
    });
    reqwest::Client::new()
}

pub fn fixture(name: &str) -> String {
    let path: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/comfyui").join(format!("{name}.gz"));
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// A message as the transcripts write it.
fn described(message: Message) -> Option<Value> {
    match message {
        Message::Text(text) => Some(json!({ "text": serde_json::from_str::<Value>(&text).unwrap() })),
        Message::Binary(bytes) => {
            let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            let event = word(0);
            let mut described = json!({ "event": event });
            let picture = if event == 4 {
                let end = 8 + word(4) as usize;
                described["metadata"] = serde_json::from_slice(&bytes[8..end]).unwrap();
                &bytes[end..]
            } else {
                described["type"] = json!(word(4));
                &bytes[8..]
            };
            let magic: String = picture[..3].iter().map(|byte| format!("{byte:02x}")).collect();
            described["magic"] = json!(magic);
            Some(json!({ "binary": described }))
        }
        _ => None,
    }
}

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Of the fake's sockets, in the order they were opened.
    pub number: usize,
    taken: usize,
    pub statuses: VecDeque<Value>,
    pub others: VecDeque<Value>,
}

impl Client {
    pub async fn open(fake: &FakeComfy, number: usize, path: &str) -> Self {
        let url = format!("{}{path}", fake.url().replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Self { socket, number, taken: 0, statuses: VecDeque::new(), others: VecDeque::new() }
    }

    pub async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next text or binary message; None when the socket ends.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            match soon("a message", self.socket.next()).await {
                Some(Ok(message)) => {
                    if let Some(described) = described(message) {
                        self.taken += 1;
                        return Some(described);
                    }
                }
                Some(Err(_)) | None => return None,
            }
        }
    }

    async fn sort_next(&mut self) {
        if let Some(message) = self.next().await {
            let is_status = message["text"]["type"] == "status";
            if is_status { &mut self.statuses } else { &mut self.others }.push_back(message);
        }
    }

    /// Takes all that the fake has sent so far.
    pub async fn catch_up(&mut self, fake: &FakeComfy) {
        while self.taken < fake.sent_to(self.number) {
            self.sort_next().await;
        }
    }

    /// Takes messages until it has heard `count` since it opened.
    pub async fn take_until(&mut self, count: usize) {
        while self.taken < count {
            self.sort_next().await;
        }
    }

    pub async fn close(mut self) {
        let _ = self.socket.close(None).await;
    }

    /// Ends the connection without a close frame.
    pub fn abort(self) {
        drop(self.socket);
    }
}
