//! A flat place in the texture for every triangle.

mod chart;
mod creases;
mod cut;
mod evenness;
mod footprint;
mod label;
mod pack;
mod search;

use glam::{DVec2, UVec2, Vec2, Vec3, Vec4};
use rayon::prelude::*;

use crate::decimate::half_edges::HalfEdges;
use crate::tangents::{Tangents, tangents};
use crate::{Cancel, Cancelled, TriMesh};
use chart::{Chart, Projection, grow};
use creases::CornerNormals;
pub use evenness::Evenness;
use footprint::cell_runs;
pub(crate) use footprint::{BitGrid, texel_runs};
use label::SIDES;
use pack::{MAX_CELLS, Place, pack};
use search::Search;

/// Share of the texture that the first try of a scale would fill without gaps.
const FIRST_COVERAGE: f64 = 0.7;
/// Largest scale tried, as the mesh's largest dimension by the texture's side; a limit for next to no area.
const MAX_EXTENT: f64 = 2.0;
const MOST_CUTS: u8 = 2;
/// More charts are packed on coarser cells, and a cut of one of them would help little.
const MANY_CHARTS: usize = 64;
/// From one try on the final cells to the next.
const SCALE_STEP: f64 = 0.98;
/// The first try on the final cells, relative to a scale that failed on coarse ones.
const FIRST_TRY: f64 = 1.03;
const MAX_TRIES: usize = 80;
const CANCEL_EVERY: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnwrapOptions {
    /// Side of the square texture.
    pub texture_px: u32,
    /// Between charts, and twice as much as from a chart to the border.
    pub margin_px: u32,
    /// Sides that face this direction get so much more texels per metre.
    pub favoured: Option<(Vec3, f32)>,
}

/// A mesh whose vertices are split where charts meet and at edges.
#[derive(Debug, Clone, PartialEq)]
pub struct Unwrapped {
    pub positions: Vec<Vec3>,
    /// Unit length; the same on both sides of a seam, not of an edge where triangles meet at more than 50°.
    pub normals: Vec<Vec3>,
    /// Within 0..1, from the texture's top left.
    pub uvs: Vec<Vec2>,
    /// In the order of the mesh's.
    pub triangles: Vec<[u32; 3]>,
    /// For each vertex, the mesh's vertex it came from.
    pub source_vertex: Vec<u32>,
    pub charts: u32,
    /// Share of the texture's texels whose centres lie in a triangle, 0..=1.
    pub coverage: f32,
    /// Share of those that lie in more than one, 0..=1. Not 0 only when the texture has too few texels for the
    /// number of charts.
    pub overlap: f32,
}

impl Unwrapped {
    /// Tangents for normal maps, one per vertex; where they differ a vertex is made several.
    pub fn tangents(&mut self) -> Vec<Vec4> {
        let Tangents { tangents, copies } =
            tangents(&self.positions, &self.normals, &self.uvs, &mut self.triangles);
        for v in copies.into_iter().map(|v| v as usize) {
            self.positions.push(self.positions[v]);
            self.normals.push(self.normals[v]);
            self.uvs.push(self.uvs[v]);
            self.source_vertex.push(self.source_vertex[v]);
        }
        tangents
    }
}

