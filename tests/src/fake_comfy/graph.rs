use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// A prompt in API format. Nodes and inputs keep the order the client sent: the server goes by it.
pub(super) type Graph = IndexMap<String, Node>;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Entry")]
pub(super) struct Node {
    pub class_type: Option<String>,
    pub inputs: Option<IndexMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Node {
        class_type: Option<String>,
        inputs: Option<IndexMap<String, Value>>,
    },
    /// What is no node at all: `{"nodes": [], "version": 0.4}`.
    Other(IgnoredAny),
}

impl From<Entry> for Node {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Node { class_type, inputs } => Self { class_type, inputs },
            Entry::Other(_) => Self::default(),
        }
    }
}

/// Node and output slot, when the value is a link.
pub(super) fn link(value: &Value) -> Option<(&str, usize)> {
    let pair = value.as_array().filter(|pair| pair.len() == 2)?;
    Some((pair[0].as_str()?, usize::try_from(pair[1].as_u64()?).ok()?))
}
