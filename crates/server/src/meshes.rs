//! `/api/meshes/<id>/export?name=duck.fbx&preset=unity`: a mesh in another format, as one file.

use std::io::{Cursor, Write};

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use oreforge_commands::{Conversion, ConvertedMesh, NamedFile};
use oreforge_protocol::{ArtifactId, ErrorCode, ErrorReport, ExportPreset, ExportRoute};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::files::{attachment, percent_encode};
use crate::refusal::Refusal;
use crate::routes::Shared;

#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// Its ending chooses the format.
    name: String,
    preset: Option<ExportPreset>,
    /// Dropped when whoever asked goes away, which ends Blender.
    #[serde(default)]
    via: ExportRoute,
    /// A GLB for the web.
    #[serde(default)]
    compressed: bool,
    /// Packed even when it is a single file, for who must know beforehand.
    #[serde(default)]
    archive: bool,
}

/// The notes of an export: sentences as a JSON list, percent-encoded.
const NOTES: HeaderName = HeaderName::from_static("oreforge-notes");

/// What belongs beside the mesh comes with it in one archive.
pub(crate) async fn export(
    State(shared): State<Shared>,
    Path(id): Path<ArtifactId>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let Wanted { name, preset, via, compressed, archive: is_archive } = wanted;
    let conversion = Conversion { preset, compressed, via };
    let ConvertedMesh { mut files, notes } = shared.forge.converted(id, &name, conversion).await?;
    let Some(mesh) = files.pop() else {
        return Err(ErrorReport::new(ErrorCode::Internal, "The mesh gave no file.").into());
    };
    let file = if files.is_empty() && !is_archive {
        mesh
    } else {
        let packed = spawn_blocking(move || archive(mesh, &files)).await;
        packed.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CONTENT_DISPOSITION, attachment(&file.name)),
        (NOTES, encoded(&notes)),
    ];
    Ok((headers, file.bytes).into_response())
}

fn encoded(notes: &[String]) -> HeaderValue {
    let mut value = String::new();
    percent_encode(&serde_json::to_vec(notes).unwrap_or_default(), &mut value);
    HeaderValue::from_str(&value).expect("percent-encoded text is ASCII")
}

/// Stored, not deflated: the pictures, which are most of it, are compressed already.
fn archive(mesh: NamedFile, beside: &[NamedFile]) -> Result<NamedFile, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in beside.iter().chain([&mesh]) {
        zip.start_file(&*file.name, SimpleFileOptions::default())?;
        zip.write_all(&file.bytes)?;
    }
    let stem = mesh.name.rsplit_once('.').map_or(&*mesh.name, |(stem, _)| stem);
    Ok(NamedFile { name: format!("{stem}.zip"), bytes: zip.finish()?.into_inner() })
}

fn failed(error: &dyn std::error::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::Internal, "Oreforge could not pack the files.")
        .with_details(error.to_string())
}
