use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use oreforge_protocol::SourceInfo;
use serde::Deserialize;

use crate::refusal::Refusal;
use crate::routes::Shared;

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    name: String,
}

/// `POST /api/pictures?name=<file name>` with the file as the body: chosen, pasted or dropped in a browser.
pub(crate) async fn import(
    State(shared): State<Shared>,
    Query(Named { name }): Query<Named>,
    bytes: Bytes,
) -> Result<Json<SourceInfo>, Refusal> {
    Ok(Json(shared.forge.import_bytes(name, bytes.to_vec()).await?))
}
