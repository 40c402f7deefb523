//! Connected parts: floaters, shells inside others, parts turned inside out.

use glam::{DVec3, Vec3};

use crate::TriMesh;
use crate::bvh::Bvh;
use crate::disjoint_sets::DisjointSets;

/// Points of a part that must all lie inside another for the part to be an inner shell.
const SAMPLES: usize = 12;
/// Parts that others are looked for in; the largest.
const MOST_SHELLS: usize = 64;
/// In no direction anything was modelled along.
const RAYS: [Vec3; 3] = [
    Vec3::new(0.5377, 0.6213, 0.5699),
    Vec3::new(-0.7131, 0.2719, 0.6462),
    Vec3::new(0.1873, -0.8339, 0.5192),
];

/// Parts connected through edges or vertices.
pub struct Parts {
    /// For each triangle its part.
    pub of: Vec<u32>,
    pub parts: Vec<Part>,
}

#[derive(Clone)]
pub struct Part {
    pub triangles: usize,
    pub low: DVec3,
    pub high: DVec3,
    /// By the divergence theorem; negative for one turned inside out.
    pub volume: f64,
    pub area: f64,
}

pub fn parts(triangles: &[[u32; 3]], positions: &[DVec3]) -> Parts {
    let mut groups = DisjointSets::new(positions.len());
    for &[a, b, c] in triangles {
        groups.unite(a, b);
        groups.unite(b, c);
    }
    let mut number = vec![u32::MAX; positions.len()];
    let mut parts: Vec<Part> = Vec::new();
    let of = triangles
        .iter()
        .map(|&triangle| {
            let root = groups.root(triangle[0]) as usize;
            let [p, q, r] = triangle.map(|v| positions[v as usize]);
            if number[root] == u32::MAX {
                number[root] = parts.len() as u32;
                parts.push(Part { triangles: 0, low: p, high: p, volume: 0.0, area: 0.0 });
            }
            let part = &mut parts[number[root] as usize];
            part.triangles += 1;
            part.low = part.low.min(p).min(q).min(r);
            part.high = part.high.max(p).max(q).max(r);
            part.volume += p.dot(q.cross(r)) / 6.0;
            part.area += (q - p).cross(r - p).length() / 2.0;
            number[root]
        })
        .collect();
    Parts { of, parts }
}

impl Parts {
    /// For each part whether it lies wholly inside another closed part.
    pub fn inside_others(&self, triangles: &[[u32; 3]], positions: &[DVec3]) -> Vec<bool> {
        let mut inside = vec![false; self.parts.len()];
        if self.parts.len() < 2 {
            return inside;
        }
        let mesh = TriMesh {
            positions: positions.iter().map(|p| p.as_vec3()).collect(),
            triangles: triangles.to_vec(),
        };
        let bvh = Bvh::new(&mesh);
        let mut samples: Vec<Vec<Vec3>> = vec![Vec::new(); self.parts.len()];
        let mut passed = vec![0usize; self.parts.len()];
        for (triangle, &part) in mesh.triangles.iter().zip(&self.of) {
            let every = self.parts[part as usize].triangles.div_ceil(SAMPLES);
            if passed[part as usize].is_multiple_of(every) {
                let middle = triangle.iter().map(|&v| mesh.positions[v as usize]).sum::<Vec3>() / 3.0;
                samples[part as usize].push(middle);
            }
            passed[part as usize] += 1;
        }
        let mut largest: Vec<u32> = (0..self.parts.len() as u32).collect();
        largest.sort_by(|&a, &b| self.parts[b as usize].area.total_cmp(&self.parts[a as usize].area));
        largest.truncate(MOST_SHELLS);
        for (part, inside) in inside.iter_mut().enumerate() {
            let own = &self.parts[part];
            let surrounded =
                |other: &Part| own.low.cmpge(other.low).all() && own.high.cmple(other.high).all();
            let mut around: Vec<u32> = largest
                .iter()
                .copied()
                .filter(|&o| o as usize != part && surrounded(&self.parts[o as usize]))
                .collect();
            for &point in &samples[part] {
                if around.is_empty() {
                    break;
                }
                let mut votes = vec![0; around.len()];
                for ray in RAYS {
                    let mut crossed = vec![false; around.len()];
                    bvh.crossings(point, ray, |hit| {
                        let part = self.of[hit.triangle as usize];
                        if let Some(i) = around.iter().position(|&o| o == part) {
                            crossed[i] = !crossed[i];
                        }
                    });
                    votes.iter_mut().zip(crossed).for_each(|(votes, odd)| *votes += usize::from(odd));
                }
                let mut vote = votes.iter();
                around.retain(|_| vote.next().is_some_and(|&votes| votes * 2 > RAYS.len()));
            }
            *inside = !around.is_empty();
        }
        inside
    }
}
