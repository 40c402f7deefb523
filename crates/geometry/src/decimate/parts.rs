//! A large mesh cut into parts that are thinned side by side: more cores, and each part in its core's cache.

use glam::{EulerRot, Mat3, Vec3};
use rayon::prelude::*;

use super::LEAST_SHAPE;
use super::edge_collapse::{Decimation, Pass};
use super::half_edges::NONE;
use super::quadric::Vertex;
use super::queue::BucketQueue;
use crate::{Cancel, Cancelled};

/// Triangles of a part at the most: with all that belongs to them half a megabyte.
const PART_TRIANGLES: usize = 1 << 13;
/// Fewer are not worth the cut.
const LEAST_PARTS: usize = 4;
/// Triangles the parts stop at, relative to the target: room to choose between parts and around the cuts.
const SPARE: f64 = 1.25;
/// How far one set of cuts may thin a mesh: what stays dense along them must stay a small share, or what is
/// beside it is thinned in its place.
const MOST_THINNING: usize = 3;
/// Share of the waiting edges whose costs the parts go through before they look how far all have come.
const ROUND_SHARE: f64 = 0.75;
/// Angles in radians by which each set of cuts is turned from the one before.
const TURN: [f32; 3] = [0.7, 0.5, 0.3];

type Mesh = (Vec<Vertex>, Vec<[u32; 3]>);

struct Part {
    /// The mesh's vertices, ascending.
    vertices: Vec<u32>,
    work: Decimation,
    pass: Pass,
}

/// Thins a mesh that is worth it to a little more than the target, again and again along other cuts.
pub fn thinned(
    mut vertices: Vec<Vertex>,
    mut triangles: Vec<[u32; 3]>,
    target: usize,
    cancel: Cancel<'_>,
) -> Result<Mesh, Cancelled> {
    let last_goal = (SPARE * target as f64) as usize;
    for turns in 0u8.. {
        let parts = triangles.len().div_ceil(PART_TRIANGLES).next_power_of_two();
        if parts < LEAST_PARTS || triangles.len() <= last_goal + last_goal / 8 {
            break;
        }
        let [x, y, z] = TURN.map(|angle| angle * f32::from(turns));
        let axes = Mat3::from_euler(EulerRot::XYZ, x, y, z);
        let goal = last_goal.max(triangles.len() / MOST_THINNING);
        (vertices, triangles) = thinned_once((vertices, triangles), &axes, parts, goal, cancel)?;
    }
    Ok((vertices, triangles))
}

/// Thins each part's inside. All of them go through the costs together, so that together they keep what the
/// whole mesh would. Triangles between parts and their corners stay; an edge between two vertices that no
/// triangle outside the part touches has its link inside, so what keeps the part manifold keeps the mesh
/// manifold.
fn thinned_once(
    (vertices, triangles): Mesh,
    axes: &Mat3,
    parts: usize,
    goal: usize,
    cancel: Cancel<'_>,
) -> Result<Mesh, Cancelled> {
    let along: Vec<Vec3> = vertices.par_iter().map(|vertex| *axes * vertex.position).collect();
    let mut order: Vec<(Vec3, u32)> = along.into_iter().zip(0..).collect();
    let groups = split(&mut order, parts, cancel)?;
    drop(order);
    // For each vertex its part and its place there.
    let mut place = vec![(0u32, 0u32); vertices.len()];
    for (part, group) in groups.iter().enumerate() {
        for (i, &v) in group.iter().enumerate() {
            place[v as usize] = (part as u32, i as u32);
        }
    }
    cancel.check()?;
    let all = triangles.len();
    let mut inside: Vec<Vec<[u32; 3]>> = vec![Vec::new(); parts];
    let mut between = Vec::new();
    let mut on_cut = vec![false; vertices.len()];
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
        .map(|(group, triangles)| Part::new(group, &vertices, &triangles, &on_cut, cancel))
        .collect::<Result<_, _>>()?;
    drop(vertices);
    thin_together(&mut parts, (goal as u64 * (all - between.len()) as u64 / all as u64) as usize, cancel)?;
    join(parts, &between, &on_cut, cancel)
}

/// Until about `goal` triangles are left in all parts.
fn thin_together(parts: &mut [Part], goal: usize, cancel: Cancel<'_>) -> Result<(), Cancelled> {
    let mut end = 0;
    loop {
        let total: usize = parts.iter().map(|part| part.work.triangles).sum();
        // Each part may stop one short.
        if total <= goal + parts.len() || end == BucketQueue::BUCKETS {
            return Ok(());
        }
        end = end_of_round(parts, end);
        parts.par_iter_mut().try_for_each(|Part { work, pass, .. }| {
            let share = (work.triangles as u64 * goal as u64).div_ceil(total as u64) as usize;
            work.advance(pass, share, end, cancel)
        })?;
    }
}

