use serde_json::Value;

use super::server::Graph;

/// What is done when a server runs out of memory, step by step: first it lets go of what it holds, then the
/// work gets smaller.
const RUNGS: u32 = 4;

/// A graph that needs less memory, and what is different about it in a person's words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rung {
    pub graph: Graph,
    pub words: String,
}

/// The graph after it ran out of memory `failures` times, 1 for the first. `None` when it cannot get smaller.
pub(crate) fn rung(graph: &Graph, failures: u32) -> Option<Rung> {
    match failures {
        0 => None,
        1 => Some(Rung {
            graph: graph.clone(),
            words: "The server ran out of memory. It was asked to free some; trying again.".to_owned(),
        }),
        2..=RUNGS => {
            let factor = [0.75, 0.5, 0.375][(failures - 2) as usize];
            let (graph, changes) = smaller(graph, factor);
            (!changes.is_empty()).then(|| Rung {
                graph,
                words: format!("The server ran out of memory. Trying with less: {}.", changes.join(", ")),
            })
        }
        _ => None,
    }
}

/// Inputs of core nodes that memory grows with: name, step it goes in, least value, unit.
const SIZES: [(&str, &[&str], u64, u64); 8] = [
    ("EmptyLatentImage", &["width", "height"], 64, 256),
    ("EmptySD3LatentImage", &["width", "height"], 64, 256),
    ("StableZero123_Conditioning", &["width", "height"], 64, 128),
    ("StableZero123_Conditioning_Batched", &["width", "height"], 64, 128),
    ("SV3D_Conditioning", &["width", "height"], 64, 256),
    ("EmptyLatentHunyuan3Dv2", &["resolution"], 64, 512),
    ("VAEDecodeHunyuan3D", &["octree_resolution"], 16, 64),
    ("VAEDecodeHunyuan3D", &["num_chunks"], 500, 1000),
];

fn smaller(graph: &Graph, factor: f64) -> (Graph, Vec<String>) {
    let mut graph = graph.clone();
    let mut changes = Vec::new();
    for node in graph.values_mut() {
        let Some(class) = node.get("class_type").and_then(Value::as_str).map(str::to_owned) else { continue };
        for (_, inputs, step, least) in SIZES.iter().filter(|(name, ..)| *name == class) {
            for input in *inputs {
                let Some(value) = node.get_mut("inputs").and_then(|inputs| inputs.get_mut(*input)) else {
                    continue;
                };
                let Some(old) = value.as_u64() else { continue };
                let scaled = (old as f64 * factor) as u64 / step * step;
                let new = scaled.max(*least);
                if new < old {
                    *value = Value::from(new);
                    changes.push(format!("{input} {new} instead of {old}"));
                }
            }
        }
    }
    changes.sort();
    changes.dedup();
    (graph, changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        serde_json::from_str(
            r#"{"1": {"class_type": "EmptyLatentImage", "inputs": {"width": 1024, "height": 512, "batch_size": 1}},
                "2": {"class_type": "VAEDecodeHunyuan3D", "inputs": {"samples": ["1", 0], "num_chunks": 8000, "octree_resolution": 256}},
                "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "width": 9999}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn frees_first_and_then_gets_smaller_to_an_end() {
        assert_eq!(rung(&graph(), 1).unwrap().graph, graph());
        let second = rung(&graph(), 2).unwrap();
        assert_eq!(second.graph["1"]["inputs"]["width"], 768);
        assert_eq!(second.graph["1"]["inputs"]["height"], 384);
        assert_eq!(second.graph["2"]["inputs"]["octree_resolution"], 192);
        assert_eq!(second.graph["3"], graph()["3"]);
        assert!(second.words.contains("width 768 instead of 1024"), "{}", second.words);
        let widths: Vec<u64> = (1..)
            .map_while(|failures| rung(&graph(), failures))
            .map(|rung| rung.graph["1"]["inputs"]["width"].as_u64().unwrap())
            .collect();
        assert_eq!(widths, [1024, 768, 512, 384]);
    }

    #[test]
    fn what_has_no_size_cannot_get_smaller() {
        let mut graph = graph();
        graph.retain(|id, _| id == "3");
        assert!(rung(&graph, 1).is_some());
        assert_eq!(rung(&graph, 2), None);
    }
}
