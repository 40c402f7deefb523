//! Fewer triangles for the same shape.

pub(crate) mod half_edges;
mod quadric;
mod queue;

use glam::DVec3;
use rayon::prelude::*;

use crate::{Cancel, Cancelled, TriMesh};
use half_edges::{HalfEdges, NONE, next, previous};
use quadric::Quadric;
use queue::BucketQueue;

/// Cost of an edge's squared length relative to its squared distance from the planes: keeps triangles even
/// where the surface is flat and every collapse would be free.
const LENGTH_COST: f64 = 1e-7;
/// Cosine of the most a triangle may turn.
const LEAST_COSINE: f64 = 0.3;
/// Least shape of a new triangle, twice its area by the sum of its squared edges; .577 is equilateral.
const LEAST_SHAPE: f64 = 0.03;
/// Most neighbours a vertex may get.
const MOST_NEIGHBOURS: usize = 20;
const CANCEL_EVERY: u32 = 1024;
const CHUNK: usize = 4096;
/// Triangles whose planes are computed at once and then added up in order.
const PLANES_CHUNK: usize = 1 << 16;

/// Collapses edges until at most `target_triangles` are left or none can go. Quadric error metric with
/// area-weighted planes and optimal placement (Garland & Heckbert 1997); costs are looked at again when an
/// edge's turn comes, not when its neighbours change. The link condition (Dey et al. 1999) keeps a manifold
/// manifold and closed; no triangle turns over. Parts that are not manifold stay as they are.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn decimate(mesh: TriMesh, target_triangles: usize, cancel: Cancel<'_>) -> Result<TriMesh, Cancelled> {
    let Some((low, high)) = mesh.bounds() else { return Ok(mesh) };
    if mesh.triangles.len() <= target_triangles {
        return Ok(mesh);
    }
    let centre = (low.as_dvec3() + high.as_dvec3()) / 2.0;
    let scale = (high.as_dvec3() - low.as_dvec3()).max_element().max(f64::MIN_POSITIVE);
    let mut work = Decimation::begin(&mesh, centre, scale, cancel)?;
    drop(mesh);
    for least_shape in [LEAST_SHAPE, 0.0] {
        while work.triangles > target_triangles && work.pass(target_triangles, least_shape, cancel)? {}
    }
    Ok(work.finish(centre, scale))
}

struct Decimation {
    half_edges: HalfEdges,
    /// Centred and scaled to unit size.
    positions: Vec<DVec3>,
    quadrics: Vec<Quadric>,
    triangles: usize,
    spokes: [Vec<u32>; 2],
}

struct Collapse {
    cost: f64,
    point: DVec3,
    quadric: Quadric,
}

impl Decimation {
    fn begin(mesh: &TriMesh, centre: DVec3, scale: f64, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let half_edges = HalfEdges::new(mesh.positions.len(), &mesh.triangles, cancel)?;
        cancel.check()?;
        let positions: Vec<DVec3> = mesh.positions.iter().map(|p| (p.as_dvec3() - centre) / scale).collect();
        let mut quadrics = vec![Quadric::default(); positions.len()];
        for triangles in mesh.triangles.chunks(PLANES_CHUNK) {
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
        let triangles = mesh.triangles.len();
        Ok(Self { half_edges, positions, quadrics, triangles, spokes: Default::default() })
    }

    fn weigh(&self, u: u32, v: u32) -> Collapse {
        let (u, v) = (u as usize, v as usize);
        let quadric = self.quadrics[u] + self.quadrics[v];
        let point = quadric.best_point((self.positions[u] + self.positions[v]) / 2.0);
        let length = self.positions[u].distance_squared(self.positions[v]);
        Collapse { cost: quadric.error(point) + LENGTH_COST * quadric.weight * length, point, quadric }
    }

    /// Takes all edges in order of cost; whether any collapsed.
    fn pass(&mut self, target: usize, least_shape: f64, cancel: Cancel<'_>) -> Result<bool, Cancelled> {
        let before = self.triangles;
        let mut queued = vec![false; self.half_edges.twin.len()];
        let mut queue = self.fill_queue(&mut queued, cancel)?;
        let mut until_check = CANCEL_EVERY;
        while self.triangles > target
            && let Some(h) = queue.pop()
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
            } else if !self.is_allowed(h, collapse.point, least_shape) {
                queued[h as usize] = queue.postpone(h);
            } else {
                self.positions[v as usize] = collapse.point;
                self.quadrics[v as usize] = collapse.quadric;
                self.triangles -= 2;
                for (one, other) in self.half_edges.collapse(h, &self.spokes[0]) {
                    if !queued[one as usize] && !queued[other as usize] {
                        queued[one as usize] = true;
                        queue.push(0, one);
                    } else if queued[one as usize] {
                        queued[other as usize] = false;
                    }
                }
            }
        }
        Ok(self.triangles < before)
    }

    /// One half-edge of every edge between vertices that may move.
    fn fill_queue(&self, queued: &mut [bool], cancel: Cancel<'_>) -> Result<BucketQueue, Cancelled> {
        let HalfEdges { origin, twin, locked } = &self.half_edges;
        let bucket_of = |h: u32| {
            let (u, back) = (origin[h as usize], twin[h as usize]);
            if u == NONE || back == NONE || back < h {
                return None;
            }
            let v = self.half_edges.target(h);
            let movable = !locked[u as usize] && !locked[v as usize];
            movable.then(|| BucketQueue::bucket_of(self.weigh(u, v).cost) as u32)
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

    fn finish(self, centre: DVec3, scale: f64) -> TriMesh {
        let mut new_index = vec![NONE; self.positions.len()];
        for &v in self.half_edges.origin.iter().filter(|&&v| v != NONE) {
            new_index[v as usize] = 0;
        }
        let mut positions = Vec::with_capacity(self.triangles / 2 + 2);
        for (index, p) in new_index.iter_mut().zip(&self.positions) {
            if *index != NONE {
                *index = positions.len() as u32;
                positions.push((*p * scale + centre).as_vec3());
            }
        }
        let triangles = self.half_edges.origin.as_chunks::<3>().0.iter();
        let triangles =
            triangles.filter(|t| t[0] != NONE).map(|t| t.map(|v| new_index[v as usize])).collect();
        TriMesh { positions, triangles }
    }
}
