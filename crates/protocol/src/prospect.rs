use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::SourceRef;

/// Longest prompt, in characters.
const MAX_PROMPT_CHARS: usize = 10_000;

/// Most pictures of one job.
const MAX_PICTURES: u32 = 64;

/// The largest seed: 2⁵³ − 1, so that JavaScript keeps every digit.
const MAX_SEED: u64 = (1 << 53) - 1;

/// What the pictures of a prospect job are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProspectGoal {
    /// What the prompt says.
    #[default]
    Pictures,
    /// How near what `source` shows is: one picture, grey, without a prompt.
    DepthMap,
}

/// Everything a prospect job needs to run, and to run again with the same result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProspectRequest {
    #[serde(default)]
    pub goal: ProspectGoal,
    pub prompt: String,
    /// How many pictures, 1..=64; they are made one after the other.
    #[serde(default = "one")]
    pub count: u32,
    /// Of the first picture; each further one has the next. Drawn when the job is made if absent.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub seed: Option<u64>,
    /// The name of a workflow; the first that suits what the server has when absent.
    #[serde(default)]
    pub workflow: Option<String>,
    /// Values for inputs of the workflow, by name; the others take what it says or the server has.
    #[serde(default)]
    pub inputs: BTreeMap<String, serde_json::Value>,
    /// Address of the ComfyUI server; those of the settings when absent. Credentials in it are not kept.
    #[serde(default)]
    pub server: Option<String>,
    /// The picture that a variation or a depth map starts from, for a workflow that takes one.
    #[serde(default)]
    pub source: Option<SourceRef>,
    /// Called after the prompt or the source when absent.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub project: Option<String>,
}

fn one() -> u32 {
    1
}

impl ProspectRequest {
    /// One picture, and nothing else said.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            goal: ProspectGoal::Pictures,
            prompt: prompt.into(),
            count: one(),
            seed: None,
            workflow: None,
            inputs: BTreeMap::new(),
            server: None,
            source: None,
            name: None,
            project: None,
        }
    }

    /// The depth map of a picture, and nothing else said.
    pub fn depth_map(source: SourceRef) -> Self {
        Self { goal: ProspectGoal::DepthMap, source: Some(source), ..Self::new("") }
    }

    /// Every field that is out of its range, as sentences for the person who chose it.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        match self.goal {
            ProspectGoal::Pictures if self.prompt.trim().is_empty() => {
                problems.push("The prompt is empty.".to_owned());
            }
            ProspectGoal::DepthMap if self.source.is_none() => {
                problems.push("A depth map is of a picture, and none is given.".to_owned());
            }
            ProspectGoal::DepthMap if self.count != 1 => {
                problems.push("A picture has one depth map.".to_owned());
            }
            ProspectGoal::Pictures | ProspectGoal::DepthMap => {}
        }
        if self.prompt.chars().count() > MAX_PROMPT_CHARS {
            problems.push(format!("The prompt has more than {MAX_PROMPT_CHARS} characters."));
        }
        if !(1..=MAX_PICTURES).contains(&self.count) {
            problems.push(format!("{} pictures are wanted; it goes from 1 to {MAX_PICTURES}.", self.count));
        }
        if let Some(seed) = self.seed
            && seed.saturating_add(u64::from(self.count)) > MAX_SEED
        {
            problems.push(format!("The seed is {seed}; the last picture's goes up to {MAX_SEED}."));
        }
        problems
    }

    /// The seed of a picture, counted from 0.
    pub fn seed_of(&self, picture: u32) -> u64 {
        self.seed.unwrap_or_default().saturating_add(u64::from(picture))
    }
}