/// Charts projected along the six axes, chosen so that whatever can be seen well from the front or the back
/// goes to a front or back chart; packed with quarter turns at the largest scale that fits. Where all get clearly
/// larger by it, the largest chart is cut in two, but never one of the front.
///
/// # Panics
/// When a triangle names a vertex that is not there or a position is not finite.
pub fn unwrap(mesh: &TriMesh, options: &UnwrapOptions, cancel: Cancel<'_>) -> Result<Unwrapped, Cancelled> {
    assert!(mesh.positions.iter().all(|p| p.is_finite()), "only finite positions can be unwrapped");
    let half_edges = HalfEdges::new(mesh.positions.len(), &mesh.triangles, cancel)?;
    cancel.check()?;
    let sides = label::label(mesh, &half_edges, cancel)?;
    let factors: [f64; SIDES.len()] = SIDES.map(|side| match options.favoured {
        Some((direction, factor)) if side.dot(direction.normalize_or_zero()) > 0.9 => f64::from(factor),
        _ => 1.0,
    });
    let flat_area: f64 =
        mesh.triangles.iter().zip(&sides).map(|(t, &s)| flat_area(mesh, *t, s, &factors)).sum();
    let texture_px = f64::from(options.texture_px);
    let extent_m = mesh.bounds().map_or(0.0, |(low, high)| f64::from((high - low).max_element()));
    let first =
        texture_px * (FIRST_COVERAGE / flat_area).sqrt().min(MAX_EXTENT / extent_m.max(f64::MIN_POSITIVE));
    let densities = |scale: f64| factors.map(|factor| factor * scale);

    let mut regions = sides;
    let charts = grow(mesh, &half_edges, &regions, &densities(first), cancel)?;
    let few = charts.len() <= MANY_CHARTS;
    let cells = if few { MAX_CELLS } else { MAX_CELLS / 2 };
    let cell_px = (options.texture_px as usize).div_ceil(cells).max(1);
    let layout = Layout { mesh, options, cell_px };
    let mut search = Search { layout: &layout, factors, charts, fits: 0.3 * first, fails: 1.2 * first };
    search.narrow(cancel)?;
    for cuts in 1..=if few { MOST_CUTS } else { 0 } {
        let Some(half) = search.cut(&half_edges, cancel)? else { break };
        half.iter().for_each(|&t| {
            regions[t as usize] = regions[t as usize] % SIDES.len() as u8 + cuts * SIDES.len() as u8
        });
    }
    let Search { fails, mut charts, .. } = search;
    let mut scale = fails * FIRST_TRY;
    for _ in 0..MAX_TRIES {
        let densities = densities(scale);
        if let Some(places) = layout.place(&charts, &densities, layout.cell_px, cancel)? {
            // Which triangles share a texel depends on the scale.
            let exact = grow(mesh, &half_edges, &regions, &densities, cancel)?;
            if exact == charts {
                return layout.finish(&half_edges, &charts, &densities, &places, cancel);
            }
            charts = exact;
            if let Some(places) = layout.place(&charts, &densities, layout.cell_px, cancel)? {
                return layout.finish(&half_edges, &charts, &densities, &places, cancel);
            }
        }
        scale *= SCALE_STEP;
    }
    let corner = Place { x: 0, y: 0, turns: 0 };
    layout.finish(&half_edges, &charts, &densities(scale), &vec![corner; charts.len()], cancel)
}

fn flat_area(mesh: &TriMesh, triangle: [u32; 3], side: u8, factors: &[f64; SIDES.len()]) -> f64 {
    let [p, q, r] = triangle.map(|v| mesh.positions[v as usize].as_dvec3());
    let side = usize::from(side);
    (q - p).cross(r - p).dot(SIDES[side].as_dvec3()).abs() / 2.0 * factors[side].powi(2)
}

struct Layout<'a> {
    mesh: &'a TriMesh,
    options: &'a UnwrapOptions,
    cell_px: usize,
}

