use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode, redirect};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::address::{AddressError, ServerAddress};
use super::json;
use super::limits::Limits;

/// Largest answer that is read into memory, but for pictures and meshes. A queue repeats every graph in it.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// What of an error page is kept for a person.
const MAX_SHOWN_CHARS: usize = 500;

/// What went wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpError {
    /// No connection: the server has not seen the request.
    #[error("no connection to the server: {0}")]
    NotSent(String),
    /// The connection broke or nothing came in time: the server may have seen the request.
    #[error("no answer from the server: {0}")]
    NoAnswer(String),
    #[error("the server answered {status}: {}", shortened(body))]
    Status { status: u16, body: String },
    /// An answer that ComfyUI would not give.
    #[error("an answer that is not ComfyUI's: {0}")]
    Foreign(String),
}

impl HttpError {
    /// Whether the same request may work a little later.
    pub fn may_pass(&self) -> bool {
        match self {
            HttpError::NotSent(_) | HttpError::NoAnswer(_) => true,
            HttpError::Status { status, .. } => *status >= 500 || matches!(status, 408 | 425 | 429),
            HttpError::Foreign(_) => false,
        }
    }
}

/// HTTP to one server. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    pub(crate) address: ServerAddress,
    pub(crate) limits: Arc<Limits>,
    pub(crate) tls: Arc<ClientConfig>,
}

impl Http {
    pub(crate) fn new(address: ServerAddress, limits: Limits) -> Result<Self, OpenError> {
        let tls = tls(address.is_secure())?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .default_headers(address.headers()?)
            .user_agent(concat!("Oreforge/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .read_timeout(limits.request)
            // Shorter than any server keeps a connection, so that a request is not lost on a closed one.
            .pool_idle_timeout(Duration::from_secs(15))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|e| OpenError::Client(plain(&e)))?;
        Ok(Self { client, address, limits: Arc::new(limits), tls: Arc::new(tls) })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, HttpError> {
        self.get_within(url, self.limits.request).await
    }

    pub(crate) async fn get_within<T: DeserializeOwned>(
        &self,
        url: Url,
        limit: Duration,
    ) -> Result<T, HttpError> {
        let body = read(self.client.get(url).timeout(limit).send().await).await?;
        json::parse(&body).map_err(|e| HttpError::Foreign(e.to_string()))
    }

    /// The answer's bytes; many of ComfyUI's POST routes answer with nothing.
    pub(crate) async fn post(&self, url: Url, body: &Value) -> Result<Vec<u8>, HttpError> {
        read(self.client.post(url).timeout(self.limits.request).json(body).send().await).await
    }

    /// No limit on the whole, one on each piece: large pictures may go over a slow line.
    pub(crate) async fn post_form<T: DeserializeOwned>(
        &self,
        url: Url,
        form: reqwest::multipart::Form,
    ) -> Result<T, HttpError> {
        let body = read(self.client.post(url).multipart(form).send().await).await?;
        json::parse(&body).map_err(|e| HttpError::Foreign(e.to_string()))
    }

    /// An answer of 200 whose body is still to be read.
    pub(crate) async fn open(&self, url: Url) -> Result<Response, HttpError> {
        let answer = self.client.get(url).send().await.map_err(|e| transport(&e))?;
        if answer.status() == StatusCode::OK { Ok(answer) } else { Err(refusal(answer).await) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("secure connections cannot be set up: {0}")]
    Tls(String),
    #[error("HTTP cannot be set up: {0}")]
    Client(String),
}

/// With the operating system's trusted certificates where they are needed: reading them takes a while.
pub(crate) fn tls(secure: bool) -> Result<ClientConfig, OpenError> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| OpenError::Tls(e.to_string()))?;
    if !secure {
        return Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth());
    }
    let verified = builder.with_platform_verifier().map_err(|e| OpenError::Tls(e.to_string()))?;
    Ok(verified.with_no_client_auth())
}

async fn read(answer: reqwest::Result<Response>) -> Result<Vec<u8>, HttpError> {
    let mut answer = answer.map_err(|e| transport(&e))?;
    if !answer.status().is_success() {
        return Err(refusal(answer).await);
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|e| HttpError::NoAnswer(plain(&e)))? {
        if body.len() + piece.len() > MAX_ANSWER_BYTES {
            return Err(HttpError::Foreign(format!("more than {MAX_ANSWER_BYTES} bytes")));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

async fn refusal(mut answer: Response) -> HttpError {
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    // A 400 of ComfyUI names every fault in the graph; an error page of a proxy may be anything.
    while body.len() < 1 << 20 {
        match answer.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) | Err(_) => break,
        }
    }
    HttpError::Status { status, body: String::from_utf8_lossy(&body).trim().to_owned() }
}

pub(crate) fn transport(error: &reqwest::Error) -> HttpError {
    if error.is_connect() || error.is_builder() {
        HttpError::NotSent(plain(error))
    } else {
        HttpError::NoAnswer(plain(error))
    }
}

/// The innermost reason, without the URL: that may hold what is nobody's business.
pub(crate) fn plain(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    shortened(&innermost.to_string())
}

pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
