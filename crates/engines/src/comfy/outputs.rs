use oreforge_protocol::{OutputFile, ServerFolder};
use serde_json::{Map, Value};

/// Files named in one prompt's outputs that are looked at.
const MAX_FILES: usize = 4096;
/// Of a name or a folder; what file systems take.
const MAX_NAME_BYTES: usize = 4096;

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
    let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
    let (file_name, subfolder) = (text("filename"), text("subfolder"));
    if file_name.is_empty() || file_name.len().max(subfolder.len()) > MAX_NAME_BYTES {
        return None;
    }
    let folder = match item.get("type").and_then(Value::as_str) {
        Some("temp") => ServerFolder::Temp,
        Some("input") => ServerFolder::Input,
        Some("output") | None => ServerFolder::Output,
        Some(_) => return None,
    };
    Some(OutputFile {
        node_id: node_id.to_owned(),
        kind: kind.to_owned(),
        file_name: file_name.to_owned(),
        subfolder: subfolder.to_owned(),
        folder,
    })
}
