use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderMap;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::back_off::BackOff;
use super::http::Http;
use super::message::Message;
use super::news::News;

/// A result sent over the socket may be a large PNG in one frame.
const MAX_FRAME_BYTES: usize = 64 << 20;
/// What a write may take; a server that does not read is dead to us.
const WRITE_LIMIT: Duration = Duration::from_secs(5);
/// The server's goodbye is worth this long.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Asks for previews that say whose they are.
const FEATURE_FLAGS: &str = r#"{"type":"feature_flags","data":{"supports_preview_metadata":true}}"#;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The socket of one prompt, kept open until it is closed or dropped. The prompt's id is its client id, so that
/// the server tells it of this prompt alone, and a later process with the same prompt hears of it too.
///
/// Its reader only takes in what is said and never waits for anybody: a client that stops reading would stop
/// the messages of all clients of the server.
pub(crate) struct Socket {
    shared: Arc<Shared>,
    /// Whether a first attempt to connect is over, and how it went.
    first: watch::Receiver<Option<bool>>,
    keeper: JoinHandle<()>,
    stop: DropGuard,
}

struct Shared {
    prompt_id: String,
    news: Mutex<News>,
    changed: Notify,
    reopen: Notify,
}

impl Socket {
    pub(crate) fn open(http: &Http, prompt_id: &str) -> Self {
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            prompt_id: prompt_id.to_owned(),
            news: Mutex::default(),
            changed: Notify::new(),
            reopen: Notify::new(),
        });
        let (tell_first, first) = watch::channel(None);
        let keeper = Keeper { http: http.clone(), shared: Arc::clone(&shared), tell_first };
        let stopped = stop.clone();
        let keeper = tokio::spawn(async move { keeper.keep_open(&stopped).await });
        Self { shared, first, keeper, stop: stop.drop_guard() }
    }

    /// Returns when it is connected, or when a first try failed; not later than `limit`.
    pub(crate) async fn ready(&mut self, limit: Duration) {
        let over = self.first.wait_for(Option::is_some);
        if !matches!(timeout(limit, over).await, Ok(Ok(connected)) if *connected == Some(true)) {
            tracing::debug!(prompt = %self.shared.prompt_id, "no socket; looking at the queue instead");
        }
    }

    pub(crate) fn news(&self) -> News {
        self.shared.news().clone()
    }

    /// Returns when something was said since the last call.
    pub(crate) async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// What was said of an earlier run of the same prompt does not count any more.
    pub(crate) fn forget(&self) {
        *self.shared.news() = News::default();
    }

    pub(crate) fn reopen(&self) {
        self.shared.reopen.notify_one();
    }

    pub(crate) async fn close(self) {
        drop(self.stop);
        if self.keeper.await.is_err() {
            tracing::error!("the keeper of a socket broke down");
        }
    }
}

impl Shared {
    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, message: Message) {
        self.news().hear(&self.prompt_id, message);
        self.changed.notify_one();
    }
}

struct Keeper {
    http: Http,
    shared: Arc<Shared>,
    tell_first: watch::Sender<Option<bool>>,
}

/// Why a connection is over.
enum Over {
    Stopped,
    /// Closed by us and answered by the server: it knows that this socket is gone.
    Reopen,
    Broken,
}

