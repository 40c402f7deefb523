use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use oreforge_protocol::OutputFile;

use super::failure::NodeFailure;
use super::message::{Message, Preview};

/// Nodes of one prompt that are kept account of.
const MAX_NODES: usize = 4096;

/// What the socket has said about one prompt so far. Good for speed and for show; whether the prompt is done,
/// `/history` decides.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// Nodes that need not run.
    pub cached: BTreeSet<String>,
    pub running: Option<String>,
    /// Finished share of each node that began, 0..=1.
    pub nodes: BTreeMap<String, f64>,
    /// Sampler step and steps, of the running node.
    pub step: Option<(u32, u32)>,
    pub preview: Option<Arc<Preview>>,
    pub(crate) started: bool,
    pub(crate) succeeded: bool,
    pub(crate) failure: Option<NodeFailure>,
    pub(crate) outputs: BTreeMap<String, Vec<OutputFile>>,
    /// Some ending was told.
    pub(crate) over: bool,
    /// Messages about this prompt.
    pub(crate) heard: u64,
    /// Messages about the queue, and about prompts of others.
    pub(crate) heard_of_others: u64,
}

impl News {
    /// Takes in a message, whomever it is about.
    pub(crate) fn hear(&mut self, prompt_id: &str, message: Message) {
        if self.is_about(prompt_id, &message) {
            self.heard += 1;
            self.take(message);
        } else if message != Message::Other {
            self.heard_of_others += 1;
        }
    }

    fn is_about(&self, prompt_id: &str, message: &Message) -> bool {
        match message {
            Message::Status { .. } | Message::Other => false,
            // Told to this socket alone, after it was opened in the middle of a run.
            Message::Executing { prompt_id: None, node } => node.is_some(),
            Message::Step { prompt_id: None, .. } => false,
            // A picture without a name belongs to what runs now.
            Message::Preview(Preview { prompt_id: None, .. }) => self.running.is_some() && !self.over,
            Message::Executing { prompt_id: Some(id), .. }
            | Message::Step { prompt_id: Some(id), .. }
            | Message::Preview(Preview { prompt_id: Some(id), .. })
            | Message::Started { prompt_id: id }
            | Message::Cached { prompt_id: id, .. }
            | Message::Nodes { prompt_id: id, .. }
            | Message::Executed { prompt_id: id, .. }
            | Message::Succeeded { prompt_id: id }
            | Message::Failed { prompt_id: id, .. }
            | Message::Interrupted { prompt_id: id } => id == prompt_id,
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Started { .. } => self.restart(),
            Message::Cached { nodes, .. } => self.cached.extend(nodes.into_iter().take(MAX_NODES)),
            Message::Executing { node: Some(node), .. } => {
                self.started = true;
                if self.running.as_ref() != Some(&node) {
                    self.step = None;
                }
                self.running = Some(node);
            }
            Message::Executing { node: None, .. } => self.end(),
            Message::Nodes { nodes, .. } => {
                self.started = true;
                for node in nodes {
                    let share = if node.finished { 1.0 } else { share(node.value, node.max) };
                    self.note(node.node, share);
                }
            }
            Message::Step { node, value, max, .. } => {
                self.started = true;
                self.step = Some((value as u32, max as u32));
                if let Some(node) = node {
                    self.note(node, share(value, max));
                }
            }
            Message::Executed { node, files, .. } => {
                self.started = true;
                if self.outputs.len() < MAX_NODES {
                    self.outputs.insert(node, files);
                }
            }
            Message::Succeeded { .. } => {
                self.succeeded = true;
                self.end();
            }
            Message::Failed { failure, .. } => {
                self.failure = Some(failure);
                self.end();
            }
            Message::Interrupted { .. } => self.end(),
            Message::Preview(preview) => self.preview = Some(Arc::new(preview)),
            Message::Status { .. } | Message::Other => {}
        }
    }

    /// The same prompt may begin again after a server lost it.
    fn restart(&mut self) {
        let (heard, heard_of_others) = (self.heard, self.heard_of_others);
        *self = Self { started: true, heard, heard_of_others, ..Self::default() };
    }

    fn end(&mut self) {
        self.over = true;
        self.running = None;
        self.step = None;
    }

    /// A node never goes back.
    fn note(&mut self, node: String, share: f64) {
        if self.nodes.len() < MAX_NODES || self.nodes.contains_key(&node) {
            let known = self.nodes.entry(node).or_default();
            *known = known.max(share);
        }
    }
}

