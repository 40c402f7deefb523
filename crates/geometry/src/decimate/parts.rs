//! A large mesh cut into boxes that are thinned side by side: more cores, and each core's share in its cache.

use glam::DVec3;
use rayon::prelude::*;

use super::LEAST_SHAPE;
use super::edge_collapse::{Decimation, Pass, add_planes};
use super::half_edges::NONE;
use super::quadric::Quadric;
use super::queue::{BucketQueue, OCTAVE};
use crate::{Cancel, Cancelled};

/// Triangles of a part at the most; a power of two of parts is made.
const PART_TRIANGLES: usize = 1 << 16;
/// Triangles the parts stop at, relative to the target: room to choose between parts and around the cuts.
const SPARE: usize = 2;

/// Triangles the parts stop at, relative to those between them: what stays dense along the cuts must stay a small
/// share, or what is beside it is thinned in its place.
const PER_BETWEEN: usize = 8;

/// How many parts a mesh is worth; 1 where it should stay whole.
pub fn wanted(triangles: usize, target: usize) -> usize {
    let worth = triangles > 2 * SPARE * target.max(1);
    if worth { triangles.div_ceil(PART_TRIANGLES).next_power_of_two() } else { 1 }
}

struct Part {
    /// The mesh's vertices, ascending.
    vertices: Vec<u32>,
    work: Decimation,
    pass: Pass,
}

/// Thins each part's inside. All of them go through the costs together, octave by octave, so that together
/// they keep what the whole mesh would. Triangles between parts and their corners stay; an edge between two
/// vertices that no triangle outside the part touches has its link inside, so what keeps the part manifold
/// keeps the mesh manifold.
pub fn thinned(
    positions: &[DVec3],
    triangles: Vec<[u32; 3]>,
    parts: usize,
    target: usize,
    cancel: Cancel<'_>,
) -> Result<Decimation, Cancelled> {
    let mut vertices: Vec<u32> = (0..positions.len() as u32).collect();
    let groups = split(&mut vertices, positions, parts, cancel)?;
    // For each vertex its part and its place there.
    let mut place = vec![(0u32, 0u32); positions.len()];
    for (part, group) in groups.iter().enumerate() {
        for (i, &v) in group.iter().enumerate() {
            place[v as usize] = (part as u32, i as u32);
        }
    }
    cancel.check()?;
    let mut inside: Vec<Vec<[u32; 3]>> = vec![Vec::new(); parts];
    let mut between = Vec::new();
    let mut on_cut = vec![false; positions.len()];
    for triangle in triangles {
        let [a, b, c] = triangle.map(|v| place[v as usize]);
        if a.0 == b.0 && b.0 == c.0 {
            inside[a.0 as usize].push([a.1, b.1, c.1]);
        } else {
            between.push(triangle);
            triangle.iter().for_each(|&v| on_cut[v as usize] = true);
        }
    }
    drop(place);
    cancel.check()?;
    let mut parts: Vec<Part> = groups
        .into_par_iter()
        .zip(inside)
        .map(|(vertices, triangles)| Part::new(vertices.to_vec(), positions, &triangles, &on_cut, cancel))
        .collect::<Result<_, _>>()?;
    let goal = (SPARE * target).max(PER_BETWEEN * between.len());
    for end in (OCTAVE..=BucketQueue::BUCKETS).step_by(OCTAVE) {
        let total: usize = parts.iter().map(|part| part.work.triangles).sum();
        if total <= goal {
            break;
        }
        parts.par_iter_mut().try_for_each(|Part { work, pass, .. }| {
            let share = (work.triangles as u64 * goal as u64).div_ceil(total as u64) as usize;
            work.advance(pass, share, end, cancel)
        })?;
    }
    join(parts, &between, &on_cut, cancel)
}

/// Halves the vertices across their longest extent until there are `parts` groups, each ascending.
fn split<'a>(
    vertices: &'a mut [u32],
    positions: &[DVec3],
    parts: usize,
    cancel: Cancel<'_>,
) -> Result<Vec<&'a [u32]>, Cancelled> {
    cancel.check()?;
    if parts == 1 {
        vertices.sort_unstable();
        return Ok(vec![vertices]);
    }
    let (low, high) = vertices.iter().fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), &v| {
        (low.min(positions[v as usize]), high.max(positions[v as usize]))
    });
    let axis = (high - low).max_position();
    let middle = vertices.len() / 2;
    if middle < vertices.len() {
        vertices.select_nth_unstable_by(middle, |&u, &v| {
            positions[u as usize][axis].total_cmp(&positions[v as usize][axis]).then(u.cmp(&v))
        });
    }
    let (one, other) = vertices.split_at_mut(middle);
    let (one, other) = rayon::join(
        || split(one, positions, parts / 2, cancel),
        || split(other, positions, parts / 2, cancel),
    );
    let mut groups = one?;
    groups.append(&mut other?);
    Ok(groups)
}

