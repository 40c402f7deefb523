use rayon::prelude::*;

use crate::{Cancel, Cancelled};

const CHUNK: usize = 4096;

/// No half-edge, or a dead one's origin.
pub const NONE: u32 = u32::MAX;

/// Triangles with their neighbours. Half-edge `3 t + i` runs from corner `i` of triangle `t` to the next.
pub struct HalfEdges {
    /// Vertex each half-edge starts at; [`NONE`] once its triangle is gone.
    pub origin: Vec<u32>,
    /// The half-edge the other way; [`NONE`] on borders and edges of more than two triangles.
    pub twin: Vec<u32>,
    /// Vertices that must stay: on such edges, or touched by two fans.
    pub locked: Vec<bool>,
}

pub const fn next(h: u32) -> u32 {
    if h % 3 == 2 { h - 2 } else { h + 1 }
}

pub const fn previous(h: u32) -> u32 {
    if h.is_multiple_of(3) { h + 2 } else { h - 1 }
}

/// The half-edges that leave each vertex, by where they lead.
struct Spokes {
    start: Vec<u32>,
    /// Target vertex and half-edge.
    spokes: Vec<(u32, u32)>,
}

impl Spokes {
    fn collect(vertices: usize, origin: &[u32], cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let mut start = vec![0u32; vertices + 1];
        for &v in origin {
            start[v as usize + 1] += 1;
        }
        for v in 0..vertices {
            start[v + 1] += start[v];
        }
        let mut free = start.clone();
        let mut spokes = vec![(0, 0); origin.len()];
        for (h, &v) in origin.iter().enumerate() {
            let place = &mut free[v as usize];
            spokes[*place as usize] = (origin[next(h as u32) as usize], h as u32);
            *place += 1;
        }
        cancel.check()?;
        for v in 0..vertices {
            if v % CHUNK == 0 {
                cancel.check()?;
            }
            spokes[start[v] as usize..start[v + 1] as usize].sort_unstable();
        }
        Ok(Self { start, spokes })
    }

    fn of(&self, v: u32) -> &[(u32, u32)] {
        &self.spokes[self.start[v as usize] as usize..self.start[v as usize + 1] as usize]
    }

    /// The only half-edge from `from` to `to`.
    fn only(&self, from: u32, to: u32) -> Option<u32> {
        let spokes = self.of(from);
        let i = spokes.partition_point(|&(target, _)| target < to);
        let found = spokes.get(i).filter(|&&(target, _)| target == to)?;
        let again = spokes.get(i + 1).is_some_and(|&(target, _)| target == to);
        (!again).then_some(found.1)
    }
}

impl HalfEdges {
    /// # Panics
    /// When a triangle names a vertex that is not there.
    pub fn new(vertices: usize, triangles: &[[u32; 3]], cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let origin = triangles.as_flattened().to_vec();
        let spokes = Spokes::collect(vertices, &origin, cancel)?;
        let mut twin = vec![NONE; origin.len()];
        twin.par_chunks_mut(CHUNK).enumerate().try_for_each(|(chunk, twins)| {
            cancel.check()?;
            for (h, twin) in (chunk * CHUNK..).zip(twins) {
                let (from, to) = (origin[h], origin[next(h as u32) as usize]);
                if from != to && spokes.only(from, to).is_some() {
                    *twin = spokes.only(to, from).unwrap_or(NONE);
                }
            }
            Ok(())
        })?;
        let mut locked = vec![false; vertices];
        for h in (0..origin.len()).filter(|&h| twin[h] == NONE) {
            locked[origin[h] as usize] = true;
            locked[origin[next(h as u32) as usize] as usize] = true;
        }
        let mut half_edges = Self { origin, twin, locked: Vec::new() };
        locked.par_chunks_mut(CHUNK).enumerate().try_for_each(|(chunk, locked)| {
            cancel.check()?;
            for (v, locked) in (chunk * CHUNK..).zip(locked) {
                if let Some(&(_, h)) = spokes.of(v as u32).first() {
                    *locked |= half_edges.spokes(h).count() != spokes.of(v as u32).len();
                }
            }
            Ok(())
        })?;
        half_edges.locked = locked;
        Ok(half_edges)
    }

    pub fn target(&self, h: u32) -> u32 {
        self.origin[next(h) as usize]
    }

    /// Whether neither end is locked.
    pub fn is_movable(&self, h: u32) -> bool {
        !self.locked[self.origin[h as usize] as usize] && !self.locked[self.target(h) as usize]
    }

    /// Half-edges that leave the same vertex as `h`, beginning with it; of an unlocked vertex all of them.
    pub fn spokes(&self, h: u32) -> impl Iterator<Item = u32> {
        let mut at = h;
        std::iter::from_fn(move || {
            let spoke = at;
            if spoke == NONE {
                return None;
            }
            at = self.twin[previous(spoke) as usize];
            if at == h {
                at = NONE;
            }
            Some(spoke)
        })
    }

    /// Merges the origin of `h` into its target and removes the two triangles beside it; `spokes` are those of
    /// the origin. Answers the two edges that took the place of two each.
    pub fn collapse(&mut self, h: u32, spokes: &[u32]) -> [(u32, u32); 2] {
        let stays = self.target(h);
        for &spoke in spokes {
            self.origin[spoke as usize] = stays;
        }
        [h, self.twin[h as usize]].map(|side| {
            let (one, other) = (self.twin[next(side) as usize], self.twin[previous(side) as usize]);
            self.twin[one as usize] = other;
            self.twin[other as usize] = one;
            for dead in [side, next(side), previous(side)] {
                self.origin[dead as usize] = NONE;
            }
            (one, other)
        })
    }
}
