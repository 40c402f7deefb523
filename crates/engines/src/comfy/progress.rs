use std::collections::BTreeMap;

use serde_json::Value;

use super::news::News;
use super::server::Graph;

/// What a run may reach before its files are here.
const ALMOST: f64 = 0.97;

/// How much of a graph is done: weighs nodes by what they usually take, and follows the steps of samplers.
#[derive(Debug, Clone)]
pub struct Progress {
    weights: BTreeMap<String, f64>,
    done: f64,
}

impl Progress {
    pub fn of(graph: &Graph) -> Self {
        Self { weights: graph.iter().map(|(id, node)| (id.clone(), weight(node))).collect(), done: 0.0 }
    }

    /// 0..=1, never falling, and never 1: that is when the bytes are here.
    pub fn fraction(&mut self, news: &News) -> f64 {
        let to_run = self.weights.iter().filter(|(id, _)| !news.cached.contains(*id));
        let (mut all, mut done) = (0.0, 0.0);
        for (id, weight) in to_run {
            all += weight;
            done += weight * news.nodes.get(id).copied().unwrap_or(0.0);
        }
        let share = if all > 0.0 { done / all } else { f64::from(u8::from(news.over)) };
        self.done = self.done.max(share * ALMOST);
        self.done
    }
}

/// In steps of a sampler.
fn weight(node: &Value) -> f64 {
    let class = node["class_type"].as_str().unwrap_or_default();
    let input = |name: &str| node["inputs"][name].as_f64().filter(|value| (1.0..=10_000.0).contains(value));
    if let Some(steps) = input("steps") {
        return steps;
    }
    match class {
        "CheckpointLoaderSimple" | "ImageOnlyCheckpointLoader" | "UNETLoader" => 4.0,
        "VAEDecodeHunyuan3D" => 15.0,
        "VoxelToMesh" | "VAEDecode" | "VAEDecodeTiled" => 3.0,
        "CLIPTextEncode" | "CLIPVisionEncode" | "VAEEncode" => 1.0,
        _ => 0.2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_almost_all_and_never_falls() {
        let graph: Graph = serde_json::from_str(
            r#"{"1": {"class_type": "CheckpointLoaderSimple", "inputs": {}},
                "2": {"class_type": "KSampler", "inputs": {"steps": 20}},
                "3": {"class_type": "SaveImage", "inputs": {}}}"#,
        )
        .unwrap();
        let mut progress = Progress::of(&graph);
        let mut news = News::default();
        assert_eq!(progress.fraction(&news), 0.0);
        let mut last = 0.0;
        for (node, share) in [("1", 1.0), ("2", 0.25), ("2", 0.5), ("2", 1.0), ("3", 1.0)] {
            news.nodes.insert(node.to_owned(), share);
            let now = progress.fraction(&news);
            assert!(now > last && now < 1.0, "{now} after {last}");
            last = now;
        }
        // The server forgot it and begins anew.
        assert_eq!(progress.fraction(&News::default()), last);
    }

    #[test]
    fn what_is_cached_need_not_be_done() {
        let graph: Graph =
            serde_json::from_str(r#"{"1": {"class_type": "KSampler", "inputs": {"steps": 20}}, "2": {}}"#)
                .unwrap();
        let cached = ["1".to_owned()].into();
        let nodes = [("2".to_owned(), 0.5)].into();
        let news = News { cached, nodes, ..News::default() };
        assert!((Progress::of(&graph).fraction(&news) - 0.5 * ALMOST).abs() < 1e-9);
        let all = ["1".to_owned(), "2".to_owned()].into();
        let news = News { cached: all, over: true, ..News::default() };
        assert_eq!(Progress::of(&graph).fraction(&news), ALMOST);
    }
}
