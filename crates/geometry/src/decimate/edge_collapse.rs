use glam::DVec3;
use rayon::prelude::*;

use super::half_edges::{HalfEdges, NONE, next, previous};
use super::quadric::Quadric;
use super::queue::BucketQueue;
use crate::{Cancel, Cancelled};

/// Cost of an edge's squared length relative to its squared distance from the planes: keeps triangles even
/// where the surface is flat and every collapse would be free.
const LENGTH_COST: f64 = 1e-7;
/// Cosine of the most a triangle may turn.
const LEAST_COSINE: f64 = 0.3;
/// Most neighbours a vertex may get.
const MOST_NEIGHBOURS: usize = 20;
const CANCEL_EVERY: u32 = 1024;
const CHUNK: usize = 4096;
/// Triangles whose planes are computed at once and then added up in order.
const PLANES_CHUNK: usize = 1 << 16;

/// A mesh that loses edges.
pub struct Decimation {
    pub half_edges: HalfEdges,
    pub positions: Vec<DVec3>,
    pub quadrics: Vec<Quadric>,
    /// How many are left.
    pub triangles: usize,
    spokes: [Vec<u32>; 2],
}

/// The edges of one walk through the mesh in order of cost.
pub struct Pass {
    queue: BucketQueue,
    /// For each half-edge whether it stands for its edge in the queue.
    queued: Vec<bool>,
    least_shape: f64,
}

struct Collapse {
    cost: f64,
    point: DVec3,
    quadric: Quadric,
}

impl Decimation {
    /// Positions within about unit size, and for each vertex the planes it is held to.
    pub fn new(
        positions: Vec<DVec3>,
        quadrics: Vec<Quadric>,
        triangles: &[[u32; 3]],
        cancel: Cancel<'_>,
    ) -> Result<Self, Cancelled> {
        let half_edges = HalfEdges::new(positions.len(), triangles, cancel)?;
        Ok(Self { half_edges, positions, quadrics, triangles: triangles.len(), spokes: Default::default() })
    }

    fn weigh(&self, u: u32, v: u32) -> Collapse {
        let (u, v) = (u as usize, v as usize);
        let quadric = self.quadrics[u] + self.quadrics[v];
        let point = quadric.best_point((self.positions[u] + self.positions[v]) / 2.0);
        let length = self.positions[u].distance_squared(self.positions[v]);
        Collapse { cost: quadric.error(point) + LENGTH_COST * quadric.weight * length, point, quadric }
    }

    /// All edges between vertices that may move. No triangle worse shaped than `least_shape`, twice its area by
    /// the sum of its squared edges, will be made.
    pub fn begin_pass(&self, least_shape: f64, cancel: Cancel<'_>) -> Result<Pass, Cancelled> {
        let mut queued = vec![false; self.half_edges.twin.len()];
        let queue = self.fill_queue(&mut queued, cancel)?;
        Ok(Pass { queue, queued, least_shape })
    }

    /// Collapses edges in order of cost, those of the buckets before `end`, until `target` triangles are left.
    pub fn advance(
        &mut self,
        pass: &mut Pass,
        target: usize,
        end: usize,
        cancel: Cancel<'_>,
    ) -> Result<(), Cancelled> {
        let Pass { queue, queued, least_shape } = pass;
        let mut until_check = CANCEL_EVERY;
        while self.triangles > target
            && let Some(h) = queue.pop_before(end)
        {
            until_check -= 1;
            if until_check == 0 {
                cancel.check()?;
                until_check = CANCEL_EVERY;
            }
            let (u, v) = (self.half_edges.origin[h as usize], self.half_edges.target(h));
            if u == NONE || !queued[h as usize] {
                continue;
            }
            let collapse = self.weigh(u, v);
            let bucket = BucketQueue::bucket_of(collapse.cost);
            if queue.is_later(bucket) {
                queue.push(bucket, h);
            } else if !self.is_allowed(h, collapse.point, *least_shape) {
                queued[h as usize] = queue.postpone(h);
            } else {
                self.positions[v as usize] = collapse.point;
                self.quadrics[v as usize] = collapse.quadric;
                self.triangles -= 2;
                for (one, other) in self.half_edges.collapse(h, &self.spokes[0]) {
                    if !queued[one as usize] && !queued[other as usize] {
                        if self.half_edges.is_movable(one) {
                            queued[one as usize] = true;
                            queue.push(0, one);
                        }
                    } else if queued[one as usize] {
                        queued[other as usize] = false;
                    }
                }
            }
        }
        Ok(())
    }

