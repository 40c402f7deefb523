//! How evenly a texture lies on a surface.

use glam::{DMat2, DVec2, DVec3, Vec3};

/// Of a texture on a surface, weighted by area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evenness {
    /// Texels per metre at a tenth, half and nine tenths of the area.
    pub texels_per_m: [f32; 3],
    /// How much longer a texel is one way than the other, on average: the ratio of the singular values of the map
    /// from surface to texture. 1 is square.
    pub stretch: f32,
}

/// A triangle that is longer one way than this, in the texture, counts as this.
const MOST_STRETCH: f64 = 100.0;

impl Evenness {
    /// From the corners of each triangle, in metres and in texels. `None` when none has an area.
    pub fn of(triangles: impl Iterator<Item = ([Vec3; 3], [DVec2; 3])>) -> Option<Self> {
        let mut by_density: Vec<(f64, f64)> = Vec::new();
        let (mut stretched, mut total) = (0.0, 0.0);
        for (corners_m, [a, b, c]) in triangles {
            let [p, q, r]: [DVec3; 3] = corners_m.map(Vec3::as_dvec3);
            let area_m2 = (q - p).cross(r - p).length() / 2.0;
            // Also refuses what is no number.
            if !(area_m2 > 0.0 && area_m2.is_finite()) {
                continue;
            }
            let along = (q - p).normalize();
            let across = (r - p).reject_from_normalized(along).length();
            let surface =
                DMat2::from_cols(DVec2::new((q - p).length(), 0.0), DVec2::new((r - p).dot(along), across));
            let map = DMat2::from_cols(b - a, c - a) * surface.inverse();
            by_density.push((map.determinant().abs().sqrt(), area_m2));
            let sum = map.x_axis.length_squared() + map.y_axis.length_squared();
            let product = map.determinant().abs();
            let root = (sum * sum / 4.0 - product * product).max(0.0).sqrt();
            // Squares of the singular values.
            let (longer, shorter) = (sum / 2.0 + root, (sum / 2.0 - root).max(0.0));
            let ratio = (longer / shorter).sqrt().min(MOST_STRETCH);
            stretched += area_m2 * if ratio.is_finite() { ratio } else { MOST_STRETCH };
            total += area_m2;
        }
        by_density.sort_by(|a, b| a.0.total_cmp(&b.0));
        let at = |share: f64| {
            let mut passed = 0.0;
            by_density
                .iter()
                .find(|(_, area)| {
                    passed += area;
                    passed >= share * total
                })
                .map(|(density, _)| *density as f32)
        };
        Some(Self { texels_per_m: [at(0.1)?, at(0.5)?, at(0.9)?], stretch: (stretched / total) as f32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_texture_drawn_out_one_way_is_stretched() {
        let square = [Vec3::ZERO, Vec3::X, Vec3::Y];
        let texels = |x: f64, y: f64| [DVec2::ZERO, DVec2::new(x, 0.0), DVec2::new(0.0, y)];
        let even = Evenness::of([(square, texels(50.0, 50.0))].into_iter()).expect("it has an area");
        assert!((even.stretch - 1.0).abs() < 1e-6 && even.texels_per_m == [50.0; 3], "{even:?}");
        let drawn = Evenness::of([(square, texels(90.0, 10.0))].into_iter()).expect("it has an area");
        assert!(
            (drawn.stretch - 9.0).abs() < 1e-5 && (drawn.texels_per_m[1] - 30.0).abs() < 1e-4,
            "{drawn:?}"
        );
        assert!(Evenness::of([([Vec3::X; 3], texels(1.0, 1.0))].into_iter()).is_none());
    }
}
