//! Pictures from a prompt, one after the other, by whichever workflow and server suits.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use oreforge_protocol::{ErrorCode, ErrorReport, ProspectGoal, ProspectRequest};
use serde_json::Value;

use super::preflight::{ObjectInfo, Takes};
use super::workflow::{InputKind, Kind, Workflow};
use super::{Desk, Errand, Ran, Workflows};
use crate::{EngineError, EngineName, StepContext};

/// Built-in workflows, best first: the larger model where it is installed.
const PREFERRED: [&str; 2] = ["text-to-image-sdxl", "text-to-image-sd15"];
const PREFERRED_VARIATIONS: [&str; 2] = ["variation-sdxl", "variation-sd15"];
const PREFERRED_DEPTH: [&str; 1] = ["image-to-depth-lotus"];

/// Inputs that the job itself sets.
const PROMPT: &str = "prompt";
const COUNT: &str = "count";
const MODEL: &str = "model";

/// What turns the prompt of one job into pictures.
pub struct Prospector {
    desk: Desk,
    /// Without a seed and a purpose: those are the pictures'.
    errand: Errand,
    /// What is different from what was hoped for.
    pub notes: Vec<String>,
}

/// Workflows that make what is wanted, from a picture where one is given.
fn candidates(workflows: &Workflows, request: &ProspectRequest) -> Result<Vec<Workflow>, ErrorReport> {
    let from_picture = request.source.is_some();
    let Some(name) = request.workflow.as_deref() else {
        let preferred: &[&str] = match (request.goal, from_picture) {
            (ProspectGoal::DepthMap, _) => &PREFERRED_DEPTH,
            (ProspectGoal::Pictures, true) => &PREFERRED_VARIATIONS,
            (ProspectGoal::Pictures, false) => &PREFERRED,
        };
        return preferred.iter().map(|name| workflows.named(name).cloned()).collect();
    };
    let workflow = workflows.named(name)?;
    let no = |message: String| Err(ErrorReport::new(ErrorCode::BadRequest, message));
    let (wanted, not_that) = match request.goal {
        ProspectGoal::Pictures => (Kind::TextToImage, "makes no pictures from a prompt"),
        ProspectGoal::DepthMap => (Kind::ImageToDepth, "makes no depth map of a picture"),
    };
    if workflow.manifest.kind != wanted {
        return no(format!("\"{name}\" {not_that}."));
    }
    match (takes_picture(workflow), from_picture) {
        (true, false) => no(format!("\"{name}\" starts from a picture, and none is given.")),
        (false, true) => no(format!("\"{name}\" does not start from a picture.")),
        (true, true) | (false, false) => Ok(vec![workflow.clone()]),
    }
}

fn takes_picture(workflow: &Workflow) -> bool {
    workflow.manifest.inputs.iter().any(|input| input.kind == InputKind::Picture)
}

impl Prospector {
    /// Holds the request against what the servers have.
    ///
    /// # Errors
    /// `EngineUnavailable` with all that is in the way on every server; `BadRequest` for what no workflow takes.
    pub async fn choose(
        desk: Desk,
        workflows: &Workflows,
        request: &ProspectRequest,
    ) -> Result<Self, ErrorReport> {
        check_inputs(request)?;
        let suited = candidates(workflows, request)?;
        let mut errands: Vec<Errand> = suited.iter().map(|workflow| errand(workflow, request)).collect();
        let usual = errands.len();
        // Any checkpoint paints; what tells depth was made for it.
        if request.goal == ProspectGoal::Pictures && !request.inputs.contains_key(MODEL) {
            for (_, nodes) in desk.nodes().await {
                errands.extend(with_other_models(&errands[..usual], workflows, &nodes));
            }
        }
        let chosen = match desk.first_that_fits(&errands).await {
            Ok(chosen) => chosen,
            // Stand-ins are our idea; what is missing is said of what was wanted.
            Err(_) => desk.first_that_fits(&errands[..usual]).await?,
        };
        let errand = errands.swap_remove(chosen);
        let mut notes = Vec::new();
        if chosen >= usual
            && let Some(model) = errand.values.get(MODEL).and_then(Value::as_str)
        {
            notes.push(format!(
                "The server has none of the usual models of \"{}\"; {model} is used.",
                errand.workflow.manifest.title
            ));
        }
        Ok(Self { desk, errand, notes })
    }

    pub fn engine(&self) -> EngineName {
        EngineName::Comfy
    }

    pub fn workflow(&self) -> &Workflow {
        &self.errand.workflow
    }

