use serde::{Deserialize, Serialize};

/// What of a prompt on a ComfyUI server must outlive the process that sent it.
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
    /// Nobody waits for it any more, and it may still be on its server: to be taken back.
    Unwanted,
    /// Failed, or was stopped for good: not to be looked for again.
    Closed,
    /// Took its server with it twice: not to be sent again.
    SetAside,
}
