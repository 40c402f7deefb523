//! Whether two pictures look alike to the eye: structural similarity on several scales, whatever their framing.

use glam::{Vec3, Vec4Swizzles};
use image::RgbaImage;
use oreforge_geometry::resize::{Window, resize, resize_premultiplied};
use oreforge_geometry::similarity::{WINDOW, ssim_map};
use oreforge_geometry::{Cancel, Cancelled, Grid};

use crate::silhouette::Silhouette;

/// Longer side of the object at the finest scale, in cells: it shows the eyes and buttons of a prop, not its pixels.
const SIDE: usize = 96;
/// Each half as fine as the one before.
const SCALES: usize = 3;
/// How far two pictures may be out of register, in cells of every scale.
const REACH: usize = 1;
/// Clear cells round the object at every scale, so that each window and each shift stays within the raster.
const MARGIN: usize = WINDOW / 2 + REACH;
/// The margin in cells of the finest scale, where the coarsest needs it.
const WIDEST_MARGIN: usize = MARGIN << (SCALES - 1);
/// Rec. 601, of sRGB as it is stored; hues are the palette's.
const LUMA: Vec3 = Vec3::new(0.299, 0.587, 0.114);
/// What stands for nothing.
const GROUND: f32 = 0.5;

/// A picture of an object, ready to be compared.
pub(crate) struct Likeness {
    /// From fine to coarse.
    scales: Vec<Scale>,
}

struct Scale {
    luma: Grid<f32>,
    alpha: Grid<f32>,
}

impl Likeness {
    pub fn of(picture: &RgbaImage, outline: &Silhouette) -> Self {
        let object = outline.square();
        let margin_px = object.width * WIDEST_MARGIN as f32 / SIDE as f32;
        let window = Window {
            left: object.left - margin_px,
            top: object.top - margin_px,
            width: object.width + 2.0 * margin_px,
            height: object.height + 2.0 * margin_px,
        };
        let cells = SIDE + 2 * WIDEST_MARGIN;
        let mut seen = resize_premultiplied(picture, window, cells, cells);
        let mut scales = Vec::with_capacity(SCALES);
        for scale in 0..SCALES {
            if scale > 0 {
                seen = resize(&seen, cells >> scale, cells >> scale);
            }
            let object = cut(&seen, (WIDEST_MARGIN >> scale) - MARGIN, 0, 0, (SIDE >> scale) + 2 * MARGIN);
            scales.push(Scale {
                luma: object.map(|cell| cell.xyz().dot(LUMA) + (1.0 - cell.w) * GROUND),
                alpha: object.map(|cell| cell.w),
            });
        }
        Self { scales }
    }

    /// −1..=1, 1 for the same picture: mean over the scales of the similarity within this one's outline, each with the
    /// other moved to where it fits best.
    pub fn to(&self, seen: &Likeness, cancel: Cancel<'_>) -> Result<f32, Cancelled> {
        let mut sum = 0.0;
        for (own, seen) in self.scales.iter().zip(&seen.scales) {
            sum += own.best(seen, cancel)?;
        }
        Ok(sum / self.scales.len() as f32)
    }
}

impl Scale {
    fn best(&self, seen: &Scale, cancel: Cancel<'_>) -> Result<f32, Cancelled> {
        let cells = self.luma.width() - 2 * REACH;
        let own = cut(&self.luma, REACH, 0, 0, cells);
        let weight = cut(&self.alpha, MARGIN, 0, 0, cells - (WINDOW - 1));
        let total: f32 = weight.cells().iter().sum();
        let mut best = -1.0f32;
        for y in 0..=2 * REACH {
            for x in 0..=2 * REACH {
                let map = ssim_map(&own, &cut(&seen.luma, 0, x, y, cells), cancel)?;
                let sum: f32 = map.cells().iter().zip(weight.cells()).map(|(&alike, &w)| alike * w).sum();
                best = best.max(sum / total.max(f32::MIN_POSITIVE));
            }
        }
        Ok(best)
    }
}

/// A square of `side` cells, `inset` from the top left and moved on by (`x`, `y`).
fn cut<T: Copy>(grid: &Grid<T>, inset: usize, x: usize, y: usize, side: usize) -> Grid<T> {
    let columns = inset + x..inset + x + side;
    let rows = (inset + y..inset + y + side).flat_map(|y| grid.row(y)[columns.clone()].iter().copied());
    Grid::from_cells(side, side, rows.collect())
}
