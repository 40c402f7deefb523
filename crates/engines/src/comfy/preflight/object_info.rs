use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::comfy::Version;

/// Of an answer to GET /object_info. With many custom nodes it is a few megabytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// How the kinds begin whose inputs newer servers fold away under dotted names, `images.image0`.
const DYNAMIC: &str = "COMFY_";

#[derive(Debug, Error, PartialEq, Eq)]
pub enum ObjectInfoError {
    #[error("The server's list of nodes is larger than {} MB.", MAX_BYTES / (1024 * 1024))]
    TooLarge,
    #[error("The server's list of nodes cannot be read: {0}")]
    NotJson(String),
}

/// What nodes a server has, and what they take. Anything of an unknown shape is left out.
#[derive(Debug, Clone, Default)]
pub struct ObjectInfo {
    classes: BTreeMap<String, Class>,
    /// Of the server, where it is known.
    pub version: Option<Version>,
}

#[derive(Debug, Clone)]
pub struct Class {
    pub inputs: BTreeMap<String, InputSpec>,
    pub output_count: usize,
    pub is_output: bool,
}

#[derive(Debug, Clone)]
pub struct InputSpec {
    pub required: bool,
    pub takes: Takes,
    pub default: Option<Value>,
}

#[derive(Debug, Clone)]
pub enum Takes {
    Integer {
        min: Option<Value>,
        max: Option<Value>,
    },
    Number {
        min: Option<Value>,
        max: Option<Value>,
    },
    Text,
    Boolean,
    /// One of these. None when the server tells the list elsewhere.
    OneOf(Option<Vec<Value>>),
    /// Only a link.
    Link(String),
    /// What only the node itself can judge: the widgets of custom nodes, several kinds at once, inputs that grow.
    Anything,
}

impl ObjectInfo {
    /// Reads the body of GET /object_info.
    pub fn parse(body: &[u8]) -> Result<Self, ObjectInfoError> {
        if body.len() > MAX_BYTES {
            return Err(ObjectInfoError::TooLarge);
        }
        let all: Map<String, Value> =
            serde_json::from_slice(body).map_err(|error| ObjectInfoError::NotJson(error.to_string()))?;
        Ok(Self::of(&all))
    }

    /// From the answer to GET /object_info, which does not tell the version.
    pub fn of(all: &Map<String, Value>) -> Self {
        let made = all.values().filter_map(|class| class["output"].as_array()).flatten();
        let made: BTreeSet<&str> = made.filter_map(Value::as_str).collect();
        let classes = all.iter().map(|(name, class)| (name.clone(), read(class, &made))).collect();
        Self { classes, version: None }
    }

    /// The same, with what else is known of the server.
    pub fn on(self, version: Option<Version>) -> Self {
        Self { version, ..self }
    }

    pub fn class(&self, name: &str) -> Option<&Class> {
        self.classes.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.classes.keys().map(String::as_str)
    }
}

/// `made`: what nodes of this server give, and so what travels along links.
fn read(class: &Value, made: &BTreeSet<&str>) -> Class {
    let part = |name: &str, required: bool| {
        let inputs = class["input"][name].as_object().cloned().unwrap_or_default();
        inputs.into_iter().filter_map(move |(name, spec)| Some((name, input(&spec, required, made)?)))
    };
    Class {
        inputs: part("required", true).chain(part("optional", false)).collect(),
        output_count: class["output"].as_array().map_or(0, Vec::len),
        is_output: class["output_node"] == Value::Bool(true),
    }
}

/// `[type, {…}]`, often without the second part. A combo is a list in the place of its type, or "COMBO" with
/// `options`. Hidden inputs are bare texts and are not asked for here.
fn input(spec: &Value, required: bool, made: &BTreeSet<&str>) -> Option<InputSpec> {
    let parts = spec.as_array()?;
    let settings = parts.get(1);
    let setting = |name: &str| settings.and_then(|settings| settings.get(name)).cloned();
    let limits = || (setting("min"), setting("max"));
    let takes = match parts.first()? {
        Value::Array(options) => Takes::OneOf(Some(options.clone())),
        Value::String(kind) => match kind.as_str() {
            "COMBO" => Takes::OneOf(setting("options").and_then(|options| options.as_array().cloned())),
            "INT" => {
                let (min, max) = limits();
                Takes::Integer { min, max }
            }
            "FLOAT" => {
                let (min, max) = limits();
                Takes::Number { min, max }
            }
            "STRING" => Takes::Text,
            "BOOLEAN" => Takes::Boolean,
            "*" => Takes::Anything,
            other if made.contains(other) && !other.starts_with(DYNAMIC) => Takes::Link(other.to_owned()),
            _ => Takes::Anything,
        },
        _ => return None,
    };
    let first = match &takes {
        Takes::OneOf(Some(options)) => options.first().cloned(),
        _ => None,
    };
    let dynamic = parts[0].as_str().is_some_and(|kind| kind.starts_with(DYNAMIC));
    Some(InputSpec { required: required && !dynamic, takes, default: setting("default").or(first) })
}
