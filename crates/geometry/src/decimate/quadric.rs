use std::ops::Add;

use glam::DVec3;

/// Pull towards the edge's middle, relative to the planes' weight: decides the placement where the planes do
/// not (flat and straight parts) and is too weak to flatten curves.
const PLACEMENT_PULL: f64 = 1e-3;

/// The sum of squared distances to planes, weighted by area (Garland & Heckbert 1997, section 5):
/// `pᵀ A p + 2 bᵀ p + c`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quadric {
    /// A: xx, yy, zz.
    diagonal: DVec3,
    /// A: yz, xz, xy.
    off_diagonal: DVec3,
    b: DVec3,
    c: f64,
    pub weight: f64,
}

impl Quadric {
    /// The plane of a triangle, weighted with its area.
    pub fn of_triangle(p: DVec3, q: DVec3, r: DVec3) -> Self {
        let normal = (q - p).cross(r - p);
        let length = normal.length();
        if length == 0.0 {
            return Self::default();
        }
        let n = normal / length;
        let weight = length / 2.0;
        let distance = -n.dot(p);
        Self {
            diagonal: n * n * weight,
            off_diagonal: DVec3::new(n.y * n.z, n.x * n.z, n.x * n.y) * weight,
            b: n * (distance * weight),
            c: distance * distance * weight,
            weight,
        }
    }

    /// Never negative.
    pub fn error(&self, p: DVec3) -> f64 {
        let (d, o) = (self.diagonal, self.off_diagonal);
        let squares = d.dot(p * p) + 2.0 * o.dot(DVec3::new(p.y * p.z, p.x * p.z, p.x * p.y));
        (squares + 2.0 * self.b.dot(p) + self.c).max(0.0)
    }

    /// The point of least error near `middle`.
    pub fn best_point(&self, middle: DVec3) -> DVec3 {
        let pull = PLACEMENT_PULL * self.weight;
        let (d, o) = (self.diagonal + pull, self.off_diagonal);
        let right = middle * pull - self.b;
        // The inverse by cofactors; symmetric and, thanks to the pull, positive definite.
        let cofactors = DVec3::new(d.y * d.z - o.x * o.x, d.x * d.z - o.y * o.y, d.x * d.y - o.z * o.z);
        let mixed = DVec3::new(o.y * o.z - d.x * o.x, o.x * o.z - d.y * o.y, o.x * o.y - d.z * o.z);
        let determinant = d.x * cofactors.x + o.z * mixed.z + o.y * mixed.y;
        let point = DVec3::new(
            cofactors.x * right.x + mixed.z * right.y + mixed.y * right.z,
            mixed.z * right.x + cofactors.y * right.y + mixed.x * right.z,
            mixed.y * right.x + mixed.x * right.y + cofactors.z * right.z,
        ) / determinant;
        if point.is_finite() { point } else { middle }
    }
}

impl Add for Quadric {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            diagonal: self.diagonal + other.diagonal,
            off_diagonal: self.off_diagonal + other.off_diagonal,
            b: self.b + other.b,
            c: self.c + other.c,
            weight: self.weight + other.weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_point_of_three_planes_is_their_corner() {
        let corner = DVec3::new(0.3, -0.2, 0.5);
        let plane = |u: DVec3, v: DVec3| Quadric::of_triangle(corner, corner + u, corner + v);
        let all = plane(DVec3::X, DVec3::Y) + plane(DVec3::Y, DVec3::Z) + plane(DVec3::Z, DVec3::X);
        assert!(all.error(corner) < 1e-15);
        assert!((all.error(corner + DVec3::Z * 2.0) - 2.0).abs() < 1e-12);
        assert!(all.best_point(corner + DVec3::splat(0.1)).distance(corner) < 1e-3);
    }

    #[test]
    fn on_a_plane_the_middle_is_kept() {
        let plane = Quadric::of_triangle(DVec3::ZERO, DVec3::X, DVec3::Y);
        assert!(plane.best_point(DVec3::new(0.3, 0.4, 0.0)).distance(DVec3::new(0.3, 0.4, 0.0)) < 1e-12);
        assert!(plane.best_point(DVec3::new(0.3, 0.4, 1.0)).z.abs() < 3e-3);
    }
}
