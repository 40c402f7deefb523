use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{StreamExt as _, stream};

use super::super::faults::{BodyFault, Fault};
use super::super::options::Auth;
use super::super::process::Process;
use super::text;

/// Marks an answer that is never sent: the connection ends instead.
#[derive(Clone)]
pub(in super::super) struct DropConnection;

/// Who may talk to the server at all.
pub(super) async fn admission(State(process): State<Arc<Process>>, request: Request, next: Next) -> Response {
    if !authorized(&process, request.headers()) {
        let realm = [(WWW_AUTHENTICATE, "Basic realm=\"ComfyUI\"")];
        return (StatusCode::UNAUTHORIZED, realm, "401 Authorization Required").into_response();
    }
    if foreign_origin(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

fn authorized(process: &Process, headers: &HeaderMap) -> bool {
    let wanted = match &process.world.options.auth {
        None => return true,
        Some(Auth::Bearer(token)) => format!("Bearer {token}"),
        Some(Auth::Basic { user, password }) => {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
        }
    };
    headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes() == wanted.as_bytes())
}

/// `create_origin_only_middleware`: another host or port may not reach a loopback server from a web page.
fn foreign_origin(headers: &HeaderMap) -> bool {
    let named = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(host), Some(origin)) = (named(HOST), named(ORIGIN)) else { return false };
    let origin = origin.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
    let host_name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let loopback =
        host_name == "localhost" || host_name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let host = if origin.contains(':') { host } else { host_name };
    loopback && !origin.is_empty() && !host.eq_ignore_ascii_case(origin)
}

/// Goes with an answer that has the history entry of a prompt.
#[derive(Clone)]
pub(super) struct EntryOf(pub String);

/// Boundaries before the server acts on a request and before it answers.
pub(super) async fn boundaries(
    State(process): State<Arc<Process>>,
    request: Request,
    next: Next,
) -> Response {
    let route = route(&process.world.options.base_path, request.method(), request.uri());
    if let Some(refused) = process.meet(format!("request {route}")).await.and_then(instead_of_acting) {
        return refused;
    }
    let response = next.run(request).await;
    match process.meet(format!("answer {route}")).await {
        Some(Fault::Body(fault)) => spoiled(fault, response).await,
        Some(fault) => instead_of_acting(fault).unwrap_or(response),
        None => {
            if let Some(EntryOf(prompt_id)) = response.extensions().get() {
                process.world.ledger.history_answered(prompt_id);
            }
            response
        }
    }
}

/// `POST /prompt`, `GET /history/{prompt_id}`: what boundaries are named after.
fn route(base_path: &str, method: &Method, uri: &Uri) -> String {
    let path = uri.path().strip_prefix(base_path).unwrap_or(uri.path());
    let path = path.strip_prefix("/api").unwrap_or(path);
    let path = match path.trim_start_matches('/').split_once('/') {
        Some(("history", _)) => "/history/{prompt_id}",
        Some(("object_info", _)) => "/object_info/{class}",
        Some(("models", _)) => "/models/{folder}",
        _ => path,
    };
    format!("{method} {path}")
}

fn instead_of_acting(fault: Fault) -> Option<Response> {
    match fault {
        Fault::DropAnswer => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(DropConnection);
            Some(response)
        }
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).expect("tests ask for statuses that exist");
            Some(text(status, format!("{status}\n\nServer got itself in trouble")))
        }
        _ => None,
    }
}

async fn spoiled(fault: BodyFault, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = match fault {
        BodyFault::Truncate(length) => {
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            let start = bytes.slice(..length.min(bytes.len()));
            let end = async {
                // hyper throws away what it has not written yet when a body fails.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            };
            Body::from_stream(stream::once(async { Ok(start) }).chain(stream::once(end)))
        }
        BodyFault::Empty => {
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
            Body::empty()
        }
        BodyFault::ContentType(kind) => {
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            Body::from(bytes)
        }
        BodyFault::Html => {
            let page = "<!DOCTYPE html><html><body><h1>Welcome to nginx!</h1></body></html>";
            return ([(CONTENT_TYPE, "text/html")], page).into_response();
        }
        BodyFault::Trickle { chunk_bytes, pause } => {
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            trickle(bytes, chunk_bytes, pause)
        }
    };
    Response::from_parts(parts, body)
}

fn trickle(bytes: Bytes, chunk_bytes: usize, pause: Duration) -> Body {
    let chunks: Vec<Bytes> = bytes.chunks(chunk_bytes.max(1)).map(|chunk| bytes.slice_ref(chunk)).collect();
    Body::from_stream(stream::iter(chunks).then(move |chunk| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, io::Error>(chunk)
    }))
}

/// Reads every body to its end and refuses what is too long, as aiohttp does.
pub(super) async fn bodies(State(process): State<Arc<Process>>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let limit = process.world.options.max_upload_bytes;
    let (parts, body) = request.into_parts();
    let mut length = 0;
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        // The client went away in the middle of its request.
        let Ok(chunk) = chunk else { return StatusCode::BAD_REQUEST.into_response() };
        length += chunk.len() as u64;
        if length <= limit {
            bytes.extend_from_slice(&chunk);
        }
    }
    if length > limit {
        let message = format!("Maximum request body size {limit} exceeded, actual body size {length}");
        return text(StatusCode::PAYLOAD_TOO_LARGE, message);
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}
