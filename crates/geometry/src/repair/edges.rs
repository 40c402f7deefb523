//! Which triangles meet at an edge.

use crate::decimate::half_edges::{NONE, next};

/// A half-edge filed under its edge: lower vertex, higher vertex, half-edge.
type Filed = (u32, u32, u32);

/// Every half-edge, those of one edge side by side. Half-edge `3 t + i` runs from corner `i` of triangle `t`.
pub fn by_edge(triangles: &[[u32; 3]]) -> Vec<Filed> {
    let corners = triangles.as_flattened();
    let ends = |h: u32| {
        let (u, v) = (corners[h as usize], corners[next(h) as usize]);
        (u.min(v), u.max(v))
    };
    by_first(corners.len() as u32, corners.iter().max().map_or(0, |&v| v as usize + 1), |h| {
        let (low, high) = ends(h);
        (low, high, h)
    })
}

/// The entries `0..count` in order: counted into the first of their numbers, below `firsts`, of which few entries share
/// one, and sorted there.
pub fn by_first<T: First + Copy + Default + Ord>(
    count: u32,
    firsts: usize,
    entry: impl Fn(u32) -> T,
) -> Vec<T> {
    let mut start = vec![0u32; firsts + 1];
    (0..count).for_each(|i| start[entry(i).first() as usize + 1] += 1);
    for first in 0..firsts {
        start[first + 1] += start[first];
    }
    let mut place = start.clone();
    let mut filed = vec![T::default(); count as usize];
    for i in 0..count {
        let entry = entry(i);
        let place = &mut place[entry.first() as usize];
        filed[*place as usize] = entry;
        *place += 1;
    }
    let mut rest = filed.as_mut_slice();
    for first in start.windows(2) {
        let (own, others) = rest.split_at_mut((first[1] - first[0]) as usize);
        own.sort_unstable();
        rest = others;
    }
    filed
}

/// What an entry is filed under.
pub trait First {
    fn first(&self) -> u32;
}

impl First for Filed {
    fn first(&self) -> u32 {
        self.0
    }
}

impl First for ([u32; 3], u32) {
    fn first(&self) -> u32 {
        self.0[0]
    }
}

/// The half-edges of each edge.
pub fn edges(filed: &[Filed]) -> impl Iterator<Item = &[Filed]> {
    filed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
}

/// The half-edges that no other triangle shares.
pub fn borders(triangles: &[[u32; 3]]) -> Vec<u32> {
    edges(&by_edge(triangles)).filter(|edge| edge.len() == 1).map(|edge| edge[0].2).collect()
}

/// A half-edge and the one across, [`NONE`] where the surface ends.
pub type Twins = Vec<u32>;

pub fn link(twins: &mut Twins, a: u32, b: u32) {
    twins[a as usize] = b;
    twins[b as usize] = a;
}

pub fn no_twins(triangles: &[[u32; 3]]) -> Twins {
    vec![NONE; triangles.len() * 3]
}
