//! `/api/meshes/<id>/export?name=duck.fbx&preset=unity`: a mesh in another format, as one file.

use std::io::{Cursor, Write};

use axum::extract::{Path, Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use oreforge_commands::NamedFile;
use oreforge_protocol::{ArtifactId, ErrorCode, ErrorReport, ExportPreset};
use serde::Deserialize;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::files::attachment;
use crate::refusal::Refusal;
use crate::routes::Shared;

#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// Its ending chooses the format.
    name: String,
    preset: Option<ExportPreset>,
}

/// What belongs beside the mesh comes with it in one archive.
pub(crate) async fn export(
    State(shared): State<Shared>,
    Path(id): Path<ArtifactId>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let mut files = shared.forge.converted(id, wanted.name, wanted.preset).await?;
    let Some(mesh) = files.pop() else {
        return Err(ErrorReport::new(ErrorCode::Internal, "The mesh gave no file.").into());
    };
    let file = if files.is_empty() { mesh } else { archive(mesh, &files).map_err(|e| failed(&e))? };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CONTENT_DISPOSITION, attachment(&file.name)),
    ];
    Ok((headers, file.bytes).into_response())
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

fn failed(error: &ZipError) -> ErrorReport {
    ErrorReport::new(ErrorCode::Internal, "Oreforge could not pack the files.")
        .with_details(error.to_string())
}
