use std::ops::Add;

use glam::Vec3;
use rayon::prelude::*;

use crate::{Cancel, Cancelled};

/// Pull towards the edge's middle, relative to the planes' weight: decides the placement where the planes do
/// not (flat and straight parts) and is too weak to flatten curves.
const PLACEMENT_PULL: f32 = 1e-3;
/// Cost of an edge's squared length relative to its squared distance from the planes: keeps triangles even
/// where the surface is flat and every collapse would be free.
const LENGTH_COST: f32 = 1e-7;
/// Triangles whose planes are computed at once and then added up in order.
const PLANES_CHUNK: usize = 1 << 16;

/// A symmetric matrix.
#[derive(Debug, Clone, Copy, Default)]
struct Symmetric {
    /// xx, yy, zz.
    diagonal: Vec3,
    /// yz, xz, xy.
    mixed: Vec3,
}

/// A vertex and the sum of squared distances to planes, weighted by area (Garland & Heckbert 1997, section 5),
/// as seen from it: `error + 2 gradient · d + d · matrix d` at `position + d`. Seen from nearby nothing large
/// cancels, so single precision is enough and a vertex is one cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub struct Vertex {
    pub position: Vec3,
    matrix: Symmetric,
    gradient: Vec3,
    error: f32,
    weight: f32,
}

/// The vertex that two would become.
pub struct Merger {
    pub cost: f32,
    /// Where the planes and the pull want it.
    pub position: Vec3,
    /// In the middle between the two.
    middle: Vertex,
}

/// The plane of a triangle, weighted with its area.
#[derive(Clone, Copy, Default)]
struct Plane {
    matrix: Symmetric,
    weight: f32,
}

impl Symmetric {
    fn times(&self, p: Vec3) -> Vec3 {
        let (d, m) = (self.diagonal, self.mixed);
        Vec3::new(
            d.x * p.x + m.z * p.y + m.y * p.z,
            m.z * p.x + d.y * p.y + m.x * p.z,
            m.y * p.x + m.x * p.y + d.z * p.z,
        )
    }

    /// What a positive definite matrix takes to `right`, by the inverse of cofactors.
    fn solve(&self, right: Vec3) -> Vec3 {
        let (d, m) = (self.diagonal, self.mixed);
        let cofactors = Self {
            diagonal: Vec3::new(d.y * d.z - m.x * m.x, d.x * d.z - m.y * m.y, d.x * d.y - m.z * m.z),
            mixed: Vec3::new(m.y * m.z - d.x * m.x, m.x * m.z - d.y * m.y, m.x * m.y - d.z * m.z),
        };
        let determinant = d.x * cofactors.diagonal.x + m.z * cofactors.mixed.z + m.y * cofactors.mixed.y;
        cofactors.times(right) * determinant.recip()
    }
}

impl Add for Symmetric {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { diagonal: self.diagonal + other.diagonal, mixed: self.mixed + other.mixed }
    }
}

impl Plane {
    fn of_triangle([p, q, r]: [Vec3; 3]) -> Self {
        let normal = (q - p).cross(r - p);
        let length = normal.length();
        if length == 0.0 {
            return Self::default();
        }
        let (n, weight) = (normal / length, length / 2.0);
        let mixed = Vec3::new(n.y * n.z, n.x * n.z, n.x * n.y);
        Self { matrix: Symmetric { diagonal: n * n * weight, mixed: mixed * weight }, weight }
    }
}

impl Vertex {
    /// Corners that are held to the planes of their triangles.
    pub fn of_mesh(
        positions: impl IndexedParallelIterator<Item = Vec3>,
        triangles: &[[u32; 3]],
        cancel: Cancel<'_>,
    ) -> Result<Vec<Self>, Cancelled> {
        let mut vertices: Vec<Self> =
            positions.map(|position| Self { position, ..Self::default() }).collect();
        for triangles in triangles.chunks(PLANES_CHUNK) {
            cancel.check()?;
            let plane = |t: &[u32; 3]| Plane::of_triangle(t.map(|v| vertices[v as usize].position));
            let planes: Vec<Plane> = triangles.par_iter().map(plane).collect();
            for (triangle, plane) in triangles.iter().zip(planes) {
                for &v in triangle {
                    let vertex = &mut vertices[v as usize];
                    vertex.matrix = vertex.matrix + plane.matrix;
                    vertex.weight += plane.weight;
                }
            }
        }
        Ok(vertices)
    }

