use std::fmt;

use serde_json::Value;

use super::http::shortened;

/// Why a server does not take a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    /// One for each fault in a node.
    pub faults: Vec<NodeFault>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFault {
    pub node_id: String,
    pub class_type: String,
    /// ComfyUI's name of the fault, as `value_not_in_list`.
    pub kind: String,
    pub message: String,
    pub details: String,
}

impl Refusal {
    /// The answer to a prompt that was not taken. Other programs in front of ComfyUI answer with plain text.
    pub(crate) fn read(status: u16, body: &str) -> Self {
        let Ok(answer) = serde_json::from_str::<Value>(body) else {
            return Self {
                message: format!("{status} {}", shortened(body)).trim().to_owned(),
                faults: Vec::new(),
            };
        };
        let error = &answer["error"];
        let text = |key: &str| error[key].as_str().unwrap_or_default().trim();
        let message = [text("message"), text("details")].into_iter().filter(|part| !part.is_empty());
        let message = message.collect::<Vec<_>>().join(" ");
        let message = if message.is_empty() { format!("The server answered {status}.") } else { message };
        Self { message, faults: faults(&answer["node_errors"]) }
    }

    /// Taken, though something is wrong: the refusal of the wanted outputs, if any of them is concerned.
    pub(crate) fn in_part(node_errors: &Value, wanted: &[String]) -> Option<Self> {
        let nodes = node_errors.as_object().filter(|nodes| !nodes.is_empty())?;
        let concerned = |id: &String| wanted.contains(id);
        let hit = wanted.is_empty()
            || nodes.iter().any(|(id, node)| {
                let outputs = node["dependent_outputs"].as_array().into_iter().flatten();
                concerned(id) || outputs.filter_map(Value::as_str).any(|id| concerned(&id.to_owned()))
            });
        hit.then(|| Self {
            message: "Only a part of the graph can run.".to_owned(),
            faults: faults(node_errors),
        })
    }

    pub(crate) fn too_old() -> Self {
        let message = "This ComfyUI is too old: it does not take prompt ids.".to_owned();
        Self { message, faults: Vec::new() }
    }
}

fn faults(node_errors: &Value) -> Vec<NodeFault> {
    let nodes = node_errors.as_object().into_iter().flatten();
    let listed = nodes.flat_map(|(id, node)| {
        node["errors"].as_array().into_iter().flatten().map(move |error| {
            let text = |value: &Value| shortened(value.as_str().unwrap_or_default().trim());
            NodeFault {
                node_id: id.clone(),
                class_type: text(&node["class_type"]),
                kind: text(&error["type"]),
                message: text(&error["message"]),
                details: text(&error["details"]),
            }
        })
    });
    listed.take(64).collect()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for NodeFault { node_id, class_type, message, details, .. } in &self.faults {
            write!(f, "\n{class_type} (node {node_id}): {message}: {details}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_which_node() {
        let errors: Value =
            serde_json::from_str(include_str!("../../tests/fixtures/comfy/errors.json")).unwrap();
        let refusal = |name: &str| {
            let answer = &errors[name]["response"];
            let body = match &answer["body"] {
                Value::String(text) => text.clone(),
                body => body.to_string(),
            };
            Refusal::read(u16::try_from(answer["status"].as_u64().unwrap()).unwrap(), &body)
        };
        assert_eq!(
            refusal("missing_node_type").message,
            "Cannot execute because node NoSuchNode does not exist. Node ID '#3'"
        );
        let two = refusal("two_bad_nodes");
        assert_eq!(two.faults.len(), 3);
        let of = |kind: &str| two.faults.iter().find(|fault| fault.kind == kind).unwrap();
        assert_eq!(of("value_smaller_than_min").class_type, "KSampler");
        assert!(of("value_not_in_list").details.contains("not in"));
        // Not JSON at all.
        assert!(refusal("prompt_body_is_not_json").message.starts_with("500 500 Internal Server Error"));
        let cycle = refusal("cycle");
        assert!(cycle.faults.is_empty() && !cycle.message.is_empty());
    }

    #[test]
    fn a_part_that_is_not_wanted_may_be_missing() {
        let errors: Value = serde_json::json!({
            "5": { "errors": [{ "type": "value_smaller_than_min", "message": "Value -5 smaller than min of 1", "details": "width" }],
                   "dependent_outputs": ["9"], "class_type": "ImageScale" }
        });
        let wanted = |id: &str| Refusal::in_part(&errors, &[id.to_owned()]);
        assert_eq!(wanted("4"), None);
        assert_eq!(wanted("9").unwrap().faults.len(), 1);
        assert_eq!(Refusal::in_part(&serde_json::json!({}), &[]), None);
    }
}