impl Keeper {
    async fn keep_open(self, stop: &CancellationToken) {
        let limits = Arc::clone(&self.http.limits);
        let seed =
            self.shared.prompt_id.bytes().fold(0, |sum: u64, byte| sum * 31 % 1_000_003 + u64::from(byte));
        let mut back_off = BackOff::new((limits.reopen, limits.back_off.1.max(limits.reopen)), seed);
        loop {
            let connected = tokio::select! {
                connected = self.connect() => connected,
                () = stop.cancelled() => return,
            };
            self.tell_first.send_replace(Some(connected.is_ok()));
            let pause = match connected {
                Ok(stream) => match self.listen(stream, stop).await {
                    Over::Stopped => return,
                    Over::Reopen => {
                        back_off.reset();
                        Duration::ZERO
                    }
                    Over::Broken => {
                        back_off.reset();
                        back_off.pause()
                    }
                },
                Err(error) => {
                    tracing::debug!(%error, "the socket does not open");
                    back_off.pause()
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn connect(&self) -> Result<Stream, String> {
        let url = self.http.address.socket_url(&self.shared.prompt_id);
        let mut request = url.into_client_request().map_err(|e| e.to_string())?;
        let headers: HeaderMap = self.http.address.headers().map_err(|e| e.to_string())?;
        request.headers_mut().extend(headers);
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        let connector = if self.http.address.is_secure() {
            Connector::Rustls(Arc::clone(&self.http.tls))
        } else {
            Connector::Plain
        };
        let opening = connect_async_tls_with_config(request, Some(config), true, Some(connector));
        match timeout(self.http.limits.connect, opening).await {
            Ok(Ok((mut stream, _))) => {
                send(&mut stream, Frame::text(FEATURE_FLAGS))
                    .await
                    .map_err(|()| "it broke at once".to_owned())?;
                Ok(stream)
            }
            // The error may show the request and with it credentials.
            Ok(Err(tungstenite::Error::Http(answer))) => {
                Err(format!("the server answered {}", answer.status()))
            }
            Ok(Err(tungstenite::Error::Io(error))) => Err(error.to_string()),
            Ok(Err(_)) => Err("the server answered something else".to_owned()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    async fn listen(&self, mut stream: Stream, stop: &CancellationToken) -> Over {
        let every = self.http.limits.ping;
        let mut pings = interval(every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                // What has come is heard before silence is measured: this task may have slept.
                biased;
                () = stop.cancelled() => {
                    self.close(stream).await;
                    return Over::Stopped;
                }
                () = self.shared.reopen.notified() => {
                    let closed = self.close(stream).await;
                    return if closed { Over::Reopen } else { Over::Broken };
                }
                frame = stream.next() => {
                    heard = Instant::now();
                    if self.take(frame).is_break() {
                        return Over::Broken;
                    }
                }
                _ = pings.tick() => {
                    let dead = heard.elapsed() > every * 2;
                    if dead || send(&mut stream, Frame::Ping(Vec::new().into())).await.is_err() {
                        return Over::Broken;
                    }
                }
            }
        }
    }

    /// Says goodbye and waits a moment for the answer; whether it came. What the server says until then is heard:
    /// it says nothing twice.
    async fn close(&self, mut stream: Stream) -> bool {
        let goodbye = async {
            stream.close(None).await.ok()?;
            while let Some(Ok(frame)) = stream.next().await {
                // A goodbye is followed by the end of the stream.
                let _ = self.take(Some(Ok(frame)));
            }
            Some(())
        };
        matches!(timeout(CLOSE_LIMIT, goodbye).await, Ok(Some(())))
    }

    fn take(&self, frame: Option<Result<Frame, tungstenite::Error>>) -> ControlFlow<()> {
        match frame {
            Some(Ok(Frame::Text(text))) => self.shared.hear(Message::from_text(&text)),
            Some(Ok(Frame::Binary(bytes))) => self.shared.hear(Message::from_binary(&bytes)),
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => {}
            Some(Ok(Frame::Close(_)) | Err(_)) | None => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }
}

async fn send(stream: &mut Stream, frame: Frame) -> Result<(), ()> {
    match timeout(WRITE_LIMIT, stream.send(frame)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;
    use crate::comfy::{Limits, ServerAddress};

    #[tokio::test]
    async fn what_is_said_while_a_socket_is_closed_is_heard() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = ServerAddress::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        let limits = Limits { ping: Duration::from_secs(3600), ..Limits::default() };
        let socket = Socket::open(&Http::new(address, limits).unwrap(), "p");

        let mut first = accept_async(listener.accept().await.unwrap().0).await.unwrap();
        // The flags and the first ping.
        for _ in 0..2 {
            first.next().await.unwrap().unwrap();
        }
        socket.reopen();
        // The goodbye has come and is not read yet.
        first.get_ref().readable().await.unwrap();
        let success = r#"{"type": "execution_success", "data": {"prompt_id": "p"}}"#;
        first.send(Frame::text(success)).await.unwrap();
        while let Some(Ok(_)) = first.next().await {}

        let _second = accept_async(listener.accept().await.unwrap().0).await.unwrap();
        assert!(socket.news().succeeded);
    }
}
