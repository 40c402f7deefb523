//! From our cut-outs to the pictures that models were trained on, and back to views of one scale.

use std::collections::BTreeMap;

use image::{Rgba, RgbaImage};
use oreforge_geometry::resize::{Window, resize_premultiplied};
use oreforge_geometry::{Cancel, Cancelled, picture};
use oreforge_protocol::{ErrorCode, ErrorReport, ViewSlot};

use crate::EngineError;

/// What the longer side of the object takes of the square that is sent.
const FILL: f32 = 0.85;
/// Side of the square that is sent; models scale it to their own.
const SENT_PX: u32 = 768;
/// Side of a view.
const VIEW_PX: u32 = 512;
/// Of a cut-out in the place of a view: as many pixels as a large texture can use.
const MAX_PLACED_PX: u32 = 2048;
const OPAQUE: u8 = 128;

/// A cut-out in the middle of a white square, as PNG.
///
/// # Errors
/// When the cut-out is empty.
pub(super) fn sent(cutout: &RgbaImage) -> Result<Vec<u8>, EngineError> {
    let place = Extent::of(cutout).ok_or_else(|| {
        EngineError::Failed(ErrorReport::new(ErrorCode::PictureTooSmall, "A picture of the object is empty."))
    })?;
    let half = place.width.max(place.height) / 2.0 / FILL;
    let grid = resize_premultiplied(cutout, place.window(half), SENT_PX as usize, SENT_PX as usize);
    let white = RgbaImage::from_fn(SENT_PX, SENT_PX, |x, y| {
        let color = grid.get(x as usize, y as usize);
        let over = |channel: f32| ((channel + 1.0 - color.w).clamp(0.0, 1.0) * 255.0).round() as u8;
        Rgba([over(color.x), over(color.y), over(color.z), 255])
    });
    Ok(picture::encode_png(&white))
}

/// The cut-out, framed so that its object is where a view of the same side shows it.
pub fn in_place_of(view: &RgbaImage, cutout: &RgbaImage) -> RgbaImage {
    let (Some(there), Some(here)) = (Extent::of(view), Extent::of(cutout)) else { return view.clone() };
    let scale = here.height / there.height;
    let side_px = (view.width() as f32 * scale).round().clamp(VIEW_PX as f32, MAX_PLACED_PX as f32) as u32;
    let window = Window {
        left: here.middle.0 - there.middle.0 * scale,
        top: here.middle.1 - there.middle.1 * scale,
        width: view.width() as f32 * scale,
        height: view.height() as f32 * scale,
    };
    resampled(cutout, window, side_px)
}

/// Where the object is in its picture.
#[derive(Debug, Clone, Copy)]
struct Extent {
    middle: (f32, f32),
    width: f32,
    height: f32,
    /// From the middle to the farthest pixel of the object.
    reach: f32,
}

impl Extent {
    fn of(cutout: &RgbaImage) -> Option<Self> {
        let opaque = || cutout.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[3] >= OPAQUE);
        let (mut low, mut high) = ((u32::MAX, u32::MAX), (0, 0));
        for (x, y, _) in opaque() {
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
        }
        if low.0 > high.0 {
            return None;
        }
        let (width, height) = ((high.0 + 1 - low.0) as f32, (high.1 + 1 - low.1) as f32);
        let middle = (low.0 as f32 + width / 2.0, low.1 as f32 + height / 2.0);
        let from_middle = |x: u32, y: u32| (x as f32 + 0.5 - middle.0).hypot(y as f32 + 0.5 - middle.1) + 0.5;
        let reach = opaque().map(|(x, y, _)| from_middle(x, y)).fold(0.0, f32::max);
        Some(Self { middle, width, height, reach })
    }

    fn window(&self, half: f32) -> Window {
        Window {
            left: self.middle.0 - half,
            top: self.middle.1 - half,
            width: 2.0 * half,
            height: 2.0 * half,
        }
    }
}

/// Views that are brought to one scale: the object's bounding sphere fills the square in each.
#[derive(Default)]
pub(super) struct Framing {
    made: BTreeMap<ViewSlot, (RgbaImage, Extent)>,
    given: BTreeMap<ViewSlot, (RgbaImage, Extent)>,
}

impl Framing {
    /// One of a set that a model made: all of its cameras are equally far away. An empty one is left out.
    pub fn add_made(&mut self, slot: ViewSlot, cutout: RgbaImage) {
        if let Some(extent) = Extent::of(&cutout) {
            self.made.insert(slot, (cutout, extent));
        }
    }

