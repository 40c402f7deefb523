use glam::Vec3;
use rayon::prelude::*;

use super::fan::{Fan, MOST_NEIGHBOURS};
use super::half_edges::{HalfEdges, NONE, next, previous};
use super::quadric::Vertex;
use super::queue::BucketQueue;
use crate::{Cancel, Cancelled};

/// Cosine of the most a triangle may turn.
const LEAST_COSINE: f32 = 0.3;
const CANCEL_EVERY: u32 = 1024;
const CHUNK: usize = 4096;

/// A mesh that loses edges.
pub struct Decimation {
    pub half_edges: HalfEdges,
    pub vertices: Vec<Vertex>,
    /// How many are left.
    pub triangles: usize,
    /// Round the ends of the edge in hand.
    fans: [Fan; 2],
}

/// The edges of one walk through the mesh in order of cost.
pub struct Pass {
    queue: BucketQueue,
    /// For each half-edge whether it stands for its edge in the queue.
    queued: Vec<bool>,
    least_shape: f32,
}

impl Pass {
    /// Adds how many edges wait in each bucket.
    pub fn count_waiting(&self, counts: &mut [usize; BucketQueue::BUCKETS]) {
        self.queue.count_waiting(counts);
    }
}

impl Decimation {
    /// Vertices within about unit size.
    pub fn new(vertices: Vec<Vertex>, triangles: &[[u32; 3]], cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let half_edges = HalfEdges::new(vertices.len(), triangles, cancel)?;
        Ok(Self { half_edges, vertices, triangles: triangles.len(), fans: Default::default() })
    }

    /// All edges between vertices that may move. No triangle worse shaped than `least_shape`, twice its area by
    /// the sum of its squared edges, will be made.
    pub fn begin_pass(&self, least_shape: f32, cancel: Cancel<'_>) -> Result<Pass, Cancelled> {
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
            if !queued[h as usize] {
                continue;
            }
            let (u, v) = (self.half_edges.origin[h as usize], self.half_edges.target(h));
            let merger = self.vertices[u as usize].merge(&self.vertices[v as usize]);
            let bucket = BucketQueue::bucket_of(merger.cost);
            if queue.is_later(bucket) {
                queue.push(bucket, h);
            } else if self.is_allowed(h, merger.position, *least_shape) {
                self.vertices[v as usize] = merger.vertex();
                self.triangles -= 2;
                for side in [h, self.half_edges.twin[h as usize]] {
                    for dead in [side, next(side), previous(side)] {
                        queued[dead as usize] = false;
                    }
                }
                for (one, other) in self.half_edges.collapse(h, self.fans[0].spokes()) {
                    if !queued[one as usize] && !queued[other as usize] {
                        if self.half_edges.is_movable(one) {
                            queued[one as usize] = true;
                            queue.push(0, one);
                        }
                    } else if queued[one as usize] {
                        queued[other as usize] = false;
                    }
                }
            } else {
                queued[h as usize] = queue.postpone(h);
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
            self.half_edges.is_movable(h).then(|| {
                BucketQueue::bucket_of(self.vertices[u as usize].merge(&self.vertices[v as usize]).cost)
                    as u32
            })
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

    /// Whether the edge may collapse into `point`. Leaves what is round its ends in `self.fans`.
    fn is_allowed(&mut self, h: u32, point: Vec3, least_shape: f32) -> bool {
        let back = self.half_edges.twin[h as usize];
        let [from, to] = &mut self.fans;
        if !from.look_round(&self.half_edges, h) || !to.look_round(&self.half_edges, back) {
            return false;
        }
        let [from, to] = &self.fans;
        from.rim().len() + to.rim().len() <= MOST_NEIGHBOURS + 4
            && self.keeps_topology(h, from, to)
            && [(h, from), (back, to)].into_iter().all(|(edge, fan)| {
                // But for the two triangles beside the edge.
                let end = self.half_edges.origin[edge as usize];
                self.keeps_shape(end, &fan.rim()[1..], point, least_shape)
            })
    }

    /// The link condition: the ends share exactly the two corners opposite their edge, and neither of those
    /// would be left with two triangles.
    fn keeps_topology(&self, h: u32, from: &Fan, to: &Fan) -> bool {
        let half_edges = &self.half_edges;
        let shared = from.rim().iter().filter(|a| to.rim().contains(a)).count();
        shared == 2
            && [h, half_edges.twin[h as usize]]
                .into_iter()
                .all(|side| half_edges.spokes(previous(side)).take(4).count() > 3)
    }

    /// Whether the triangles of a vertex and each two in turn of its neighbours `rim` stay well shaped and do not
    /// turn over when it moves to `point`.
    pub fn keeps_shape(&self, vertex: u32, rim: &[u32], point: Vec3, least_shape: f32) -> bool {
        let position = |v: u32| self.vertices[v as usize].position;
        let p = position(vertex);
        rim.windows(2).all(|pair| {
            let (q, r) = (position(pair[0]), position(pair[1]));
            let base = r - q;
            let (old, new) = ((q - p).cross(base), (q - point).cross(base));
            let (old_area, new_area) = (old.length(), new.length());
            let edges =
                |apex: Vec3| q.distance_squared(apex) + r.distance_squared(apex) + base.length_squared();
            let new_edges = edges(point);
            // Not worse than it was is good enough where the mesh already has slivers.
            let shaped = new_area >= least_shape * new_edges || new_area * edges(p) >= old_area * new_edges;
            let cosine_by_areas = old.dot(new);
            shaped && cosine_by_areas > 0.0 && cosine_by_areas >= LEAST_COSINE * old_area * new_area
        })
    }
}
