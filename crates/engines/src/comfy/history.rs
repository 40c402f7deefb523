use std::collections::HashMap;

use oreforge_protocol::OutputFile;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::failure::NodeFailure;
use super::outputs::all_files;

/// What `GET /history/{id}` tells: nothing while the prompt waits or runs.
pub(crate) type History = HashMap<String, Entry>;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Entry {
    #[serde(default)]
    outputs: Map<String, Value>,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Debug, Clone, Deserialize)]
struct Status {
    #[serde(default)]
    status_str: String,
    #[serde(default)]
    completed: bool,
    #[serde(default)]
    messages: Vec<(String, Value)>,
}

/// How a prompt ended, as the server remembers it.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Success(Vec<OutputFile>),
    Failure(NodeFailure),
    /// Somebody stopped it.
    Interrupted,
}

impl Entry {
    pub(crate) fn verdict(&self) -> Verdict {
        let files = || all_files(&self.outputs);
        let Some(status) = &self.status else { return Verdict::Success(files()) };
        if status.completed && status.status_str != "error" {
            return Verdict::Success(files());
        }
        for (name, data) in status.messages.iter().rev() {
            match name.as_str() {
                "execution_interrupted" => return Verdict::Interrupted,
                "execution_error" => return Verdict::Failure(NodeFailure::read(data)),
                _ => {}
            }
        }
        Verdict::Failure(NodeFailure::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(captured: &str) -> Verdict {
        let history: History = serde_json::from_str(captured).unwrap();
        history.values().next().unwrap().verdict()
    }

    #[test]
    fn reads_what_the_server_remembers() {
        let Verdict::Success(mesh) =
            verdict(include_str!("../../tests/fixtures/comfy/history_success_mesh.json"))
        else {
            panic!("no success");
        };
        assert_eq!(mesh.len(), 1);
        assert_eq!(
            (mesh[0].kind.as_str(), mesh[0].file_name.as_str(), mesh[0].subfolder.as_str()),
            ("3d", "lab_00005_.glb", "mesh")
        );
        let Verdict::Failure(failure) =
            verdict(include_str!("../../tests/fixtures/comfy/history_error.json"))
        else {
            panic!("no failure");
        };
        assert_eq!(failure.node_type, "LoadImage");
        assert_eq!(failure.message, "Truncated File Read");
        assert!(!failure.out_of_memory());
        assert_eq!(
            verdict(include_str!("../../tests/fixtures/comfy/history_interrupted.json")),
            Verdict::Interrupted
        );
    }

    #[test]
    fn finds_files_among_booleans_and_texts() {
        let Verdict::Success(files) =
            verdict(include_str!("../../tests/fixtures/comfy/history_output_kinds.json"))
        else {
            panic!("no success");
        };
        let named = |kind: &str| files.iter().filter(|file| file.kind == kind).count();
        assert_eq!((named("images"), named("latents"), named("animated"), named("text")), (10, 1, 0, 0));
    }
}
