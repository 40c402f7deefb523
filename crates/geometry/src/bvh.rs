//! Questions to a surface: what is nearest, what does a ray hit.

use std::ops::Deref;

use glam::Vec3;

use crate::TriMesh;

const LEAF_TRIANGLES: usize = 4;
/// Halved by count, a tree over as many triangles as 32 bits count is no deeper than this; one more is open for
/// each step down.
const MOST_OPEN: usize = 36;
/// Triangles from which halves are built side by side.
const PARALLEL_TRIANGLES: usize = 1 << 13;

/// A tree of boxes over a mesh's triangles, halved by count along the longest side. Borrows or owns the mesh.
pub struct Bvh<M> {
    mesh: M,
    /// Triangles as the leaves have them, side by side in memory.
    leaves: Vec<(u32, [Vec3; 3])>,
    /// A full binary tree in depth-first order: the left child follows its parent.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Default)]
struct Node {
    low: Vec3,
    high: Vec3,
    /// Of `leaves`.
    start: u32,
    end: u32,
    /// The right child; 0 for a leaf.
    right: u32,
}

/// Where a question met the surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub triangle: u32,
    pub point: Vec3,
    /// Of the triangle's second and third corner.
    pub weights: [f32; 2],
    pub distance_m: f32,
}

impl<M: Deref<Target = TriMesh>> Bvh<M> {
    /// # Panics
    /// When a triangle names a vertex that is not there.
    pub fn new(mesh: M) -> Self {
        let mut items: Vec<Item> = (0..)
            .zip(&mesh.triangles)
            .map(|(triangle, corners)| {
                let middle = corners.iter().map(|&v| mesh.positions[v as usize]).sum::<Vec3>() / 3.0;
                Item { middle, triangle }
            })
            .collect();
        let mut nodes = vec![Node::default(); if items.is_empty() { 0 } else { nodes_over(items.len()) }];
        build(&mesh, &mut items, 0, &mut nodes, 0);
        let leaf = |item: &Item| {
            let corners = mesh.triangles[item.triangle as usize];
            (item.triangle, corners.map(|v| mesh.positions[v as usize]))
        };
        let leaves = items.iter().map(leaf).collect();
        Self { mesh, leaves, nodes }
    }

    pub fn mesh(&self) -> &TriMesh {
        &self.mesh
    }

    /// The point of the surface nearest to `p`, if one is nearer than `within_m`.
    pub fn nearest(&self, p: Vec3, within_m: f32) -> Option<Hit> {
        let mut best: Option<Hit> = None;
        let mut least = within_m * within_m;
        let mut open = Open::default();
        if let Some(root) = self.nodes.first() {
            open.push(0, root.distance_squared(p));
        }
        while let Some((at, distance)) = open.pop() {
            if distance >= least {
                continue;
            }
            let node = &self.nodes[at as usize];
            if node.right == 0 {
                for &(triangle, corners) in &self.leaves[node.start as usize..node.end as usize] {
                    let (point, weights) = nearest_point(corners, p);
                    let distance = point.distance_squared(p);
                    if distance < least {
                        least = distance;
                        best = Some(Hit { triangle, point, weights, distance_m: distance.sqrt() });
                    }
                }
                continue;
            }
            let child = |at: u32| (at, self.nodes[at as usize].distance_squared(p));
            let (left, right) = (child(at + 1), child(node.right));
            // The nearer one is looked at first.
            let order = if left.1 < right.1 { [right, left] } else { [left, right] };
            order
                .into_iter()
                .filter(|child| child.1 < least)
                .for_each(|(at, distance)| open.push(at, distance));
        }
        best
    }

    /// Every triangle a ray from `origin` crosses, in no order. `direction` need not be of unit length;
    /// distances are in its lengths.
    pub fn crossings(&self, origin: Vec3, direction: Vec3, mut visit: impl FnMut(Hit)) {
        let inverse = direction.recip();
        let mut open = Open::default();
        if !self.nodes.is_empty() {
            open.push(0, 0.0);
        }
        while let Some((at, _)) = open.pop() {
            let node = &self.nodes[at as usize];
            if !node.is_crossed(origin, inverse) {
                continue;
            }
            if node.right == 0 {
                for &(triangle, corners) in &self.leaves[node.start as usize..node.end as usize] {
                    if let Some((distance_m, weights)) = crossing(corners, origin, direction) {
                        visit(Hit { triangle, point: origin + direction * distance_m, weights, distance_m });
                    }
                }
            } else {
                open.push(at + 1, 0.0);
                open.push(node.right, 0.0);
            }
        }
    }
}

/// Nodes still to be looked at, with how far they are, without a place on the heap.
struct Open {
    nodes: [(u32, f32); MOST_OPEN],
    count: usize,
}

impl Default for Open {
    fn default() -> Self {
        Self { nodes: [(0, 0.0); MOST_OPEN], count: 0 }
    }
}

