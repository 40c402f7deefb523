use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use image::ImageFormat;

use super::super::files;
use super::super::process::Process;
use super::trouble;

/// GET /view.
pub(in super::super) async fn view(
    State(process): State<Arc<Process>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let Some(name) = query.get("filename") else { return StatusCode::NOT_FOUND.into_response() };
    let (name, annotated) = files::split_annotation(name);
    if name.is_empty() || name.starts_with('/') || name.contains("..") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let kind = annotated.or(query.get("type").map(String::as_str)).unwrap_or("output");
    let Some(directory) = files::directory(&process.world.root, kind) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(folder) = files::below(&directory, query.get("subfolder").map_or("", String::as_str)) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let name = name.rsplit('/').next().unwrap_or(name);
    let file = folder.join(name);
    if !file.is_file() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = if let Some(preview) = query.get("preview") {
        transcoded(&file, if preview.starts_with("jpeg") { ImageFormat::Jpeg } else { ImageFormat::WebP })
    } else if matches!(query.get("channel").map(String::as_str), Some("rgb" | "a")) {
        transcoded(&file, ImageFormat::Png)
    } else {
        whole(&file, name, &headers)
    };
    if !response.status().is_server_error() {
        let disposition = format!("filename=\"{name}\"");
        // Raw UTF-8: not a valid header text, and what the server sends.
        if let Ok(value) = HeaderValue::from_bytes(disposition.as_bytes()) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
    }
    response
}

fn transcoded(file: &Path, format: ImageFormat) -> Response {
    let Ok(picture) = image::open(file) else { return trouble() };
    let mut bytes = Cursor::new(Vec::new());
    match image::DynamicImage::from(picture.to_rgb8()).write_to(&mut bytes, format) {
        Ok(()) => ([(CONTENT_TYPE, format.to_mime_type())], bytes.into_inner()).into_response(),
        Err(_) => trouble(),
    }
}

fn whole(file: &Path, name: &str, headers: &HeaderMap) -> Response {
    let (Ok(bytes), Ok(modified)) =
        (std::fs::read(file), file.metadata().and_then(|metadata| metadata.modified()))
    else {
        return trouble();
    };
    let since_epoch = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let etag = format!("\"{:x}-{:x}\"", since_epoch.as_nanos(), bytes.len());
    let last_modified = httpdate::fmt_http_date(modified);
    let asked = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let content_type = files::content_type(name);
    let known = [(CONTENT_TYPE, content_type.to_owned())];
    let validators = [(ETAG, etag.clone()), (LAST_MODIFIED, last_modified.clone())];
    let unchanged = match asked(IF_NONE_MATCH) {
        Some(tag) => tag == etag,
        None => asked(IF_MODIFIED_SINCE) == Some(&last_modified),
    };
    if unchanged {
        return (StatusCode::NOT_MODIFIED, [(CONTENT_TYPE, content_type)], validators, Body::empty())
            .into_response();
    }
    let ranges = [(ACCEPT_RANGES, "bytes".to_owned())];
    let Some(range) = asked(RANGE) else {
        return (known, validators, ranges, bytes).into_response();
    };
    match single_range(range, bytes.len()) {
        Some((start, end)) => {
            let place = format!("bytes {start}-{}/{}", end - 1, bytes.len());
            let part = bytes[start..end].to_vec();
            let place = [(CONTENT_RANGE, place)];
            (StatusCode::PARTIAL_CONTENT, known, validators, ranges, place, part).into_response()
        }
        None => {
            let place = [(CONTENT_RANGE, format!("bytes */{}", bytes.len()))];
            (StatusCode::RANGE_NOT_SATISFIABLE, known, place).into_response()
        }
    }
}

/// Start and end of `bytes=a-b`, `bytes=a-` or `bytes=-n`; None for several ranges or one beyond the end.
fn single_range(range: &str, length: usize) -> Option<(usize, usize)> {
    let (start, end) = range.strip_prefix("bytes=")?.split_once('-')?;
    if start.is_empty() {
        let tail: usize = end.parse().ok()?;
        return (tail > 0).then(|| (length.saturating_sub(tail), length));
    }
    let start: usize = start.parse().ok()?;
    let end: usize = if end.is_empty() { length } else { end.parse::<usize>().ok()? + 1 };
    (start < length && start < end).then(|| (start, end.min(length)))
}
