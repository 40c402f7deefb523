use serde::{Deserialize, Serialize};

/// What a workflow is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WorkflowKind {
    TextToImage,
    ImageToViews,
    ImageToMesh,
    ViewsToMesh,
    ImageToDepth,
    /// A person's own, with inputs or outputs of another kind.
    Other,
}

/// What an input of a workflow takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WorkflowInputKind {
    Text,
    Integer,
    Number,
    Seed,
    Choice,
    Picture,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkflowInput {
    pub name: String,
    pub kind: WorkflowInputKind,
    /// What it is when nobody says otherwise, on the server that would run it.
    pub default: Option<serde_json::Value>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// What the server lists for it.
    pub choices: Vec<String>,
}

/// A model file that a workflow loads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkflowModel {
    /// Below ComfyUI's models folder.
    pub folder: String,
    /// Any of these does, best first.
    pub names: Vec<String>,
    /// Where a person gets it.
    pub page: String,
    /// Where the file itself is, when that is known: it becomes the first of `names`.
    pub url: Option<String>,
    /// As the server lists it; `None` where it is missing, or no server answers.
    pub installed: Option<String>,
}

/// A workflow, and how it stands with the servers that answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkflowInfo {
    pub name: String,
    pub title: String,
    pub kind: WorkflowKind,
    /// The server that would run it, or is nearest to it; `None` when none answers.
    pub server: Option<String>,
    /// What is in its way there, with what to do about it; empty when it can run.
    pub problems: Vec<String>,
    pub inputs: Vec<WorkflowInput>,
    pub models: Vec<WorkflowModel>,
}