    pub fn merge(&self, other: &Self) -> Merger {
        let half = (other.position - self.position) * 0.5;
        let weight = self.weight + other.weight;
        let matrix = self.matrix + other.matrix;
        let gradient = self.gradient + other.gradient + self.matrix.times(half) - other.matrix.times(half);
        let error = self.error
            + other.error
            + 2.0 * (self.gradient - other.gradient).dot(half)
            + half.dot(matrix.times(half));
        let scale = weight.recip();
        let pulled =
            Symmetric { diagonal: matrix.diagonal * scale + PLACEMENT_PULL, mixed: matrix.mixed * scale };
        let step = pulled.solve(gradient * -scale);
        let step = if step.is_finite() { step } else { Vec3::ZERO };
        let position = self.position + half;
        let least = error + gradient.dot(step) - PLACEMENT_PULL * weight * step.length_squared();
        Merger {
            cost: least.max(0.0) + LENGTH_COST * weight * 4.0 * half.length_squared(),
            position: position + step,
            middle: Self { position, matrix, gradient, error, weight },
        }
    }

    /// Root of the mean squared distance to the planes.
    pub fn deviation(&self) -> f32 {
        if self.weight > 0.0 { (self.error / self.weight).sqrt() } else { 0.0 }
    }
}

impl Merger {
    pub fn vertex(&self) -> Vertex {
        let Vertex { position, matrix, gradient, error, weight } = self.middle;
        let step = self.position - position;
        let seen = gradient + matrix.times(step);
        let error = (error + (gradient + seen).dot(step)).max(0.0);
        Vertex { position: self.position, matrix, gradient: seen, error, weight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(position: Vec3, triangles: &[[Vec3; 3]]) -> Vertex {
        let planes = triangles.iter().map(|&t| Plane::of_triangle(t));
        planes.fold(Vertex { position, ..Vertex::default() }, |held, plane| Vertex {
            matrix: held.matrix + plane.matrix,
            weight: held.weight + plane.weight,
            ..held
        })
    }

    #[test]
    fn the_best_point_of_three_planes_is_their_corner() {
        let corner = Vec3::new(0.3, -0.2, 0.5);
        let plane = |u: Vec3, v: Vec3| [corner, corner + u, corner + v];
        let up = corner + Vec3::Z * 0.2;
        let walls = held(up, &[plane(Vec3::Y, Vec3::Z), plane(Vec3::Z, Vec3::X)]);
        let merged = walls.merge(&held(corner - Vec3::X * 0.2, &[plane(Vec3::X, Vec3::Y)]));
        assert!(merged.position.distance(corner) < 1e-3, "{}", merged.position);
        assert!(merged.vertex().deviation() < 1e-3 && merged.cost < 1e-4, "{}", merged.cost);
        let off = merged.vertex().merge(&held(corner + Vec3::splat(1e-3), &[]));
        assert!(off.position.distance(corner) < 1e-3, "{}", off.position);
    }

    #[test]
    fn on_a_plane_the_middle_is_kept() {
        let plane = [Vec3::ZERO, Vec3::X, Vec3::Y];
        let merged = held(Vec3::X, &[plane]).merge(&held(Vec3::Y, &[plane]));
        assert!(merged.position.distance(Vec3::new(0.5, 0.5, 0.0)) < 1e-6);
        let bare = Vertex { position: Vec3::Z, ..Vertex::default() }.merge(&Vertex::default());
        assert!(bare.position.distance(Vec3::Z / 2.0) < 1e-6 && bare.vertex().deviation() == 0.0);
    }

    #[test]
    fn error_is_the_mean_square_of_the_distances() {
        let triangle = [Vec3::ZERO, Vec3::X, Vec3::Y];
        let sunk = triangle.map(|p| p - Vec3::Z * 0.2);
        let merged = held(triangle[0], &[triangle]).merge(&held(sunk[0], &[sunk])).vertex();
        assert!((merged.position.z + 0.1).abs() < 1e-6, "{}", merged.position);
        assert!((merged.deviation() - 0.1).abs() < 1e-6, "{}", merged.deviation());
    }
}
