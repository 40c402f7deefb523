//! Questions to a surface: what is nearest, what does a ray hit.

use std::ops::Deref;

use glam::Vec3;

use crate::TriMesh;

const LEAF_TRIANGLES: usize = 4;
/// Triangles from which halves are built side by side.
const PARALLEL_TRIANGLES: usize = 1 << 13;

/// A tree of boxes over a mesh's triangles, halved by count along the longest side. Borrows or owns the mesh.
pub struct Bvh<M> {
    mesh: M,
    order: Vec<u32>,
    /// A full binary tree in depth-first order: the left child follows its parent.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy)]
struct Node {
    low: Vec3,
    high: Vec3,
    /// Of `order`.
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
        let mut order: Vec<u32> = (0..mesh.triangles.len() as u32).collect();
        let centres: Vec<Vec3> = mesh
            .triangles
            .iter()
            .map(|t| t.iter().map(|&v| mesh.positions[v as usize]).sum::<Vec3>() / 3.0)
            .collect();
        let nodes = build(&mesh, &centres, &mut order, 0);
        Self { mesh, order, nodes }
    }

    pub fn mesh(&self) -> &TriMesh {
        &self.mesh
    }

    fn corners(&self, triangle: u32) -> [Vec3; 3] {
        self.mesh.triangles[triangle as usize].map(|v| self.mesh.positions[v as usize])
    }

    /// The point of the surface nearest to `p`, if one is nearer than `within_m`.
    pub fn nearest(&self, p: Vec3, within_m: f32) -> Option<Hit> {
        let mut best: Option<Hit> = None;
        let mut least = within_m * within_m;
        let mut open = vec![0u32];
        while let Some(at) = open.pop() {
            let Some(node) = self.nodes.get(at as usize) else { continue };
            if node.distance_squared(p) >= least {
                continue;
            }
            if node.right == 0 {
                for &triangle in &self.order[node.start as usize..node.end as usize] {
                    let (point, weights) = nearest_point(self.corners(triangle), p);
                    let distance = point.distance_squared(p);
                    if distance < least {
                        least = distance;
                        best = Some(Hit { triangle, point, weights, distance_m: distance.sqrt() });
                    }
                }
                continue;
            }
            let (left, right) = (at + 1, node.right);
            let to = |child: u32| self.nodes[child as usize].distance_squared(p);
            // The nearer one is looked at first.
            open.extend(if to(left) < to(right) { [right, left] } else { [left, right] });
        }
        best
    }

    /// Every triangle a ray from `origin` crosses, in no order. `direction` need not be of unit length;
    /// distances are in its lengths.
    pub fn crossings(&self, origin: Vec3, direction: Vec3, mut visit: impl FnMut(Hit)) {
        let inverse = direction.recip();
        let mut open = vec![0u32];
        while let Some(at) = open.pop() {
            let Some(node) = self.nodes.get(at as usize) else { continue };
            if !node.is_crossed(origin, inverse) {
                continue;
            }
            if node.right == 0 {
                for &triangle in &self.order[node.start as usize..node.end as usize] {
                    if let Some((distance_m, weights)) = crossing(self.corners(triangle), origin, direction) {
                        visit(Hit { triangle, point: origin + direction * distance_m, weights, distance_m });
                    }
                }
            } else {
                open.extend([at + 1, node.right]);
            }
        }
    }
}

fn build(mesh: &TriMesh, centres: &[Vec3], order: &mut [u32], start: u32) -> Vec<Node> {
    let (mut low, mut high) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
    for &v in order.iter().flat_map(|&t| &mesh.triangles[t as usize]) {
        low = low.min(mesh.positions[v as usize]);
        high = high.max(mesh.positions[v as usize]);
    }
    let mut nodes = vec![Node { low, high, start, end: start + order.len() as u32, right: 0 }];
    if order.len() <= LEAF_TRIANGLES {
        return nodes;
    }
    let axis = (high - low).max_position();
    let middle = order.len() / 2;
    order.select_nth_unstable_by(middle, |&a, &b| {
        centres[a as usize][axis].total_cmp(&centres[b as usize][axis]).then(a.cmp(&b))
    });
    let parallel = order.len() > PARALLEL_TRIANGLES;
    let (left, right) = order.split_at_mut(middle);
    let mut left = || build(mesh, centres, left, start);
    let mut right = || build(mesh, centres, right, start + middle as u32);
    let (left, right) = if parallel { rayon::join(left, right) } else { (left(), right()) };
    let shift = |mut node: Node, by: u32| {
        if node.right != 0 {
            node.right += by;
        }
        node
    };
    let place_of_right = 1 + left.len() as u32;
    nodes[0].right = place_of_right;
    nodes.extend(left.into_iter().map(|node| shift(node, 1)));
    nodes.extend(right.into_iter().map(|node| shift(node, place_of_right)));
    nodes
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
