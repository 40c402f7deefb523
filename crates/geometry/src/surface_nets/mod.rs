//! The zero level of a volume as a closed manifold of triangles.
//!
//! Surface nets (Gibson 1998) in the dual form of Nielson 2004: one vertex for each patch of surface in a
//! lattice cell, one quad for each lattice edge that the surface crosses. See [`patches`] for why the result is
//! a 2-manifold for every pattern of signs.

mod patches;
mod signs;

use glam::Vec3;
use rayon::prelude::*;

use crate::volume::Volume;
use crate::{Cancel, Cancelled, TriMesh};
use patches::{NO_PATCH, PATCHES, Patches, edge_corners};
use signs::{Signs, corner_signs, crossed_cells};

/// Crossings keep this distance from lattice points, in cells, so that vertices of neighbouring cells never
/// coincide.
const CROSSING_MARGIN: f32 = 0.02;

/// The surface between values above zero and the rest, in cell-index coordinates: the sample `(x, y, z)` lies
/// at that point. Everything outside the volume, and NaN, counts as outside. The mesh is watertight and
/// 2-manifold for any input and winds counter-clockwise seen from outside; its vertices follow the lattice
/// order, whatever the number of threads.
///
/// # Panics
/// When `volume.values` does not hold a value for each point.
pub fn surface_nets(volume: &Volume, cancel: Cancel<'_>) -> Result<TriMesh, Cancelled> {
    assert_eq!(
        volume.values.len(),
        volume.size.iter().product::<usize>(),
        "a volume has a value for each point"
    );
    let signs = Signs::of(volume, cancel)?;
    let mut layers: Vec<Layer> = (0..=volume.size[2])
        .into_par_iter()
        .map(|z| {
            cancel.check()?;
            Ok(Layer::of(volume, &signs, z))
        })
        .collect::<Result<_, _>>()?;
    let mut vertices = 0;
    for layer in &mut layers {
        layer.first_vertex = vertices as u32;
        vertices += layer.positions.len();
    }
    assert!(u32::try_from(vertices).is_ok(), "a volume that fits in memory has fewer than 2^32 crossings");

    let triangles: Vec<Vec<[u32; 3]>> = (0..layers.len())
        .into_par_iter()
        .map(|z| {
            cancel.check()?;
            // Below the first layer is nothing, and no edge of its lower plane is crossed.
            Ok(quads(&layers[z.saturating_sub(1)], &layers[z]))
        })
        .collect::<Result<_, _>>()?;
    Ok(TriMesh {
        positions: layers.into_iter().flat_map(|layer| layer.positions).collect(),
        triangles: triangles.into_iter().flatten().collect(),
    })
}

/// A cell that the surface runs through.
struct Cell {
    x: u32,
    y: u32,
    patches: &'static Patches,
    inside_at_origin: bool,
    /// Of the layer's vertices.
    first_vertex: u32,
}

/// The crossed cells between two planes of samples.
struct Layer {
    words_per_row: usize,
    crossed: Vec<u64>,
    /// By word: the number of crossed cells before it.
    rank: Vec<u32>,
    cells: Vec<Cell>,
    positions: Vec<Vec3>,
    /// Of the mesh's vertices.
    first_vertex: u32,
}

impl Layer {
    fn of(volume: &Volume, signs: &Signs, z: usize) -> Self {
        let rows = volume.size[1] + 1;
        let words_per_row = signs.words_per_row;
        let mut layer = Layer {
            words_per_row,
            crossed: Vec::with_capacity(rows * words_per_row),
            rank: Vec::with_capacity(rows * words_per_row),
            cells: Vec::new(),
            positions: Vec::new(),
            first_vertex: 0,
        };
        for y in 0..rows {
            let corner_rows =
                [signs.row(y, z), signs.row(y + 1, z), signs.row(y, z + 1), signs.row(y + 1, z + 1)];
            for word in 0..words_per_row {
                let mut crossed = crossed_cells(&corner_rows, word);
                layer.crossed.push(crossed);
                layer.rank.push(layer.cells.len() as u32);
                while crossed != 0 {
                    let x = word * 64 + crossed.trailing_zeros() as usize;
                    crossed &= crossed - 1;
                    let pattern = corner_signs(&corner_rows, x);
                    layer.add(volume, [x, y, z], pattern, patches_of(signs, [x, y, z], pattern));
                }
            }
        }
        layer
    }

