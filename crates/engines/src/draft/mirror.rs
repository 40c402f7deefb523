use glam::Vec2;
use oreforge_geometry::filter::gaussian;
use oreforge_geometry::resize::bilinear;
use oreforge_geometry::{Cancel, Cancelled, Grid};
use rayon::prelude::*;

use super::frame::{Bounds, Thumb};

/// How well a picture is its own mirror image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MirrorSymmetry {
    /// Of the silhouette and its image, at the best axis, 0..=1.
    pub iou: f32,
    /// Mean difference in chroma (8-bit Lab) between the picture and its image.
    pub chroma_difference: f32,
    /// Where the best axis crosses the object's mid height, in cells.
    pub axis_x: f32,
}

const TILTS_DEG: [f32; 5] = [0.0, -4.0, 4.0, -8.0, 8.0];

struct Axis {
    through: Vec2,
    /// Unit.
    along: Vec2,
}

impl Axis {
    fn image_of(&self, point: Vec2) -> Vec2 {
        let from = point - self.through;
        self.through + self.along * (2.0 * from.dot(self.along)) - from
    }
}

/// Tries near-vertical axes around the middle of the silhouette.
pub fn mirror_symmetry(
    thumb: &Thumb,
    inside: &Grid<bool>,
    bounds: Bounds,
    cancel: Cancel<'_>,
) -> Result<MirrorSymmetry, Cancelled> {
    let width = bounds.width() as f32;
    let middle = Vec2::new(
        (bounds.left + bounds.right - 1) as f32 / 2.0,
        (bounds.top + bounds.bottom - 1) as f32 / 2.0,
    );
    let step = (0.01 * width).max(1.0);
    let steps = (0.08 * width / step).round() as i32;
    let axes: Vec<Axis> = TILTS_DEG
        .into_iter()
        .flat_map(|tilt| {
            let along = Vec2::new(tilt.to_radians().sin(), tilt.to_radians().cos());
            (-steps..=steps).map(move |i| Axis { through: middle + Vec2::new(i as f32 * step, 0.0), along })
        })
        .collect();
    let ious = axes
        .par_iter()
        .map(|axis| {
            cancel.check()?;
            Ok(silhouette_iou(inside, bounds, axis))
        })
        .collect::<Result<Vec<f32>, Cancelled>>()?;
    let best = (0..axes.len()).fold(0, |best, i| if ious[i] > ious[best] + 1e-6 { i } else { best });
    Ok(MirrorSymmetry {
        iou: ious[best],
        chroma_difference: chroma_difference(thumb, bounds, &axes[best]),
        axis_x: axes[best].through.x,
    })
}

/// The upright axis about which the silhouette is most nearly its own mirror image, in cells, and how nearly
/// (intersection over union, 0..=1).
pub fn upright_symmetry(
    inside: &Grid<bool>,
    bounds: Bounds,
    cancel: Cancel<'_>,
) -> Result<(f32, f32), Cancelled> {
    const REACH_SHARE: f32 = 0.2;
    let y = (bounds.top + bounds.bottom - 1) as f32 / 2.0;
    let middle_x = (bounds.left + bounds.right - 1) as f32 / 2.0;
    // Axes lie on cells and between them: a mirror image falls on whole cells.
    let steps = (REACH_SHARE * bounds.width() as f32 * 2.0).ceil() as i32;
    let mut best = (middle_x, 0.0);
    // From the middle outwards, so that of equals the most central stays.
    for step in (0..=steps).flat_map(|step| [step, -step]) {
        cancel.check()?;
        let axis_x = middle_x + 0.5 * step as f32;
        let iou = silhouette_iou(inside, bounds, &Axis { through: Vec2::new(axis_x, y), along: Vec2::Y });
        if iou > best.1 + 1e-6 {
            best = (axis_x, iou);
        }
    }
    Ok(best)
}

fn silhouette_iou(inside: &Grid<bool>, bounds: Bounds, axis: &Axis) -> f32 {
    let step = axis.image_of(Vec2::X) - axis.image_of(Vec2::ZERO);
    let (width, height) = (inside.width() as f32, inside.height() as f32);
    let (mut area, mut both) = (0u32, 0u32);
    for y in bounds.top..bounds.bottom {
        let start = axis.image_of(Vec2::new(0.0, y as f32)) + 0.5;
        for (x, _) in inside.row(y)[..bounds.right].iter().enumerate().filter(|&(_, &set)| set) {
            area += 1;
            let image = start + step * x as f32;
            if image.x >= 0.0 && image.y >= 0.0 && image.x < width && image.y < height {
                both += u32::from(inside.get(image.x as usize, image.y as usize));
            }
        }
    }
    both as f32 / (2 * area - both).max(1) as f32
}

fn chroma_difference(thumb: &Thumb, bounds: Bounds, axis: &Axis) -> f32 {
    let weight = thumb.alpha.map(|a| if a > 0.5 { 1.0 } else { 0.0 });
    let mut weighted = thumb.lab.clone();
    for (lab, &w) in weighted.cells_mut().iter_mut().zip(weight.cells()) {
        *lab *= w;
    }
    let (mut lab, blurred_weight) = (gaussian(&weighted, 2.0), gaussian(&weight, 2.0));
    for (lab, &w) in lab.cells_mut().iter_mut().zip(blurred_weight.cells()) {
        *lab /= w.max(1e-3);
    }
    let (mut sum_a, mut sum_b, mut count) = (0.0f64, 0.0f64, 0u32);
    for y in bounds.top..bounds.bottom {
        for x in bounds.left..bounds.right {
            let image = axis.image_of(Vec2::new(x as f32, y as f32));
            if weight.get(x, y) > 0.5 && bilinear(&weight, image.x, image.y) > 0.5 {
                let difference = (lab.get(x, y) - bilinear(&lab, image.x, image.y)).abs();
                sum_a += f64::from(difference.y);
                sum_b += f64::from(difference.z);
                count += 1;
            }
        }
    }
    (sum_a.hypot(sum_b) / f64::from(count.max(1))) as f32
}
