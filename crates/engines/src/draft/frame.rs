use glam::{Vec3, Vec4, Vec4Swizzles};
use image::RgbaImage;
use oreforge_geometry::Grid;
use oreforge_geometry::color::lab_from_srgb;
use oreforge_geometry::resize::{Window, resize_premultiplied, resize_window};

/// Where a raster of cells lies over a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    pub width: usize,
    pub height: usize,
    /// Picture pixels per cell.
    pub cell_px: f32,
    /// The raster's left and top edge in picture pixels.
    pub left_px: f32,
    pub top_px: f32,
}

impl Frame {
    /// The object's box grown by `margin` cells on every side, `cells` cells along the longer side. `None` when
    /// no pixel is more than half opaque. `cells` must exceed twice the margin.
    pub fn around(cutout: &RgbaImage, cells: usize, margin: usize) -> Option<Self> {
        let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
        let width = cutout.width() as usize;
        for (y, row) in cutout.as_raw().chunks_exact((width * 4).max(4)).enumerate() {
            let opaque = |pixel: &&[u8]| pixel[3] > 127;
            let Some(first) = row.chunks_exact(4).position(|pixel| opaque(&pixel)) else { continue };
            let last = row.chunks_exact(4).rposition(|pixel| opaque(&pixel)).unwrap_or(first);
            left = left.min(first as u32);
            right = right.max(last as u32 + 1);
            top = top.min(y as u32);
            bottom = y as u32 + 1;
        }
        if left >= right {
            return None;
        }
        // Where alpha is ½ between two pixels may lie half a pixel beyond the last one.
        let (across_px, down_px) = ((right - left + 1) as f32, (bottom - top + 1) as f32);
        let cell_px = across_px.max(down_px) / (cells - 2 * margin) as f32;
        let span = |px: f32| ((px / cell_px).ceil() as usize + 2 * margin).min(cells);
        let (width, height) = (span(across_px), span(down_px));
        Some(Self {
            width,
            height,
            cell_px,
            left_px: (left + right) as f32 / 2.0 - width as f32 * cell_px / 2.0,
            top_px: (top + bottom) as f32 / 2.0 - height as f32 * cell_px / 2.0,
        })
    }

    /// The same place of the picture under a raster of other fineness.
    pub fn with_longer_side(self, cells: usize) -> Self {
        let factor = cells as f32 / self.longer_side() as f32;
        let span = |n: usize| ((n as f32 * factor).round() as usize).max(1);
        Self { width: span(self.width), height: span(self.height), cell_px: self.cell_px / factor, ..self }
    }

    pub fn longer_side(self) -> usize {
        self.width.max(self.height)
    }

    /// What of the picture lies under it.
    pub fn window(self) -> Window {
        let (width, height) = (self.width as f32 * self.cell_px, self.height as f32 * self.cell_px);
        Window { left: self.left_px, top: self.top_px, width, height }
    }

    /// Picture pixels (pixel centres at halves) of a point in cells (cell centres at whole numbers).
    pub fn px_from_cell(self, x: f32, y: f32) -> (f32, f32) {
        (self.left_px + (x + 0.5) * self.cell_px, self.top_px + (y + 0.5) * self.cell_px)
    }

    pub fn cell_from_px(self, x: f32, y: f32) -> (f32, f32) {
        ((x - self.left_px) / self.cell_px - 0.5, (y - self.top_px) / self.cell_px - 0.5)
    }
}

/// A picture averaged down to a frame.
pub struct Thumb {
    pub frame: Frame,
    /// Premultiplied RGBA, 0..=1.
    cells: Grid<Vec4>,
    /// 0..=1.
    pub alpha: Grid<f32>,
    /// Straight sRGB, 0..=255; black where nothing is.
    pub rgb: Grid<Vec3>,
    /// CIELAB with L* stretched to 0..=255, so that the axes weigh as in 8-bit Lab.
    pub lab: Grid<Vec3>,
}

impl Thumb {
    pub fn new(cutout: &RgbaImage, frame: Frame) -> Self {
        Self::of_cells(frame, resize_premultiplied(cutout, frame.window(), frame.width, frame.height))
    }

    /// The same picture under fewer cells.
    pub fn with_longer_side(&self, cells: usize) -> Self {
        let frame = self.frame.with_longer_side(cells);
        let step = frame.cell_px / self.frame.cell_px;
        let window = Window {
            left: 0.0,
            top: 0.0,
            width: frame.width as f32 * step,
            height: frame.height as f32 * step,
        };
        Self::of_cells(frame, resize_window(&self.cells, window, frame.width, frame.height))
    }

    fn of_cells(frame: Frame, cells: Grid<Vec4>) -> Self {
        let rgb = cells.map(|c| if c.w > 1e-3 { c.xyz() * (255.0 / c.w) } else { Vec3::ZERO });
        let lab = rgb.map(lab_of);
        Self { frame, alpha: cells.map(|c| c.w), cells, rgb, lab }
    }

    pub fn inside(&self) -> Grid<bool> {
        self.alpha.map(|a| a > 0.5)
    }
}

fn lab_of(rgb: Vec3) -> Vec3 {
    let [l, a, b] = lab_from_srgb(rgb.to_array().map(|v| v.round().clamp(0.0, 255.0) as u8));
    Vec3::new(l * 2.55, a, b)
}

/// Columns and rows of the set cells' box, ends excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub left: usize,
    pub right: usize,
    pub top: usize,
    pub bottom: usize,
}

impl Bounds {
    pub fn of(set: &Grid<bool>) -> Option<Self> {
        let mut bounds: Option<Self> = None;
        for y in 0..set.height() {
            let row = set.row(y);
            let Some(first) = row.iter().position(|&s| s) else { continue };
            let last = row.iter().rposition(|&s| s).unwrap_or(first);
            let b = bounds.get_or_insert(Self { left: first, right: last + 1, top: y, bottom: y + 1 });
            b.left = b.left.min(first);
            b.right = b.right.max(last + 1);
            b.bottom = y + 1;
        }
        bounds
    }

    pub fn width(self) -> usize {
        self.right - self.left
    }

    pub fn height(self) -> usize {
        self.bottom - self.top
    }
}
