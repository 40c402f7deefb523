use std::path::Path;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use memchr::memmem;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::super::files;
use super::{json_answer, trouble};

/// POST /upload/image.
pub(super) fn upload(root: &Path, headers: &HeaderMap, body: &Bytes) -> Response {
    let Some(parts) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|kind| kind.strip_prefix("multipart/form-data")?.split_once("boundary="))
        .map(|(_, boundary)| parts(body, boundary.trim_matches('"')))
    else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let field = |name: &str| {
        let part = parts.iter().find(|part| part.name == name)?;
        Some(String::from_utf8_lossy(part.content).into_owned())
    };
    let Some(image) = parts.iter().find(|part| part.name == "image") else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let kind = field("type").unwrap_or_else(|| "input".into());
    let Some(base) = files::directory(root, &kind) else { return trouble() };
    let subfolder = field("subfolder").unwrap_or_default();
    let Some(folder) = files::below(&base, &subfolder) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(name) = image.file_name.as_ref().filter(|name| !name.is_empty()) else { return trouble() };
    if files::below(&folder, name).is_none() || name.contains("..") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let overwrite = matches!(field("overwrite").as_deref(), Some("true" | "1"));
    match store(&folder, name, image.content, overwrite) {
        Ok(name) => json_answer(&json!({ "name": name, "subfolder": subfolder, "type": kind })),
        // A folder inside the name that does not exist, a name of 300 characters.
        Err(_) => trouble(),
    }
}

fn store(folder: &Path, name: &str, content: &[u8], overwrite: bool) -> std::io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let (stem, extension) = name.rfind('.').map_or((name, ""), |dot| name.split_at(dot));
    let mut free = name.to_owned();
    let mut number = 0;
    while !overwrite && folder.join(&free).exists() {
        if std::fs::read(folder.join(&free))? == content {
            return Ok(free);
        }
        number += 1;
        free = format!("{stem} ({number}){extension}");
    }
    std::fs::write(folder.join(&free), content)?;
    Ok(free)
}

struct Part<'a> {
    name: String,
    file_name: Option<String>,
    content: &'a [u8],
}

fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<Part<'a>> {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = body;
    while let Some(start) = memmem::find(rest, delimiter.as_bytes()) {
        let after = &rest[start + delimiter.len()..];
        let Some(after) = after.strip_prefix(b"\r\n") else { break };
        let Some(end) = memmem::find(after, format!("\r\n{delimiter}").as_bytes()) else { break };
        if let Some(split) = memmem::find(&after[..end], b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&after[..split]);
            let disposition = head
                .lines()
                .find(|line| line.to_ascii_lowercase().starts_with("content-disposition"))
                .unwrap_or_default();
            parts.push(Part {
                name: parameter(disposition, "name").unwrap_or_default(),
                file_name: encoded_parameter(disposition).or_else(|| parameter(disposition, "filename")),
                content: &after[split + 4..end],
            });
        }
        rest = &after[end + 2..];
    }
    parts
}

/// `name="value"`: a backslash takes the next character as it is, which eats the backslashes of Windows paths.
fn parameter(disposition: &str, name: &str) -> Option<String> {
    let start = disposition.find(&format!("; {name}=\""))? + name.len() + 4;
    let mut value = String::new();
    let mut characters = disposition[start..].chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
}

/// RFC 5987: `filename*=utf-8''st%C3%BChle.png`.
fn encoded_parameter(disposition: &str) -> Option<String> {
    let (_, value) = disposition.split_once("filename*=")?;
    let (_, value) = value.split(';').next()?.split_once("''")?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}
