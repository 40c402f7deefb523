use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::cache::{Cached, signatures};
use super::faults::Fault;
use super::graph::link;
use super::nodes::{self, Call, Data, Raised, Shown};
use super::plan::Plan;
use super::process::Process;
use super::queue::Item;
use super::sockets::{Word, preview, preview_with_metadata};
use super::worker::{tell, tell_of, tell_unasked, timestamp_ms};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Success,
    Error,
    Interrupted,
}

/// Why a node did not finish.
enum Stop {
    Raised(Raised),
    Interrupted,
}

struct Progress {
    value: Value,
    max: Value,
    finished: bool,
}

/// `PromptExecutor.execute_async` of execution.py for one prompt.
pub(super) struct Run<'a> {
    process: &'a Arc<Process>,
    item: &'a Item,
    signatures: HashMap<String, String>,
    messages: Vec<Value>,
    progress: IndexMap<String, Progress>,
    executed: Vec<String>,
}

impl<'a> Run<'a> {
    pub fn new(process: &'a Arc<Process>, item: &'a Item) -> Self {
        Self {
            process,
            item,
            signatures: HashMap::new(),
            messages: Vec::new(),
            progress: IndexMap::new(),
            executed: Vec::new(),
        }
    }

    pub async fn execute(&mut self) -> End {
        self.note("execution_start", json!({}), false).await;
        self.signatures = signatures(&self.item.graph, &self.process.world.root);
        let cached: Vec<&String> = {
            let mut core = self.process.core();
            core.cache.retain(&self.signatures);
            self.item.graph.keys().filter(|id| core.cache.get(&self.signatures[*id]).is_some()).collect()
        };
        self.note("execution_cached", json!({ "nodes": cached }), false).await;
        let mut plan = Plan::new(&self.item.graph, &self.item.outputs, |id| {
            self.signatures
                .get(id)
                .is_some_and(|signature| self.process.core().cache.get(signature).is_some())
        });
        while let Some(id) = plan.next(|id| self.is_output(id)) {
            if let Err(stop) = self.node(&id).await {
                return self.fail(&id, stop).await;
            }
            plan.finished(&id);
        }
        self.note("execution_success", json!({}), false).await;
        End::Success
    }

    /// The messages told, the ui outputs and what they belong to, for the history.
    pub fn into_history(self) -> (Vec<Value>, Map<String, Value>, Map<String, Value>) {
        let core = self.process.core();
        let mut outputs = Map::new();
        let mut meta = Map::new();
        for id in self.item.graph.keys() {
            let cached = self.signatures.get(id).and_then(|signature| core.cache.get(signature));
            if let Some((_, ui)) = cached.and_then(|cached| cached.ui.as_ref()) {
                outputs.insert(id.clone(), ui.clone());
                let place =
                    json!({ "node_id": id, "display_node": id, "parent_node": null, "real_node_id": id });
                meta.insert(id.clone(), place);
            }
        }
        (self.messages, outputs, meta)
    }

    fn is_output(&self, id: &str) -> bool {
        let class = self.item.graph.get(id).and_then(|node| node.class_type.as_deref());
        let schema = self.process.world.schema.read().expect("no test panics while it changes the schema");
        class.and_then(|class| schema.class(class)).is_some_and(|class| class.output_node)
    }

    /// A message that the history keeps. Without a client_id it is sent to all or to nobody.
    async fn note(&mut self, kind: &str, mut data: Value, broadcast: bool) {
        data["prompt_id"] = json!(self.item.prompt_id);
        data["timestamp"] = json!(timestamp_ms());
        self.messages.push(json!([kind, data]));
        if self.item.client_id().is_some() || broadcast {
            let word = (kind == "execution_success").then_some(Word::Success(self.item.submission));
            tell_of(self.process, self.item.client_id(), kind, &data, word).await;
        } else {
            self.process.meet(format!("message {kind}")).await;
        }
    }

