//! The commands over HTTP, events over SSE, and the front end itself, for one person's own browser or programs.

mod access;
mod commands;
mod events;
mod files;
mod meshes;
mod openapi;
mod page;
mod pass;
mod pictures;
mod refusal;
mod routes;

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oreforge_commands::Oreforge;
use tokio::net::TcpListener;

use crate::access::Access;

/// Where to listen, and for whom.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    pub bind: IpAddr,
    /// 0 takes a free one.
    pub port: u16,
    /// Made up when absent.
    pub token: Option<String>,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self { bind: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 0, token: None }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address} is reachable from other computers and needs a token of your own: add --token")]
    NeedsToken { address: IpAddr },
    #[error("a token needs at least {} printable characters without spaces", access::MIN_TOKEN_CHARS)]
    WeakToken,
    #[error("port {} of {} cannot be used: {source}", address.port(), address.ip())]
    Bind { address: SocketAddr, source: io::Error },
    #[error("this system gives no random numbers: {0}")]
    NoRandom(getrandom::Error),
}

/// A server that has its port and waits to be run.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    access: Access,
}

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// When the port is taken, the token too weak, or a place beyond this computer is named without a token.
    pub async fn bind(config: ServeConfig) -> Result<Self, ServeError> {
        let token = match config.token {
            Some(token) if access::is_strong(&token) => token,
            Some(_) => return Err(ServeError::WeakToken),
            None if config.bind.is_loopback() => URL_SAFE_NO_PAD.encode(random()?),
            None => return Err(ServeError::NeedsToken { address: config.bind }),
        };
        let wanted = SocketAddr::new(config.bind, config.port);
        let taken = |source| ServeError::Bind { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let access = Access::new(token, address.port(), random()?);
        Ok(Self { listener, address, access })
    }

    /// Where the front end is, without the token.
    pub fn url(&self) -> String {
        let ip = match self.address.ip() {
            unspecified if unspecified.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Where a person opens the front end. The token is in the fragment, which a browser never sends.
    pub fn url_with_token(&self) -> String {
        format!("{}/#token={}", self.url(), self.token())
    }

    pub fn token(&self) -> &str {
        self.access.token()
    }

    /// Serves until `stop` resolves, then shuts the forge down and lets open answers end.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn run(
        self,
        forge: Oreforge,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let closing = forge.clone();
        let routes = routes::routes(forge, self.access);
        axum::serve(self.listener, routes)
            .with_graceful_shutdown(async move {
                stop.await;
                // Streams of events end with the forge, and open connections with them.
                closing.shutdown().await;
            })
            .await
    }
}

fn random() -> Result<[u8; 32], ServeError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(ServeError::NoRandom)?;
    Ok(bytes)
}