    fn add(&mut self, volume: &Volume, [x, y, z]: [usize; 3], pattern: u8, patches: &'static Patches) {
        let first_vertex = self.positions.len() as u32;
        let inside_at_origin = pattern & 1 == 1;
        self.cells.push(Cell { x: x as u32, y: y as u32, patches, inside_at_origin, first_vertex });
        let values: [Option<f32>; 8] = std::array::from_fn(|c| {
            let point = [x + (c & 1), y + (c >> 1 & 1), z + (c >> 2 & 1)];
            let inner = (0..3).all(|axis| (1..=volume.size[axis]).contains(&point[axis]));
            inner.then(|| volume.values[volume.index(point[0] - 1, point[1] - 1, point[2] - 1)])
        });
        let mut sums = [(Vec3::ZERO, 0.0f32); 4];
        for edge in 0..12 {
            let patch = patches.of_edge[edge];
            if patch != NO_PATCH {
                let sum = &mut sums[usize::from(patch)];
                sum.0 += crossing(&values, edge);
                sum.1 += 1.0;
            }
        }
        // Cells are counted from the layer of outside around the volume.
        let origin = Vec3::new(x as f32, y as f32, z as f32) - 1.0;
        self.positions.extend(sums[..usize::from(patches.count)].iter().map(|&(sum, n)| origin + sum / n));
    }

    /// The vertex of the patch that crosses `edge` of the crossed cell `(x, y)`.
    fn vertex(&self, x: u32, y: u32, edge: usize) -> u32 {
        let word = y as usize * self.words_per_row + x as usize / 64;
        let before = self.crossed[word] & ((1 << (x % 64)) - 1);
        let cell = &self.cells[(self.rank[word] + before.count_ones()) as usize];
        self.first_vertex + cell.first_vertex + u32::from(cell.patches.of_edge[edge])
    }

    fn position(&self, vertex: u32) -> Option<Vec3> {
        self.positions.get(vertex.wrapping_sub(self.first_vertex) as usize).copied()
    }
}

/// The patches of a cell; its tangled face is resolved by joining when the cell beyond is tangled there too.
fn patches_of(signs: &Signs, cell: [usize; 3], pattern: u8) -> &'static Patches {
    let table = &*PATCHES;
    if let Some(face) = table.tangled_face[usize::from(pattern)] {
        let axis = usize::from(face / 2);
        let mut beyond = cell;
        // A face on the border of the padded lattice has only outside corners and is never tangled.
        beyond[axis] = if face & 1 == 1 { cell[axis] + 1 } else { cell[axis] - 1 };
        let [x, y, z] = beyond;
        let rows = [signs.row(y, z), signs.row(y + 1, z), signs.row(y, z + 1), signs.row(y + 1, z + 1)];
        if table.tangled_face[usize::from(corner_signs(&rows, x))] == Some(face ^ 1) {
            return &table.joined[usize::from(pattern)];
        }
    }
    &table.separated[usize::from(pattern)]
}

/// Where the surface crosses an edge, within the unit cell.
fn crossing(values: &[Option<f32>; 8], edge: usize) -> Vec3 {
    let [low, high] = edge_corners(edge);
    let t = match (values[low], values[high]) {
        (Some(a), Some(b)) if (a - b).is_finite() => {
            (a / (a - b)).clamp(CROSSING_MARGIN, 1.0 - CROSSING_MARGIN)
        }
        _ => 0.5,
    };
    let mut point = Vec3::new((low & 1) as f32, (low >> 1 & 1) as f32, (low >> 2 & 1) as f32);
    point[edge / 4] = t;
    point
}

/// Two triangles for each crossed edge that starts at the origin corner of a cell of `layer`.
fn quads(below: &Layer, layer: &Layer) -> Vec<[u32; 3]> {
    let mut triangles = Vec::with_capacity(layer.cells.len() * 2);
    let position = |vertex| layer.position(vertex).or_else(|| below.position(vertex)).unwrap_or_default();
    for &Cell { x, y, patches, inside_at_origin, first_vertex } in &layer.cells {
        for axis in 0..3 {
            let own = patches.of_edge[4 * axis];
            if own == NO_PATCH {
                continue;
            }
            // The four cells around the edge, counter-clockwise seen from its high end; `side` of the shared
            // edge is 3 in the cell that lies low on both other axes.
            let around = |side: usize| {
                let edge = 4 * axis + side;
                let low = [side & 1, side >> 1];
                match axis {
                    0 => (if low[1] == 1 { below } else { layer }).vertex(x, y - low[0] as u32, edge),
                    1 => (if low[0] == 1 { below } else { layer }).vertex(x - low[1] as u32, y, edge),
                    _ => layer.vertex(x - low[0] as u32, y - low[1] as u32, edge),
                }
            };
            let own = layer.first_vertex + first_vertex + u32::from(own);
            let mut quad = [around(3), around(2), own, around(1)];
            if !inside_at_origin {
                quad.reverse();
            }
            let [a, b, c, d] = quad;
            let [pa, pb, pc, pd] = quad.map(position);
            if pa.distance_squared(pc) <= pb.distance_squared(pd) {
                triangles.extend([[a, b, c], [a, c, d]]);
            } else {
                triangles.extend([[a, b, d], [b, c, d]]);
            }
        }
    }
    triangles
}
