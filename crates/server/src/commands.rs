use axum::Json;
use axum::extract::{Path, State};
use oreforge_commands::page_policy;
use oreforge_protocol::{Command, ErrorCode, ErrorReport};
use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::routes::Shared;

/// `POST /api/commands/<name>` with the command's arguments as the body; answers with its reply.
pub(crate) async fn execute(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    arguments: Option<Json<Map<String, Value>>>,
) -> Result<Json<Value>, Refusal> {
    let Json(mut arguments) = arguments.unwrap_or_default();
    arguments.insert("command".to_owned(), Value::String(name));
    let command: Command = serde_json::from_value(Value::Object(arguments)).map_err(|error| {
        ErrorReport::new(ErrorCode::BadRequest, "There is no such command, or its arguments do not fit.")
            .with_details(error.to_string())
            .with_hint("GET /api/openapi.json lists every command.")
    })?;
    page_policy::check(&command)?;
    let reply = shared.forge.execute(command).await?;
    let mut reply = serde_json::to_value(reply).map_err(|error| {
        ErrorReport::new(ErrorCode::Internal, "The answer could not be written.")
            .with_details(error.to_string())
    })?;
    Ok(Json(reply["reply"].take()))
}
