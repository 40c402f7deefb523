use glam::Vec3;
use oreforge_geometry::distance::nearest;
use oreforge_geometry::filter::gaussian;
use oreforge_geometry::{Cancel, Cancelled, Grid};
use oreforge_protocol::{BackChoice, ForgeParams, ProfileChoice};

use super::frame::{Bounds, Thumb};
use super::lathe::holes;
use super::legs::{Leg, find_legs, intervals};
use super::mirror::{MirrorSymmetry, mirror_symmetry};
use super::outline::{OutlineShape, outline_shape};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Organic,
    Lathe,
    Hard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    Fill,
    Mirror,
}

/// What the picture says about the object.
pub struct Cues {
    pub mirror: MirrorSymmetry,
    pub outline: OutlineShape,
    /// Area over the area of the bounding box.
    pub rectangularity: f32,
    /// Share of rows with a single interval that the mirror axis meets; a handle's hole does not part a row.
    pub single_rows: f32,
    /// There are holes in the silhouette, as between a handle and its vessel.
    pub handles: bool,
    /// Share of strong inner edges within 4° of horizontal or vertical.
    pub aligned_edges: f32,
    /// It stands on something dark, and is not dark itself.
    pub tyres: bool,
    pub legs: Vec<Leg>,
}

/// What the draft does with them, or with what the artist chose instead.
pub struct Choices {
    pub profile: Profile,
    pub back: Back,
    /// Probability that the object has flat faces.
    pub hard_probability: f32,
    /// Seen from its side, so that both sides look alike.
    pub side_on: bool,
    /// Legs that stand on either side of the body.
    pub spread_legs: bool,
    /// Factor on the half depth of the profile.
    pub depth: f32,
}

impl Cues {
    pub fn of(
        thumb: &Thumb,
        inside: &Grid<bool>,
        bounds: Bounds,
        cancel: Cancel<'_>,
    ) -> Result<Self, Cancelled> {
        let mirror = mirror_symmetry(thumb, inside, bounds, cancel)?;
        let outline = outline_shape(&thumb.alpha);
        cancel.check()?;
        let legs = find_legs(inside, bounds);
        let area = inside.cells().iter().filter(|&&i| i).count();
        let enclosed = holes(inside);
        let mut filled = inside.clone();
        for (cell, &hole) in filled.cells_mut().iter_mut().zip(enclosed.cells()) {
            *cell |= hole;
        }
        let axis_x = mirror.axis_x.round().max(0.0) as usize;
        let single = (bounds.top..bounds.bottom)
            .filter(|&y| {
                intervals(filled.row(y)).len() == 1 && axis_x < inside.width() && inside.get(axis_x, y)
            })
            .count();
        Ok(Self {
            mirror,
            outline,
            rectangularity: area as f32 / (bounds.width() * bounds.height()) as f32,
            handles: enclosed.cells().iter().filter(|&&hole| hole).count() * 500 > area,
            single_rows: single as f32 / bounds.height() as f32,
            aligned_edges: aligned_edges(thumb, inside, cancel)?,
            tyres: stands_on_tyres(thumb, inside, bounds),
            legs,
        })
    }

