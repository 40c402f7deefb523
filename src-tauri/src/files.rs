//! `ore://localhost/artifact/<id>` and `ore://localhost/source/<id>`: pictures and meshes of the store, by
//! id only, for our own page only.

use std::path::Path;

use oreforge_protocol::ErrorReport;
use tauri::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ORIGIN, X_CONTENT_TYPE_OPTIONS,
};
use tauri::http::{HeaderValue, Request, Response, StatusCode};

use crate::core::Core;

/// The page's own origin: the second on Windows.
const ORIGINS: [&str; 2] = ["tauri://localhost", "http://tauri.localhost"];

pub async fn answer(core: &Core, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let origin = request.headers().get(ORIGIN);
    let allowed = origin.filter(|&origin| ORIGINS.iter().any(|ours| origin == ours));
    if origin.is_some() && allowed.is_none() {
        return refusal(StatusCode::FORBIDDEN);
    }
    let (file, status) = match found(core, request.uri().path()).await {
        Ok(Some(file)) => (file, StatusCode::OK),
        Ok(None) => return refusal(StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::warn!(path = request.uri().path(), %error, "a file of the store could not be shown");
            return refusal(StatusCode::NOT_FOUND);
        }
    };
    let mut response = Response::new(file.bytes);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Ids are never used twice.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    response
}

struct File {
    bytes: Vec<u8>,
    media_type: &'static str,
}

async fn found(core: &Core, path: &str) -> Result<Option<File>, ErrorReport> {
    let forge = core.forge()?;
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (file, media_type) = match kind {
        "artifact" => {
            let Ok(id) = id.parse() else { return Ok(None) };
            let artifact = forge.artifact(id).await?;
            (artifact.path, artifact.kind.media_type())
        }
        "source" => {
            let Ok(id) = id.parse() else { return Ok(None) };
            let source = forge.source(id).await?;
            let media_type = picture_type(&source.path);
            (source.path, media_type)
        }
        _ => return Ok(None),
    };
    Ok(tokio::task::spawn_blocking(move || std::fs::read(file))
        .await
        .ok()
        .and_then(Result::ok)
        .map(|bytes| File { bytes, media_type }))
}

/// By the ending that the store gave its copy.
fn picture_type(path: &str) -> &'static str {
    match Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        _ => "application/octet-stream",
    }
}

fn refusal(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