    async fn node(&mut self, id: &str) -> Result<(), Stop> {
        let signature = self.signatures[id].clone();
        let cached = self.process.core().cache.get(&signature).cloned();
        if let Some(cached) = cached {
            let ui = cached.ui.map(|(_, ui)| ui);
            self.tell_executed(id, &json!(ui)).await;
            self.progress.insert(id.to_owned(), Progress { value: json!(1), max: json!(1), finished: true });
            self.tell_progress_state().await;
            return Ok(());
        }
        self.progress.insert(id.to_owned(), Progress { value: json!(0.0), max: json!(1.0), finished: false });
        self.process.core().last_node = Some(id.to_owned());
        self.tell_progress_state().await;
        if let Some(client_id) = self.item.client_id() {
            let executing = json!({ "node": id, "display_node": id, "prompt_id": self.item.prompt_id });
            raise(tell(self.process, Some(client_id), "executing", &executing).await)?;
        } else {
            raise(self.process.meet("message executing".into()).await)?;
        }
        self.stop_if_interrupted()?;
        let call = self.call(id);
        let given = match tokio::task::spawn_blocking(move || nodes::execute(&call)).await {
            Ok(given) => given.map_err(Stop::Raised)?,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going, and this run with it.
                Err(_) => std::future::pending().await,
            },
        };
        for (value, shown) in &given.steps {
            self.step(id, *value, given.max_step, shown).await?;
        }
        if let Some(ui) = &given.ui {
            self.tell_executed(id, ui).await;
        }
        let ui = given.ui.map(|ui| (id.to_owned(), ui));
        self.process.core().cache.insert(signature, Cached { outputs: given.outputs, ui });
        if let Some(progress) = self.progress.get_mut(id) {
            progress.value = progress.max.clone();
            progress.finished = true;
        }
        self.tell_progress_state().await;
        self.executed.push(id.to_owned());
        Ok(())
    }

    async fn step(&mut self, id: &str, value: u64, max: u64, shown: &Shown) -> Result<(), Stop> {
        tokio::time::sleep(self.process.world.options.step).await;
        // An interrupt that comes before the step is told stops it.
        self.process.world.lockstep.park().await;
        self.stop_if_interrupted()?;
        self.progress
            .insert(id.to_owned(), Progress { value: json!(value), max: json!(max), finished: false });
        tell_unasked(self.process, self.item.client_id(), "progress_state", &self.progress_state()).await;
        let modern = self.process.sockets.supports_preview_metadata(self.item.client_id());
        if modern {
            self.tell_preview(id, shown, true).await;
        }
        let progress = json!({ "value": value, "max": max, "prompt_id": self.item.prompt_id, "node": id });
        raise(tell(self.process, self.item.client_id(), "progress", &progress).await)?;
        if !modern {
            self.tell_preview(id, shown, false).await;
        }
        Ok(())
    }

    async fn tell_preview(&self, id: &str, shown: &Shown, modern: bool) {
        let (kind, mime, picture) = match shown {
            Shown::Nothing => return,
            Shown::Jpeg(picture) => (1, "image/jpeg", picture),
            Shown::Png(picture) => (2, "image/png", picture),
        };
        let message = if modern {
            let metadata = json!({
                "node_id": id, "prompt_id": self.item.prompt_id, "display_node_id": id,
                "parent_node_id": null, "real_node_id": id, "image_type": mime,
            });
            preview_with_metadata(&metadata, picture)
        } else {
            preview(kind, picture)
        };
        self.process.world.lockstep.park().await;
        self.process.meet("message preview".into()).await;
        self.process.enqueue(self.item.client_id(), message, None);
    }

    async fn tell_executed(&self, id: &str, ui: &Value) {
        let executed =
            json!({ "node": id, "display_node": id, "output": ui, "prompt_id": self.item.prompt_id });
        match self.item.client_id() {
            Some(client_id) => {
                let word = Word::Output(self.item.submission);
                tell_of(self.process, Some(client_id), "executed", &executed, Some(word)).await
            }
            None => self.process.meet("message executed".into()).await,
        };
    }

    async fn tell_progress_state(&self) {
        tell(self.process, self.item.client_id(), "progress_state", &self.progress_state()).await;
    }

    fn progress_state(&self) -> Value {
        let prompt_id = &self.item.prompt_id;
        let nodes: Map<String, Value> = self
            .progress
            .iter()
            .map(|(id, Progress { value, max, finished })| {
                let state = if *finished { "finished" } else { "running" };
                let node = json!({
                    "value": value, "max": max, "state": state, "node_id": id, "prompt_id": prompt_id,
                    "display_node_id": id, "parent_node_id": null, "real_node_id": id,
                });
                (id.clone(), node)
            })
            .collect();
        json!({ "prompt_id": prompt_id, "nodes": nodes })
    }

    fn stop_if_interrupted(&self) -> Result<(), Stop> {
        let mut core = self.process.core();
        if std::mem::take(&mut core.interrupt) { Err(Stop::Interrupted) } else { Ok(()) }
    }

    fn call(&self, id: &str) -> Call {
        let node = &self.item.graph[id];
        let class = node.class_type.clone().unwrap_or_default();
        let core = self.process.core();
        let inputs = node
            .inputs
            .iter()
            .flatten()
            .map(|(name, value)| {
                let data = match link(value) {
                    Some((from, slot)) => self
                        .signatures
                        .get(from)
                        .and_then(|signature| core.cache.get(signature)?.outputs.get(slot))
                        .cloned()
                        .unwrap_or(Data::Nothing),
                    None => Data::Plain(value.clone()),
                };
                (name.clone(), data)
            })
            .collect();
        let schema = self.process.world.schema.read().expect("no test panics while it changes the schema");
        Call {
            output_types: schema.class(&class).map(|class| class.output.clone()).unwrap_or_default(),
            class,
            inputs,
            root: self.process.world.root.clone(),
            seed: self.signatures[id].clone(),
            graph: self.item.raw.get().to_owned(),
            extra_pnginfo: self.item.extra_data.get("extra_pnginfo").cloned().unwrap_or(Value::Null),
        }
    }

    async fn fail(&mut self, id: &str, stop: Stop) -> End {
        let class = self.item.graph[id].class_type.clone();
        let place = json!({ "node_id": id, "node_type": class, "executed": self.executed });
        match stop {
            Stop::Interrupted => {
                self.note("execution_interrupted", place, true).await;
                End::Interrupted
            }
            Stop::Raised(raised) => {
                let mut data = place;
                data["exception_message"] = json!(raised.message);
                data["exception_type"] = json!(raised.kind);
                data["traceback"] = json!(["  File \"execution.py\", line 496, in execute\n"]);
                data["current_inputs"] = self.current_inputs(id);
                data["current_outputs"] = json!(self.item.graph.keys().collect::<Vec<_>>());
                self.note("execution_error", data, false).await;
                End::Error
            }
        }
    }

    fn current_inputs(&self, id: &str) -> Value {
        let inputs = self.call(id).inputs.into_iter().map(|(name, data)| (name, json!([data.described()])));
        Value::Object(inputs.collect())
    }
}

/// Faults that make the running node raise.
fn raise(fault: Option<Fault>) -> Result<(), Stop> {
    match fault {
        Some(Fault::OutOfMemory) => Err(Stop::Raised(Raised::out_of_memory())),
        Some(Fault::NodeError(message)) => Err(Stop::Raised(Raised::runtime_error(&message))),
        _ => Ok(()),
    }
}