fn share(value: f64, max: f64) -> f64 {
    if max > 0.0 { (value / max).clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Everything one client read in a captured transcript, and the first prompt it sent.
    fn replay(transcript: &str) -> (String, News) {
        let lines: Vec<Value> = transcript.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let prompt_id = lines
            .iter()
            .find_map(|line| line["http"]["response"]["prompt_id"].as_str())
            .expect("a transcript of a prompt")
            .to_owned();
        (prompt_id.clone(), heard_by(&prompt_id, &lines))
    }

    fn heard_by(prompt_id: &str, lines: &[Value]) -> News {
        let mut news = News::default();
        for line in lines {
            if line["text"].is_object() {
                news.hear(prompt_id, Message::from_text(&line["text"].to_string()));
            } else if let Some(event) = line["binary"]["event"].as_u64() {
                news.hear(prompt_id, Message::from_binary(&frame(event, &line["binary"])));
            }
        }
        news
    }

    /// The frame whose first bytes were captured; its picture is cut short.
    fn frame(event: u64, binary: &Value) -> Vec<u8> {
        let picture = b"\xff\xd8\xff\xe0....";
        if event == 1 {
            return [&[0, 0, 0, 1, 0, 0, 0, 1][..], picture].concat();
        }
        let metadata = binary["metadata"].to_string();
        let length = u32::try_from(metadata.len()).unwrap().to_be_bytes();
        [&[0, 0, 0, 4][..], &length, metadata.as_bytes(), picture].concat()
    }

    macro_rules! transcript {
        ($name:literal) => {
            include_str!(concat!("../../tests/fixtures/comfy/ws/", $name, ".jsonl"))
        };
    }

    #[test]
    fn follows_a_run_from_start_to_end() {
        for text in [transcript!("success_text_to_image"), transcript!("success_with_feature_flags")] {
            let (_, news) = replay(text);
            assert!(news.started && news.succeeded && news.over && news.failure.is_none());
            assert!(news.preview.is_some());
            let files: Vec<_> = news.outputs.values().flatten().collect();
            assert_eq!(files.len(), 1);
            assert!(files[0].file_name.ends_with(".png"));
            assert!(news.nodes.values().all(|share| *share == 1.0), "{:?}", news.nodes);
        }
    }

    #[test]
    fn a_cached_run_still_names_its_files() {
        let lines: Vec<Value> = transcript!("cached_second_run")
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let ids: Vec<&str> =
            lines.iter().filter_map(|line| line["http"]["response"]["prompt_id"].as_str()).collect();
        let same_again = heard_by(ids[1], &lines);
        assert!(same_again.succeeded && same_again.running.is_none());
        assert_eq!((same_again.cached.len(), same_again.outputs.len()), (4, 1));
        let other_prefix = heard_by(ids[2], &lines);
        assert_eq!((other_prefix.cached.len(), other_prefix.nodes.len()), (3, 1));
    }

    #[test]
    fn failures_and_interrupts_are_told_apart() {
        let (_, failed) = replay(transcript!("error_corrupt_image"));
        assert_eq!(failed.failure.unwrap().message, "Truncated File Read");
        assert!(failed.over && !failed.succeeded);
        let (_, stopped) = replay(transcript!("interrupt_with_prompt_id"));
        assert!(stopped.over && !stopped.succeeded && stopped.failure.is_none());
    }

    #[test]
    fn what_others_run_is_no_news() {
        for text in [transcript!("prompt_without_client_id"), transcript!("other_clients_prompt")] {
            let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let news = heard_by("ours", &lines);
            assert_eq!(news.heard, 0);
            assert!(news.preview.is_none() && news.nodes.is_empty() && !news.over);
            assert!(news.heard_of_others > 0);
        }
    }

    #[test]
    fn goes_on_after_a_reconnect_in_the_middle() {
        let (prompt_id, whole) = replay(transcript!("reconnect_abrupt"));
        assert!(whole.succeeded);
        let lines: Vec<Value> = transcript!("reconnect_abrupt")
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["client"] == "A2")
            .collect();
        let second_half = heard_by(&prompt_id, &lines);
        assert!(second_half.started && second_half.succeeded);
        assert_eq!(second_half.outputs, whole.outputs);
    }

    #[test]
    fn booleans_among_outputs_do_not_hurt() {
        let (_, news) = replay(transcript!("output_kinds"));
        assert!(news.succeeded);
        assert!(news.outputs.values().flatten().count() >= 10);
    }
}
