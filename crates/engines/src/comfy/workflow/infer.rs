use super::super::{Graph, Version};
use super::manifest::{Input, InputKind, Kind, Manifest, Output, OutputKind};
use super::parse::link;

/// A manifest for a graph that came without one, from the classes of its nodes.
pub fn infer(name: &str, graph: &Graph) -> Manifest {
    let mut inputs: Vec<Input> = Vec::new();
    let mut outputs = Vec::new();
    for (id, node) in graph {
        let class = node["class_type"].as_str().unwrap_or_default();
        let mut add = |name: &str, kind: InputKind, field: &str| {
            let value = &node["inputs"][field];
            if value.is_null() || link(value).is_some() {
                return;
            }
            let taken = inputs.iter().filter(|input| input.name.trim_end_matches(char::is_numeric) == name);
            let name = match taken.count() {
                0 => name.to_owned(),
                count => format!("{name}{}", count + 1),
            };
            let default = (!matches!(kind, InputKind::Picture | InputKind::Seed)).then(|| value.clone());
            inputs.push(Input {
                name,
                kind,
                node: id.clone(),
                field: field.to_owned(),
                also: Vec::new(),
                min: None,
                max: None,
                default,
                removes: Vec::new(),
            });
        };
        match class {
            "LoadImage" => add("picture", InputKind::Picture, "image"),
            "CLIPTextEncode" => {
                let title = node["_meta"]["title"].as_str().unwrap_or_default().to_lowercase();
                let negative = title.contains("negative") || feeds(graph, id, "negative");
                add(if negative { "negative_prompt" } else { "prompt" }, InputKind::Text, "text");
            }
            "KSampler" | "KSamplerAdvanced" => {
                add("seed", InputKind::Seed, "seed");
                add("seed", InputKind::Seed, "noise_seed");
                add("steps", InputKind::Integer, "steps");
                add("cfg", InputKind::Number, "cfg");
            }
            "RandomNoise" => add("seed", InputKind::Seed, "noise_seed"),
            "EmptyLatentImage" | "EmptySD3LatentImage" => {
                add("width", InputKind::Integer, "width");
                add("height", InputKind::Integer, "height");
                add("count", InputKind::Integer, "batch_size");
            }
            "SaveImage" | "PreviewImage" => outputs.push(output(id, OutputKind::Images)),
            "SaveGLB" => outputs.push(output(id, OutputKind::Mesh)),
            _ => {}
        }
    }
    let pictures = inputs.iter().filter(|input| input.kind == InputKind::Picture).count();
    let has_prompt = inputs.iter().any(|input| input.name == "prompt");
    let makes_mesh = outputs.iter().any(|output| output.kind == OutputKind::Mesh);
    let kind = match (pictures, makes_mesh) {
        (1, true) => Kind::ImageToMesh,
        (2.., true) => Kind::ViewsToMesh,
        (1.., false) if !outputs.is_empty() && turns(graph) => Kind::ImageToViews,
        (0, false) if !outputs.is_empty() && has_prompt => Kind::TextToImage,
        _ => Kind::Other,
    };
    Manifest {
        title: name.to_owned(),
        kind,
        min_comfyui: Version([0, 3, 0]),
        inputs,
        outputs,
        models: Vec::new(),
    }
}

fn output(node: &str, kind: OutputKind) -> Output {
    Output { node: node.to_owned(), kind, azimuths_deg: Vec::new() }
}

fn feeds(graph: &Graph, from: &str, field: &str) -> bool {
    graph.values().any(|node| link(&node["inputs"][field]).is_some_and(|(node, _)| node == from))
}

fn turns(graph: &Graph) -> bool {
    graph.values().any(|node| {
        let class = node["class_type"].as_str().unwrap_or_default();
        class.starts_with("StableZero123") || class.starts_with("SV3D")
    })
}
