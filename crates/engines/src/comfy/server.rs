use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::address::ServerAddress;
use super::history::History;
use super::http::{Http, HttpError, OpenError};
use super::limits::Limits;
use super::queue::{Place, Queue};
use super::recovery::Look;
use super::refusal::Refusal;

/// A graph in API format: nodes by id.
pub type Graph = Map<String, Value>;

/// One ComfyUI server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Server {
    pub(crate) http: Http,
}

/// What came of sending a prompt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Posted {
    Accepted,
    /// Accepted, but some of the wanted outputs will not be made.
    InPart(Refusal),
    Refused(Refusal),
    NotSent(HttpError),
    /// The answer was lost, or tells nothing: the server may have the prompt.
    Unknown(HttpError),
}

#[derive(Deserialize)]
struct PostAnswer {
    prompt_id: String,
    #[serde(default)]
    node_errors: Value,
}

impl Server {
    /// Talks to nobody yet.
    ///
    /// # Errors
    /// When the address' credentials cannot be sent, or secure connections cannot be set up.
    pub fn open(address: ServerAddress, limits: Limits) -> Result<Self, OpenError> {
        Ok(Self { http: Http::new(address, limits)? })
    }

    pub fn address(&self) -> &ServerAddress {
        &self.http.address
    }

    pub fn limits(&self) -> &Limits {
        &self.http.limits
    }

    /// # Errors
    /// When the server does not answer, or with something else than a queue.
    pub async fn queue(&self) -> Result<Queue, HttpError> {
        self.http.get(self.url(&["queue"])).await
    }

    /// Every node the server knows, with its inputs.
    ///
    /// # Errors
    /// When the server does not answer, or with something else.
    pub async fn object_info(&self) -> Result<Map<String, Value>, HttpError> {
        self.http.get(self.url(&["object_info"])).await
    }

    /// As [`Server::object_info`], asked up to `tries` times, with pauses.
    ///
    /// # Errors
    /// As [`Server::object_info`].
    pub async fn object_info_within(&self, tries: u32) -> Result<Map<String, Value>, HttpError> {
        let mut pauses = self.short_pauses();
        for _ in 1..tries {
            if let Ok(nodes) = self.object_info().await {
                return Ok(nodes);
            }
            sleep(pauses.pause()).await;
        }
        self.object_info().await
    }

    /// Where each kind of model lies, on the computer the server runs on.
    ///
    /// # Errors
    /// When the server does not answer, or with something else.
    pub async fn model_folders(&self) -> Result<BTreeMap<String, Vec<String>>, HttpError> {
        self.http.get_within(self.url(&["internal", "folder_paths"]), self.limits().probe).await
    }

    /// Drops what the server keeps of earlier prompts, once the running one is over; models too where
    /// `unload_models`.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn free(&self, unload_models: bool) -> Result<(), HttpError> {
        let what = json!({ "free_memory": true, "unload_models": unload_models });
        self.http.post(self.url(&["free"]), &what).await.map(drop)
    }

    /// Where a prompt is. History first: it is small, and it is the end.
    pub(crate) async fn look(&self, prompt_id: &str) -> Result<Look, HttpError> {
        if let Some(ended) = self.ended(prompt_id).await? {
            return Ok(ended);
        }
        Ok(match self.queue().await?.place(prompt_id) {
            Place::Running => Look::Running,
            Place::Pending { ahead } => Look::Pending { ahead },
            // It may have ended between the two answers.
            Place::Absent => self.ended(prompt_id).await?.unwrap_or(Look::Absent),
        })
    }

    async fn ended(&self, prompt_id: &str) -> Result<Option<Look>, HttpError> {
        let mut history: History = self.http.get(self.url(&["history", prompt_id])).await?;
        Ok(history.remove(prompt_id).map(|entry| Look::Ended(entry.verdict())))
    }

    pub(crate) async fn post(&self, prompt_id: &str, graph: &Graph, wanted: &[String]) -> Posted {
        let body = json!({ "prompt": graph, "prompt_id": prompt_id, "client_id": prompt_id });
        let answer = match self.http.post(self.url(&["prompt"]), &body).await {
            Ok(answer) => answer,
            Err(error @ HttpError::NotSent(_)) => return Posted::NotSent(error),
            Err(HttpError::Status { status, body }) if (300..500).contains(&status) && status != 429 => {
                return Posted::Refused(Refusal::read(status, &body));
            }
            Err(error) => return Posted::Unknown(error),
        };
        let Ok(answer) = serde_json::from_slice::<PostAnswer>(&answer) else {
            return Posted::Unknown(HttpError::Foreign(String::from_utf8_lossy(&answer).into_owned()));
        };
        if answer.prompt_id != prompt_id {
            // Too old to take our id: it would be lost at the first fault.
            self.withdraw_unnamed(&answer.prompt_id).await;
            return Posted::Refused(Refusal::too_old());
        }
        match Refusal::in_part(&answer.node_errors, wanted) {
            Some(refusal) => Posted::InPart(refusal),
            None => Posted::Accepted,
        }
    }

    async fn withdraw_unnamed(&self, prompt_id: &str) {
        if let Err(error) = self.delete(prompt_id).await {
            tracing::warn!(%error, prompt_id, "a prompt was left in the queue of a server that is too old");
        }
    }

    /// Takes a waiting prompt out of the queue; nothing happens to one that runs.
    pub(crate) async fn delete(&self, prompt_id: &str) -> Result<(), HttpError> {
        self.http.post(self.url(&["queue"]), &json!({ "delete": [prompt_id] })).await.map(drop)
    }

    /// Stops this prompt if it runs, at its next step; nothing happens to others.
    pub(crate) async fn interrupt(&self, prompt_id: &str) -> Result<(), HttpError> {
        self.http.post(self.url(&["interrupt"]), &json!({ "prompt_id": prompt_id })).await.map(drop)
    }

    pub(crate) fn url(&self, segments: &[&str]) -> url::Url {
        self.http.address.url(segments, &[])
    }
}
