//! Whether a mesh is a closed surface, counted edge by edge.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use glam::{DVec3, Vec3};

use crate::TriMesh;

/// Twice the area of a degenerate triangle, relative to the squared diagonal of the bounding box, is below this.
const DEGENERATE_AREA: f64 = 1e-13;

/// What `inspect` found.
#[derive(Debug, Clone, PartialEq)]
pub struct Topology {
    pub vertices: usize,
    pub triangles: usize,
    /// At least one triangle, and every edge has exactly two.
    pub watertight: bool,
    /// Watertight, and the triangles round every vertex form one fan.
    pub manifold: bool,
    /// Watertight, neighbouring triangles agree on which side is out, and the enclosed volume is positive.
    pub consistently_wound: bool,
    /// Sets of triangles connected through vertices.
    pub components: usize,
    /// Triangles with a corner twice or without area.
    pub degenerate_triangles: usize,
    /// Vertices that no triangle uses.
    pub unused_vertices: usize,
    /// V − E + F over used vertices; 2 for a sphere, 0 for a torus.
    pub euler_characteristic: i64,
    /// Cubic metres, negative when the mesh is inside out; meaningful when watertight.
    pub volume_m3: f64,
    pub area_m2: f64,
}

/// Counts vertices by index: weld a mesh with split vertices first.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn inspect(mesh: &TriMesh) -> Topology {
    let vertices = mesh.positions.len();
    let corners = CornersByVertex::collect(mesh);
    let edges = count_edges(&corners);
    let watertight = !mesh.triangles.is_empty() && edges.odd == 0;
    let (volume_m3, area_m2, degenerate_triangles) = measure(mesh);
    let used = (0..vertices).filter(|&v| !corners.of(v).is_empty()).count();
    Topology {
        vertices,
        triangles: mesh.triangles.len(),
        watertight,
        manifold: watertight && (0..vertices).all(|v| is_fan(corners.of(v))),
        consistently_wound: watertight && edges.disagreeing == 0 && volume_m3 > 0.0,
        components: count_components(mesh, &corners),
        degenerate_triangles,
        unused_vertices: vertices - used,
        euler_characteristic: used as i64 - edges.count as i64 + mesh.triangles.len() as i64,
        volume_m3,
        area_m2,
    }
}

/// The mesh with vertices of bit-identical position (-0 equal to 0) made one, in order of first use in
/// `positions`. Triangles are kept, also when two of their corners become one.
pub fn weld(positions: &[Vec3], triangles: &[[u32; 3]]) -> TriMesh {
    let mut first: HashMap<[u32; 3], u32, RandomState> =
        HashMap::with_capacity_and_hasher(positions.len(), RandomState::default());
    let mut welded = Vec::new();
    let new_index: Vec<u32> = positions
        .iter()
        .map(|&position| {
            let key = (position + 0.0).to_array().map(f32::to_bits);
            *first.entry(key).or_insert_with(|| {
                welded.push(position);
                welded.len() as u32 - 1
            })
        })
        .collect();
    let triangles = triangles.iter().map(|t| t.map(|v| new_index[v as usize])).collect();
    TriMesh { positions: welded, triangles }
}

/// For each vertex, the opposite edges `(b, c)` of its triangles `(v, b, c)`, sorted.
struct CornersByVertex {
    start: Vec<usize>,
    opposite: Vec<[u32; 2]>,
}

impl CornersByVertex {
    fn collect(mesh: &TriMesh) -> Self {
        let mut start = vec![0usize; mesh.positions.len() + 1];
        for &v in mesh.triangles.iter().flatten() {
            start[v as usize + 1] += 1;
        }
        for v in 0..mesh.positions.len() {
            start[v + 1] += start[v];
        }
        let mut next = start.clone();
        let mut opposite = vec![[0; 2]; mesh.triangles.len() * 3];
        for &[a, b, c] in &mesh.triangles {
            for (v, edge) in [(a, [b, c]), (b, [c, a]), (c, [a, b])] {
                opposite[next[v as usize]] = edge;
                next[v as usize] += 1;
            }
        }
        for v in 0..mesh.positions.len() {
            opposite[start[v]..start[v + 1]].sort_unstable();
        }
        Self { start, opposite }
    }

    fn vertices(&self) -> usize {
        self.start.len() - 1
    }

    fn of(&self, vertex: usize) -> &[[u32; 2]] {
        &self.opposite[self.start[vertex]..self.start[vertex + 1]]
    }
}

struct Edges {
    count: usize,
    /// Edges without exactly two triangles.
    odd: usize,
    /// Edges of two triangles that pass it in the same direction.
    disagreeing: usize,
}

fn count_edges(corners: &CornersByVertex) -> Edges {
    let mut edges = Edges { count: 0, odd: 0, disagreeing: 0 };
    let mut spokes = Vec::new();
    for v in 0..corners.vertices() {
        spokes.clear();
        for &[b, c] in corners.of(v) {
            // The triangle (v, b, c) leaves v along (v, b) and comes back along (c, v).
            spokes.extend([(b, false), (c, true)].into_iter().filter(|&(other, _)| other as usize >= v));
        }
        spokes.sort_unstable();
        for edge in spokes.chunk_by(|a, b| a.0 == b.0) {
            edges.count += 1;
            match edge {
                [(_, first), (_, second)] if edge[0].0 as usize != v => {
                    edges.disagreeing += usize::from(first == second);
                }
                _ => edges.odd += 1,
            }
        }
    }
    edges
}