    /// Thresholds and weights are fitted to 107 pictures labelled by eye.
    pub fn decide(&self, params: &ForgeParams) -> Choices {
        let Self { mirror, outline, .. } = self;
        let evidence = 5.71 * outline.straight
            + 3.18 * outline.axis_aligned
            + 5.69 * outline.vertical
            + 0.56 * self.rectangularity
            + 2.49 * outline.solidity
            + 3.11 * self.aligned_edges
            - 10.15;
        let hard_probability = 1.0 / (1.0 + (-evidence).exp());
        let side_on = mirror.iou < 0.92;
        let leg_length = self.legs.iter().map(|leg| leg.length).sum::<f32>() / self.legs.len().max(1) as f32;
        let walks = side_on && self.legs.len() >= 2;
        let faces_viewer = !side_on && mirror.chroma_difference <= 14.0;
        let profile = match params.profile {
            ProfileChoice::Organic => Profile::Organic,
            ProfileChoice::Lathe => Profile::Lathe,
            ProfileChoice::Hard => Profile::Hard,
            ProfileChoice::Auto => {
                let plain_rows = if self.handles { 0.90 } else { 0.98 };
                let creature = walks && self.rectangularity < 0.9 && leg_length > 0.18;
                // A face seen from the front may be boxy, and is soft all the same.
                let hard_from = if faces_viewer { 0.6 } else { 0.5 };
                let vehicle = self.tyres && outline.axis_aligned > 0.3 && outline.solidity > 0.78;
                if (hard_probability > hard_from && !creature) || vehicle {
                    Profile::Hard
                } else if mirror.iou >= 0.965 && self.single_rows >= plain_rows && outline.vertical < 0.155 {
                    Profile::Lathe
                } else {
                    Profile::Organic
                }
            }
        };
        let back = match params.back {
            BackChoice::Fill => Back::Fill,
            BackChoice::Mirror => Back::Mirror,
            BackChoice::Auto if faces_viewer => Back::Fill,
            BackChoice::Auto => Back::Mirror,
        };
        let default_depth = if profile == Profile::Hard { 2.0 } else { 1.0 };
        Choices {
            profile,
            back,
            hard_probability,
            side_on,
            spread_legs: walks && profile == Profile::Organic && leg_length >= 0.165,
            depth: default_depth * params.depth.unwrap_or(1.0),
        }
    }
}

fn stands_on_tyres(thumb: &Thumb, inside: &Grid<bool>, bounds: Bounds) -> bool {
    const BAND_SHARE: f32 = 0.08;
    const DARK: f32 = 75.0;
    const DARK_SHARE: f32 = 0.55;
    const CONTRAST: f32 = 50.0;
    let band_top = bounds.bottom - ((BAND_SHARE * bounds.height() as f32) as usize).max(1);
    let lightness = |rows: std::ops::Range<usize>| -> Vec<f32> {
        rows.flat_map(|y| thumb.lab.row(y).iter().zip(inside.row(y)))
            .filter(|&(_, &inside)| inside)
            .map(|(lab, _)| lab.x)
            .collect()
    };
    let (band, mut all) = (lightness(band_top..bounds.bottom), lightness(bounds.top..bounds.bottom));
    let dark: Vec<f32> = band.iter().copied().filter(|&l| l < DARK).collect();
    let middle = all.len() / 2;
    let median = *all.select_nth_unstable_by(middle, f32::total_cmp).1;
    dark.len() as f32 >= DARK_SHARE * band.len() as f32
        && median - dark.iter().sum::<f32>() / dark.len().max(1) as f32 >= CONTRAST
}

/// Edges of a house or a crate run level and upright; those of a creature anywhere.
fn aligned_edges(thumb: &Thumb, inside: &Grid<bool>, cancel: Cancel<'_>) -> Result<f32, Cancelled> {
    const STRONG: f32 = 40.0;
    const INSET_CELLS: f32 = 4.5;
    let (to_outside2, _) = nearest(&inside.map(|i| !i), cancel)?;
    let lab = gaussian(&thumb.lab, 1.0);
    let (mut strong, mut aligned) = (0u32, 0u32);
    for y in 1..lab.height().saturating_sub(1) {
        for x in 1..lab.width() - 1 {
            if to_outside2.get(x, y) < INSET_CELLS * INSET_CELLS {
                continue;
            }
            let at = |dx: usize, dy: usize| lab.get(x + dx - 1, y + dy - 1);
            let gx: Vec3 = at(2, 0) + at(2, 1) * 2.0 + at(2, 2) - at(0, 0) - at(0, 1) * 2.0 - at(0, 2);
            let gy: Vec3 = at(0, 2) + at(1, 2) * 2.0 + at(2, 2) - at(0, 0) - at(1, 0) * 2.0 - at(2, 0);
            let strength = gx.abs() + gy.abs();
            let k = (0..3).fold(0, |best, k| if strength[k] > strength[best] { k } else { best });
            if gx[k].hypot(gy[k]) > STRONG {
                strong += 1;
                let angle_deg = gy[k].atan2(gx[k]).to_degrees().rem_euclid(90.0);
                aligned += u32::from(!(4.0..=86.0).contains(&angle_deg));
            }
        }
    }
    Ok(if strong < 30 { 0.0 } else { aligned as f32 / strong as f32 })
}
