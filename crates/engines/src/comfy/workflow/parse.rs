use std::fmt;

use serde_json::Value;
use thiserror::Error;

use super::super::Graph;

/// Of a file with a graph. The largest graphs people share are below 1 MB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
pub const MAX_NODES: usize = 2000;
/// Of any text in a graph: prompts are long, file names are not.
const MAX_TEXT: usize = 100_000;

/// Why a text is no graph that can run.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GraphError {
    #[error("The file is larger than {} MB.", MAX_BYTES / (1024 * 1024))]
    TooLarge,
    #[error("This is not JSON: {0}")]
    NotJson(String),
    /// As saved by "Save" in ComfyUI.
    #[error(
        "This workflow is saved for ComfyUI's own window. Open it there, choose Workflow > Export (API), and add \
         that file."
    )]
    UiFormat,
    #[error("This JSON holds no ComfyUI nodes.")]
    NotAGraph,
    #[error("Node {0} has no class_type.")]
    NoClass(NodeId),
    #[error("Node {0} has no inputs.")]
    NoInputs(NodeId),
    #[error("The workflow has more than {MAX_NODES} nodes.")]
    TooManyNodes,
    #[error("A text in node {0} is too long.")]
    TextTooLong(NodeId),
}

/// A node id as a message shows it: short, and without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeId(String);

impl From<&str> for NodeId {
    fn from(id: &str) -> Self {
        Self(id.chars().filter(|character| !character.is_control()).take(40).collect())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a graph in API format: bounded, and each node with a class and inputs. Keys that are no nodes
/// (`extra_data`, `version`) are left out; `{"prompt": {…}}` as POST /prompt takes it is unwrapped.
pub fn parse_graph(bytes: &[u8]) -> Result<Graph, GraphError> {
    if bytes.len() > MAX_BYTES {
        return Err(GraphError::TooLarge);
    }
    // serde_json bounds the nesting itself.
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| GraphError::NotJson(error.to_string()))?;
    graph_of(value)
}

pub(super) fn graph_of(value: Value) -> Result<Graph, GraphError> {
    let Value::Object(mut graph) = value else { return Err(GraphError::NotAGraph) };
    if graph.get("nodes").is_some_and(Value::is_array) && graph.contains_key("links") {
        return Err(GraphError::UiFormat);
    }
    if let Some(Value::Object(inner)) = graph.get_mut("prompt")
        && !inner.contains_key("class_type")
    {
        graph = std::mem::take(inner);
    }
    graph.retain(|_, node| node.get("class_type").is_some() || node.get("inputs").is_some());
    if graph.is_empty() {
        return Err(GraphError::NotAGraph);
    }
    if graph.len() > MAX_NODES {
        return Err(GraphError::TooManyNodes);
    }
    for (id, node) in &graph {
        if !node["class_type"].is_string() {
            return Err(GraphError::NoClass(id.as_str().into()));
        }
        if !node.get("inputs").is_some_and(Value::is_object) {
            return Err(GraphError::NoInputs(id.as_str().into()));
        }
        if longest_text(node) > MAX_TEXT {
            return Err(GraphError::TextTooLong(id.as_str().into()));
        }
    }
    Ok(graph)
}

fn longest_text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(longest_text).max().unwrap_or(0),
        Value::Object(fields) => fields.values().map(longest_text).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// The node and slot a value links to.
pub(in super::super) fn link(value: &Value) -> Option<(&str, u64)> {
    match value.as_array()?.as_slice() {
        [Value::String(node), Value::Number(slot)] => Some((node, slot.as_u64()?)),
        _ => None,
    }
}