/// The bucket after those that hold the [`ROUND_SHARE`], and after `last`.
fn end_of_round(parts: &[Part], last: usize) -> usize {
    let mut waiting = [0; BucketQueue::BUCKETS];
    parts.iter().for_each(|part| part.pass.count_waiting(&mut waiting));
    let mut wanted = (waiting.iter().sum::<usize>() as f64 * ROUND_SHARE) as usize;
    let full = waiting.iter().position(|&count| {
        let reached = count > wanted;
        wanted = wanted.saturating_sub(count);
        reached
    });
    full.map_or(BucketQueue::BUCKETS, |bucket| bucket.max(last) + 1)
}

/// Halves the vertices across their longest extent until there are `parts` groups, each ascending.
fn split(order: &mut [(Vec3, u32)], parts: usize, cancel: Cancel<'_>) -> Result<Vec<Vec<u32>>, Cancelled> {
    cancel.check()?;
    if parts == 1 {
        let mut group: Vec<u32> = order.iter().map(|&(_, v)| v).collect();
        group.sort_unstable();
        return Ok(vec![group]);
    }
    let (low, high) = order
        .iter()
        .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &(p, _)| (low.min(p), high.max(p)));
    let axis = (high - low).max_position();
    let middle = order.len() / 2;
    if middle < order.len() {
        order.select_nth_unstable_by(middle, |(p, u), (q, v)| p[axis].total_cmp(&q[axis]).then(u.cmp(v)));
    }
    let (one, other) = order.split_at_mut(middle);
    let (one, other) = rayon::join(|| split(one, parts / 2, cancel), || split(other, parts / 2, cancel));
    let mut groups = one?;
    groups.append(&mut other?);
    Ok(groups)
}

impl Part {
    fn new(
        group: Vec<u32>,
        vertices: &[Vertex],
        triangles: &[[u32; 3]],
        on_cut: &[bool],
        cancel: Cancel<'_>,
    ) -> Result<Self, Cancelled> {
        let own = group.iter().map(|&v| vertices[v as usize]).collect();
        let mut work = Decimation::new(own, triangles, cancel)?;
        for (locked, &v) in work.half_edges.locked.iter_mut().zip(&group) {
            *locked |= on_cut[v as usize];
        }
        let pass = work.begin_pass(LEAST_SHAPE, cancel)?;
        Ok(Self { vertices: group, work, pass })
    }
}

/// What is left of the parts and what lies between them as one mesh again.
fn join(
    parts: Vec<Part>,
    between: &[[u32; 3]],
    on_cut: &[bool],
    cancel: Cancel<'_>,
) -> Result<Mesh, Cancelled> {
    let (mut joined, mut triangles) = (Vec::new(), Vec::new());
    let mut on_cut_index = vec![NONE; on_cut.len()];
    for Part { vertices, work, .. } in parts {
        cancel.check()?;
        let kept = work.half_edges.origin.as_chunks::<3>().0.iter().filter(|t| t[0] != NONE);
        let mut used: Vec<bool> = vertices.iter().map(|&v| on_cut[v as usize]).collect();
        kept.clone().flatten().for_each(|&v| used[v as usize] = true);
        let mut new_index = vec![NONE; vertices.len()];
        for v in (0..vertices.len()).filter(|&v| used[v]) {
            new_index[v] = joined.len() as u32;
            on_cut_index[vertices[v] as usize] = new_index[v];
            joined.push(work.vertices[v]);
        }
        triangles.extend(kept.map(|t| t.map(|v| new_index[v as usize])));
    }
    triangles.extend(between.iter().map(|t| t.map(|v| on_cut_index[v as usize])));
    Ok((joined, triangles))
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
        fn noise_cut_into_parts_stays_closed(
            seed: u64,
            halvings in 1u32..5,
            goal in 0usize..900,
            turns in prop::array::uniform3(0f32..3.0),
        ) {
            let mut state = seed | 1;
            let mut volume = Volume::filled([12, 11, 10], 0.0);
            for value in &mut volume.values {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                *value = (state >> 40) as f32 / (1 << 24) as f32 - 0.5;
            }
            let mesh = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
            let before = inspect(&mesh);
            let positions = mesh.positions.into_par_iter().map(|p| p / 16.0);
            let vertices = Vertex::of_mesh(positions, &mesh.triangles, Cancel::never()).expect("nobody cancels");
            let [x, y, z] = turns;
            let axes = Mat3::from_euler(EulerRot::XYZ, x, y, z);
            let whole = (vertices, mesh.triangles);
            let (vertices, triangles) =
                thinned_once(whole, &axes, 1 << halvings, goal, Cancel::never()).expect("nobody cancels");
            let work = Decimation::new(vertices, &triangles, Cancel::never()).expect("nobody cancels");
            let after = inspect(&finish(&work, 1.0 / 16.0));
            prop_assert!(after.triangles <= before.triangles);
            prop_assert!(after.watertight && after.manifold, "{:?}", after);
            prop_assert_eq!(after.unused_vertices, 0);
            prop_assert_eq!(after.euler_characteristic, before.euler_characteristic);
            prop_assert_eq!(after.components, before.components);
        }
    }
}
