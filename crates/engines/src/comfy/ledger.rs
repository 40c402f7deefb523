use async_trait::async_trait;
use oreforge_protocol::ErrorReport;
use serde::{Deserialize, Serialize};

/// What of a prompt must outlive this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptNote {
    /// Ours; also the client id of its socket.
    pub prompt_id: String,
    /// The server it was sent to, without credentials.
    pub server: String,
    /// What it is for within the step, as `views`.
    pub purpose: String,
    /// Of the graph before it was stamped: the same work has the same digest. 64 lower-case hex digits.
    pub graph_sha256: String,
    /// How often it was lost while it ran.
    pub crashes: u32,
    pub state: PromptState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptState {
    /// May be on its server, or finished there: its files can be fetched again until the step is committed.
    Open,
    /// Failed, or was stopped for good: not to be looked for again.
    Closed,
    /// Took its server with it twice: not to be sent again.
    SetAside,
}

/// Where the prompts of one step of one job are noted. Implemented by whoever keeps the job, and emptied when the
/// step is committed or begins anew: an open prompt of the same graph is adopted, not run again.
#[async_trait]
pub trait PromptLedger: Send + Sync {
    /// Every prompt noted for this step, in the order of their first note.
    ///
    /// # Errors
    /// When the notes cannot be read.
    async fn prompts(&self) -> Result<Vec<PromptNote>, ErrorReport>;

    /// Replaces the note of the same prompt id. Returns when the note is safe on disk: a prompt is sent only
    /// after that, so that one whose answer we did not live to see is found again.
    ///
    /// # Errors
    /// When the note cannot be written; then the prompt is not sent.
    async fn note(&self, note: PromptNote) -> Result<(), ErrorReport>;
}
