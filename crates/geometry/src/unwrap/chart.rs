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
const CANCEL_EVERY: usize = 1024;

#[derive(Clone, PartialEq, Eq)]
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

/// Splits the surface into charts: connected, of one region, and no texel twice at the given densities (texels
/// per metre, by side). A region's side is its rest by the number of sides.
pub fn grow(
    mesh: &TriMesh,
    half_edges: &HalfEdges,
    regions: &[u8],
    densities: &[f64; SIDES.len()],
    cancel: Cancel<'_>,
) -> Result<Vec<Chart>, Cancelled> {
    let mut growth =
        Growth { mesh, half_edges, states: vec![State::Unseen; regions.len()], charts: Vec::new() };
    let mut patch: Vec<u32> = Vec::new();
    for first in 0..regions.len() {
        if growth.states[first] != State::Unseen {
            continue;
        }
        cancel.check()?;
        let region = regions[first];
        let side = region % SIDES.len() as u8;
        patch.clear();
        patch.push(first as u32);
        growth.states[first] = State::Waiting;
        let mut at = 0;
        while let Some(&triangle) = patch.get(at) {
            at += 1;
            if at.is_multiple_of(CANCEL_EVERY) {
                cancel.check()?;
            }
            for n in neighbours(half_edges, triangle as usize).into_iter().flatten() {
                if regions[n] == region && growth.states[n] == State::Unseen {
                    growth.states[n] = State::Waiting;
                    patch.push(n as u32);
                }
            }
        }
        growth.split(side, densities[usize::from(side)], &patch, cancel)?;
    }
    Ok(growth.charts)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Of no patch yet.
    Unseen,
    /// Of the patch at hand, for this or a later chart.
    Waiting,
    /// Looked at for this chart, or in a chart.
    Met,
}

struct Growth<'a> {
    mesh: &'a TriMesh,
    half_edges: &'a HalfEdges,
    states: Vec<State>,
    charts: Vec<Chart>,
}

impl Growth<'_> {
    /// Grows charts over one connected patch; a triangle that would cover a texel again waits for a later chart.
    fn split(&mut self, side: u8, density: f64, patch: &[u32], cancel: Cancel<'_>) -> Result<(), Cancelled> {
        let projection = Projection::new(side, density);
        let (low, high) = projection.bounds(self.mesh, patch);
        let size = high - low + 1.0;
        let mut texels = BitGrid::new(size.x as usize, size.y as usize);
        let mut runs = Vec::new();
        let mut refused = Vec::new();
        let mut open = VecDeque::new();
        let mut looked_at = 0usize;
        for &seed in patch {
            if self.states[seed as usize] != State::Waiting {
                continue;
            }
            let mut triangles = Vec::new();
            open.push_back(seed);
            self.states[seed as usize] = State::Met;
            while let Some(triangle) = open.pop_front() {
                looked_at += 1;
                if looked_at.is_multiple_of(CANCEL_EVERY) {
                    cancel.check()?;
                }
                runs.clear();
                let corners = projection.corners(self.mesh, triangle, low);
                texel_runs(corners, |y, start, end| runs.push((y, start, end)));
                if !triangles.is_empty() && runs.iter().any(|&(y, start, end)| texels.any(y, start, end)) {
                    refused.push(triangle);
                    continue;
                }
                for &(y, start, end) in &runs {
                    texels.set(y, start, end);
                }
                triangles.push(triangle);
                for n in neighbours(self.half_edges, triangle as usize).into_iter().flatten() {
                    if self.states[n] == State::Waiting {
                        self.states[n] = State::Met;
                        open.push_back(n as u32);
                    }
                }
            }
            let done = triangles.len() == patch.len();
            self.charts.push(Chart { side, triangles });
            if done {
                break;
            }
            for triangle in refused.drain(..) {
                self.states[triangle as usize] = State::Waiting;
            }
            texels.clear();
        }
        Ok(())
    }
}
