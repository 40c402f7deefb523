//! A graph held against what a server has, before anything is queued.

mod nearest;
mod object_info;

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Number, Value};

use super::workflow::{InputKind, Manifest, ModelFile, link};
use super::{Graph, Version};
use nearest::nearest;

pub use object_info::{Class, InputSpec, ObjectInfo, ObjectInfoError, Takes};

/// How the names of model files end.
const MODEL_ENDINGS: [&str; 9] =
    [".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft", ".onnx", ".pkl"];
/// How many of what is installed are offered instead of what is not.
const OFFERED: usize = 3;

/// The graph as this server can run it, and all that is in the way.
#[derive(Debug, Clone)]
pub struct Preflight {
    pub graph: Graph,
    /// What was changed so that it fits, in words.
    pub changes: Vec<String>,
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    ServerTooOld {
        version: Version,
        wanted: Version,
    },
    NodeNotInstalled,
    ModelNotInstalled {
        wanted: Vec<String>,
        folder: Option<String>,
        page: Option<String>,
        offered: Vec<String>,
    },
    NotInList {
        value: String,
        offered: Vec<String>,
        options: usize,
    },
    OutOfRange {
        value: Number,
        min: Option<Value>,
        max: Option<Value>,
    },
    WrongType {
        value: Value,
        wanted: &'static str,
    },
    /// Neither a value nor a default.
    Missing,
    /// A link to a node or an output that is not there.
    BrokenLink {
        to: String,
    },
}

/// One thing in the way, at one input, at a node or, without one, at the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub node: String,
    pub class: String,
    pub input: Option<String>,
    pub fault: Fault,
}

impl Problem {
    /// What a person can do.
    pub fn hint(&self) -> String {
        let or = |names: &[String]| names.join(" or ");
        match &self.fault {
            Fault::ServerTooOld { wanted, .. } => format!("Update ComfyUI to {wanted} or newer."),
            Fault::NodeNotInstalled => format!(
                "Update ComfyUI, or install the custom nodes that bring {}, and start it again.",
                self.class
            ),
            Fault::ModelNotInstalled { folder, page, offered, .. } => {
                let place =
                    folder.as_ref().map(|folder| format!(" into models/{folder}")).unwrap_or_default();
                let source = page.as_ref().map(|page| format!(" from {page}")).unwrap_or_default();
                let instead = match offered.as_slice() {
                    [] => String::new(),
                    offered => format!(" Installed and alike: {}.", or(offered)),
                };
                format!("Put the file{place}{source}.{instead}")
            }
            Fault::NotInList { offered, options, .. } => match offered.as_slice() {
                [] => format!("The server knows {options} others."),
                offered => format!("Did you mean {}?", or(offered)),
            },
            Fault::OutOfRange { min, max, .. } => match (min, max) {
                (Some(min), Some(max)) => format!("Choose a value from {min} to {max}."),
                (Some(min), None) => format!("Choose {min} or more."),
                (None, Some(max)) => format!("Choose {max} or less."),
                (None, None) => "Choose another value.".to_owned(),
            },
            Fault::WrongType { wanted, .. } => format!("Give {wanted}."),
            Fault::Missing => "Set it in the workflow, or link it to another node.".to_owned(),
            Fault::BrokenLink { .. } => "Export the workflow from ComfyUI again.".to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, class, input, fault } = self;
        let input = input.as_deref().unwrap_or_default();
        match fault {
            Fault::ServerTooOld { version, wanted } => {
                write!(f, "This is ComfyUI {version}; the workflow needs {wanted}.")
            }
            Fault::NodeNotInstalled => write!(f, "This ComfyUI has no node {class}."),
            Fault::ModelNotInstalled { wanted, .. } => {
                write!(f, "The model {} is not installed.", wanted.first().map_or("", String::as_str))
            }
            Fault::NotInList { value, .. } => write!(f, "{class} ({node}) has no {input} {value:?}."),
            Fault::OutOfRange { value, .. } => write!(f, "{input} of {class} ({node}) cannot be {value}."),
            Fault::WrongType { value, wanted } => {
                write!(f, "{input} of {class} ({node}) takes {wanted}, not {value}.")
            }
            Fault::Missing => write!(f, "{input} of {class} ({node}) is not set."),
            Fault::BrokenLink { to } => {
                write!(f, "{input} of {class} ({node}) is linked to {to}, which is not there.")
            }
        }
    }
}

