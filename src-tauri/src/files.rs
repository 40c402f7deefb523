//! `ore://localhost/artifact/<id>`, `…/thumbnail/<id>` and `…/source/<id>`: pictures and meshes of the store, by
//! id only, for our own page only.

use oreforge_commands::{Shown, ShownFile};
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
    let (bytes, media_type) = match found(core, request.uri().path()).await {
        Ok(Some(found)) => found,
        Ok(None) => return refusal(StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::warn!(path = request.uri().path(), %error, "a file of the store could not be shown");
            return refusal(StatusCode::NOT_FOUND);
        }
    };
    let mut response = Response::new(bytes);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    response
}

async fn found(core: &Core, path: &str) -> Result<Option<(Vec<u8>, &'static str)>, ErrorReport> {
    let Some(what) = Shown::parse(path.trim_start_matches('/')) else { return Ok(None) };
    match core.forge()?.shown(what).await? {
        ShownFile::Png(bytes) => Ok(Some((bytes, "image/png"))),
        ShownFile::OnDisk { path, media_type } => {
            Ok(tokio::task::spawn_blocking(move || std::fs::read(path))
                .await
                .ok()
                .and_then(Result::ok)
                .map(|bytes| (bytes, media_type)))
        }
    }
}

fn refusal(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
