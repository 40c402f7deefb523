//! Pictures of an object held against the reference: outline, colours, likeness, and what to say of them.

use image::RgbaImage;
use image::imageops::flip_horizontal;
use oreforge_geometry::raster::{Camera, Shading, Surface, Texture, render};
use oreforge_geometry::{Cancel, Cancelled, TexturedMesh};
use oreforge_protocol::{Resemblance, ViewSlot};

use crate::likeness::Likeness;
use crate::palette::Palette;
use crate::silhouette::Silhouette;

/// Below these a person is told.
pub(crate) const CLEAR_SILHOUETTE: f32 = 0.8;
pub(crate) const CLEAR_COLOUR: f32 = 0.7;
/// A picture turned by three degrees or stretched by five in a hundred is above it; one in a mirror, one as unsharp as
/// through frosted glass, or one of another thing is below.
pub(crate) const CLEAR_LIKENESS: f32 = 0.75;
/// What is about the same on both sides has likenesses nearer to each other than this.
const CLEARLY_MORE: f32 = 0.03;
/// The mesh's front is drawn this large.
const FRONT_PX: u32 = 512;

/// What of a picture is compared.
pub(crate) struct Looks {
    pub outline: Silhouette,
    palette: Palette,
    likeness: Likeness,
}

impl Looks {
    /// `None` when the picture shows nothing.
    pub fn of(picture: &RgbaImage) -> Option<Self> {
        let outline = Silhouette::of(picture)?;
        let likeness = Likeness::of(picture, &outline);
        Some(Self { outline, palette: Palette::of(picture), likeness })
    }

    /// How much of the seen colours this reference has, 0..=1.
    pub fn colour(&self, seen: &RgbaImage) -> f32 {
        self.palette.agreement(&Palette::of(seen))
    }

    /// Of a picture of the same side, 0..=1.
    pub fn likeness(
        &self,
        seen: &RgbaImage,
        outline: &Silhouette,
        cancel: Cancel<'_>,
    ) -> Result<f32, Cancelled> {
        Ok(self.likeness.to(&Likeness::of(seen, outline), cancel)?.max(0.0))
    }

    /// Whether a picture of the same side, this much like the reference, is clearly more like it in a mirror.
    pub fn is_mirrored(
        &self,
        seen: &RgbaImage,
        likeness: f32,
        cancel: Cancel<'_>,
    ) -> Result<bool, Cancelled> {
        // Nothing is more than like it.
        if likeness + CLEARLY_MORE > 1.0 {
            return Ok(false);
        }
        let turned = flip_horizontal(seen);
        let Some(outline) = Silhouette::of(&turned) else { return Ok(false) };
        Ok(self.likeness(&turned, &outline, cancel)? > likeness + CLEARLY_MORE)
    }

    /// Of a picture of the same side; all 0 for one that shows nothing.
    pub fn beside(&self, seen: &RgbaImage, cancel: Cancel<'_>) -> Result<Resemblance, Cancelled> {
        let Some(outline) = Silhouette::of(seen) else {
            return Ok(Resemblance { silhouette: 0.0, colour: 0.0, likeness: Some(0.0) });
        };
        Ok(Resemblance {
            silhouette: self.outline.iou(&outline),
            colour: self.colour(seen),
            likeness: Some(self.likeness(seen, &outline, cancel)?),
        })
    }
}

/// The front of a finished mesh beside the picture it was made of; `None` when that shows nothing.
pub(crate) fn of_front(
    mesh: &TexturedMesh,
    reference: &RgbaImage,
    cancel: Cancel<'_>,
) -> Result<Option<Resemblance>, Cancelled> {
    let Some(looks) = Looks::of(reference) else { return Ok(None) };
    let slot = ViewSlot::Front;
    let camera = Camera::around(&mesh.positions, slot.azimuth_deg(), slot.elevation_deg());
    let shading = Shading::Textured(Texture::from(mesh));
    let front = render(Surface::from(mesh), &camera, FRONT_PX, shading, cancel)?;
    looks.beside(&front, cancel).map(Some)
}

/// What is worth saying, as sentences; empty for what passes.
pub(crate) fn doubts(seen: &Resemblance) -> Vec<String> {
    let percent = |share: f32| (share * 100.0).round();
    let mut doubts = Vec::new();
    if seen.silhouette < CLEAR_SILHOUETTE {
        doubts.push(format!("Its outline fits the picture to {} %.", percent(seen.silhouette)));
    }
    if seen.colour < CLEAR_COLOUR {
        doubts.push(format!("Its colours agree with the picture to {} %.", percent(seen.colour)));
    }
    if let Some(likeness) = seen.likeness.filter(|&likeness| likeness < CLEAR_LIKENESS) {
        doubts.push(format!("Side by side it looks like the picture to {} %.", percent(likeness)));
    }
    doubts
}

