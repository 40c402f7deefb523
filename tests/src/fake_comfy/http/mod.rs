mod boundary;
mod prompt;
mod socket;
mod upload;
mod view;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::{Value, json};

use super::process::Process;

pub(super) use boundary::DropConnection;
pub(super) use prompt::submit_graph;

/// The routes, each also under /api.
pub(super) fn router(process: Arc<Process>) -> Router {
    let routes = Router::new()
        .route("/prompt", get(prompt::remaining).post(prompt::post))
        .route("/queue", get(prompt::queue).post(prompt::change_queue))
        .route("/interrupt", post(prompt::interrupt))
        .route("/free", post(prompt::free))
        .route("/history", get(history).post(change_history))
        .route("/history/{prompt_id}", get(history_of))
        .route("/view", get(view::view))
        .route("/upload/image", post(upload_image))
        .route("/object_info", get(object_info))
        .route("/object_info/{class}", get(object_info_of))
        .route("/models", get(folders))
        .route("/models/{folder}", get(models))
        .route("/system_stats", get(system_stats))
        .route("/features", get(features))
        .route("/embeddings", get(async || json_answer(&json!([]))))
        .route("/extensions", get(async || json_answer(&json!([]))))
        .route("/settings", get(async || json_answer(&json!({}))))
        .route("/users", get(async || json_answer(&json!({ "storage": "server", "migrated": false }))))
        .route("/ws", get(socket::open));
    let all = Router::new()
        .nest("/api", routes.clone())
        .merge(routes)
        .route("/internal/folder_paths", get(folder_paths))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(process.clone());
    let all = match process.world.options.base_path.as_str() {
        "" => all,
        base => Router::new().nest(base, all),
    };
    all.layer(middleware::from_fn_with_state(process.clone(), boundary::bodies))
        .layer(middleware::from_fn_with_state(process.clone(), boundary::boundaries))
        .layer(middleware::from_fn_with_state(process, boundary::admission))
}

/// The static files answer what no route knows: GET is a missing file, everything else not allowed.
async fn unknown(method: Method) -> Response {
    match method {
        Method::GET | Method::HEAD => {
            (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "application/octet-stream")]).into_response()
        }
        Method::OPTIONS => StatusCode::OK.into_response(),
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "405: Method Not Allowed"),
    }
}

fn text(status: StatusCode, text: impl Into<String>) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text.into()).into_response()
}

/// What aiohttp says when Python raised.
fn trouble() -> Response {
    text(StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error\n\nServer got itself in trouble")
}

fn json_answer(body: &impl Serialize) -> Response {
    raw_json(serde_json::to_string(body).expect("JSON values serialise"))
}

fn raw_json(body: String) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}

async fn history(
    State(process): State<Arc<Process>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let mut numbers = ["max_items", "offset"].map(|name| query.get(name).map(|text| text.parse::<i64>()));
    let [max_items, offset] = &mut numbers;
    match (max_items.take().transpose(), offset.take().transpose()) {
        (Ok(max_items), Ok(offset)) => json_answer(&process.core().history.page(max_items, offset)),
        _ => trouble(),
    }
}

async fn history_of(State(process): State<Arc<Process>>, Path(prompt_id): Path<String>) -> Response {
    let core = process.core();
    let entry = core.history.one(&prompt_id);
    let mut answer = json_answer(&entry);
    if !entry.is_empty() {
        answer.extensions_mut().insert(boundary::EntryOf(prompt_id.clone()));
    }
    answer
}

async fn change_history(State(process): State<Arc<Process>>, body: Bytes) -> Response {
    let Ok(Value::Object(wish)) = serde_json::from_slice(&body) else { return trouble() };
    let mut core = process.core();
    if wish.get("clear") == Some(&json!(true)) {
        core.history.clear();
    }
    for prompt_id in wish.get("delete").and_then(Value::as_array).into_iter().flatten() {
        core.history.remove(prompt_id.as_str().unwrap_or_default());
    }
    StatusCode::OK.into_response()
}

async fn upload_image(State(process): State<Arc<Process>>, headers: HeaderMap, body: Bytes) -> Response {
    upload::upload(&process.world.root, &headers, &body)
}

async fn object_info(State(process): State<Arc<Process>>) -> Response {
    let mut schema = process.world.schema.write().expect("no test panics while it changes the schema");
    schema.list_pictures(&process.world.root.join("input"));
    raw_json(schema.all())
}

async fn object_info_of(State(process): State<Arc<Process>>, Path(class): Path<String>) -> Response {
    let mut schema = process.world.schema.write().expect("no test panics while it changes the schema");
    schema.list_pictures(&process.world.root.join("input"));
    raw_json(schema.one(&class))
}

async fn folders() -> Response {
    json_answer(&super::schema::FOLDERS)
}

/// Not under /api, and nobody else's business.
async fn folder_paths(State(process): State<Arc<Process>>) -> Response {
    let models = &process.world.options.models_folder;
    let paths: HashMap<&str, [_; 1]> =
        super::schema::FOLDERS.iter().map(|folder| (*folder, [models.join(folder)])).collect();
    json_answer(&paths)
}

async fn models(State(process): State<Arc<Process>>, Path(folder): Path<String>) -> Response {
    let schema = process.world.schema.read().expect("no test panics while it changes the schema");
    match schema.models.get(&folder) {
        Some(names) => json_answer(names),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn features(State(process): State<Arc<Process>>) -> Response {
    json_answer(&server_features(&process))
}

fn server_features(process: &Process) -> Value {
    json!({ "supports_preview_metadata": true, "max_upload_size": process.world.options.max_upload_bytes })
}

async fn system_stats(State(process): State<Arc<Process>>) -> Response {
    json_answer(&json!({
        "system": {
            "os": "posix", "ram_total": 25_276_502_016_u64, "ram_free": 19_469_557_760_u64,
            "comfyui_version": process.world.options.version, "required_frontend_version": "1.27.10",
            "installed_templates_version": "0.1.95", "required_templates_version": "0.1.95",
            "python_version": "3.11.7 (main, May  9 2026, 07:35:25) [GCC 12.2.0]",
            "pytorch_version": "2.6.0+cu124", "embedded_python": false,
            "argv": ["main.py", "--cpu", "--disable-api-nodes", "--preview-method", "latent2rgb"],
        },
        "devices": [{
            "name": "cpu", "type": "cpu", "index": null, "vram_total": 25_276_502_016_u64,
            "vram_free": 19_469_557_760_u64, "torch_vram_total": 25_276_502_016_u64,
            "torch_vram_free": 19_469_557_760_u64,
        }],
    }))
}
