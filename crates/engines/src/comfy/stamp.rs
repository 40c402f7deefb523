use oreforge_protocol::OutputFile;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::server::Graph;
use super::workflow::embedded_graph;

/// 64 lower-case hex digits; the same for the same graph, whatever the prompt.
pub(crate) fn digest(graph: &Graph) -> String {
    // A map of JSON values is always JSON.
    let json = serde_json::to_vec(graph).unwrap_or_default();
    Sha256::digest(&json).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The random part of a version 7 UUID: 48 bits of it.
fn stamp(prompt_id: &str) -> String {
    let digits: String = prompt_id.chars().filter(char::is_ascii_alphanumeric).collect();
    digits[digits.len().saturating_sub(12)..].to_owned()
}

/// The graph with file names of its own, so that every run writes its files anew: a server that has all of it
/// in its cache would name the files of an earlier run, which may be gone.
pub(crate) fn stamped(graph: &Graph, prompt_id: &str) -> Graph {
    let stamp = stamp(prompt_id);
    let mut graph = graph.clone();
    for node in graph.values_mut() {
        if let Some(Value::String(prefix)) = node.get_mut("inputs").and_then(|i| i.get_mut("filename_prefix"))
        {
            prefix.push('_');
            prefix.push_str(&stamp);
        }
    }
    graph
}

/// Whether every wanted node writes under a name of its own.
pub(crate) fn can_be_stamped(graph: &Graph, wanted: &[String]) -> bool {
    let has_prefix = |id: &String| {
        graph
            .get(id)
            .is_some_and(|node| node.pointer("/inputs/filename_prefix").is_some_and(Value::is_string))
    };
    !wanted.is_empty() && wanted.iter().all(has_prefix)
}

/// Whether a file was surely made by this prompt: it is called after it, and so is the graph stored in it, where
/// there is one. A server counts names up from what lies in its folder, so a name without a stamp comes again when
/// the folder was emptied.
pub(crate) fn bears_stamp(file: &OutputFile, bytes: &[u8], stamped: &Graph, prompt_id: &str) -> bool {
    let prefix = |graph: &Graph| {
        graph.get(&file.node_id)?.pointer("/inputs/filename_prefix")?.as_str().map(str::to_owned)
    };
    let stored = embedded_graph(bytes);
    file.file_name.contains(&stamp(prompt_id))
        && stored.map_or(true, |stored| prefix(&stored) == prefix(stamped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_change() {
        let graph: Graph = serde_json::from_str(
            r#"{"1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
                "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "views/a"}}}"#,
        )
        .unwrap();
        let stamped = stamped(&graph, "0190b2c4-0000-7000-8000-0123456789ab");
        assert_eq!(stamped["2"]["inputs"]["filename_prefix"], "views/a_0123456789ab");
        assert_eq!(stamped["1"], graph["1"]);
        assert_ne!(digest(&stamped), digest(&graph));
        assert!(can_be_stamped(&graph, &["2".to_owned()]));
        assert!(!can_be_stamped(&graph, &["1".to_owned()]));
    }

    #[test]
    fn what_another_prompt_made_bears_no_stamp() {
        let id = "0190b2c4-0000-7000-8000-0123456789ab";
        let graph = |prefix: &str| -> Graph {
            let node =
                serde_json::json!({ "class_type": "SaveGLB", "inputs": { "filename_prefix": prefix } });
            Graph::from_iter([("2".to_owned(), node)])
        };
        let glb = |graph: Option<Graph>| {
            let extras = graph.map(|graph| Value::Object(graph).to_string());
            let json = serde_json::json!({ "asset": { "extras": { "prompt": extras } } }).to_string();
            let mut bytes = b"glTF\x02\0\0\0\0\0\0\0".to_vec();
            bytes.extend(u32::try_from(json.len()).unwrap().to_le_bytes());
            bytes.extend(b"JSON");
            bytes.extend(json.bytes());
            bytes
        };
        let stamped = stamped(&graph("a"), id);
        let file = |file_name: &str| OutputFile {
            node_id: "2".to_owned(),
            kind: "3d".to_owned(),
            file_name: file_name.to_owned(),
            subfolder: String::new(),
            folder: oreforge_protocol::ServerFolder::Output,
        };
        let named = file("a_0123456789ab_00001_.glb");
        for (file, stored, ours) in [
            (&named, Some(stamped.clone()), true),
            // Of a server that stores no graphs.
            (&named, None, true),
            (&named, Some(graph("a")), false),
            (&file("a_00001_.glb"), Some(stamped.clone()), false),
            (&file("a_00001_.glb"), None, false),
        ] {
            assert_eq!(bears_stamp(file, &glb(stored.clone()), &stamped, id), ours, "{file:?} {stored:?}");
        }
    }
}
