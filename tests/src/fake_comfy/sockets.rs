use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// One open socket, whether or not the server still knows it.
#[derive(Clone)]
pub(super) struct Socket {
    /// Counts the sockets of a fake in the order they opened, from 0.
    pub number: usize,
    sink: Arc<tokio::sync::Mutex<SplitSink<WebSocket, Message>>>,
    /// Cancelled when the connection is to end, or has.
    pub gone: CancellationToken,
}

impl Socket {
    pub fn new(number: usize, sink: SplitSink<WebSocket, Message>, gone: CancellationToken) -> Self {
        Self { number, sink: Arc::new(tokio::sync::Mutex::new(sink)), gone }
    }

    /// Waits until the message is out, as the server does: a client that stops reading stops everybody. False when
    /// the connection has gone.
    pub async fn send(&self, message: Message) -> bool {
        let send = async { self.sink.lock().await.send(message).await };
        tokio::select! {
            sent = send => sent.is_ok(),
            () = self.gone.cancelled() => false,
        }
    }
}

struct Entry {
    socket: Socket,
    supports_preview_metadata: bool,
}

/// The sockets by `clientId`. One per id: the last to open has it.
#[derive(Default)]
pub(super) struct Sockets {
    registered: Mutex<HashMap<String, Entry>>,
}

impl Sockets {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket that had the id stays open and goes deaf.
    pub fn register(&self, sid: &str, socket: Socket) {
        self.lock().insert(sid.to_owned(), Entry { socket, supports_preview_metadata: false });
    }

    /// Forgets the id, whoever has it now: the late end of an old socket deafens the new one.
    pub fn forget(&self, sid: &str) {
        self.lock().remove(sid);
    }

    pub fn negotiate(&self, sid: &str, supports_preview_metadata: bool) {
        if let Some(entry) = self.lock().get_mut(sid) {
            entry.supports_preview_metadata = supports_preview_metadata;
        }
    }

    pub fn supports_preview_metadata(&self, sid: Option<&str>) -> bool {
        sid.is_some_and(|sid| self.lock().get(sid).is_some_and(|entry| entry.supports_preview_metadata))
    }

    /// The socket of the id, or all.
    pub fn addressed(&self, sid: Option<&str>) -> Vec<Socket> {
        let registered = self.lock();
        let mut sockets: Vec<Socket> = match sid {
            Some(sid) => registered.get(sid).map(|entry| entry.socket.clone()).into_iter().collect(),
            None => registered.values().map(|entry| entry.socket.clone()).collect(),
        };
        sockets.sort_by_key(|socket| socket.number);
        sockets
    }

    pub fn drop_all(&self) {
        for (_, entry) in self.lock().drain() {
            entry.socket.gone.cancel();
        }
    }

    pub fn deafen_all(&self) {
        self.lock().clear();
    }
}

/// A message on its way to one client or to all.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub to: Option<String>,
    pub message: Message,
    pub word: Option<Word>,
}

/// What a client has to hear of a submission, by its number, to know what became of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    Output(usize),
    Success(usize),
}

pub(super) fn text(kind: &str, data: &Value) -> Message {
    Message::Text(json!({ "type": kind, "data": data }).to_string().into())
}

/// Event 1: a picture without a name. Type 1 is JPEG, 2 PNG.
pub(super) fn preview(picture_type: u32, picture: &[u8]) -> Message {
    Message::Binary(Bytes::from([&1u32.to_be_bytes(), &picture_type.to_be_bytes(), picture].concat()))
}

/// Event 4: a picture with a description.
pub(super) fn preview_with_metadata(metadata: &Value, picture: &[u8]) -> Message {
    let metadata = metadata.to_string();
    let length = metadata.len() as u32;
    Message::Binary(Bytes::from(
        [&4u32.to_be_bytes(), &length.to_be_bytes(), metadata.as_bytes(), picture].concat(),
    ))
}
