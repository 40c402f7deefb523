//! What the socket says, read tolerantly: whatever is not understood is passed over, never an error.

use oreforge_protocol::OutputFile;
use serde_json::{Map, Value};

use super::failure::NodeFailure;
use super::json;
use super::outputs::files_of;

/// Nodes listed in one message that are looked at.
const MAX_NODES: usize = 4096;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    /// Prompts of everybody that wait or run.
    Status {
        queue_remaining: u32,
    },
    Started {
        prompt_id: String,
    },
    Cached {
        prompt_id: String,
        nodes: Vec<String>,
    },
    /// Without a prompt id: the running node, told after a reconnect. Without a node: the prompt is over.
    Executing {
        prompt_id: Option<String>,
        node: Option<String>,
    },
    Nodes {
        prompt_id: String,
        nodes: Vec<NodeProgress>,
    },
    Step {
        prompt_id: Option<String>,
        node: Option<String>,
        value: f64,
        max: f64,
    },
    Executed {
        prompt_id: String,
        node: String,
        files: Vec<OutputFile>,
    },
    Succeeded {
        prompt_id: String,
    },
    Failed {
        prompt_id: String,
        failure: NodeFailure,
    },
    Interrupted {
        prompt_id: String,
    },
    Preview(Preview),
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NodeProgress {
    pub node: String,
    pub value: f64,
    pub max: f64,
    pub finished: bool,
}

/// A picture of what a sampler has so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Servers that know no preview metadata do not say whose it is.
    pub prompt_id: Option<String>,
    pub node: Option<String>,
    /// JPEG or PNG, as its first bytes say.
    pub bytes: Vec<u8>,
}

impl Message {
    pub(crate) fn from_text(text: &str) -> Self {
        let Ok(message) = json::parse::<Value>(text.as_bytes()) else { return Message::Other };
        let data = &message["data"];
        let Some(kind) = message["type"].as_str() else { return Message::Other };
        read(kind, data).unwrap_or(Message::Other)
    }

    pub(crate) fn from_binary(frame: &[u8]) -> Self {
        preview(frame).map_or(Message::Other, Message::Preview)
    }
}

fn read(kind: &str, data: &Value) -> Option<Message> {
    let prompt_id = || id(&data["prompt_id"]);
    Some(match kind {
        "status" => {
            let remaining = data["status"]["exec_info"]["queue_remaining"].as_f64()?;
            Message::Status { queue_remaining: remaining.max(0.0) as u32 }
        }
        "execution_start" => Message::Started { prompt_id: prompt_id()? },
        "execution_cached" => {
            let listed = data["nodes"].as_array().into_iter().flatten();
            Message::Cached {
                prompt_id: prompt_id()?,
                nodes: listed.filter_map(id).take(MAX_NODES).collect(),
            }
        }
        "executing" => Message::Executing { prompt_id: prompt_id(), node: id(&data["node"]) },
        "progress_state" => {
            let nodes = data["nodes"].as_object()?;
            let nodes = nodes.iter().take(MAX_NODES).filter_map(node_progress).collect();
            Message::Nodes { prompt_id: prompt_id()?, nodes }
        }
        "progress" => Message::Step {
            prompt_id: prompt_id(),
            node: id(&data["node"]),
            value: data["value"].as_f64()?,
            max: data["max"].as_f64()?,
        },
        "executed" => {
            let node = id(&data["node"])?;
            let files = files_of(&node, &data["output"]);
            Message::Executed { prompt_id: prompt_id()?, node, files }
        }
        "execution_success" => Message::Succeeded { prompt_id: prompt_id()? },
        "execution_error" => Message::Failed { prompt_id: prompt_id()?, failure: NodeFailure::read(data) },
        "execution_interrupted" => Message::Interrupted { prompt_id: prompt_id()? },
        _ => return None,
    })
}

/// Ids are texts; a custom node may say a number.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn node_progress((key, state): (&String, &Value)) -> Option<NodeProgress> {
    Some(NodeProgress {
        node: id(&state["display_node_id"]).unwrap_or_else(|| key.clone()),
        value: state["value"].as_f64()?,
        max: state["max"].as_f64()?,
        finished: state["state"] == "finished",
    })
}

/// Event 1: kind, picture. Event 4: length of the metadata, metadata, picture.
fn preview(frame: &[u8]) -> Option<Preview> {
    let (event, rest) = word(frame)?;
    let (metadata, bytes) = match event {
        1 => (Map::new(), word(rest)?.1),
        4 => {
            let (length, rest) = word(rest)?;
            let (metadata, bytes) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (serde_json::from_slice(metadata).ok()?, bytes)
        }
        _ => return None,
    };
    let picture = bytes.starts_with(&[0xff, 0xd8, 0xff]) || bytes.starts_with(b"\x89PNG\r\n\x1a\n");
    picture.then(|| Preview {
        prompt_id: metadata.get("prompt_id").and_then(id),
        node: metadata.get("display_node_id").or_else(|| metadata.get("node_id")).and_then(id),
        bytes: bytes.to_vec(),
    })
}

fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*word), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_may_be_whole_or_broken() {
        for (text, value) in [("4", 4.0), ("4.0", 4.0), ("1.8446744073709552e19", 1.8446744073709552e19)] {
            let message = Message::from_text(&format!(
                r#"{{"type": "progress", "data": {{"value": {text}, "max": 20, "prompt_id": "p", "node": "3"}}}}"#
            ));
            let Message::Step { value: read, max, .. } = message else { panic!("{message:?}") };
            assert_eq!((read, max), (value, 20.0));
        }
    }

    #[test]
    fn reads_both_kinds_of_previews() {
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3];
        let old = [&[0, 0, 0, 1, 0, 0, 0, 1][..], &jpeg].concat();
        let Message::Preview(preview) = Message::from_binary(&old) else { panic!("no preview") };
        assert_eq!((preview.prompt_id, preview.node, &preview.bytes[..]), (None, None, &jpeg[..]));

        let metadata =
            br#"{"node_id": "3", "prompt_id": "p", "display_node_id": "3", "image_type": "image/jpeg"}"#;
        let length = u32::try_from(metadata.len()).unwrap().to_be_bytes();
        let new = [&[0, 0, 0, 4][..], &length, metadata, &jpeg].concat();
        let Message::Preview(preview) = Message::from_binary(&new) else { panic!("no preview") };
        assert_eq!(
            (preview.prompt_id.as_deref(), preview.node.as_deref(), &preview.bytes[..]),
            (Some("p"), Some("3"), &jpeg[..])
        );

        for broken in [&old[..9], &new[..20], &[0, 0, 0, 4, 255, 255, 255, 255], &[0, 0, 0, 3, 0, 0, 0, 0]] {
            assert_eq!(Message::from_binary(broken), Message::Other);
        }
    }

    proptest! {
        #[test]
        fn nothing_a_server_says_is_an_error(text in ".{0,200}", frame in proptest::collection::vec(any::<u8>(), 0..100)) {
            Message::from_text(&text);
            Message::from_binary(&frame);
        }
    }
}