/// Finds all that is in the way of a filled graph, and mends what needs no person: a model that lies in another
/// folder or under another of its names, an input that is missing and has a default on the server.
pub fn preflight(graph: &Graph, manifest: &Manifest, server: &ObjectInfo) -> Preflight {
    let mut check = Check { manifest, server, changes: Vec::new(), problems: Vec::new() };
    check.version();
    let mut mended = graph.clone();
    for (id, node) in graph {
        check.node(graph, &mut mended, id, node);
    }
    Preflight { graph: mended, changes: check.changes, problems: check.problems }
}

struct Check<'a> {
    manifest: &'a Manifest,
    server: &'a ObjectInfo,
    changes: Vec<String>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    /// A server that does not tell its version may be new enough: its nodes are looked at all the same.
    fn version(&mut self) {
        let wanted = self.manifest.min_comfyui;
        if let Some(version) = self.server.version.filter(|&version| version < wanted) {
            let fault = Fault::ServerTooOld { version, wanted };
            self.problems.push(Problem { node: String::new(), class: String::new(), input: None, fault });
        }
    }

    fn node(&mut self, graph: &Graph, mended: &mut Graph, id: &str, node: &Value) {
        let class_name = node["class_type"].as_str().unwrap_or_default();
        let problem = |input: Option<&str>, fault: Fault| Problem {
            node: id.to_owned(),
            class: class_name.to_owned(),
            input: input.map(str::to_owned),
            fault,
        };
        let Some(class) = self.server.class(class_name) else {
            // Once for each class: a graph may use it twenty times.
            let told = self
                .problems
                .iter()
                .any(|told| told.fault == Fault::NodeNotInstalled && told.class == class_name);
            if !told {
                self.problems.push(problem(None, Fault::NodeNotInstalled));
            }
            return;
        };
        for (name, spec) in &class.inputs {
            let value = &node["inputs"][name.as_str()];
            if value.is_null() {
                match (&spec.default, spec.required) {
                    (Some(default), true) => set(mended, id, name, default.clone()),
                    (None, true) => self.problems.push(problem(Some(name), Fault::Missing)),
                    (_, false) => {}
                }
                continue;
            }
            if value.is_array() {
                if let Some(to) = self.broken(graph, value) {
                    self.problems.push(problem(Some(name), Fault::BrokenLink { to }));
                }
                continue;
            }
            match self.value(id, name, spec, value) {
                Ok(None) => {}
                Ok(Some(other)) => {
                    self.changes.push(format!("{name} of {class_name}: {other} instead of {value}"));
                    set(mended, id, name, other);
                }
                Err(fault) => self.problems.push(problem(Some(name), fault)),
            }
        }
    }

    fn broken(&self, graph: &Graph, value: &Value) -> Option<String> {
        let Some((from, slot)) = link(value) else { return Some(value.to_string()) };
        let Some(node) = graph.get(from) else { return Some(format!("node {from}")) };
        let class = self.server.class(node["class_type"].as_str()?)?;
        (slot >= class.output_count as u64).then(|| format!("output {slot} of node {from}"))
    }

    /// Another value to take instead, if there is one.
    fn value(&self, id: &str, name: &str, spec: &InputSpec, value: &Value) -> Result<Option<Value>, Fault> {
        let wrong = |wanted| Fault::WrongType { value: value.clone(), wanted };
        match &spec.takes {
            Takes::Integer { min, max } => {
                in_range(value, min, max).ok_or_else(|| wrong("a whole number"))?
            }
            Takes::Number { min, max } => in_range(value, min, max).ok_or_else(|| wrong("a number"))?,
            Takes::OneOf(Some(options)) => return self.one_of(id, name, options, value),
            Takes::Link(_) => return Err(wrong("a link to another node")),
            Takes::Text | Takes::Boolean | Takes::OneOf(None) | Takes::Anything => Ok(()),
        }
        .map(|()| None)
    }

    fn one_of(&self, id: &str, name: &str, options: &[Value], value: &Value) -> Result<Option<Value>, Fault> {
        let picture =
            self.manifest.inputs.iter().any(|input| {
                input.kind == InputKind::Picture && input.places().any(|place| place == (id, name))
            });
        // Uploaded pictures in subfolders are accepted and not listed.
        if options.contains(value) || picture {
            return Ok(None);
        }
        let names: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let model = self
            .manifest
            .models
            .iter()
            .find(|model| (model.node.as_str(), model.field.as_str()) == (id, name));
        if model.is_none() && !is_model(&text) {
            let offered = owned(nearest(&text, names.iter().copied(), OFFERED.min(1)));
            return Err(Fault::NotInList { value: text, offered, options: options.len() });
        }
        // Other names stand for the model the workflow is made for, not for one that a person chose.
        let usual = model.filter(|model| model.names.iter().any(|name| file_name(name) == file_name(&text)));
        let others = usual.map(|model| model.names.as_slice()).unwrap_or_default();
        let wanted: Vec<String> =
            std::iter::once(&text).chain(others.iter().filter(|name| **name != text)).cloned().collect();
        match wanted.iter().find_map(|wanted| installed(wanted, &names)) {
            Some(found) => Ok(Some(Value::from(found))),
            None => Err(missing(wanted, model, usual.map(|model| model.page.clone()), &names)),
        }
    }
}

