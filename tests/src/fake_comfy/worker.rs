use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::ledger::Outcome;
use super::process::Process;
use super::queue::{Item, Shown};
use super::run::{End, Run};
use super::sockets::{Word, text};

/// What the server takes out of `extra_data` before it writes the history.
const SENSITIVE: [&str; 2] = ["auth_token_comfy_org", "api_key_comfy_org"];

/// `prompt_worker` of main.py.
pub(super) async fn work(process: Arc<Process>) {
    loop {
        let item = take(&process).await;
        process.meet("stage taken".into()).await;
        {
            let mut core = process.core();
            core.interrupt = false;
            core.client_id = item.client_id().map(str::to_owned);
        }
        let mut run = Run::new(&process, &item);
        let end = run.execute().await;
        let (messages, outputs, meta) = run.into_history();
        process.core().last_node = None;
        process.meet("stage history".into()).await;
        finish(&process, &item, end, messages, outputs, meta);
        tell(&process, None, "status", &process_status(&process)).await;
        if let Some(client_id) = item.client_id() {
            let nothing = json!({ "node": null, "prompt_id": item.prompt_id });
            tell(&process, Some(client_id), "executing", &nothing).await;
        }
        let mut core = process.core();
        if std::mem::take(&mut core.free_memory) {
            core.cache.clear();
        }
    }
}

/// A message of the worker: it waits for its turn in lockstep and passes its boundary.
pub(super) async fn tell(
    process: &Process,
    to: Option<&str>,
    kind: &str,
    data: &Value,
) -> Option<super::Fault> {
    tell_of(process, to, kind, data, None).await
}

/// The same, of a message that its client has to hear.
pub(super) async fn tell_of(
    process: &Process,
    to: Option<&str>,
    kind: &str,
    data: &Value,
    word: Option<Word>,
) -> Option<super::Fault> {
    process.world.lockstep.park().await;
    pass(process, to, kind, data, word).await
}

/// As [`tell`], after the caller has waited for its turn itself.
pub(super) async fn tell_unasked(
    process: &Process,
    to: Option<&str>,
    kind: &str,
    data: &Value,
) -> Option<super::Fault> {
    pass(process, to, kind, data, None).await
}

async fn pass(
    process: &Process,
    to: Option<&str>,
    kind: &str,
    data: &Value,
    word: Option<Word>,
) -> Option<super::Fault> {
    let fault = process.meet(format!("message {kind}")).await;
    process.enqueue(to, text(kind, data), word);
    fault
}

pub(super) fn process_status(process: &Process) -> Value {
    json!({ "status": { "exec_info": { "queue_remaining": process.core().queue_remaining() } } })
}

async fn take(process: &Process) -> Item {
    let item = loop {
        if process.core().heap.items().is_empty() {
            process.world.lockstep.idle();
            process.filled.notified().await;
            continue;
        }
        process.world.lockstep.park().await;
        let mut core = process.core();
        // /queue may have emptied it meanwhile.
        if let Some(item) = core.heap.pop() {
            core.running = Some(item.clone());
            break item;
        }
    };
    process.set_outcome(&item, Outcome::Running);
    process.meet("message status".into()).await;
    process.tell_queue_length();
    item
}

#[derive(Serialize)]
struct Entry<'a> {
    prompt: Shown<'a>,
    outputs: Map<String, Value>,
    status: Value,
    meta: Map<String, Value>,
}

fn finish(
    process: &Process,
    item: &Item,
    end: End,
    messages: Vec<Value>,
    outputs: Map<String, Value>,
    meta: Map<String, Value>,
) {
    let completed = end == End::Success;
    let mut extra_data = item.extra_data.clone();
    extra_data.retain(|key, _| !SENSITIVE.contains(&key.as_str()));
    let status_str = if completed { "success" } else { "error" };
    let entry = Entry {
        prompt: item.shown(&extra_data),
        outputs,
        status: json!({ "status_str": status_str, "completed": completed, "messages": messages }),
        meta,
    };
    let entry: Box<RawValue> = serde_json::value::to_raw_value(&entry).expect("JSON values serialise");
    let mut core = process.core();
    core.running = None;
    core.history.insert(item.prompt_id.clone(), entry);
    drop(core);
    let outcome = match end {
        End::Success => Outcome::Success,
        End::Error => Outcome::Error,
        End::Interrupted => Outcome::Interrupted,
    };
    process.set_outcome(item, outcome);
}

pub(super) fn timestamp_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
