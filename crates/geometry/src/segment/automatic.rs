//! The object of a picture nobody helps with: what its border says, then GrabCut.

use glam::Vec3;
use image::RgbaImage;
use rayon::prelude::*;

use super::background::{SmoothBackground, border_colors, ring_thickness};
use super::cut::{Contrast, Label, minimum_cut};
use super::mixture::Mixture;
use super::regions::{self, count, dilated, eroded, ring_indices, touching};
use crate::color::lab_from_srgb;
use crate::filter::gaussian;
use crate::{Cancel, Cancelled, Grid};

/// Longer side of the copy on which colours are learnt and the first cut is made.
pub(super) const WORK_SIDE_PX: usize = 400;
/// GrabCut's own choice is 50; half of it keeps thin handles.
pub(super) const OUTLINE_STRENGTH: f32 = 25.0;
const COMPONENTS: usize = 5;
/// Standard deviations from the smooth background, and from the nearest border colour.
const SMOOTH_TOLERANCE: f32 = 4.2;
const COLOR_TOLERANCE: f32 = 3.0;

pub(super) enum Background {
    Smooth(SmoothBackground),
    Colors(Mixture),
}

/// Shares of colours that belong to no model. A colour that neither side knows is more likely of the object:
/// the border has shown the background, all the more when it is smooth.
const STRAY_FOREGROUND: f32 = 0.02;
const STRAY_BACKGROUND: f32 = 0.004;
const STRAY_SMOOTH: f32 = 0.0002;

impl Background {
    fn energy(&self, x: usize, y: usize, lab: Vec3) -> f32 {
        match self {
            Background::Smooth(smooth) => smooth.energy(x, y, lab, STRAY_SMOOTH),
            Background::Colors(mixture) => mixture.energy(lab, STRAY_BACKGROUND),
        }
    }
}

/// A picture small enough to think about, in CIELAB: every cell the mean of the opaque share of its pixels.
pub(super) fn work_copy(picture: &RgbaImage, cancel: Cancel<'_>) -> Result<Grid<Vec3>, Cancelled> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let longer = width.max(height);
    let scaled = |side: usize| match longer > WORK_SIDE_PX {
        true => ((side * WORK_SIDE_PX + longer / 2) / longer).max(1),
        false => side,
    };
    let (small_width, small_height) = (scaled(width), scaled(height));
    let mut cells = vec![Vec3::ZERO; small_width * small_height];
    cells.par_chunks_mut(small_width).enumerate().try_for_each(|(y, row)| {
        cancel.check()?;
        let rows = y * height / small_height..(y + 1) * height / small_height;
        for (x, cell) in row.iter_mut().enumerate() {
            let columns = x * width / small_width..(x + 1) * width / small_width;
            let mut sum = [0_u32; 4];
            for line in picture.as_raw()[rows.start * width * 4..rows.end * width * 4].chunks_exact(width * 4)
            {
                for pixel in line[columns.start * 4..columns.end * 4].chunks_exact(4) {
                    let alpha = u32::from(pixel[3]);
                    (0..3).for_each(|channel| sum[channel] += u32::from(pixel[channel]) * alpha);
                    sum[3] += alpha;
                }
            }
            let mean = |channel: usize| (sum[channel] / sum[3].max(1)) as u8;
            *cell = Vec3::from(lab_from_srgb([mean(0), mean(1), mean(2)]));
        }
        Ok(())
    })?;
    Ok(Grid::from_cells(small_width, small_height, cells))
}

pub(super) fn lab_at(picture: &RgbaImage, i: usize) -> Vec3 {
    let [r, g, b, _] = picture.as_raw()[i * 4..i * 4 + 4] else { return Vec3::ZERO };
    Vec3::from(lab_from_srgb([r, g, b]))
}

/// What the border alone says.
pub(super) struct FirstGuess {
    pub background: Background,
    pub mask: Grid<bool>,
    /// Share of the border that the background model explains.
    pub border_explained: f32,
}

