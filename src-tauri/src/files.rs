//! `ore://localhost/artifact/<id>` and `ore://localhost/source/<id>`: pictures and meshes of the store, by
//! id only, for our own page only.

use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
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
    let file = match found(core, request.uri().path()).await {
        Ok(Some(file)) => file,
        Ok(None) => return refusal(StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::warn!(path = request.uri().path(), %error, "a file of the store could not be shown");
            return refusal(StatusCode::NOT_FOUND);
        }
    };
    let mut response = Response::new(file.bytes);
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
            let Some(media_type) = picture_type(&source.path) else {
                return Ok(tokio::task::spawn_blocking(move || as_png(&source.path)).await.ok().flatten());
            };
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

/// By the ending that the store gave its copy; `None` for what web views do not show.
fn picture_type(path: &str) -> Option<&'static str> {
    match Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        "bmp" => Some("image/bmp"),
        "gif" => Some("image/gif"),
        _ => None,
    }
}

/// A picture in a form that the web view shows. It was checked when it was imported; the decoder's own limits
/// hold all the same.
fn as_png(path: &str) -> Option<File> {
    let picture = image::ImageReader::open(path).ok()?.with_guessed_format().ok()?.decode().ok()?;
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Sub);
    picture.to_rgba8().write_with_encoder(encoder).ok()?;
    Some(File { bytes, media_type: "image/png" })
}

fn refusal(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tiff_is_shown_as_png() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scan.tiff");
        image::RgbaImage::from_pixel(5, 3, image::Rgba([9, 8, 7, 255])).save(&path).unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(picture_type(path), None);
        let shown = image::load_from_memory(&as_png(path).unwrap().bytes).unwrap().to_rgba8();
        assert_eq!((shown.dimensions(), shown.get_pixel(4, 2).0), ((5, 3), [9, 8, 7, 255]));
    }
}