fn missing(
    wanted: Vec<String>,
    model: Option<&ModelFile>,
    page: Option<String>,
    installed: &[&str],
) -> Fault {
    let offered = wanted.first().map(|name| nearest(file_name(name), installed.iter().copied(), OFFERED));
    Fault::ModelNotInstalled {
        offered: owned(offered.unwrap_or_default()),
        wanted,
        folder: model.map(|model| model.folder.clone()),
        page,
    }
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn set(graph: &mut Graph, id: &str, name: &str, value: Value) {
    if let Some(inputs) = graph.get_mut(id).and_then(|node| node["inputs"].as_object_mut()) {
        inputs.insert(name.to_owned(), value);
    }
}

fn is_model(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    MODEL_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// A server on Windows lists folders with backslashes, a graph made elsewhere has slashes.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The installed file of this name, wherever it lies. The shortest path when there are several.
fn installed<'a>(wanted: &str, installed: &[&'a str]) -> Option<&'a str> {
    let wanted = file_name(wanted);
    installed
        .iter()
        .copied()
        .filter(|name| file_name(name).eq_ignore_ascii_case(wanted))
        .min_by_key(|name| (name.len(), *name))
}

/// None when the value is no number. Texts that are numbers pass, as they do on the server.
fn in_range(value: &Value, min: &Option<Value>, max: &Option<Value>) -> Option<Result<(), Fault>> {
    let number: Number = match value {
        Value::Number(number) => number.clone(),
        Value::String(text) => serde_json::from_str(text.trim()).ok()?,
        _ => return None,
    };
    let limit = |limit: &Option<Value>| limit.as_ref().and_then(Value::as_number).cloned();
    let below = limit(min).is_some_and(|min| compare(&number, &min) == Ordering::Less);
    let above = limit(max).is_some_and(|max| compare(&number, &max) == Ordering::Greater);
    Some(if below || above {
        Err(Fault::OutOfRange { value: number, min: min.clone(), max: max.clone() })
    } else {
        Ok(())
    })
}

/// Whole numbers exactly: limits reach 2⁶⁴ - 1. Beyond 64 bits both are as near as a float comes.
fn compare(a: &Number, b: &Number) -> Ordering {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}
