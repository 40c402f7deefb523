//! The front end, built into the program.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::refusal::Refusal;

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Page;

/// What the page was opened with; a browser brings no command line along.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Opening {
    version: &'static str,
}

pub(crate) async fn opening() -> Json<Opening> {
    Json(Opening { version: env!("CARGO_PKG_VERSION") })
}

pub(crate) async fn file(method: Method, uri: Uri) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return Refusal::of(StatusCode::METHOD_NOT_ALLOWED, "Nothing here takes that.").into_response();
    }
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some(file) = Page::get(path) else {
        return Refusal::of(StatusCode::NOT_FOUND, "There is no such page.").into_response();
    };
    // Names under assets/ change with what is in the file.
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(CONTENT_TYPE, file.metadata.mimetype().to_owned()), (CACHE_CONTROL, keep.to_owned())];
    (headers, file.data).into_response()
}