    /// Makes one picture: a file as the server sent it, and the server's address.
    ///
    /// # Errors
    /// As [`Desk::run`].
    pub async fn picture(
        &self,
        context: &StepContext,
        number: u32,
        seed: u64,
        source: Option<Arc<Vec<u8>>>,
        share: Range<f32>,
    ) -> Result<(Vec<u8>, String), EngineError> {
        let mut errand = Errand { purpose: format!("picture {number}"), ..self.errand.clone() };
        for input in &self.errand.workflow.manifest.inputs {
            match input.kind {
                InputKind::Seed => drop(errand.values.insert(input.name.clone(), seed.into())),
                InputKind::Picture => {
                    if let Some(source) = &source {
                        errand.pictures.insert(input.name.clone(), Arc::clone(source));
                    }
                }
                InputKind::Text | InputKind::Integer | InputKind::Number | InputKind::Choice => {}
            }
        }
        let Ran { server, made, .. } = self.desk.run(context, &[errand], share).await?;
        match made.into_iter().next() {
            Some(file) => Ok((file.bytes, server)),
            None => Err(EngineError::failed("The workflow ran and made no picture.")),
        }
    }
}

fn check_inputs(request: &ProspectRequest) -> Result<(), ErrorReport> {
    let own = [PROMPT, COUNT, "seed"];
    match request.inputs.keys().find(|name| own.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(ErrorReport::new(
            ErrorCode::BadRequest,
            format!("The {name} is set for the job, not as an input of its workflow."),
        )),
    }
}

/// Seeds and pictures stand for those that are set later.
fn errand(workflow: &Workflow, request: &ProspectRequest) -> Errand {
    let has = |name: &str| workflow.manifest.inputs.iter().any(|input| input.name == name);
    let mut values: BTreeMap<String, Value> = request.inputs.clone();
    if has(PROMPT) {
        values.insert(PROMPT.to_owned(), request.prompt.clone().into());
    }
    if has(COUNT) {
        values.insert(COUNT.to_owned(), 1.into());
    }
    let pictures = workflow.manifest.inputs.iter().filter(|input| input.kind == InputKind::Picture);
    Errand {
        purpose: String::new(),
        workflow: workflow.clone(),
        values,
        pictures: pictures.map(|input| (input.name.clone(), Arc::default())).collect(),
    }
}

/// The same errands with checkpoints that the server has. A name with "xl" in it goes to the workflow of the larger
/// model first.
fn with_other_models(errands: &[Errand], workflows: &Workflows, nodes: &ObjectInfo) -> Vec<Errand> {
    let mut others = Vec::new();
    for errand in errands {
        if let Some(model) = other_model(&errand.workflow, workflows, nodes) {
            let misfit = is_large(&model) != is_large(&errand.workflow.name);
            let mut errand = errand.clone();
            errand.values.insert(MODEL.to_owned(), model.into());
            others.push((misfit, errand));
        }
    }
    others.sort_by_key(|(misfit, _)| *misfit);
    others.into_iter().map(|(_, errand)| errand).collect()
}

/// A checkpoint that the server has and that is not made for something else.
pub(super) fn other_model(workflow: &Workflow, workflows: &Workflows, nodes: &ObjectInfo) -> Option<String> {
    let made_for_others: Vec<&str> = workflows
        .known()
        .iter()
        .filter(|workflow| workflow.manifest.kind != Kind::TextToImage)
        .flat_map(|workflow| &workflow.manifest.models)
        .flat_map(|model| model.names.iter().map(String::as_str))
        .collect();
    let mut models = models_of(workflow, nodes);
    models.retain(|model| !made_for_others.iter().any(|name| model.ends_with(name)));
    models.into_iter().min_by_key(|model| is_large(model) != is_large(&workflow.name))
}

fn is_large(name: &str) -> bool {
    name.to_lowercase().contains("xl")
}

/// What the server lists for the workflow's model.
fn models_of(workflow: &Workflow, nodes: &ObjectInfo) -> Vec<String> {
    let Some(input) = workflow.manifest.inputs.iter().find(|input| input.name == MODEL) else {
        return Vec::new();
    };
    choices(workflow, &input.node, &input.field, nodes)
}

/// The values that a server lists for a field of a node.
pub(super) fn choices(workflow: &Workflow, node: &str, field: &str, nodes: &ObjectInfo) -> Vec<String> {
    let class = workflow.graph.get(node).and_then(|node| node["class_type"].as_str());
    let spec = class.and_then(|class| nodes.class(class)).and_then(|class| class.inputs.get(field));
    match spec.map(|spec| &spec.takes) {
        Some(Takes::OneOf(Some(options))) => {
            options.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
