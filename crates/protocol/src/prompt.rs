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
    /// What it made, once its server said so; none before. A server that comes up anew remembers nothing of it, and
    /// its files lie where they were.
    pub files: Vec<OutputFile>,
}

/// A file on a ComfyUI server as a node names it. Its name is passed back to the server and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OutputFile {
    pub node_id: String,
    /// `images`, `3d`, `latents`, …: the node's own word.
    pub kind: String,
    pub file_name: String,
    pub subfolder: String,
    pub folder: ServerFolder,
}

/// The folder of the server a file lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerFolder {
    Output,
    Temp,
    Input,
}

impl ServerFolder {
    pub fn as_str(self) -> &'static str {
        match self {
            ServerFolder::Output => "output",
            ServerFolder::Temp => "temp",
            ServerFolder::Input => "input",
        }
    }
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