impl Open {
    fn pop(&mut self) -> Option<(u32, f32)> {
        self.count = self.count.checked_sub(1)?;
        Some(self.nodes[self.count])
    }

    fn push(&mut self, node: u32, distance: f32) {
        self.nodes[self.count] = (node, distance);
        self.count += 1;
    }
}

struct Item {
    /// Of the triangle.
    middle: Vec3,
    triangle: u32,
}

/// In a tree over this many triangles.
fn nodes_over(triangles: usize) -> usize {
    if triangles <= LEAF_TRIANGLES {
        return 1;
    }
    1 + nodes_over(triangles / 2) + nodes_over(triangles - triangles / 2)
}

/// `start` is the place of the first item among all, `at` that of the first node.
fn build(mesh: &TriMesh, items: &mut [Item], start: u32, nodes: &mut [Node], at: u32) {
    let Some((node, rest)) = nodes.split_first_mut() else { return };
    *node = Node {
        low: Vec3::INFINITY,
        high: Vec3::NEG_INFINITY,
        start,
        end: start + items.len() as u32,
        right: 0,
    };
    let mut hold = |low: Vec3, high: Vec3| {
        node.low = node.low.min(low);
        node.high = node.high.max(high);
    };
    if items.len() <= LEAF_TRIANGLES {
        for &v in items.iter().flat_map(|item| &mesh.triangles[item.triangle as usize]) {
            hold(mesh.positions[v as usize], mesh.positions[v as usize]);
        }
        return;
    }
    let (low, high) = items.iter().fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), item| {
        (low.min(item.middle), high.max(item.middle))
    });
    let axis = (high - low).max_position();
    let middle = items.len() / 2;
    items.select_nth_unstable_by(middle, |a, b| {
        a.middle[axis].total_cmp(&b.middle[axis]).then(a.triangle.cmp(&b.triangle))
    });
    let parallel = items.len() > PARALLEL_TRIANGLES;
    let (left, right) = items.split_at_mut(middle);
    let (left_nodes, right_nodes) = rest.split_at_mut(nodes_over(left.len()));
    let right_at = at + 1 + left_nodes.len() as u32;
    let mut build_left = || build(mesh, left, start, left_nodes, at + 1);
    let mut build_right = || build(mesh, right, start + middle as u32, right_nodes, right_at);
    if parallel {
        rayon::join(build_left, build_right);
    } else {
        build_left();
        build_right();
    }
    hold(left_nodes[0].low, left_nodes[0].high);
    hold(right_nodes[0].low, right_nodes[0].high);
    node.right = right_at;
}

impl Node {
    fn distance_squared(&self, p: Vec3) -> f32 {
        p.distance_squared(p.clamp(self.low, self.high))
    }

    fn is_crossed(&self, origin: Vec3, inverse: Vec3) -> bool {
        let (a, b) = ((self.low - origin) * inverse, (self.high - origin) * inverse);
        let (near, far) = (a.min(b).max_element(), a.max(b).min_element());
        far >= near.max(0.0)
    }
}

/// The point of a triangle nearest to `p` and the weights of its second and third corner (Ericson 2004,
/// "Real-Time Collision Detection", section 5.1.5).
pub fn nearest_point([a, b, c]: [Vec3; 3], p: Vec3) -> (Vec3, [f32; 2]) {
    let (ab, ac) = (b - a, c - a);
    let at = |v: f32, w: f32| (a + ab * v + ac * w, [v, w]);
    let (d1, d2) = (ab.dot(p - a), ac.dot(p - a));
    if d1 <= 0.0 && d2 <= 0.0 {
        return at(0.0, 0.0);
    }
    let (d3, d4) = (ab.dot(p - b), ac.dot(p - b));
    if d3 >= 0.0 && d4 <= d3 {
        return at(1.0, 0.0);
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return at(d1 / (d1 - d3), 0.0);
    }
    let (d5, d6) = (ab.dot(p - c), ac.dot(p - c));
    if d6 >= 0.0 && d5 <= d6 {
        return at(0.0, 1.0);
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return at(0.0, d2 / (d2 - d6));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        let w = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        return at(1.0 - w, w);
    }
    let sum = va + vb + vc;
    if sum > 0.0 { at(vb / sum, vc / sum) } else { at(0.0, 0.0) }
}

/// Distance along the ray in lengths of `direction`, not negative, and the weights of the second and third
/// corner (Möller & Trumbore 1997).
fn crossing([a, b, c]: [Vec3; 3], origin: Vec3, direction: Vec3) -> Option<(f32, [f32; 2])> {
    let (ab, ac) = (b - a, c - a);
    let h = direction.cross(ac);
    let determinant = ab.dot(h);
    if determinant == 0.0 {
        return None;
    }
    let s = origin - a;
    let v = s.dot(h) / determinant;
    let q = s.cross(ab);
    let w = direction.dot(q) / determinant;
    let distance = ac.dot(q) / determinant;
    (v >= 0.0 && w >= 0.0 && v + w <= 1.0 && distance >= 0.0).then_some((distance, [v, w]))
}
