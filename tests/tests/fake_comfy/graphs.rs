//! The graphs behind the labels of the transcripts, from the captures that hold them in full.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::fixture;

/// JSON that keeps the order of its keys: the server runs nodes in an order that follows from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ordered {
    Object(IndexMap<String, Ordered>),
    Other(Value),
}

impl From<Value> for Ordered {
    fn from(value: Value) -> Self {
        serde_json::from_value(value).unwrap()
    }
}

impl Ordered {
    pub fn nodes(&mut self) -> &mut IndexMap<String, Ordered> {
        match self {
            Ordered::Object(nodes) => nodes,
            Ordered::Other(value) => panic!("{value} has no keys"),
        }
    }

    fn set(mut self, node: &str, input: &str, value: impl Into<Value>) -> Self {
        let inputs = self.nodes()[node].nodes()["inputs"].nodes();
        inputs.insert(input.to_owned(), Ordered::Other(value.into()));
        self
    }
}

pub fn invert(image: &str, width: u32) -> Ordered {
    Ordered::from(json!({
        "1": { "class_type": "LoadImage", "inputs": { "image": image } },
        "2": { "class_type": "ImageScale", "inputs": {
            "image": ["1", 0], "upscale_method": "bilinear", "width": width, "height": 128, "crop": "disabled",
        } },
        "3": { "class_type": "ImageInvert", "inputs": { "image": ["2", 0] } },
        "4": { "class_type": "SaveImage", "inputs": { "images": ["3", 0], "filename_prefix": "lab/d" } },
    }))
}

/// 24 scalings in a row. The captured one makes 2600 pixels of each to be slow; the messages are the same.
pub fn slow(width: u32) -> Ordered {
    let scale = |from: String, width: u32| {
        json!({ "class_type": "ImageScale", "inputs": {
            "image": [from, 0], "upscale_method": "lanczos", "width": width, "height": 16, "crop": "disabled",
        } })
    };
    let mut graph = json!({ "1": { "class_type": "LoadImage", "inputs": { "image": "lab_front.png" } } });
    graph["100"] = scale("1".into(), width);
    for id in 101..124 {
        graph[id.to_string()] = scale((id - 1).to_string(), 16 + id % 2);
    }
    graph["200"] = scale("123".into(), 64);
    graph["201"] = json!({ "class_type": "SaveImage", "inputs": { "images": ["200", 0], "filename_prefix": "lab/slow" } });
    Ordered::from(graph)
}

/// The graph of the only entry of a captured /history.
fn captured(name: &str) -> Ordered {
    #[derive(Deserialize)]
    struct Entry {
        prompt: (Value, Value, Ordered, Value, Vec<String>),
    }
    let history: IndexMap<String, Entry> = serde_json::from_str(&fixture(name)).unwrap();
    let (_, _, mut graph, _, outputs) = history.into_values().next().unwrap().prompt;
    // The server's list of outputs is a Python set. Nodes in that order bring the fake to the same one.
    for output in outputs.iter().rev() {
        let index = graph.nodes().get_index_of(output).unwrap();
        graph.nodes().move_index(index, 0);
    }
    graph
}

pub fn text_to_image(seed: u64, steps: u64) -> Ordered {
    captured("http/history_success.json").set("3", "seed", seed).set("3", "steps", steps)
}

pub fn views(seed: u64) -> Ordered {
    captured("http/history_success_views.json").set("4", "seed", seed)
}

pub fn mesh(seed: u64) -> Ordered {
    captured("http/history_success_mesh.json").set("32", "seed", seed)
}

/// The graph a transcript's label stands for. `fresh` makes it another one than all before.
pub fn labelled(label: &str, fresh: u32, previous: Option<&Ordered>, cached: usize) -> Ordered {
    let seed = u64::from(fresh) * 7919;
    if label.contains("same") || (cached == 4 && label.contains("d_invert")) {
        return previous.unwrap().clone();
    }
    if label.contains("other prefix") {
        return previous.unwrap().clone().set("4", "filename_prefix", "lab/other");
    }
    if label.contains("with the zero123 checkpoint") {
        return text_to_image(1, 2).set("4", "ckpt_name", "tiny-stable-zero123.ckpt");
    }
    if label.contains("a_long_sampling") {
        return text_to_image(seed, 60).set("9", "filename_prefix", "lab/long");
    }
    if label.contains("a_text_to_image") {
        return text_to_image(seed, if label.contains("3 steps") { 3 } else { 4 });
    }
    if label.contains("d_slow") {
        return slow(100 + fresh);
    }
    if label.contains("b_image_to_views") {
        return views(seed);
    }
    if label.contains("c_views_to_mesh") {
        return mesh(seed);
    }
    if label.contains("many kinds of output") {
        return captured("http/history_output_kinds.json");
    }
    if label.contains("PreviewAny") {
        return captured("http/history_preview_nodes.json");
    }
    let image = ["lab_corrupt.png", "lab_over.png"].into_iter().find(|image| label.contains(image));
    let mut graph = invert(image.unwrap_or("lab_front.png"), 100 + fresh);
    if label.contains("a second branch") {
        let nodes = graph.nodes();
        nodes.insert("5".into(), nodes["2"].clone());
        let save = json!({ "class_type": "SaveImage", "inputs": { "images": ["5", 0], "filename_prefix": "lab/bad" } });
        nodes.insert("6".into(), save.into());
        graph = graph.set("5", "width", -5);
    }
    graph
}
