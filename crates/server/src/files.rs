//! `/files/artifact/<id>`, `/files/thumbnail/<id>` and `/files/source/<id>`, with ranges, for whoever has the token or a pass.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use oreforge_commands::{Shown, ShownFile};
use serde::Deserialize;
use tower::ServiceExt;
use tower_http::services::ServeFile;

use crate::pass::Pass;
use crate::refusal::Refusal;
use crate::routes::Shared;

#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// Save it under this name instead of showing it.
    download: Option<String>,
}

pub(crate) async fn pass(State(shared): State<Shared>) -> Json<Pass> {
    Json(shared.access.passes().issue())
}

pub(crate) async fn file(
    State(shared): State<Shared>,
    Path((kind, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Result<Response, Refusal> {
    let unknown = || Refusal::of(StatusCode::NOT_FOUND, "There is no such file.");
    let what = Shown::parse(&format!("{kind}/{id}")).ok_or_else(unknown)?;
    let mut response = match shared.forge.shown(what).await? {
        ShownFile::Png(bytes) => ([(CONTENT_TYPE, "image/png")], bytes).into_response(),
        ShownFile::OnDisk { path, media_type } => {
            let Ok(served) = ServeFile::new(path).oneshot(request).await;
            let mut response = served.map(Body::new);
            if response.status() == StatusCode::NOT_FOUND {
                return Err(unknown());
            }
            if response.headers().contains_key(CONTENT_TYPE) {
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            }
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    if let Some(name) = wanted.download {
        headers.insert(CONTENT_DISPOSITION, attachment(&name));
    }
    Ok(response)
}

/// RFC 6266 with RFC 5987: every byte that is not plainly safe is percent-encoded.
pub(crate) fn attachment(name: &str) -> HeaderValue {
    let mut value = String::from("attachment; filename*=UTF-8''");
    percent_encode(&name.as_bytes()[..name.len().min(200)], &mut value);
    HeaderValue::from_str(&value).expect("percent-encoded text is ASCII")
}

pub(crate) fn percent_encode(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_inside_the_header() {
        assert_eq!(
            attachment("a\"b\r\nX: ü.glb"),
            "attachment; filename*=UTF-8''a%22b%0D%0AX%3A%20%C3%BC.glb"
        );
    }
}
