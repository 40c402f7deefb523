use serde_json::Value;
use sha2::{Digest, Sha256};

use super::server::Graph;

/// 64 lower-case hex digits; the same for the same graph, whatever the prompt.
pub(crate) fn digest(graph: &Graph) -> String {
    // A map of JSON values is always JSON.
    let json = serde_json::to_vec(graph).unwrap_or_default();
    Sha256::digest(&json).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The graph with file names of its own, so that every run writes its files anew: a server that has all of it
/// in its cache would name the files of an earlier run, which may be gone.
pub(crate) fn stamped(graph: &Graph, prompt_id: &str) -> Graph {
    let tail: String = prompt_id.chars().filter(char::is_ascii_alphanumeric).collect();
    let tail = &tail[tail.len().saturating_sub(12)..];
    let mut graph = graph.clone();
    for node in graph.values_mut() {
        if let Some(Value::String(prefix)) = node.get_mut("inputs").and_then(|i| i.get_mut("filename_prefix"))
        {
            prefix.push('_');
            prefix.push_str(tail);
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
}
