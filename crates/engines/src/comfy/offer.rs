//! A workflow as a person chooses it: its inputs with what a server lists for them, and its models.

use oreforge_protocol::{WorkflowInfo, WorkflowInput, WorkflowInputKind, WorkflowKind, WorkflowModel};

use super::preflight::{Fault, ObjectInfo, Preflight, preflight};
use super::prospect::{choices, other_model};
use super::workflow::{Input, InputKind, Kind, Workflow};
use super::{Errand, Workflows};

/// Every workflow, each with the server that suits it best.
pub fn offers(workflows: &Workflows, servers: &[(String, ObjectInfo)]) -> Vec<WorkflowInfo> {
    workflows.known().iter().map(|workflow| offer(workflow, workflows, servers)).collect()
}

fn offer(workflow: &Workflow, workflows: &Workflows, servers: &[(String, ObjectInfo)]) -> WorkflowInfo {
    let checked = servers.iter().map(|(address, nodes)| (address, nodes, checked(workflow, nodes)));
    let best = checked.min_by_key(|(.., checked)| checked.problems.len());
    let problems = best.as_ref().map_or_else(Vec::new, |(.., checked)| {
        checked.problems.iter().map(|problem| format!("{problem} {}", problem.hint())).collect()
    });
    let nodes = best.as_ref().map(|(_, nodes, checked)| (*nodes, checked));
    let mut info = WorkflowInfo {
        name: workflow.name.clone(),
        title: workflow.manifest.title.clone(),
        kind: kind(workflow.manifest.kind),
        server: best.as_ref().map(|(address, ..)| (*address).clone()),
        problems,
        inputs: workflow.manifest.inputs.iter().map(|one| input(workflow, one, nodes)).collect(),
        models: models(workflow, nodes),
    };
    // Another model stands in, as it does when the job is made.
    if let Some((_, nodes, checked)) = &best
        && workflow.manifest.kind == Kind::TextToImage
        && checked.problems.iter().all(|problem| matches!(problem.fault, Fault::ModelNotInstalled { .. }))
        && let Some(model) = other_model(workflow, workflows, nodes)
        && let Some(input) = info.inputs.iter_mut().find(|input| input.name == "model")
        && !info.problems.is_empty()
    {
        input.default = Some(model.into());
        info.problems.clear();
    }
    info
}

fn checked(workflow: &Workflow, nodes: &ObjectInfo) -> Preflight {
    let pictures = workflow.manifest.inputs.iter().filter(|input| input.kind == InputKind::Picture);
    let errand = Errand {
        purpose: String::new(),
        workflow: workflow.clone(),
        values: Default::default(),
        pictures: pictures.map(|input| (input.name.clone(), Default::default())).collect(),
    };
    let graph = errand.planned().unwrap_or_else(|_| workflow.graph.clone());
    preflight(&graph, &workflow.manifest, nodes)
}

fn input(workflow: &Workflow, input: &Input, nodes: Option<(&ObjectInfo, &Preflight)>) -> WorkflowInput {
    let graph = nodes.map_or(&workflow.graph, |(_, checked)| &checked.graph);
    let value = match input.kind {
        InputKind::Picture | InputKind::Seed => None,
        InputKind::Text | InputKind::Integer | InputKind::Number | InputKind::Choice => {
            let in_graph = graph.get(&input.node).map(|node| node["inputs"][input.field.as_str()].clone());
            // A graph that was held against a server has been filled; one that was not has not.
            if nodes.is_some() { in_graph } else { input.default.clone().or(in_graph) }
        }
    };
    WorkflowInput {
        name: input.name.clone(),
        kind: match input.kind {
            InputKind::Text => WorkflowInputKind::Text,
            InputKind::Integer => WorkflowInputKind::Integer,
            InputKind::Number => WorkflowInputKind::Number,
            InputKind::Seed => WorkflowInputKind::Seed,
            InputKind::Choice => WorkflowInputKind::Choice,
            InputKind::Picture => WorkflowInputKind::Picture,
        },
        default: value.filter(|value| !value.is_null()),
        min: input.min,
        max: input.max,
        choices: match (input.kind, nodes) {
            (InputKind::Choice, Some((nodes, _))) => choices(workflow, &input.node, &input.field, nodes),
            _ => Vec::new(),
        },
    }
}

fn models(workflow: &Workflow, nodes: Option<(&ObjectInfo, &Preflight)>) -> Vec<WorkflowModel> {
    let of = |model: &super::workflow::ModelFile| {
        let (nodes, checked) = nodes?;
        let value = checked.graph.get(&model.node)?["inputs"][model.field.as_str()].as_str()?.to_owned();
        choices(workflow, &model.node, &model.field, nodes).contains(&value).then_some(value)
    };
    workflow
        .manifest
        .models
        .iter()
        .map(|model| WorkflowModel {
            folder: model.folder.clone(),
            names: model.names.clone(),
            page: model.page.clone(),
            url: model.url.clone(),
            installed: of(model),
        })
        .collect()
}

fn kind(kind: Kind) -> WorkflowKind {
    match kind {
        Kind::TextToImage => WorkflowKind::TextToImage,
        Kind::ImageToViews => WorkflowKind::ImageToViews,
        Kind::ImageToMesh => WorkflowKind::ImageToMesh,
        Kind::ViewsToMesh => WorkflowKind::ViewsToMesh,
        Kind::ImageToDepth => WorkflowKind::ImageToDepth,
        Kind::Other => WorkflowKind::Other,
    }
}