pub(super) fn first_guess(lab: &Grid<Vec3>, cancel: Cancel<'_>) -> Result<Option<FirstGuess>, Cancelled> {
    let (width, height) = (lab.width(), lab.height());
    let mut ring = Grid::filled(width, height, false);
    for i in ring_indices(width, height, ring_thickness(width, height)) {
        ring.cells_mut()[i] = true;
    }
    let explained = |ground: &Grid<bool>| {
        let (mut on_ring, mut within) = (0_u32, 0_u32);
        for (&r, &g) in ring.cells().iter().zip(ground.cells()) {
            on_ring += u32::from(r);
            within += u32::from(r && g);
        }
        within as f32 / on_ring.max(1) as f32
    };

    let Some(smooth) = SmoothBackground::fit(width, height, |i| lab.cells()[i]) else { return Ok(None) };
    let cells = (0..width * height).map(|i| smooth.distance(i % width, i / width, lab.cells()[i])).collect();
    let ground = gaussian(&Grid::from_cells(width, height, cells), 0.8).map(|d| d < SMOOTH_TOLERANCE);
    let mut border_explained = explained(&ground);
    let sigma = smooth.sigma.max_element();
    // An object that runs out of the picture covers some of the border, but no corner of it.
    if border_explained > 0.65 && sigma < 1.5 && corners_are_set(&ground) {
        border_explained = 1.0;
    }
    if border_explained > 0.965 && sigma < 3.0 {
        let mask = touching(&ground, &ring, cancel)?.map(|g| !g);
        return Ok(Some(FirstGuess { background: Background::Smooth(smooth), mask, border_explained }));
    }

    let Some(colors) = border_colors(lab, 4) else { return Ok(None) };
    let ground = lab.map(|c| colors.distance(c) < COLOR_TOLERANCE);
    let border_explained = explained(&ground);
    let mask = touching(&ground, &ring, cancel)?.map(|g| !g);
    Ok(Some(FirstGuess { background: Background::Colors(colors), mask, border_explained }))
}

fn corners_are_set(ground: &Grid<bool>) -> bool {
    let (width, height) = (ground.width(), ground.height());
    let size = (2 * ring_thickness(width, height)).min(width).min(height);
    [(0, 0), (width - size, 0), (0, height - size), (width - size, height - size)].into_iter().all(
        |(left, top)| {
            let set: usize = (top..top + size)
                .map(|y| ground.row(y)[left..left + size].iter().filter(|&&set| set).count())
                .sum();
            set * 10 >= size * size * 9
        },
    )
}

/// Centred ellipse, the guess when the border explains everything or nothing.
pub(super) fn ellipse(width: usize, height: usize) -> Grid<bool> {
    let cells = (0..width * height)
        .map(|i| {
            let u = ((i % width) as f32 + 0.5) / width as f32 - 0.5;
            let v = ((i / width) as f32 + 0.5) / height as f32 - 0.5;
            (u / 0.42).powi(2) + (v / 0.45).powi(2) < 1.0
        })
        .collect();
    Grid::from_cells(width, height, cells)
}

/// Colours of the two sides, once learnt.
pub(super) struct Models {
    pub foreground: Mixture,
    pub background: Background,
}

impl Models {
    /// What background costs more than foreground.
    pub fn lean(&self, x: usize, y: usize, lab: Vec3) -> f32 {
        self.background.energy(x, y, lab) - self.foreground.energy(lab, STRAY_FOREGROUND)
    }
}

/// Learns a mixture from the cells of one side, at most some ten thousand of them. What a person painted counts
/// as much as all the rest.
fn learn(lab: &Grid<Vec3>, fixed: &Grid<Label>, mask: &Grid<bool>, side: bool) -> Option<Mixture> {
    const MAX_SAMPLES: usize = 10_000;
    let painted_as = if side { Label::Foreground } else { Label::Painted };
    let thinned = |wanted: &dyn Fn(usize) -> bool| -> Vec<Vec3> {
        let chosen: Vec<usize> = (0..lab.cells().len()).filter(|&i| wanted(i)).collect();
        chosen.iter().step_by((chosen.len() / MAX_SAMPLES).max(1)).map(|&i| lab.cells()[i]).collect()
    };
    let mut samples = thinned(&|i| mask.cells()[i] == side);
    let painted = thinned(&|i| fixed.cells()[i] == painted_as);
    if !painted.is_empty() {
        let copies = (samples.len() / painted.len()).clamp(1, 50);
        for _ in 0..copies {
            samples.extend_from_slice(&painted);
        }
    }
    Mixture::fit(&samples, COMPONENTS)
}

