//! Minimum cut of a pixel graph: Boykov and Kolmogorov, "An experimental comparison of min-cut/max-flow
//! algorithms for energy minimization in vision", PAMI 2004, with the distance and time stamps of section 3.2.4.
//! Capacities are whole numbers, so the cut is exact and the same on every machine.

use std::collections::VecDeque;

use crate::{Cancel, Cancelled};

/// Directions of the eight neighbours; the opposite of `d` is `(d + 4) % 8`.
pub(super) const DIRECTIONS: [(isize, isize); 8] =
    [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];
pub(super) const NO_NODE: u32 = u32::MAX;

const TO_TERMINAL: u8 = 8;
const ORPHAN: u8 = 9;
const FREE: u8 = 10;
const STEPS_BETWEEN_CHECKS: u32 = 2048;

fn opposite(direction: usize) -> usize {
    (direction + 4) % 8
}

struct Node {
    neighbours: [u32; 8],
    /// What still fits through the edge to each neighbour.
    residual: [i32; 8],
    /// Positive: what still fits from the source; negative: what still fits to the sink.
    terminal: i32,
    /// Direction of the edge to the parent in the search tree, or one of the constants above.
    parent: u8,
    of_sink: bool,
    active: bool,
    stamp: u32,
    distance: u32,
}

/// A graph of pixels with up to eight neighbours each.
pub(super) struct PixelGraph {
    nodes: Vec<Node>,
    active: VecDeque<u32>,
    orphans: VecDeque<u32>,
    time: u32,
}

