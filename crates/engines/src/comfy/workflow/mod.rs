//! Graphs in ComfyUI's API format with a manifest of what a person may set: the built-in ones, and what people put
//! into their own folder.

mod embedded;
mod infer;
mod manifest;
mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use thiserror::Error;

use super::Graph;

pub use embedded::{EmbeddedError, embedded_graph};
pub use infer::infer;
pub use manifest::{Input, InputKind, Kind, Manifest, ManifestError, ModelFile, Output, OutputKind, Place};
pub(super) use parse::link;
pub use parse::{GraphError, MAX_BYTES, MAX_NODES, NodeId, parse_graph};

/// More files than that in a workflows folder are not looked at.
const MAX_FILES: usize = 200;

macro_rules! built_in {
    ($($name:literal)*) => {
        [$((
            $name,
            include_str!(concat!("../../../../../workflows/", $name, ".json")),
            include_str!(concat!("../../../../../workflows/", $name, ".toml")),
        )),*]
    };
}

const BUILT_IN: [(&str, &str, &str); 9] = built_in! {
    "text-to-image-sd15" "text-to-image-sdxl" "variation-sd15" "variation-sdxl"
    "image-to-views-zero123" "image-to-views-sv3d" "image-to-mesh-hunyuan3d"
    "views-to-mesh-hunyuan3d" "image-to-depth-lotus"
};

#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// The file's name without its ending.
    pub name: String,
    pub manifest: Manifest,
    pub graph: Graph,
}

#[derive(Debug, Error)]
pub enum WorkflowError {
    #[error("{0}")]
    Graph(#[from] GraphError),
    #[error("{0}")]
    Manifest(#[from] ManifestError),
    #[error("The file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// A value that an input does not take.
#[derive(Debug, Error, PartialEq)]
pub enum InputError {
    #[error("The workflow has no input {name:?}. It has: {known}.")]
    Unknown { name: String, known: String },
    #[error("{name} takes {wanted}, not {given}.")]
    WrongType { name: String, wanted: &'static str, given: Value },
    #[error("{name} must lie between {min} and {max}, and {given} does not.")]
    OutOfRange { name: String, min: f64, max: f64, given: f64 },
    #[error("The workflow needs a picture for {0}.")]
    PictureMissing(String),
}

impl Workflow {
    /// The workflows that come with the program.
    pub fn built_in() -> Vec<Self> {
        BUILT_IN
            .iter()
            .map(|(name, graph, manifest)| {
                Self::parse(name, graph.as_bytes(), Some(manifest))
                    .expect("a test reads every built-in workflow")
            })
            .collect()
    }

    /// A graph with its manifest, or with one made from its nodes.
    pub fn parse(name: &str, graph: &[u8], manifest: Option<&str>) -> Result<Self, WorkflowError> {
        let graph = parse_graph(graph)?;
        let manifest = match manifest {
            Some(text) => Manifest::parse(text, &graph)?,
            None => infer(name, &graph),
        };
        Ok(Self { name: name.to_owned(), manifest, graph })
    }

    /// Every `.json` of a folder, in order of name, each with the `.toml` beside it if there is one. A folder that
    /// is missing is empty.
    pub fn load_folder(folder: &Path) -> Vec<(PathBuf, Result<Self, WorkflowError>)> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let files: BTreeSet<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")))
            .take(MAX_FILES)
            .collect();
        files
            .into_iter()
            .map(|path| {
                let workflow = Self::load(&path);
                (path, workflow)
            })
            .collect()
    }

    fn load(path: &Path) -> Result<Self, WorkflowError> {
        let read = |path: &Path| {
            if std::fs::metadata(path)?.len() > MAX_BYTES as u64 {
                return Err(WorkflowError::Graph(GraphError::TooLarge));
            }
            Ok(std::fs::read(path)?)
        };
        let graph = read(path)?;
        let beside = path.with_extension("toml");
        let manifest = if beside.is_file() { Some(read(&beside)?) } else { None };
        let manifest = manifest.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self::parse(&name, &graph, manifest.as_deref())
    }

    /// The classes of its nodes.
    pub fn classes(&self) -> BTreeSet<&str> {
        self.graph.values().filter_map(|node| node["class_type"].as_str()).collect()
    }

    /// The graph with these values in their places. What is not given keeps its default; a picture that is not
    /// given takes the nodes of its `removes` with it.
    pub fn fill(&self, values: &BTreeMap<String, Value>) -> Result<Graph, InputError> {
        let inputs = &self.manifest.inputs;
        if let Some(name) = values.keys().find(|name| inputs.iter().all(|input| input.name != **name)) {
            let known = inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(InputError::Unknown { name: name.clone(), known });
        }
        let mut graph = self.graph.clone();
        for input in inputs {
            match values.get(&input.name).or(input.default.as_ref()) {
                Some(value) => {
                    let value = taken(input, value)?;
                    for (node, field) in input.places() {
                        let inputs = graph.get_mut(node).and_then(|node| node["inputs"].as_object_mut());
                        // Another input may have left the node out.
                        if let Some(inputs) = inputs {
                            inputs.insert(field.to_owned(), value.clone());
                        }
                    }
                }
                None if !input.removes.is_empty() => leave_out(&mut graph, &input.removes),
                None if input.kind == InputKind::Picture => {
                    return Err(InputError::PictureMissing(input.name.clone()));
                }
                None => {}
            }
        }
        Ok(graph)
    }
}

fn leave_out(graph: &mut Graph, nodes: &[String]) {
    graph.retain(|id, _| !nodes.contains(id));
    for node in graph.values_mut() {
        if let Some(inputs) = node["inputs"].as_object_mut() {
            inputs.retain(|_, value| {
                link(value).is_none_or(|(from, _)| !nodes.iter().any(|node| node == from))
            });
        }
    }
}

/// The value as the graph takes it. Texts from a command line become numbers.
fn taken(input: &Input, value: &Value) -> Result<Value, InputError> {
    let wrong = |wanted| InputError::WrongType { name: input.name.clone(), wanted, given: value.clone() };
    let read = match value {
        Value::String(text)
            if !matches!(input.kind, InputKind::Text | InputKind::Choice | InputKind::Picture) =>
        {
            serde_json::from_str(text.trim()).unwrap_or(Value::Null)
        }
        value => value.clone(),
    };
    match input.kind {
        InputKind::Text | InputKind::Choice | InputKind::Picture => {
            return if read.is_string() { Ok(read) } else { Err(wrong("a text")) };
        }
        InputKind::Seed if !read.is_u64() => return Err(wrong("a whole number from 0")),
        InputKind::Integer if !read.is_i64() && !read.is_u64() => return Err(wrong("a whole number")),
        InputKind::Number if !read.is_number() => return Err(wrong("a number")),
        InputKind::Seed | InputKind::Integer | InputKind::Number => {}
    }
    let given = read.as_f64().unwrap_or_default();
    let (min, max) = (input.min.unwrap_or(f64::NEG_INFINITY), input.max.unwrap_or(f64::INFINITY));
    if given < min || given > max {
        return Err(InputError::OutOfRange { name: input.name.clone(), min, max, given });
    }
    Ok(read)
}
