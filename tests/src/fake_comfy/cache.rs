use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::files;
use super::graph::{Graph, link};
use super::nodes::Data;

/// What a node gave, kept until a prompt without that node runs.
#[derive(Debug, Clone)]
pub(super) struct Cached {
    pub outputs: Vec<Data>,
    /// The ui part, under the id the node had when it ran.
    pub ui: Option<(String, Value)>,
}

/// ComfyUI's classic cache: the nodes of the last prompt, by what goes into them.
#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<String, Cached>);

impl Cache {
    /// Throws away what the prompt does not need.
    pub fn retain(&mut self, signatures: &HashMap<String, String>) {
        let needed: std::collections::HashSet<&String> = signatures.values().collect();
        self.0.retain(|signature, _| needed.contains(signature));
    }

    pub fn get(&self, signature: &str) -> Option<&Cached> {
        self.0.get(signature)
    }

    pub fn insert(&mut self, signature: String, cached: Cached) {
        self.0.insert(signature, cached);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// A text for each node that says all that goes into it, ancestors included.
pub(super) fn signatures(graph: &Graph, root: &Path) -> HashMap<String, String> {
    let mut done = HashMap::new();
    for id in graph.keys() {
        signature(graph, root, id, &mut done);
    }
    done
}

fn signature(graph: &Graph, root: &Path, id: &str, done: &mut HashMap<String, String>) -> String {
    if let Some(known) = done.get(id) {
        return known.clone();
    }
    // A cycle in the part of a graph that was not accepted.
    done.insert(id.to_owned(), String::new());
    let mut hash = Sha256::new();
    if let Some(node) = graph.get(id) {
        let class = node.class_type.as_deref().unwrap_or_default();
        hash.update(class);
        hash.update(is_changed(class, node.inputs.as_ref().and_then(|inputs| inputs.get("image")), root));
        let mut inputs: Vec<_> = node.inputs.iter().flatten().collect();
        inputs.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in inputs {
            let content = match link(value) {
                Some((from, slot)) => format!("{} {slot}", signature(graph, root, from, done)),
                None => value.to_string(),
            };
            hash.update(format!("|{name}={content}"));
        }
    }
    let signature = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    done.insert(id.to_owned(), signature.clone());
    signature
}

/// IS_CHANGED of the classes that have one: the file's hash, or something new each time.
fn is_changed(class: &str, image: Option<&Value>, root: &Path) -> Vec<u8> {
    match class {
        "LoadImage" => image
            .and_then(Value::as_str)
            .and_then(|name| std::fs::read(files::annotated(root, name)?).ok())
            .map(|bytes| Sha256::digest(bytes).to_vec())
            .unwrap_or_default(),
        "SaveImageWebsocket" => uuid::Uuid::new_v4().as_bytes().to_vec(),
        _ => Vec::new(),
    }
}
