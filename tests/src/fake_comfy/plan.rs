use indexmap::{IndexMap, IndexSet};

use super::graph::{Graph, link};

/// ExecutionList of comfy_execution/graph.py: which node runs next.
pub(super) struct Plan {
    /// Nodes still to run, and how many others each waits for.
    pending: IndexMap<String, usize>,
    /// Who waits for a node.
    blocking: IndexMap<String, IndexSet<String>>,
}

impl Plan {
    pub fn new(graph: &Graph, outputs: &[String], is_cached: impl Fn(&str) -> bool) -> Self {
        let mut plan = Self { pending: IndexMap::new(), blocking: IndexMap::new() };
        for output in outputs {
            let mut links = Vec::new();
            let mut stack = vec![output.clone()];
            while let Some(id) = stack.pop() {
                if plan.pending.contains_key(&id) {
                    continue;
                }
                for (from, _) in graph[&id].inputs.iter().flatten().filter_map(|(_, value)| link(value)) {
                    if !is_cached(from) {
                        stack.push(from.to_owned());
                        links.push((from.to_owned(), id.clone()));
                    }
                }
                plan.pending.insert(id.clone(), 0);
                plan.blocking.insert(id, IndexSet::new());
            }
            for (from, to) in links {
                if plan.blocking[&from].insert(to.clone()) {
                    plan.pending[&to] += 1;
                }
            }
        }
        plan
    }

    /// An output first, then what an output waits for, then what that waits for, then in the order of finding.
    pub fn next(&self, is_output: impl Fn(&str) -> bool) -> Option<String> {
        let ready: Vec<&String> =
            self.pending.iter().filter(|(_, waits_for)| **waits_for == 0).map(|(id, _)| id).collect();
        let feeds_output = |id: &str| self.blocking[id].iter().any(|next| is_output(next));
        ready
            .iter()
            .find(|id| is_output(id))
            .or_else(|| ready.iter().find(|id| feeds_output(id)))
            .or_else(|| {
                ready.iter().find(|id| self.blocking[id.as_str()].iter().any(|next| feeds_output(next)))
            })
            .or(ready.first())
            .map(|id| (*id).clone())
    }

    pub fn finished(&mut self, id: &str) {
        self.pending.shift_remove(id);
        for next in self.blocking.shift_remove(id).unwrap_or_default() {
            if let Some(waits_for) = self.pending.get_mut(&next) {
                *waits_for -= 1;
            }
        }
    }
}