    /// From an artist, at a scale of its own: the object is as high from every side.
    pub fn add_given(&mut self, slot: ViewSlot, cutout: RgbaImage) {
        if let Some(extent) = Extent::of(&cutout) {
            self.given.insert(slot, (cutout, extent));
        }
    }

    pub fn framed(&self, cancel: Cancel<'_>) -> Result<BTreeMap<ViewSlot, RgbaImage>, Cancelled> {
        let height_of_made = self
            .made
            .get(&ViewSlot::Front)
            .or_else(|| self.made.values().next())
            .map(|(_, extent)| extent.height);
        // In heights of the object.
        let made = self.made.iter().map(|(slot, (picture, extent))| {
            (*slot, picture, extent, height_of_made.unwrap_or(extent.height))
        });
        let given =
            self.given.iter().map(|(slot, (picture, extent))| (*slot, picture, extent, extent.height));
        let all: Vec<_> = made.chain(given).collect();
        // The sphere reaches at least as far as what any view shows of it.
        let radius = all.iter().map(|(_, _, extent, height)| extent.reach / height).fold(0.0, f32::max);
        all.into_iter()
            .map(|(slot, picture, extent, height)| {
                cancel.check()?;
                Ok((slot, resampled(picture, extent.window(radius * height), VIEW_PX)))
            })
            .collect()
    }
}

fn resampled(picture: &RgbaImage, window: Window, side_px: u32) -> RgbaImage {
    let grid = resize_premultiplied(picture, window, side_px as usize, side_px as usize);
    RgbaImage::from_fn(side_px, side_px, |x, y| {
        let color = grid.get(x as usize, y as usize);
        if color.w <= 0.0 {
            return Rgba([0; 4]);
        }
        let straight = |channel: f32| ((channel / color.w).clamp(0.0, 1.0) * 255.0).round() as u8;
        let alpha = (color.w.clamp(0.0, 1.0) * 255.0).round() as u8;
        Rgba([straight(color.x), straight(color.y), straight(color.z), alpha])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A box of this size somewhere in a picture.
    fn boxed(size: (u32, u32), at: (u32, u32)) -> RgbaImage {
        RgbaImage::from_fn(300, 300, |x, y| {
            let inside = (at.0..at.0 + size.0).contains(&x) && (at.1..at.1 + size.1).contains(&y);
            Rgba([200, 30, 10, if inside { 255 } else { 0 }])
        })
    }

    #[test]
    fn what_is_sent_is_white_around_the_object_in_its_middle() {
        let png = sent(&boxed((60, 120), (10, 20))).unwrap();
        let seen = image::load_from_memory(&png).unwrap().into_rgba8();
        assert_eq!(seen.dimensions(), (SENT_PX, SENT_PX));
        assert!(seen.pixels().all(|pixel| pixel.0[3] == 255));
        assert_eq!(seen.get_pixel(3, 3).0, [255; 4]);
        assert_eq!(seen.get_pixel(SENT_PX / 2, SENT_PX / 2).0, [200, 30, 10, 255]);
        let rows = (0..SENT_PX).filter(|&y| seen.get_pixel(SENT_PX / 2, y).0[1] < 128).count() as f32;
        assert!((rows / SENT_PX as f32 - FILL).abs() < 0.01, "{rows}");
        assert!(sent(&RgbaImage::new(20, 20)).is_err());
    }

    #[test]
    fn views_of_one_object_keep_one_scale() {
        let mut framing = Framing::default();
        framing.add_made(ViewSlot::Front, boxed((60, 120), (10, 20)));
        framing.add_made(ViewSlot::Right, boxed((100, 120), (90, 100)));
        // Twice as large, as another program drew it.
        framing.add_given(ViewSlot::Back, boxed((120, 240), (30, 30)));
        framing.add_made(ViewSlot::Left, RgbaImage::new(9, 9));
        let framed = framing.framed(Cancel::never()).unwrap();
        assert_eq!(
            framed.keys().copied().collect::<Vec<_>>(),
            [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back]
        );
        let seen = |slot: ViewSlot| Extent::of(&framed[&slot]).unwrap();
        let middle = VIEW_PX as f32 / 2.0;
        for slot in framed.keys() {
            let extent = seen(*slot);
            assert!((extent.middle.0 - middle).abs() <= 1.0 && (extent.middle.1 - middle).abs() <= 1.0);
            assert!((extent.height - seen(ViewSlot::Front).height).abs() <= 2.0, "{slot}: {extent:?}");
        }
        // The right side reaches farthest: its corners touch the circle in the square.
        assert!((seen(ViewSlot::Right).reach - middle).abs() < 3.0);
    }
}