/// Whether the opposite edges form one closed chain; assumes every edge has two triangles.
fn is_fan(opposite: &[[u32; 2]]) -> bool {
    let Some(&[first, _]) = opposite.first() else { return true };
    let mut at = first;
    for passed in 1..=opposite.len() {
        let Ok(i) = opposite.binary_search_by_key(&at, |edge| edge[0]) else { return false };
        at = opposite[i][1];
        if at == first {
            return passed == opposite.len();
        }
    }
    false
}

fn count_components(mesh: &TriMesh, corners: &CornersByVertex) -> usize {
    let mut seen = vec![false; mesh.positions.len()];
    let mut open = Vec::new();
    let mut components = 0;
    for v in 0..mesh.positions.len() {
        if seen[v] || corners.of(v).is_empty() {
            continue;
        }
        components += 1;
        seen[v] = true;
        open.push(v);
        while let Some(u) = open.pop() {
            for &w in corners.of(u).iter().flatten() {
                if !std::mem::replace(&mut seen[w as usize], true) {
                    open.push(w as usize);
                }
            }
        }
    }
    components
}

/// Volume by the divergence theorem, area, and the number of degenerate triangles.
fn measure(mesh: &TriMesh) -> (f64, f64, usize) {
    let Some((low, high)) = mesh.bounds() else { return (0.0, 0.0, 0) };
    let centre = (low.as_dvec3() + high.as_dvec3()) / 2.0;
    let smallest = DEGENERATE_AREA * (high.as_dvec3() - low.as_dvec3()).length_squared();
    let (mut volume, mut area, mut degenerate) = (0.0, 0.0, 0);
    for &triangle in &mesh.triangles {
        let [p, q, r]: [DVec3; 3] = triangle.map(|v| mesh.positions[v as usize].as_dvec3() - centre);
        let twice_area = (q - p).cross(r - p).length();
        volume += p.dot(q.cross(r)) / 6.0;
        area += twice_area / 2.0;
        let [a, b, c] = triangle;
        // A NaN area is degenerate too.
        if a == b || b == c || c == a || twice_area <= smallest || twice_area.is_nan() {
            degenerate += 1;
        }
    }
    (volume, area, degenerate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tetrahedron() -> TriMesh {
        TriMesh {
            positions: vec![Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::Z],
            triangles: vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],
        }
    }

    #[test]
    fn a_tetrahedron_is_closed() {
        let topology = inspect(&tetrahedron());
        assert!(topology.watertight && topology.manifold && topology.consistently_wound);
        assert_eq!((topology.components, topology.euler_characteristic), (1, 2));
        assert!((topology.volume_m3 - 1.0 / 6.0).abs() < 1e-12);
        assert_eq!(topology.degenerate_triangles, 0);
    }

    #[test]
    fn a_missing_face_is_a_hole_and_a_turned_face_is_noticed() {
        let mut open = tetrahedron();
        open.triangles.pop();
        assert!(!inspect(&open).watertight);

        let mut turned = tetrahedron();
        turned.triangles[3] = [1, 3, 2];
        let topology = inspect(&turned);
        assert!(topology.watertight && !topology.consistently_wound);

        let mut inside_out = tetrahedron();
        inside_out.triangles.iter_mut().for_each(|t| t.reverse());
        assert!(!inspect(&inside_out).consistently_wound);
    }

    #[test]
    fn two_bodies_touching_in_a_vertex_are_not_manifold() {
        let mut mesh = tetrahedron();
        mesh.positions.extend([-Vec3::X, -Vec3::Y, -Vec3::Z]);
        mesh.triangles.extend([[0, 4, 5], [0, 6, 4], [0, 5, 6], [4, 6, 5]]);
        let topology = inspect(&mesh);
        assert!(topology.watertight && !topology.manifold);
        assert_eq!(topology.components, 1);
    }

    #[test]
    fn two_bodies_sharing_an_edge_are_not_watertight() {
        let mut mesh = tetrahedron();
        mesh.positions.extend([-Vec3::Y, -Vec3::Z]);
        mesh.triangles.extend([[0, 4, 1], [0, 1, 5], [0, 5, 4], [1, 4, 5]]);
        assert!(!inspect(&mesh).watertight);
    }

    #[test]
    fn degenerate_triangles_are_counted() {
        let mut mesh = tetrahedron();
        mesh.triangles.push([0, 1, 1]);
        mesh.positions.push(Vec3::X * 0.5);
        mesh.triangles.push([0, 4, 1]);
        assert_eq!(inspect(&mesh).degenerate_triangles, 2);
    }

    #[test]
    fn nothing_is_not_watertight() {
        assert!(!inspect(&TriMesh::default()).watertight);
    }

    #[test]
    fn welding_joins_split_vertices() {
        let whole = tetrahedron();
        let positions: Vec<Vec3> =
            whole.triangles.iter().flatten().map(|&v| whole.positions[v as usize]).collect();
        let triangles: Vec<[u32; 3]> = (0..4).map(|i| [3 * i, 3 * i + 1, 3 * i + 2]).collect();
        let welded = weld(&positions, &triangles);
        assert_eq!(welded.positions.len(), 4);
        assert!(inspect(&welded).manifold);
    }
}
