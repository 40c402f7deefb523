use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use super::super::{Graph, Version};

/// What a workflow is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    TextToImage,
    ImageToViews,
    ImageToMesh,
    ViewsToMesh,
    ImageToDepth,
    /// A person's own, with inputs or outputs of another kind.
    Other,
}

/// What a graph cannot say of itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub title: String,
    pub kind: Kind,
    /// The oldest ComfyUI that has all nodes.
    #[serde(deserialize_with = "version")]
    pub min_comfyui: Version,
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
    #[serde(rename = "output")]
    pub outputs: Vec<Output>,
    #[serde(default, rename = "model")]
    pub models: Vec<ModelFile>,
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
    let text = String::deserialize(deserializer)?;
    Version::read(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no version of ComfyUI")))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    Text,
    Integer,
    Number,
    /// 0 to 2⁶⁴ - 1; a new one for each run unless given.
    Seed,
    /// One of a list that the server knows.
    Choice,
    /// The name of an uploaded picture.
    Picture,
}

/// A place in the graph.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub node: String,
    pub field: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: InputKind,
    pub node: String,
    pub field: String,
    /// Other places that take the same value.
    #[serde(default)]
    pub also: Vec<Place>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub default: Option<Value>,
    /// Nodes left out, with the links to them, when nothing is given.
    #[serde(default)]
    pub removes: Vec<String>,
}

impl Input {
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        let also = self.also.iter().map(|place| (place.node.as_str(), place.field.as_str()));
        std::iter::once((self.node.as_str(), self.field.as_str())).chain(also)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    Images,
    Mesh,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    pub node: String,
    #[serde(rename = "type")]
    pub kind: OutputKind,
    /// Where the cameras of the pictures stand, in order, when they are views of one object.
    #[serde(default)]
    pub azimuths_deg: Vec<f32>,
}

/// A model the graph loads, by any of its usual names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    pub node: String,
    pub field: String,
    /// Below ComfyUI's models folder.
    pub folder: String,
    /// Best first.
    pub names: Vec<String>,
    /// Where a person gets it.
    pub page: String,
    /// Where the file itself is, when that is known: it becomes the first of `names`.
    pub url: Option<String>,
}

#[derive(Debug, Error)]
pub enum ManifestError {
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("The manifest names node {0:?}, which the workflow does not have.")]
    NoSuchNode(String),
    #[error("The manifest names the input {0:?} twice.")]
    Twice(String),
    #[error("The manifest names no output.")]
    NoOutput,
}

impl Manifest {
    /// Reads a manifest and holds it to its graph.
    pub fn parse(text: &str, graph: &Graph) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text)?;
        let inputs = manifest.inputs.iter().flat_map(|input| {
            input.places().map(|(node, _)| node).chain(input.removes.iter().map(String::as_str))
        });
        let nodes = inputs
            .chain(manifest.outputs.iter().map(|output| output.node.as_str()))
            .chain(manifest.models.iter().map(|model| model.node.as_str()));
        for node in nodes {
            if !graph.contains_key(node) {
                return Err(ManifestError::NoSuchNode(node.to_owned()));
            }
        }
        for (index, input) in manifest.inputs.iter().enumerate() {
            if manifest.inputs[..index].iter().any(|earlier| earlier.name == input.name) {
                return Err(ManifestError::Twice(input.name.clone()));
            }
        }
        if manifest.outputs.is_empty() {
            return Err(ManifestError::NoOutput);
        }
        Ok(manifest)
    }
}