impl Layout<'_> {
    /// A place for every chart, in cells of `cell_px` texels, or `None`.
    fn place(
        &self,
        charts: &[Chart],
        densities: &[f64; SIDES.len()],
        cell_px: usize,
        cancel: Cancel<'_>,
    ) -> Result<Option<Vec<Place>>, Cancelled> {
        cancel.check()?;
        pack(
            &self.footprints(charts, densities, cell_px, cancel)?,
            self.options.texture_px as usize / cell_px,
            cancel,
        )
    }

    /// Half the distance to keep from other charts, in texels.
    fn margin(&self) -> f64 {
        f64::from(self.options.margin_px) / 2.0
    }

    /// Cells each chart needs, its margin included.
    fn footprints(
        &self,
        charts: &[Chart],
        densities: &[f64; SIDES.len()],
        cell_px: usize,
        cancel: Cancel<'_>,
    ) -> Result<Vec<BitGrid>, Cancelled> {
        charts
            .par_iter()
            .map(|chart| {
                let projection = Projection::new(chart.side, densities[usize::from(chart.side)]);
                let (origin, size) = self.frame(&projection, chart, cell_px);
                // What is larger than the square does not fit, however it looks.
                let most = 2 * MAX_CELLS as u32;
                let mut cells = BitGrid::new(size.x.min(most) as usize, size.y.min(most) as usize);
                if size.max_element() <= most {
                    for (i, &triangle) in chart.triangles.iter().enumerate() {
                        if i.is_multiple_of(CANCEL_EVERY) {
                            cancel.check()?;
                        }
                        let corners = projection.corners(self.mesh, triangle, origin);
                        cell_runs(corners, self.margin(), cell_px as f64, |y, start, end| {
                            let (width, height) = (cells.width, cells.height);
                            if y < height {
                                cells.set(y, start.min(width), end.min(width));
                            }
                        });
                    }
                }
                Ok(cells)
            })
            .collect()
    }

    /// The texel a chart starts at, its margin included, and its size in cells.
    fn frame(&self, projection: &Projection, chart: &Chart, cell_px: usize) -> (DVec2, UVec2) {
        let (low, high) = projection.bounds(self.mesh, &chart.triangles);
        let (low, high) = (low - self.margin().ceil(), high + self.margin().ceil());
        (low, ((high - low) / cell_px as f64).floor().as_uvec2() + 1)
    }

    fn finish(
        &self,
        half_edges: &HalfEdges,
        charts: &[Chart],
        densities: &[f64; SIDES.len()],
        places: &[Place],
        cancel: Cancel<'_>,
    ) -> Result<Unwrapped, Cancelled> {
        let mesh = self.mesh;
        let CornerNormals { group, normals } = CornerNormals::of(mesh, half_edges, cancel)?;
        let mut unwrapped = Unwrapped {
            positions: Vec::new(),
            normals: Vec::new(),
            uvs: Vec::new(),
            triangles: vec![[0; 3]; mesh.triangles.len()],
            source_vertex: Vec::new(),
            charts: charts.len() as u32,
            coverage: 0.0,
            overlap: 0.0,
        };
        // For each group of corners, the last chart that met it and its vertex there.
        let mut met: Vec<(usize, u32)> = vec![(usize::MAX, 0); group.len()];
        let texture_px = f64::from(self.options.texture_px);
        for (i, chart) in charts.iter().enumerate() {
            let projection = Projection::new(chart.side, densities[usize::from(chart.side)]);
            let (origin, size) = self.frame(&projection, chart, self.cell_px);
            let size_px = size.as_dvec2() * self.cell_px as f64;
            let place = places[i];
            let corner_px = DVec2::new(place.x as f64, place.y as f64) * self.cell_px as f64;
            for (nth, &triangle) in chart.triangles.iter().enumerate() {
                if nth.is_multiple_of(CANCEL_EVERY) {
                    cancel.check()?;
                }
                unwrapped.triangles[triangle as usize] = std::array::from_fn(|corner| {
                    let v = mesh.triangles[triangle as usize][corner];
                    let group = group[3 * triangle as usize + corner] as usize;
                    let entry = &mut met[group];
                    if entry.0 != i {
                        *entry = (i, unwrapped.positions.len() as u32);
                        let local = projection.place(mesh.positions[v as usize], origin);
                        let turned = turned(local, size_px, place.turns);
                        unwrapped.positions.push(mesh.positions[v as usize]);
                        unwrapped.normals.push(normals[group]);
                        unwrapped.uvs.push(((corner_px + turned) / texture_px).as_vec2());
                        unwrapped.source_vertex.push(v);
                    }
                    entry.1
                });
            }
        }
        (unwrapped.coverage, unwrapped.overlap) =
            coverage(&unwrapped.uvs, &unwrapped.triangles, self.options.texture_px as usize, cancel)?;
        Ok(unwrapped)
    }
}

/// A point of a rectangle after quarter turns as [`BitGrid::turned`].
fn turned(p: DVec2, size: DVec2, turns: u8) -> DVec2 {
    match turns {
        0 => p,
        1 => DVec2::new(size.y - p.y, p.x),
        2 => size - p,
        _ => DVec2::new(p.y, size.x - p.x),
    }
}

/// Share of the square that is covered, and share of the covered texels that more than one triangle claims,
/// counted at texel centres. Coordinates lie within 0..=1.
///
/// # Panics
/// When a triangle names a coordinate that is not there.
pub fn coverage(
    uvs: &[Vec2],
    triangles: &[[u32; 3]],
    texture_px: usize,
    cancel: Cancel<'_>,
) -> Result<(f32, f32), Cancelled> {
    let mut texels = BitGrid::new(texture_px, texture_px);
    let mut twice = 0;
    for (i, triangle) in triangles.iter().enumerate() {
        if i.is_multiple_of(CANCEL_EVERY) {
            cancel.check()?;
        }
        let corners = triangle.map(|v| uvs[v as usize].as_dvec2() * texture_px as f64);
        texel_runs(corners, |y, start, end| {
            if y < texture_px && start < texture_px {
                twice += texels.claim(y, start, end.min(texture_px));
            }
        });
    }
    let covered = texels.count();
    let share = |part: f64, whole: usize| if whole == 0 { 0.0 } else { (part / whole as f64) as f32 };
    Ok((share(covered as f64, texture_px * texture_px), share(f64::from(twice), covered)))
}