/// GrabCut from `mask`: learns the colours of both sides, cuts, and again. A smooth background is kept as it
/// is. `None` when one side vanishes.
pub(super) fn grab_cut(
    lab: &Grid<Vec3>,
    fixed: &Grid<Label>,
    mut mask: Grid<bool>,
    smooth: Option<&SmoothBackground>,
    rounds: usize,
    cancel: Cancel<'_>,
) -> Result<Option<(Grid<bool>, Models)>, Cancelled> {
    let width = lab.width();
    let contrast = Contrast::of(lab, OUTLINE_STRENGTH);
    let mut models = None;
    for _ in 0..rounds {
        cancel.check()?;
        let Some(foreground) = learn(lab, fixed, &mask, true) else { return Ok(None) };
        let background = match smooth {
            Some(smooth) => Background::Smooth(smooth.clone()),
            None => match learn(lab, fixed, &mask, false) {
                Some(mixture) => Background::Colors(mixture),
                None => return Ok(None),
            },
        };
        let learnt = Models { foreground, background };
        let next = minimum_cut(
            fixed,
            |i| learnt.lean(i % width, i / width, lab.cells()[i]),
            |i| lab.cells()[i],
            contrast,
            cancel,
        )?;
        models = Some(learnt);
        let settled = regions::iou(&next, &mask) > 0.998;
        mask = next;
        if settled {
            break;
        }
    }
    Ok(models.filter(|_| count(&mask) > 0).map(|models| (mask, models)))
}

/// Cuts again at full size, what is `painted` kept, within a band round the outline found on the work copy (banded graph cuts:
/// Lombaert et al., ICCV 2005).
pub(super) fn refine(
    picture: &RgbaImage,
    lab: &Grid<Vec3>,
    mask: &Grid<bool>,
    models: &Models,
    painted: &Grid<Label>,
    cancel: Cancel<'_>,
) -> Result<Grid<bool>, Cancelled> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if (width, height) == (mask.width(), mask.height()) {
        return Ok(mask.clone());
    }
    let (inner, outer) = (eroded(&eroded(mask)), dilated(&dilated(mask)));
    let cells = (0..width * height)
        .map(|i| {
            if painted.cells()[i] != Label::Unknown {
                return painted.cells()[i];
            }
            let x = (i % width) * mask.width() / width;
            let y = (i / width) * mask.height() / height;
            match (inner.get(x, y), outer.get(x, y)) {
                (true, _) => Label::Foreground,
                (_, false) => Label::Background,
                _ => Label::Unknown,
            }
        })
        .collect();
    let labels = Grid::from_cells(width, height, cells);
    // Noise that the work copy averaged away is back at full size.
    let smooth = match &models.background {
        Background::Smooth(_) => SmoothBackground::fit(width, height, |i| lab_at(picture, i)),
        Background::Colors(_) => None,
    };
    let lean = |i: usize| {
        let (x, y, color) = (i % width, i / width, lab_at(picture, i));
        match &smooth {
            Some(smooth) => {
                smooth.energy(x, y, color, STRAY_SMOOTH) - models.foreground.energy(color, STRAY_FOREGROUND)
            }
            None => models.lean(x * mask.width() / width, y * mask.height() / height, color),
        }
    };
    minimum_cut(&labels, lean, |i| lab_at(picture, i), Contrast::of(lab, OUTLINE_STRENGTH), cancel)
}

/// The border, as far as `background` explains it.
pub(super) fn fixed_border(lab: &Grid<Vec3>, background: &Background) -> Grid<Label> {
    let (width, height) = (lab.width(), lab.height());
    let mut fixed = Grid::filled(width, height, Label::Unknown);
    for i in ring_indices(width, height, (ring_thickness(width, height) / 2).max(1)) {
        let color = lab.cells()[i];
        let explained = match background {
            Background::Smooth(smooth) => smooth.distance(i % width, i / width, color) < SMOOTH_TOLERANCE,
            Background::Colors(colors) => colors.distance(color) < COLOR_TOLERANCE,
        };
        if explained {
            fixed.cells_mut()[i] = Label::Background;
        }
    }
    fixed
}
