//! Connected triangles of one side that do not lie over each other.

use std::collections::VecDeque;

use glam::{DVec2, Vec3};

use super::footprint::{BitGrid, texel_runs};
use super::label::{SIDES, neighbours};
use crate::decimate::half_edges::HalfEdges;
use crate::{Cancel, Cancelled, TriMesh};

/// Texture coordinates are odd multiples of one over this, in texels: exact in `f32`, and no corner lies on a
/// texel's centre line, so that turning a chart does not change which texels it has.
const STEPS_PER_TEXEL: f64 = 512.0;

pub struct Chart {
    /// Place in [`SIDES`].
    pub side: u8,
    pub triangles: Vec<u32>,
}

/// The flat picture of a side.
#[derive(Clone, Copy)]
pub struct Projection {
    right: Vec3,
    down: Vec3,
    texels_per_metre: f64,
}

impl Projection {
    pub fn new(side: u8, texels_per_metre: f64) -> Self {
        let (right, down) = match side {
            0 => (Vec3::X, Vec3::NEG_Y),
            1 => (Vec3::NEG_X, Vec3::NEG_Y),
            2 => (Vec3::NEG_Z, Vec3::NEG_Y),
            3 => (Vec3::Z, Vec3::NEG_Y),
            4 => (Vec3::X, Vec3::Z),
            _ => (Vec3::X, Vec3::NEG_Z),
        };
        Self { right, down, texels_per_metre }
    }

    /// In texels, from an origin of its own.
    pub fn project(&self, p: Vec3) -> DVec2 {
        let p = p.as_dvec3();
        DVec2::new(p.dot(self.right.as_dvec3()), p.dot(self.down.as_dvec3())) * self.texels_per_metre
    }

    /// Corners of a chart's triangle, in steps of the texture, with `origin` at the top left texel.
    pub fn corners(&self, mesh: &TriMesh, triangle: u32, origin: DVec2) -> [DVec2; 3] {
        mesh.triangles[triangle as usize].map(|v| self.place(mesh.positions[v as usize], origin))
    }

    pub fn place(&self, p: Vec3, origin: DVec2) -> DVec2 {
        ((self.project(p) - origin) * STEPS_PER_TEXEL / 2.0).floor() * (2.0 / STEPS_PER_TEXEL)
            + 1.0 / STEPS_PER_TEXEL
    }

    /// Smallest and largest corner of some triangles in whole texels.
    pub fn bounds(&self, mesh: &TriMesh, triangles: &[u32]) -> (DVec2, DVec2) {
        let corners = triangles.iter().flat_map(|&t| mesh.triangles[t as usize]);
        let (low, high) = corners
            .map(|v| self.project(mesh.positions[v as usize]))
            .fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
        (low.floor(), high.ceil())
    }
}

/// Splits the surface into charts: connected, of one side, and no texel twice at the given densities (texels
/// per metre, by side).
pub fn grow(
    mesh: &TriMesh,
    half_edges: &HalfEdges,
    sides: &[u8],
    densities: &[f64; SIDES.len()],
    cancel: Cancel<'_>,
) -> Result<Vec<Chart>, Cancelled> {
    let mut charts = Vec::new();
    let mut patch_of = vec![u32::MAX; sides.len()];
    let mut patch: Vec<u32> = Vec::new();
    for first in 0..sides.len() {
        if patch_of[first] != u32::MAX {
            continue;
        }
        let side = sides[first];
        patch.clear();
        patch.push(first as u32);
        patch_of[first] = first as u32;
        let mut at = 0;
        while let Some(&triangle) = patch.get(at) {
            at += 1;
            for n in neighbours(half_edges, triangle as usize).into_iter().flatten() {
                if sides[n] == side && patch_of[n] == u32::MAX {
                    patch_of[n] = first as u32;
                    patch.push(n as u32);
                }
            }
        }
        cancel.check()?;
        let projection = Projection::new(side, densities[usize::from(side)]);
        split(mesh, half_edges, &projection, side, &patch, cancel, &mut charts)?;
    }
    Ok(charts)
}

/// Grows charts over one connected patch; a triangle that would cover a texel again waits for a later chart.
fn split(
    mesh: &TriMesh,
    half_edges: &HalfEdges,
    projection: &Projection,
    side: u8,
    patch: &[u32],
    cancel: Cancel<'_>,
    charts: &mut Vec<Chart>,
) -> Result<(), Cancelled> {
    let (low, high) = projection.bounds(mesh, patch);
    let size = high - low + 1.0;
    let mut texels = BitGrid::new(size.x as usize, size.y as usize);
    let mut waiting: std::collections::BTreeSet<u32> = patch.iter().copied().collect();
    let mut open = VecDeque::new();
    // In the patch's order, so that a first chart starts where the patch does.
    for &seed in patch {
        if !waiting.contains(&seed) {
            continue;
        }
        cancel.check()?;
        let mut refused = std::collections::BTreeSet::new();
        let mut triangles = Vec::new();
        open.push_back(seed);
        waiting.remove(&seed);
        while let Some(triangle) = open.pop_front() {
            let corners = projection.corners(mesh, triangle, low);
            let mut taken = false;
            texel_runs(corners, |y, start, end| taken |= texels.any(y, start, end));
            if taken && !triangles.is_empty() {
                refused.insert(triangle);
                continue;
            }
            texel_runs(corners, |y, start, end| texels.set(y, start, end));
            triangles.push(triangle);
            for n in neighbours(half_edges, triangle as usize).into_iter().flatten() {
                if waiting.remove(&(n as u32)) {
                    open.push_back(n as u32);
                }
            }
        }
        charts.push(Chart { side, triangles });
        if refused.is_empty() && waiting.is_empty() {
            break;
        }
        waiting.append(&mut refused);
        texels.clear();
    }
    Ok(())
}
