//! Outlines compared whatever their framing.

use image::RgbaImage;
use oreforge_geometry::resize::Window;

/// Raster side on which outlines are compared.
const SIDE: usize = 128;

/// The opaque part of a picture, fitted into a square by its bounding box, proportions kept.
#[derive(Debug, Clone)]
pub(crate) struct Silhouette {
    inside: Vec<bool>,
    height_px: f32,
    square: Window,
}

impl Silhouette {
    /// `None` when nothing in the picture is at least half opaque.
    pub fn of(picture: &RgbaImage) -> Option<Self> {
        let opaque = |x: u32, y: u32| picture.get_pixel(x, y).0[3] >= 128;
        let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
        for (x, y, pixel) in picture.enumerate_pixels() {
            if pixel.0[3] >= 128 {
                (left, right) = (left.min(x), right.max(x));
                (top, bottom) = (top.min(y), bottom.max(y));
            }
        }
        if left > right {
            return None;
        }
        let (width, height) = ((right - left + 1) as f32, (bottom - top + 1) as f32);
        let side = width.max(height);
        let scale = side / SIDE as f32;
        let centre = (left as f32 + width / 2.0, top as f32 + height / 2.0);
        let inside = (0..SIDE * SIDE)
            .map(|cell| {
                let x = centre.0 + ((cell % SIDE) as f32 + 0.5 - SIDE as f32 / 2.0) * scale;
                let y = centre.1 + ((cell / SIDE) as f32 + 0.5 - SIDE as f32 / 2.0) * scale;
                x >= left as f32
                    && y >= top as f32
                    && x < (right + 1) as f32
                    && y < (bottom + 1) as f32
                    && opaque(x as u32, y as u32)
            })
            .collect();
        let square =
            Window { left: centre.0 - side / 2.0, top: centre.1 - side / 2.0, width: side, height: side };
        Some(Self { inside, height_px: height, square })
    }

    /// The least square about the bounding box, in pixels of the picture it came from.
    pub fn square(&self) -> Window {
        self.square
    }

    /// Of the bounding box, in pixels of the picture it came from.
    pub fn height_px(&self) -> f32 {
        self.height_px
    }

    pub fn mirrored(&self) -> Self {
        let inside = self.inside.chunks(SIDE).flat_map(|row| row.iter().rev().copied()).collect();
        Self { inside, ..*self }
    }

    /// Intersection over union, 0..=1.
    pub fn iou(&self, other: &Self) -> f32 {
        let (mut both, mut either) = (0u32, 0u32);
        for (&a, &b) in self.inside.iter().zip(&other.inside) {
            both += u32::from(a && b);
            either += u32::from(a || b);
        }
        both as f32 / either.max(1) as f32
    }
}