    /// One half-edge of every edge between vertices that may move.
    fn fill_queue(&self, queued: &mut [bool], cancel: Cancel<'_>) -> Result<BucketQueue, Cancelled> {
        let HalfEdges { origin, twin, .. } = &self.half_edges;
        let bucket_of = |h: u32| {
            let (u, back) = (origin[h as usize], twin[h as usize]);
            if u == NONE || back == NONE || back < h {
                return None;
            }
            let v = self.half_edges.target(h);
            self.half_edges.is_movable(h).then(|| BucketQueue::bucket_of(self.weigh(u, v).cost) as u32)
        };
        let chunks: Vec<Vec<(u32, u32)>> = (0..origin.len().div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                cancel.check()?;
                let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(origin.len());
                Ok(range.filter_map(|h| Some((bucket_of(h as u32)?, h as u32))).collect())
            })
            .collect::<Result<_, _>>()?;
        let mut queue = BucketQueue::new();
        for (bucket, h) in chunks.into_iter().flatten() {
            queue.push(bucket as usize, h);
            queued[h as usize] = true;
        }
        Ok(queue)
    }

    /// Whether the edge may collapse into `point`. Leaves the spokes of its two ends in `self.spokes`.
    fn is_allowed(&mut self, h: u32, point: DVec3, least_shape: f64) -> bool {
        let back = self.half_edges.twin[h as usize];
        let mut spokes = std::mem::take(&mut self.spokes);
        for (spokes, start) in spokes.iter_mut().zip([h, back]) {
            spokes.clear();
            spokes.extend(self.half_edges.spokes(start).take(MOST_NEIGHBOURS + 4));
        }
        self.spokes = spokes;
        let [from, to] = &self.spokes;
        from.len() + to.len() <= MOST_NEIGHBOURS + 4
            && self.keeps_topology(h, from, to)
            && [(h, from), (back, to)]
                .into_iter()
                .all(|(skip, spokes)| self.keeps_shape(skip, spokes, point, least_shape))
    }

    /// The link condition: the ends share exactly the two corners opposite their edge, and neither of those
    /// would be left with two triangles.
    fn keeps_topology(&self, h: u32, from: &[u32], to: &[u32]) -> bool {
        let half_edges = &self.half_edges;
        let shared = from
            .iter()
            .filter(|&&a| to.iter().any(|&b| half_edges.target(a) == half_edges.target(b)))
            .count();
        shared == 2
            && [h, half_edges.twin[h as usize]]
                .into_iter()
                .all(|side| half_edges.spokes(previous(side)).take(4).count() > 3)
    }

    /// Whether the triangles round one end, but for the two beside the edge, stay well shaped and do not turn
    /// over. `edge` is the end's spoke along the edge.
    fn keeps_shape(&self, edge: u32, spokes: &[u32], point: DVec3, least_shape: f64) -> bool {
        let half_edges = &self.half_edges;
        let beside = half_edges.twin[edge as usize];
        spokes.iter().all(|&spoke| {
            if spoke == edge || spoke == next(beside) {
                return true;
            }
            let corner = |h: u32| self.positions[half_edges.origin[h as usize] as usize];
            let (p, q, r) = (corner(spoke), corner(next(spoke)), corner(previous(spoke)));
            let base = r - q;
            let (old, new) = ((q - p).cross(base), (q - point).cross(base));
            let dot = old.dot(new);
            let edges =
                |apex: DVec3| q.distance_squared(apex) + r.distance_squared(apex) + base.length_squared();
            // Not worse than it was is good enough where the mesh already has slivers.
            let shaped = |new_area: f64| {
                new_area >= least_shape * edges(point) || new_area * edges(p) >= old.length() * edges(point)
            };
            dot > 0.0
                && dot * dot >= LEAST_COSINE * LEAST_COSINE * old.length_squared() * new.length_squared()
                && shaped(new.length())
        })
    }
}

/// Adds the plane of each triangle to those its corners are held to.
pub fn add_planes(
    quadrics: &mut [Quadric],
    positions: &[DVec3],
    triangles: &[[u32; 3]],
    cancel: Cancel<'_>,
) -> Result<(), Cancelled> {
    for triangles in triangles.chunks(PLANES_CHUNK) {
        cancel.check()?;
        let plane = |t: &[u32; 3]| {
            let [p, q, r] = t.map(|v| positions[v as usize]);
            Quadric::of_triangle(p, q, r)
        };
        let planes: Vec<Quadric> = triangles.par_iter().map(plane).collect();
        for (triangle, &plane) in triangles.iter().zip(&planes) {
            for &v in triangle {
                quadrics[v as usize] = quadrics[v as usize] + plane;
            }
        }
    }
    Ok(())
}