#[cfg(test)]
mod tests {
    use image::imageops::{FilterType, blur, resize};
    use oreforge_geometry::picture::{Limits, decode_to_fit};
    use oreforge_geometry::segment::{MaskHints, cut_out};

    use super::*;

    /// Samples whose two sides differ, as cut out at half their size.
    const SAMPLES: [&str; 4] = ["duck", "house", "t-rex", "mushroom"];

    fn sample(name: &str) -> RgbaImage {
        let path = format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"));
        let picture = decode_to_fit(&std::fs::read(path).unwrap(), &Limits::default(), 512).unwrap();
        cut_out(&picture, &MaskHints::default(), Cancel::never()).unwrap().picture
    }

    fn likeness(reference: &RgbaImage, seen: &RgbaImage) -> f32 {
        let looks = Looks::of(reference).unwrap();
        looks.beside(seen, Cancel::never()).unwrap().likeness.unwrap()
    }

    /// Other colours under the same outline.
    fn repainted(picture: &RgbaImage, colour: impl Fn(u32, u32, u8) -> f32) -> RgbaImage {
        let mut picture = picture.clone();
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            for channel in 0..3 {
                pixel.0[channel] = colour(x, y, pixel.0[channel]).clamp(0.0, 255.0) as u8;
            }
        }
        picture
    }

    fn unsharp(picture: &RgbaImage, sigma_px: f32) -> RgbaImage {
        let mut soft = blur(picture, sigma_px);
        for (x, y, pixel) in soft.enumerate_pixels_mut() {
            pixel.0[3] = picture.get_pixel(x, y).0[3];
        }
        soft
    }

    /// As even as white noise, and the same in every run.
    fn noise(x: u32, y: u32) -> f32 {
        let mut seed = x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b);
        seed = (seed ^ (seed >> 15)).wrapping_mul(0x2c1b_3c6d);
        seed = (seed ^ (seed >> 12)).wrapping_mul(0x297a_2d39);
        (seed >> 24) as f32
    }

    #[test]
    fn what_an_engine_does_to_a_good_view_is_let_pass() {
        for name in SAMPLES {
            let reference = sample(name);
            let (width, height) = reference.dimensions();
            let small = resize(&reference, width / 3, height / 3, FilterType::Triangle);
            let stretched = resize(&reference, width * 103 / 100, height * 98 / 100, FilterType::Triangle);
            let grainy = repainted(&reference, |x, y, c| f32::from(c) + 0.15 * (noise(x, y) - 128.0));
            for (what, seen) in
                [("itself", &reference), ("small", &small), ("stretched", &stretched), ("grainy", &grainy)]
            {
                let found = likeness(&reference, seen);
                assert!(found >= CLEAR_LIKENESS, "{name}, {what}: {found}");
            }
        }
    }

    #[test]
    fn a_mirror_is_told_where_both_sides_are_nearly_the_same() {
        for name in ["penguin", "robot", "duck", "house", "t-rex", "mushroom"] {
            let reference = sample(name);
            let (width, height) = reference.dimensions();
            let stretched = resize(&reference, width * 103 / 100, height * 98 / 100, FilterType::Triangle);
            let grainy = repainted(&stretched, |x, y, c| f32::from(c) + 0.15 * (noise(x, y) - 128.0));
            let looks = Looks::of(&reference).unwrap();
            let is_mirrored = |seen: &RgbaImage| {
                looks.is_mirrored(seen, likeness(&reference, seen), Cancel::never()).unwrap()
            };
            for seen in [&reference, &stretched, &grainy] {
                assert!(!is_mirrored(seen), "{name}");
                assert!(is_mirrored(&flip_horizontal(seen)), "{name} in a mirror");
            }
        }
    }

    #[test]
    fn what_is_not_the_picture_is_told() {
        for name in SAMPLES {
            let reference = sample(name);
            let wrong = [
                ("in a mirror", flip_horizontal(&reference)),
                ("unsharp", unsharp(&reference, 16.0)),
                ("without detail", repainted(&reference, |_, _, _| 128.0)),
                ("noise", repainted(&reference, |x, y, _| noise(x, y))),
            ];
            for (what, seen) in &wrong {
                let found = likeness(&reference, seen);
                assert!(found < CLEAR_LIKENESS, "{name}, {what}: {found}");
            }
            for other in SAMPLES.into_iter().filter(|&other| other != name) {
                let found = likeness(&reference, &sample(other));
                assert!(found < 0.5, "{name} as {other}: {found}");
            }
        }
    }
}
