//! The object of a picture, cut out of its background.
//!
//! Its own alpha or a given mask if there is one; else what the border says about the background (a smooth
//! one, or a few colours), GrabCut from that on a small copy, a second cut along the outline at full size, and
//! a soft rim free of background colour.

mod automatic;
mod background;
mod confidence;
mod cut;
mod given;
mod matte;
mod maxflow;
mod mixture;
mod regions;
mod strokes;

use image::{GrayImage, RgbaImage};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Cancel, Cancelled, Grid};
use automatic::{Background, Models, ellipse, first_guess, fixed_border, grab_cut, refine, work_copy};
use cut::Label;

/// What a person says about the outline.
#[derive(Debug, Clone, Default)]
pub struct MaskHints {
    /// In the order they were painted.
    pub strokes: Vec<Stroke>,
    /// White is object; of the picture's proportions, in any size. It outranks the picture's alpha.
    pub mask: Option<GrayImage>,
}

/// One brush stroke over the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Stroke {
    /// Keep what is painted over; else remove it.
    pub keep: bool,
    /// In pixels of the picture.
    pub radius_px: f32,
    /// Polyline in pixels of the picture, from the top left.
    pub points: Vec<[f32; 2]>,
}

/// Where an outline came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskMethod {
    /// The picture's own transparency.
    Alpha,
    /// A mask given with the picture.
    GivenMask,
    /// Brush strokes, and GrabCut between them.
    Strokes,
    /// A background whose colour changes smoothly, then GrabCut.
    SmoothBackground,
    /// Colours of the border, then GrabCut.
    BorderColors,
    /// GrabCut from the middle of the picture, as the border told nothing.
    GrabCut,
}

/// The object of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutout {
    /// Of the picture's size, straight alpha, black where clear.
    pub picture: RgbaImage,
    pub method: MaskMethod,
    /// 0..=1; 1 when a person or the picture itself said.
    pub confidence: f32,
}

#[derive(Debug, Clone, PartialEq, Error)]
pub enum SegmentError {
    #[error("There is nothing to cut out: {reason}.")]
    NothingThere { reason: &'static str },
    /// A person has to say; `best_guess` is what would have been cut out.
    #[error("{reason}")]
    NeedsMask { confidence: f32, reason: String, best_guess: Box<Cutout> },
    #[error(
        "The mask is {mask_width} × {mask_height} pixels, the picture {width} × {height}; their proportions \
         differ by more than 2 %."
    )]
    MaskProportions { mask_width: u32, mask_height: u32, width: u32, height: u32 },
    #[error("The mask is black everywhere; paint the object white.")]
    MaskEmpty,
    #[error("The mask is white everywhere; paint the background black.")]
    MaskFull,
    #[error("cancelled")]
    Cancelled,
}

impl From<Cancelled> for SegmentError {
    fn from(Cancelled: Cancelled) -> Self {
        SegmentError::Cancelled
    }
}

/// Below it a person is asked.
pub const MIN_CONFIDENCE: f32 = 0.5;
const ROUNDS: usize = 4;

/// Cuts the object out of `picture`. With strokes or a mask the result is never refused for low confidence.
/// Meant for pictures of at most 2048 pixels a side: memory grows with about 25 bytes a pixel.
pub fn cut_out(picture: &RgbaImage, hints: &MaskHints, cancel: Cancel<'_>) -> Result<Cutout, SegmentError> {
    if let Some(mask) = &hints.mask {
        let picture = given::by_mask(picture, mask, &hints.strokes, cancel)?;
        return Ok(Cutout { picture, method: MaskMethod::GivenMask, confidence: 1.0 });
    }
    let has_alpha = given::has_alpha(picture);
    if has_alpha && hints.strokes.is_empty() {
        let picture = given::by_alpha(picture.clone(), cancel)?;
        return Ok(Cutout { picture, method: MaskMethod::Alpha, confidence: 1.0 });
    }
    by_colors(picture, has_alpha, &hints.strokes, cancel)
}

