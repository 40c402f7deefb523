use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value, json};

use super::super::graph::Graph;
use super::super::ledger::Outcome;
use super::super::process::Process;
use super::super::queue::{Item, Shown};
use super::super::validate::{Verdict, refusal, validate};
use super::{json_answer, trouble};

#[derive(Deserialize)]
struct Wish {
    number: Option<f64>,
    front: Option<Value>,
    /// `null` is something else than nothing.
    #[serde(default, deserialize_with = "given")]
    prompt: Option<Box<RawValue>>,
    prompt_id: Option<Value>,
    #[serde(default)]
    extra_data: Map<String, Value>,
    client_id: Option<Value>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

pub(super) async fn remaining(State(process): State<Arc<Process>>) -> Response {
    json_answer(&json!({ "exec_info": { "queue_remaining": process.core().queue_remaining() } }))
}

pub(super) async fn post(State(process): State<Arc<Process>>, body: Bytes) -> Response {
    let Ok(wish) = serde_json::from_slice::<Wish>(&body) else { return trouble() };
    submit(&process, wish)
}

/// A prompt that came without HTTP: another client's, put there by the test.
pub(in super::super) fn submit_graph(process: &Process, graph: &Value, client_id: &str) -> Option<String> {
    let wish = json!({ "prompt": graph, "client_id": client_id });
    let prompt_id = uuid::Uuid::new_v4().to_string();
    let mut wish: Wish = serde_json::from_str(&wish.to_string()).ok()?;
    wish.prompt_id = Some(json!(prompt_id));
    submit(process, wish).status().is_success().then_some(prompt_id)
}

fn submit(process: &Process, wish: Wish) -> Response {
    let number = match wish.number.map(Number::from_f64) {
        Some(None) => return trouble(),
        Some(Some(number)) => number,
        None => {
            let mut core = process.core();
            let number = core.counter;
            core.counter += 1;
            let front = wish.front.is_some_and(|front| front != json!(false) && !front.is_null());
            Number::from(if front { -number } else { number })
        }
    };
    let refused = |error: Value, node_errors: Map<String, Value>| {
        let answer = json_answer(&json!({ "error": error, "node_errors": node_errors }));
        (StatusCode::BAD_REQUEST, answer).into_response()
    };
    let Some(raw) = wish.prompt else {
        return refused(refusal("no_prompt", "No prompt provided", "No prompt provided"), Map::new());
    };
    let Ok(graph) = serde_json::from_str::<Graph>(raw.get()) else { return trouble() };
    let prompt_id = match wish.prompt_id {
        None => uuid::Uuid::new_v4().to_string(),
        Some(Value::String(id)) => id,
        Some(other) => other.to_string(),
    };
    let mut extra_data = wish.extra_data;
    if let Some(client_id) = wish.client_id {
        extra_data.insert("client_id".into(), client_id);
    }
    let verdict = {
        let schema = process.world.schema.read().expect("no test panics while it changes the schema");
        validate(&graph, &schema, &process.world.root)
    };
    let (outputs, node_errors) = match verdict {
        Verdict::Runs { outputs, node_errors } => (outputs, node_errors),
        Verdict::Refused { error, node_errors } => return refused(error, node_errors),
    };
    let client_id = extra_data.get("client_id").and_then(Value::as_str);
    let submission = process.world.ledger.submitted(&process.alive, &prompt_id, client_id, raw.get());
    let item = Item {
        number: number.clone(),
        prompt_id: prompt_id.clone(),
        graph,
        raw,
        extra_data,
        outputs,
        submission,
    };
    let pushed = process.core().heap.push(item);
    process.filled.notify_one();
    if pushed.is_err() {
        return trouble();
    }
    process.tell_queue_length();
    json_answer(&json!({ "prompt_id": prompt_id, "number": number, "node_errors": node_errors }))
}

#[derive(Serialize)]
struct Queue<'a> {
    queue_running: Vec<Shown<'a>>,
    queue_pending: Vec<Shown<'a>>,
}

pub(super) async fn queue(State(process): State<Arc<Process>>) -> Response {
    let core = process.core();
    json_answer(&Queue {
        queue_running: core.running.iter().map(|item| item.shown(&item.extra_data)).collect(),
        queue_pending: core.heap.items().iter().map(|item| item.shown(&item.extra_data)).collect(),
    })
}

pub(super) async fn change_queue(State(process): State<Arc<Process>>, body: Bytes) -> Response {
    let Ok(Value::Object(wish)) = serde_json::from_slice(&body) else { return trouble() };
    if wish.get("clear") == Some(&json!(true)) {
        let dropped = process.core().heap.clear();
        dropped.iter().for_each(|item| process.set_outcome(item, Outcome::Deleted));
        process.tell_queue_length();
    }
    let ids = match wish.get("delete") {
        None => return StatusCode::OK.into_response(),
        Some(Value::Array(ids)) => ids,
        Some(_) => return trouble(),
    };
    for id in ids.iter().filter_map(Value::as_str) {
        let removed = process.core().heap.remove(id);
        if let Some(item) = removed {
            process.set_outcome(&item, Outcome::Deleted);
            process.tell_queue_length();
        }
    }
    StatusCode::OK.into_response()
}

/// A body that is no JSON is no body.
pub(super) async fn interrupt(State(process): State<Arc<Process>>, body: Bytes) -> Response {
    let wish: Value = serde_json::from_slice(&body).unwrap_or_else(|_| json!({}));
    let Value::Object(wish) = wish else { return trouble() };
    let mut core = process.core();
    let meant = match wish.get("prompt_id").and_then(Value::as_str) {
        Some(id) => core.running.as_ref().is_some_and(|item| item.prompt_id == id),
        None => true,
    };
    core.interrupt |= meant;
    StatusCode::OK.into_response()
}

/// Waits for the end of what runs.
pub(super) async fn free(State(process): State<Arc<Process>>, body: Bytes) -> Response {
    let Ok(Value::Object(wish)) = serde_json::from_slice(&body) else { return trouble() };
    if wish.get("free_memory") == Some(&json!(true)) {
        let mut core = process.core();
        if core.running.is_some() {
            core.free_memory = true;
        } else {
            core.cache.clear();
        }
    }
    StatusCode::OK.into_response()
}
