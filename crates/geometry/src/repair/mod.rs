//! A surface from anywhere made closed, manifold and outward, with as little change as possible.

mod cracks;
mod edges;
mod holes;
mod sheets;
mod shells;
mod weld;

use glam::DVec3;

use crate::decimate::half_edges::NONE;
use crate::{Cancel, Cancelled, TriMesh, topology};
use edges::{by_edge, by_first, edges};
use shells::parts;

/// Vertices nearer than this, relative to the diagonal of the bounding box, are meant to be one.
const TOLERANCE: f64 = 1e-5;
/// Twice the area of a triangle without area is below this, relative to the squared diagonal.
const NO_AREA: f64 = 1e-13;
/// A part whose own diagonal is below this share of the whole is a floater.
const ISLAND: f64 = 0.02;
/// Times the repairs are gone through: closing one thing may open another.
const ROUNDS: usize = 4;

/// What is wrong with a surface, counted. All zero: closed, manifold, outward, and nothing in it twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defects {
    /// Vertices beside another one that they are meant to be.
    pub split_vertices: usize,
    /// Triangles with a corner twice or without area.
    pub degenerate_triangles: usize,
    /// Triangles over the corners of another.
    pub duplicate_triangles: usize,
    /// Borders where the surface ends.
    pub holes: usize,
    /// Edges of more than two triangles.
    pub crowded_edges: usize,
    /// Bodies beyond the first that a vertex joins.
    pub pinched_vertices: usize,
    /// Edges whose two triangles disagree on which side is out, and parts that are inside out.
    pub turned: usize,
    /// Parts that are tiny beside the whole.
    pub islands: usize,
    /// Closed parts inside other parts.
    pub inner_shells: usize,
}