impl Part {
    fn new(
        vertices: Vec<u32>,
        positions: &[DVec3],
        triangles: &[[u32; 3]],
        on_cut: &[bool],
        cancel: Cancel<'_>,
    ) -> Result<Self, Cancelled> {
        let positions: Vec<DVec3> = vertices.iter().map(|&v| positions[v as usize]).collect();
        let mut quadrics = vec![Quadric::default(); positions.len()];
        add_planes(&mut quadrics, &positions, triangles, cancel)?;
        let mut work = Decimation::new(positions, quadrics, triangles, cancel)?;
        for (locked, &v) in work.half_edges.locked.iter_mut().zip(&vertices) {
            *locked |= on_cut[v as usize];
        }
        let pass = work.begin_pass(LEAST_SHAPE, cancel)?;
        Ok(Self { vertices, work, pass })
    }
}

/// What is left of the parts and what lies between them as one mesh again, free to move everywhere.
fn join(
    parts: Vec<Part>,
    between: &[[u32; 3]],
    on_cut: &[bool],
    cancel: Cancel<'_>,
) -> Result<Decimation, Cancelled> {
    let (mut positions, mut quadrics, mut triangles) = (Vec::new(), Vec::new(), Vec::new());
    let mut on_cut_index = vec![NONE; on_cut.len()];
    for Part { vertices, work, .. } in parts {
        cancel.check()?;
        let kept = work.half_edges.origin.as_chunks::<3>().0.iter().filter(|t| t[0] != NONE);
        let mut used: Vec<bool> = vertices.iter().map(|&v| on_cut[v as usize]).collect();
        kept.clone().flatten().for_each(|&v| used[v as usize] = true);
        let mut new_index = vec![NONE; vertices.len()];
        for v in (0..vertices.len()).filter(|&v| used[v]) {
            new_index[v] = positions.len() as u32;
            on_cut_index[vertices[v] as usize] = new_index[v];
            positions.push(work.positions[v]);
            quadrics.push(work.quadrics[v]);
        }
        triangles.extend(kept.map(|t| t.map(|v| new_index[v as usize])));
    }
    let between: Vec<[u32; 3]> = between.iter().map(|t| t.map(|v| on_cut_index[v as usize])).collect();
    add_planes(&mut quadrics, &positions, &between, cancel)?;
    triangles.extend(between);
    Decimation::new(positions, quadrics, &triangles, cancel)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decimate::finish;
    use crate::surface_nets::surface_nets;
    use crate::topology::inspect;
    use crate::volume::Volume;

    proptest! {
        #[test]
        fn noise_cut_into_parts_stays_closed(seed: u64, halvings in 1u32..5, target in 0usize..900) {
            let mut state = seed | 1;
            let mut volume = Volume::filled([12, 11, 10], 0.0);
            for value in &mut volume.values {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                *value = (state >> 40) as f32 / (1 << 24) as f32 - 0.5;
            }
            let mesh = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
            let before = inspect(&mesh);
            let positions: Vec<DVec3> = mesh.positions.iter().map(|p| p.as_dvec3() / 12.0).collect();
            let parts = 1 << halvings;
            let work =
                thinned(&positions, mesh.triangles, parts, target, Cancel::never()).expect("nobody cancels");
            let after = inspect(&finish(&work, DVec3::ZERO, 12.0));
            prop_assert!(after.triangles <= before.triangles && after.triangles + 2 >= target.min(before.triangles));
            prop_assert_eq!(work.triangles, after.triangles);
            prop_assert!(after.watertight && after.manifold, "{:?}", after);
            prop_assert_eq!(after.unused_vertices, 0);
            prop_assert_eq!(after.euler_characteristic, before.euler_characteristic);
            prop_assert_eq!(after.components, before.components);
        }
    }
}