fn by_colors(
    picture: &RgbaImage,
    has_alpha: bool,
    strokes: &[Stroke],
    cancel: Cancel<'_>,
) -> Result<Cutout, SegmentError> {
    const ONE_COLOR: SegmentError =
        SegmentError::NothingThere { reason: "the picture shows only one colour" };
    const NO_OBJECT: SegmentError =
        SegmentError::NothingThere { reason: "no object stands out from the background" };

    let lab = work_copy(picture, cancel)?;
    let (width, height) = (lab.width(), lab.height());
    if strokes.is_empty() && lab.cells().iter().all(|color| color.distance(lab.cells()[0]) < 2.0) {
        return Err(ONE_COLOR);
    }
    let Some(guess) = first_guess(&lab, cancel)? else { return Err(NO_OBJECT) };

    let mut fixed = fixed_border(&lab, &guess.background);
    let mut start = cleaned(&guess.mask, &guess.background, None, cancel)?;
    let share = regions::count(&start) as f32 / (width * height) as f32;
    let mut method = match &guess.background {
        Background::Smooth(_) => MaskMethod::SmoothBackground,
        Background::Colors(_) => MaskMethod::BorderColors,
    };
    if !(0.005..0.9).contains(&share) {
        start = ellipse(width, height);
        method = MaskMethod::GrabCut;
    }
    if has_alpha {
        start = shrunk_mask(&given::alpha_mask(picture), width, height);
        given::fix_clear(&mut fixed, picture);
    }
    let scale = width as f32 / picture.width() as f32;
    strokes::paint(&mut fixed, strokes, scale, cancel)?;
    for (set, label) in start.cells_mut().iter_mut().zip(fixed.cells()) {
        *set = (*set || *label == Label::Foreground) && *label != Label::Painted;
    }

    let smooth = match &guess.background {
        Background::Smooth(smooth) if !has_alpha => Some(smooth),
        _ => None,
    };
    let Some((mask, models)) = grab_cut(&lab, &fixed, start, smooth, ROUNDS, cancel)? else {
        return Err(NO_OBJECT);
    };
    let mask = cleaned(&mask, &models.background, Some(&fixed), cancel)?;
    let cut = at_full_size(picture, has_alpha, strokes, &lab, &mask, &models, cancel)?;
    let Some(picture) = cut else { return Err(NO_OBJECT) };
    if !strokes.is_empty() {
        return Ok(Cutout { picture, method: MaskMethod::Strokes, confidence: 1.0 });
    }

    let found = confidence::confidence(&lab, &mask, &models, guess.border_explained, cancel)?;
    let cutout = Cutout { picture, method, confidence: found.value };
    if found.value >= MIN_CONFIDENCE {
        Ok(cutout)
    } else {
        let (confidence, reason) = (found.value, found.reason.to_owned());
        Err(SegmentError::NeedsMask { confidence, reason, best_guess: Box::new(cutout) })
    }
}

/// `None` when nothing is left.
fn at_full_size(
    picture: &RgbaImage,
    has_alpha: bool,
    strokes: &[Stroke],
    lab: &Grid<glam::Vec3>,
    mask: &Grid<bool>,
    models: &Models,
    cancel: Cancel<'_>,
) -> Result<Option<RgbaImage>, Cancelled> {
    let mut painted = Grid::filled(picture.width() as usize, picture.height() as usize, Label::Unknown);
    strokes::paint(&mut painted, strokes, 1.0, cancel)?;
    let refined = refine(picture, lab, mask, models, &painted, cancel)?;
    let refined = cleaned(&refined, &models.background, Some(&painted), cancel)?;
    if regions::count(&refined) == 0 {
        return Ok(None);
    }
    let mut cutout = matte::soft_cutout(picture, &refined, cancel)?;
    if has_alpha {
        given::keep_clear(&mut cutout, picture);
    }
    Ok(Some(cutout))
}

/// The largest piece and what comes near it in size; no pinholes. Where the background is not plain, a small
/// hole is more likely something that looks like background, a reflection of the table in a spoon.
fn cleaned(
    mask: &Grid<bool>,
    background: &Background,
    fixed: Option<&Grid<Label>>,
    cancel: Cancel<'_>,
) -> Result<Grid<bool>, Cancelled> {
    let hole = match background {
        Background::Smooth(_) => 0.0015,
        Background::Colors(_) => 0.01,
    };
    regions::clean(mask, fixed, 0.15, hole, cancel)
}

fn shrunk_mask(mask: &Grid<bool>, width: usize, height: usize) -> Grid<bool> {
    let cells = (0..width * height)
        .map(|i| mask.get((i % width) * mask.width() / width, (i / width) * mask.height() / height))
        .collect();
    Grid::from_cells(width, height, cells)
}
