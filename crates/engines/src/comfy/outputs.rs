use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Files named in one prompt's outputs that are looked at.
const MAX_FILES: usize = 4096;

/// The folder of the server a file lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Folder {
    Output,
    Temp,
    Input,
}

impl Folder {
    pub fn as_str(self) -> &'static str {
        match self {
            Folder::Output => "output",
            Folder::Temp => "temp",
            Folder::Input => "input",
        }
    }
}

/// A file on the server as a node names it. Its name is passed back to the server and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OutputFile {
    pub node_id: String,
    /// `images`, `3d`, `latents`, …: the node's own word.
    pub kind: String,
    pub file_name: String,
    pub subfolder: String,
    pub folder: Folder,
}

/// The files among what one node reports. Its lists also hold booleans, texts and whatever else; those are
/// passed over.
pub(crate) fn files_of(node_id: &str, output: &Value) -> Vec<OutputFile> {
    let Some(kinds) = output.as_object() else { return Vec::new() };
    let listed = kinds.iter().flat_map(|(kind, list)| {
        list.as_array().into_iter().flatten().filter_map(move |item| file_of(node_id, kind, item))
    });
    listed.take(MAX_FILES).collect()
}

pub(crate) fn all_files(outputs: &Map<String, Value>) -> Vec<OutputFile> {
    outputs.iter().flat_map(|(node_id, output)| files_of(node_id, output)).take(MAX_FILES).collect()
}

fn file_of(node_id: &str, kind: &str, item: &Value) -> Option<OutputFile> {
    let file_name = item.get("filename")?.as_str().filter(|name| !name.is_empty())?;
    let folder = match item.get("type").and_then(Value::as_str) {
        Some("temp") => Folder::Temp,
        Some("input") => Folder::Input,
        Some("output") | None => Folder::Output,
        Some(_) => return None,
    };
    Some(OutputFile {
        node_id: node_id.to_owned(),
        kind: kind.to_owned(),
        file_name: file_name.to_owned(),
        subfolder: item.get("subfolder").and_then(Value::as_str).unwrap_or_default().to_owned(),
        folder,
    })
}