impl PixelGraph {
    pub fn with_capacity(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes), active: VecDeque::new(), orphans: VecDeque::new(), time: 0 }
    }

    /// `terminal` > 0 pulls the node to the source side, < 0 to the sink side. Every edge has to be given by
    /// both its ends, with the same weight.
    pub fn push(&mut self, terminal: i32, neighbours: [u32; 8], weights: [i32; 8]) {
        self.nodes.push(Node {
            neighbours,
            residual: weights,
            terminal,
            parent: FREE,
            of_sink: false,
            active: false,
            stamp: 0,
            distance: 0,
        });
    }

    /// For every node whether it is on the source side of a minimum cut.
    pub fn source_side(mut self, cancel: Cancel<'_>) -> Result<Vec<bool>, Cancelled> {
        for i in 0..self.nodes.len() {
            let node = &mut self.nodes[i];
            if node.terminal != 0 {
                node.of_sink = node.terminal < 0;
                node.parent = TO_TERMINAL;
                node.distance = 1;
                self.activate(i as u32);
            }
        }
        let mut steps = 0_u32;
        while let Some(i) = self.active.pop_front() {
            self.nodes[i as usize].active = false;
            // The same node goes on growing after every path found through it.
            while self.nodes[i as usize].parent != FREE {
                steps += 1;
                if steps.is_multiple_of(STEPS_BETWEEN_CHECKS) {
                    cancel.check()?;
                }
                let bridge = self.grow(i);
                self.time += 1;
                let Some(direction) = bridge else { break };
                self.augment(i, direction);
                while let Some(orphan) = self.orphans.pop_front() {
                    steps += 1;
                    if steps.is_multiple_of(STEPS_BETWEEN_CHECKS) {
                        cancel.check()?;
                    }
                    self.adopt(orphan);
                }
            }
        }
        Ok(self.nodes.iter().map(|node| node.parent != FREE && !node.of_sink).collect())
    }

    fn activate(&mut self, i: u32) {
        let node = &mut self.nodes[i as usize];
        if !node.active {
            node.active = true;
            self.active.push_back(i);
        }
    }

    /// Residual capacity in the direction in which flow runs in this tree when `j` feeds from or drains to
    /// `i`: i → j in the source tree, j → i in the sink tree.
    fn outward(&self, i: u32, direction: usize, of_sink: bool) -> i32 {
        let node = &self.nodes[i as usize];
        if of_sink {
            self.nodes[node.neighbours[direction] as usize].residual[opposite(direction)]
        } else {
            node.residual[direction]
        }
    }

    /// Grows the tree around `i`; the direction of an edge into the other tree ends it.
    fn grow(&mut self, i: u32) -> Option<usize> {
        let (of_sink, stamp, distance) = {
            let node = &self.nodes[i as usize];
            (node.of_sink, node.stamp, node.distance)
        };
        for direction in 0..8 {
            let j = self.nodes[i as usize].neighbours[direction];
            if j == NO_NODE || self.outward(i, direction, of_sink) == 0 {
                continue;
            }
            let neighbour = &mut self.nodes[j as usize];
            if neighbour.parent == FREE {
                neighbour.of_sink = of_sink;
                neighbour.parent = opposite(direction) as u8;
                neighbour.stamp = stamp;
                neighbour.distance = distance + 1;
                self.activate(j);
            } else if neighbour.of_sink != of_sink {
                return Some(direction);
            } else if neighbour.stamp <= stamp && neighbour.distance > distance {
                neighbour.parent = opposite(direction) as u8;
                neighbour.stamp = stamp;
                neighbour.distance = distance + 1;
            }
        }
        None
    }

    fn augment(&mut self, i: u32, direction: usize) {
        let j = self.nodes[i as usize].neighbours[direction];
        let (source_end, sink_end, towards_sink) =
            if self.nodes[i as usize].of_sink { (j, i, opposite(direction)) } else { (i, j, direction) };
        let mut flow = self.nodes[source_end as usize].residual[towards_sink];
        for start in [source_end, sink_end] {
            let mut at = start;
            loop {
                let node = &self.nodes[at as usize];
                if node.parent == TO_TERMINAL {
                    flow = flow.min(node.terminal.abs());
                    break;
                }
                let up = usize::from(node.parent);
                let parent = node.neighbours[up];
                flow = flow.min(self.outward(parent, opposite(up), node.of_sink));
                at = parent;
            }
        }

        self.nodes[source_end as usize].residual[towards_sink] -= flow;
        self.nodes[sink_end as usize].residual[opposite(towards_sink)] += flow;
        for start in [source_end, sink_end] {
            let mut at = start;
            loop {
                let (parent_edge, of_sink) =
                    (self.nodes[at as usize].parent, self.nodes[at as usize].of_sink);
                let sign = if of_sink { -flow } else { flow };
                if parent_edge == TO_TERMINAL {
                    let node = &mut self.nodes[at as usize];
                    node.terminal -= sign;
                    if node.terminal == 0 {
                        node.parent = ORPHAN;
                        self.orphans.push_front(at);
                    }
                    break;
                }
                let up = usize::from(parent_edge);
                let parent = self.nodes[at as usize].neighbours[up];
                self.nodes[at as usize].residual[up] += sign;
                self.nodes[parent as usize].residual[opposite(up)] -= sign;
                if self.outward(parent, opposite(up), of_sink) == 0 {
                    self.nodes[at as usize].parent = ORPHAN;
                    self.orphans.push_front(at);
                }
                at = parent;
            }
        }
    }

    /// Steps from `j` up to its terminal, or `None` when its tree hangs on an orphan.
    fn distance_to_terminal(&self, mut j: u32) -> Option<u32> {
        let mut distance = 0;
        loop {
            let node = &self.nodes[j as usize];
            if node.stamp == self.time {
                return Some(distance + node.distance);
            }
            distance += 1;
            match node.parent {
                TO_TERMINAL => return Some(distance),
                ORPHAN | FREE => return None,
                up => j = node.neighbours[usize::from(up)],
            }
        }
    }

    /// Finds a new parent for an orphan, or sets it and what hangs on it free.
    fn adopt(&mut self, i: u32) {
        let of_sink = self.nodes[i as usize].of_sink;
        let mut best: Option<(usize, u32)> = None;
        for direction in 0..8 {
            let j = self.nodes[i as usize].neighbours[direction];
            if j == NO_NODE
                || self.nodes[j as usize].of_sink != of_sink
                || self.nodes[j as usize].parent == FREE
                || self.outward(j, opposite(direction), of_sink) == 0
            {
                continue;
            }
            let Some(distance) = self.distance_to_terminal(j) else { continue };
            if best.is_none_or(|(_, shortest)| distance < shortest) {
                best = Some((direction, distance));
            }
            let (mut at, mut left) = (j, distance);
            while self.nodes[at as usize].stamp != self.time {
                let node = &mut self.nodes[at as usize];
                node.stamp = self.time;
                node.distance = left;
                if node.parent == TO_TERMINAL {
                    break;
                }
                left -= 1;
                at = node.neighbours[usize::from(node.parent)];
            }
        }
        if let Some((direction, distance)) = best {
            let node = &mut self.nodes[i as usize];
            node.parent = direction as u8;
            node.stamp = self.time;
            node.distance = distance + 1;
            return;
        }
        for direction in 0..8 {
            let j = self.nodes[i as usize].neighbours[direction];
            if j == NO_NODE {
                continue;
            }
            let (parent, neighbour_of_sink) = (self.nodes[j as usize].parent, self.nodes[j as usize].of_sink);
            if neighbour_of_sink != of_sink || parent == FREE {
                continue;
            }
            if self.outward(j, opposite(direction), of_sink) > 0 {
                self.activate(j);
            }
            if usize::from(parent) == opposite(direction) {
                self.nodes[j as usize].parent = ORPHAN;
                self.orphans.push_back(j);
            }
        }
        self.nodes[i as usize].parent = FREE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cost(
        width: usize,
        terminals: &[i32],
        weight: impl Fn(usize, usize) -> i32,
        labels: impl Fn(usize) -> bool,
    ) -> i64 {
        let height = terminals.len() / width;
        let mut total = 0;
        for (i, &terminal) in terminals.iter().enumerate() {
            let against = if labels(i) { (-terminal).max(0) } else { terminal.max(0) };
            total += i64::from(against);
            for (dx, dy) in &DIRECTIONS[..4] {
                let (x, y) = ((i % width) as isize + dx, (i / width) as isize + dy);
                if x >= 0 && y >= 0 && (x as usize) < width && (y as usize) < height {
                    let j = y as usize * width + x as usize;
                    total += i64::from(if labels(i) == labels(j) { 0 } else { weight(i, j) });
                }
            }
        }
        total
    }

    proptest! {
        #[test]
        fn no_labelling_is_cheaper_than_the_cut(
            terminals in prop::collection::vec(-9..=9_i32, 12),
            weights in prop::collection::vec(0..=6_i32, 12 * 12),
        ) {
            let (width, height) = (4_usize, 3_usize);
            let weight = |a: usize, b: usize| weights[a.min(b) * 12 + a.max(b)];
            let mut graph = PixelGraph::with_capacity(12);
            for (i, &terminal) in terminals.iter().enumerate() {
                let (mut neighbours, mut edges) = ([NO_NODE; 8], [0; 8]);
                for (d, (dx, dy)) in DIRECTIONS.iter().enumerate() {
                    let (x, y) = ((i % width) as isize + dx, (i / width) as isize + dy);
                    if x >= 0 && y >= 0 && (x as usize) < width && (y as usize) < height {
                        let j = y as usize * width + x as usize;
                        neighbours[d] = j as u32;
                        edges[d] = weight(i, j);
                    }
                }
                graph.push(terminal, neighbours, edges);
            }
            let cut = graph.source_side(Cancel::never()).unwrap();
            let ours = cost(width, &terminals, weight, |i| cut[i]);
            let best = (0..1_u32 << 12)
                .map(|bits| cost(width, &terminals, weight, |i| bits >> i & 1 == 1))
                .min()
                .unwrap();
            prop_assert_eq!(ours, best);
        }
    }
}