impl Defects {
    pub fn is_clean(&self) -> bool {
        *self == Defects::default()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Repaired {
    pub mesh: TriMesh,
    pub before: Defects,
    /// Of `mesh`; not always clean.
    pub after: Defects,
}

/// Welds, drops what is there twice or is nothing, closes cracks, turns triangles to one side, cuts what is no
/// manifold apart, closes holes, and takes floaters and inner shells away. Vertices that need no repair keep
/// their places bit for bit; a clean mesh comes back as it was. Two parts that run through each other stay.
///
/// # Panics
/// When a triangle names a vertex that is not there or a position is not finite.
pub fn repair(mesh: TriMesh, cancel: Cancel<'_>) -> Result<Repaired, Cancelled> {
    let (mut before, mut work) = examine(&mesh, cancel)?;
    if before.is_clean() {
        return Ok(Repaired { mesh, before, after: before });
    }
    drop(mesh);
    let mut after = before;
    for _ in 0..ROUNDS {
        let gone = work.round(cancel)?;
        // What is inside an open surface is only known once it is closed.
        before.islands = before.islands.max(gone.islands);
        before.inner_shells = before.inner_shells.max(gone.inner_shells);
        let mesh = work.finish();
        (after, work) = examine(&mesh, cancel)?;
        if after.is_clean() || mesh.triangles.is_empty() {
            return Ok(Repaired { mesh, before, after });
        }
    }
    Ok(Repaired { mesh: work.finish(), before, after })
}

/// Counts what [`repair`] would mend.
pub fn find(mesh: &TriMesh, cancel: Cancel<'_>) -> Result<Defects, Cancelled> {
    Ok(examine(mesh, cancel)?.0)
}

/// What is wrong, and the surface welded, with nothing in it twice and no triangle without area.
fn examine(mesh: &TriMesh, cancel: Cancel<'_>) -> Result<(Defects, Work), Cancelled> {
    let mut work = Work::of(mesh);
    let split_vertices = work.weld();
    cancel.check()?;
    let before = work.triangles.len();
    work.drop_degenerate();
    let degenerate_triangles = before - work.triangles.len();
    let duplicate_triangles = work.drop_duplicates();
    cancel.check()?;
    let (mut open, mut crowded_edges, mut turned) = (Vec::new(), 0, 0);
    let corners = work.triangles.as_flattened();
    for edge in edges(&by_edge(&work.triangles)) {
        match *edge {
            [(u, v, _)] => open.push([u, v, v]),
            [(.., a), (.., b)] => turned += usize::from(corners[a as usize] == corners[b as usize]),
            _ => crowded_edges += 1,
        }
    }
    cancel.check()?;
    let pinched_vertices = sheets::extra_fans(&work.triangles, &work.positions);
    let holes = parts(&open, &work.positions).parts.len();
    cancel.check()?;
    let found = parts(&work.triangles, &work.positions);
    let closed = holes == 0 && crowded_edges == 0 && turned == 0;
    let inner = if closed { found.inside_others(&work.triangles, &work.positions) } else { Vec::new() };
    turned += (0..found.parts.len()).filter(|&i| closed && !inner[i] && found.parts[i].volume < 0.0).count();
    let defects = Defects {
        split_vertices,
        degenerate_triangles,
        duplicate_triangles,
        holes,
        crowded_edges,
        pinched_vertices,
        turned,
        islands: found.parts.iter().filter(|part| work.is_island(part)).count(),
        inner_shells: inner.iter().filter(|&&inner| inner).count(),
    };
    Ok((defects, work))
}

struct Work {
    positions: Vec<DVec3>,
    triangles: Vec<[u32; 3]>,
    /// Of the bounding box.
    diagonal: f64,
}

impl Work {
    /// Vertices of bit-identical position are one.
    fn of(mesh: &TriMesh) -> Self {
        let welded = topology::weld(&mesh.positions, &mesh.triangles);
        let diagonal = welded.bounds().map_or(0.0, |(low, high)| high.as_dvec3().distance(low.as_dvec3()));
        let positions = welded.positions.iter().map(|p| p.as_dvec3()).collect();
        Self { positions, triangles: welded.triangles, diagonal }
    }

    fn finish(&self) -> TriMesh {
        let mut new_index = vec![NONE; self.positions.len()];
        let mut positions = Vec::new();
        let triangles = self.triangles.iter().map(|t| {
            t.map(|v| {
                let index = &mut new_index[v as usize];
                if *index == NONE {
                    *index = positions.len() as u32;
                    positions.push(self.positions[v as usize].as_vec3());
                }
                *index
            })
        });
        let triangles = triangles.collect();
        TriMesh { positions, triangles }
    }

    fn tolerance(&self) -> f64 {
        TOLERANCE * self.diagonal
    }

    /// Answers how many vertices became another.
    fn weld(&mut self) -> usize {
        let first = weld::first_near(&self.positions, self.tolerance());
        for v in self.triangles.as_flattened_mut() {
            *v = first[*v as usize];
        }
        (0u32..).zip(&first).filter(|&(v, &first)| v != first).count()
    }

    fn drop_degenerate(&mut self) {
        let smallest = NO_AREA * self.diagonal * self.diagonal;
        let positions = &self.positions;
        self.triangles.retain(|&[a, b, c]| {
            let [p, q, r] = [a, b, c].map(|v| positions[v as usize]);
            a != b && b != c && c != a && (q - p).cross(r - p).length() > smallest
        });
    }

    fn drop_duplicates(&mut self) -> usize {
        let triangles = &self.triangles;
        let sorted = by_first(triangles.len() as u32, self.positions.len(), |i| {
            let mut key = triangles[i as usize];
            key.sort_unstable();
            (key, i)
        });
        let mut again = vec![false; self.triangles.len()];
        let twice: usize = sorted
            .chunk_by(|a, b| a.0 == b.0)
            .map(|same| {
                same[1..].iter().for_each(|&(_, i)| again[i as usize] = true);
                same.len() - 1
            })
            .sum();
        if twice > 0 {
            let mut again = again.iter();
            self.triangles.retain(|_| again.next() == Some(&false));
        }
        twice
    }

    /// Answers the islands and inner shells that went.
    fn round(&mut self, cancel: Cancel<'_>) -> Result<Defects, Cancelled> {
        self.drop_degenerate();
        self.drop_duplicates();
        cancel.check()?;
        let tolerance = self.tolerance();
        cracks::close_cracks(&mut self.triangles, &self.positions, tolerance);
        self.drop_degenerate();
        self.drop_duplicates();
        cancel.check()?;
        sheets::agree(&mut self.triangles);
        sheets::split_fans(&mut self.triangles, &mut self.positions, 2.0 * tolerance);
        cancel.check()?;
        // A single triangle has no inside.
        let islands = self.keep_parts(|work, part| !work.is_island(part) && part.triangles > 1);
        holes::fill(&mut self.triangles, &mut self.positions);
        cancel.check()?;
        self.face_outward();
        let inner_shells = self.drop_inner_shells();
        cancel.check()?;
        Ok(Defects { islands, inner_shells, ..Defects::default() })
    }

    fn is_island(&self, part: &shells::Part) -> bool {
        part.low.distance(part.high) < ISLAND * self.diagonal
    }

    /// Answers how many went.
    fn keep_parts(&mut self, keep: impl Fn(&Self, &shells::Part) -> bool) -> usize {
        let found = parts(&self.triangles, &self.positions);
        let keep: Vec<bool> = found.parts.iter().map(|part| keep(self, part)).collect();
        // A cloud of floaters is better than nothing.
        if keep.contains(&true) { self.retain(&found.of, &keep) } else { 0 }
    }

    fn face_outward(&mut self) {
        let found = parts(&self.triangles, &self.positions);
        for (triangle, &part) in self.triangles.iter_mut().zip(&found.of) {
            if found.parts[part as usize].volume < 0.0 {
                triangle.swap(1, 2);
            }
        }
    }

    fn drop_inner_shells(&mut self) -> usize {
        let found = parts(&self.triangles, &self.positions);
        let keep: Vec<bool> =
            found.inside_others(&self.triangles, &self.positions).into_iter().map(|inner| !inner).collect();
        self.retain(&found.of, &keep)
    }

    fn retain(&mut self, part_of: &[u32], keep: &[bool]) -> usize {
        let mut part = part_of.iter();
        self.triangles.retain(|_| part.next().is_some_and(|&part| keep[part as usize]));
        keep.iter().filter(|&&keep| !keep).count()
    }
}
