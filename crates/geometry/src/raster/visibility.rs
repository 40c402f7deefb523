//! Which triangle each sample of the picture sees.

use glam::{BVec4A, Vec3, Vec4};

use crate::{Cancel, Cancelled};

pub const SAMPLES: usize = 4;
/// Samples of a pixel on a rotated grid, in pixels from its top left; their mean is the centre.
pub const SAMPLE_OFFSETS: [[f32; 2]; SAMPLES] =
    [[0.375, 0.125], [0.875, 0.375], [0.125, 0.625], [0.625, 0.875]];

/// Rows of pixels drawn together; small enough for a core's cache.
pub const BAND_ROWS: usize = 16;

const NOTHING: u32 = u32::MAX;
/// Triangles drawn between two looks at the cancel.
const CANCEL_EVERY: usize = 4096;
/// A sample this far outside an edge, relative to twice the triangle's area, still belongs to it: rounding must
/// not tear neighbours apart.
const EDGE_TOLERANCE: f32 = 1e-6;

/// A vertex in the picture: pixels from the top left, and pixels towards the camera.
#[derive(Debug, Clone, Copy)]
pub struct Projected {
    pub x: f32,
    pub y: f32,
    pub nearness: f32,
}

/// Rows of the picture and the triangles that may be seen there.
pub struct Band {
    pub first_row: usize,
    triangles: Vec<u32>,
}

/// Bands from the top, each with the triangles that face the camera and reach into it, in their order.
pub fn bands(projected: &[Projected], triangles: &[[u32; 3]], size_px: u32) -> Vec<Band> {
    let mut bands: Vec<Band> = (0..size_px as usize)
        .step_by(BAND_ROWS)
        .map(|first_row| Band { first_row, triangles: Vec::new() })
        .collect();
    let size = size_px as f32;
    for (i, corners) in triangles.iter().enumerate() {
        let [a, b, c] = corners.map(|v| projected[v as usize]);
        let (top, bottom) = (a.y.min(b.y).min(c.y), a.y.max(b.y).max(c.y));
        let (left, right) = (a.x.min(b.x).min(c.x), a.x.max(b.x).max(c.x));
        // Also refuses positions that are no numbers.
        let area = twice_area(a, b, c);
        let seen =
            area > 0.0 && area.is_finite() && bottom >= 0.0 && top < size && right >= 0.0 && left < size;
        if seen {
            let first = top.max(0.0) as usize / BAND_ROWS;
            let last = (bottom as usize / BAND_ROWS).min(bands.len() - 1);
            for band in &mut bands[first..=last] {
                band.triangles.push(i as u32);
            }
        }
    }
    bands
}

/// Positive for triangles that wind counter-clockwise in a picture whose y points down.
fn twice_area(a: Projected, b: Projected, c: Projected) -> f32 {
    (b.y - a.y) * (c.x - a.x) - (b.x - a.x) * (c.y - a.y)
}

/// Barycentric weights of a point, clamped into the triangle.
pub fn weights([a, b, c]: [Projected; 3], x: f32, y: f32) -> Vec3 {
    let (ax, ay, bx, by, cx, cy) = (a.x - x, a.y - y, b.x - x, b.y - y, c.x - x, c.y - y);
    let w = Vec3::new(by * cx - bx * cy, cy * ax - cx * ay, ay * bx - ax * by).max(Vec3::ZERO);
    let sum = w.element_sum();
    if sum > 0.0 { w / sum } else { Vec3::splat(1.0 / 3.0) }
}

impl Band {
    /// The triangle under each sample, row by row, pixel by pixel; `u32::MAX` where there is none.
    pub fn rasterise(
        &self,
        projected: &[Projected],
        triangles: &[[u32; 3]],
        size_px: u32,
        cancel: Cancel<'_>,
    ) -> Result<Vec<[u32; SAMPLES]>, Cancelled> {
        let width = size_px as usize;
        let rows = BAND_ROWS.min(width - self.first_row);
        let mut seen = vec![[NOTHING; SAMPLES]; width * rows];
        let mut nearness = vec![Vec4::NEG_INFINITY; seen.len()];
        for chunk in self.triangles.chunks(CANCEL_EVERY) {
            cancel.check()?;
            for &triangle in chunk {
                let corners = triangles[triangle as usize].map(|v| projected[v as usize]);
                self.draw(corners, width, rows, |pixel, covered, near| {
                    let nearer = covered & near.cmpgt(nearness[pixel]);
                    nearness[pixel] = Vec4::select(nearer, near, nearness[pixel]);
                    for (i, seen) in seen[pixel].iter_mut().enumerate() {
                        *seen = if nearer.test(i) { triangle } else { *seen };
                    }
                });
            }
        }
        Ok(seen)
    }

    /// How near the nearest surface in each pixel is, in pixels towards the camera, row by row; negative infinity
    /// where there is none.
    pub fn nearest(
        &self,
        projected: &[Projected],
        triangles: &[[u32; 3]],
        size_px: u32,
        cancel: Cancel<'_>,
    ) -> Result<Vec<f32>, Cancelled> {
        let width = size_px as usize;
        let rows = BAND_ROWS.min(width - self.first_row);
        let mut nearest = vec![f32::NEG_INFINITY; width * rows];
        for chunk in self.triangles.chunks(CANCEL_EVERY) {
            cancel.check()?;
            for &triangle in chunk {
                let corners = triangles[triangle as usize].map(|v| projected[v as usize]);
                self.draw(corners, width, rows, |pixel, covered, near| {
                    let near = Vec4::select(covered, near, Vec4::NEG_INFINITY).max_element();
                    nearest[pixel] = nearest[pixel].max(near);
                });
            }
        }
        Ok(nearest)
    }

    /// Calls `covered` with each pixel of which a sample lies in the triangle, which ones do, and how near they
    /// are.
    fn draw(
        &self,
        [a, b, c]: [Projected; 3],
        width: usize,
        rows: usize,
        mut covered: impl FnMut(usize, BVec4A, Vec4),
    ) {
        let [offset_x, offset_y] =
            [0, 1].map(|axis| Vec4::from_array(SAMPLE_OFFSETS.map(|offset| offset[axis])));
        let area = twice_area(a, b, c);
        let (ab_x, ab_y, ac_x, ac_y) = (b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y);
        let per_area = 1.0 / area;
        let (left, right) = (a.x.min(b.x).min(c.x), a.x.max(b.x).max(c.x));
        let (top, bottom) = (a.y.min(b.y).min(c.y), a.y.max(b.y).max(c.y));
        let x_end = (right.max(0.0) as usize).saturating_add(1).min(width);
        let y_end = (bottom.max(0.0) as usize).saturating_add(1).min(self.first_row + rows);
        for y in (top.max(0.0) as usize).max(self.first_row)..y_end {
            let py = y as f32 + offset_y - a.y;
            for x in left.max(0.0) as usize..x_end {
                let px = x as f32 + offset_x - a.x;
                let wb = (py * ac_x - px * ac_y) * per_area;
                let wc = (ab_y * px - ab_x * py) * per_area;
                let inside = wb.min(wc).cmpge(Vec4::splat(-EDGE_TOLERANCE))
                    & (wb + wc).cmple(Vec4::splat(1.0 + EDGE_TOLERANCE));
                if inside.any() {
                    let near = a.nearness + (b.nearness - a.nearness) * wb + (c.nearness - a.nearness) * wc;
                    covered((y - self.first_row) * width + x, inside, near);
                }
            }
        }
    }
}
