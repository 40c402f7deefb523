//! The labelling of pixels that costs least: Boykov and Jolly, "Interactive graph cuts for optimal boundary and
//! region segmentation", ICCV 2001, with the contrast term of GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004).

use glam::Vec3;
use rayon::prelude::*;

use super::maxflow::{DIRECTIONS, NO_NODE, PixelGraph};
use crate::{Cancel, Cancelled, Grid};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Unknown,
    Foreground,
    Background,
    /// Background because a person painted it so.
    Painted,
}

/// Price of an outline between two neighbouring pixels: `strength · exp(−falloff · ΔE²) / distance`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contrast {
    pub strength: f32,
    pub falloff: f32,
}

impl Contrast {
    /// GrabCut's choice of the falloff: 1 / (2 · mean ΔE² of neighbours).
    pub fn of(lab: &Grid<Vec3>, strength: f32) -> Self {
        let (width, height) = (lab.width(), lab.height());
        let rows: Vec<f64> = (0..height)
            .into_par_iter()
            .map(|y| {
                let row = lab.row(y);
                let across: f32 = row.windows(2).map(|pair| pair[0].distance_squared(pair[1])).sum();
                let down: f32 = if y + 1 < height {
                    row.iter().zip(lab.row(y + 1)).map(|(a, b)| a.distance_squared(*b)).sum()
                } else {
                    0.0
                };
                f64::from(across + down)
            })
            .collect();
        let mean = rows.iter().sum::<f64>() / (2 * width * height) as f64;
        Self { strength, falloff: 1.0 / (2.0 * mean.max(0.05)) as f32 }
    }
}

/// Whole steps per unit of energy.
const STEPS: f32 = 64.0;
const PIXELS_BETWEEN_CHECKS: usize = 8192;

/// `lean(i)` is what background costs more than foreground at pixel `i`; `color(i)` its CIELAB colour. Only
/// unknown pixels are decided.
pub(super) fn minimum_cut(
    labels: &Grid<Label>,
    lean: impl Fn(usize) -> f32 + Sync,
    color: impl Fn(usize) -> Vec3 + Sync,
    contrast: Contrast,
    cancel: Cancel<'_>,
) -> Result<Grid<bool>, Cancelled> {
    let (width, height) = (labels.width(), labels.height());
    let mut node_of = vec![NO_NODE; width * height];
    let mut pixels = Vec::new();
    for (i, &label) in labels.cells().iter().enumerate() {
        if label == Label::Unknown {
            node_of[i] = pixels.len() as u32;
            pixels.push(i);
        }
    }

    let describe = |&i: &usize| {
        let (x, y) = ((i % width) as isize, (i / width) as isize);
        let here = color(i);
        let mut terminal = lean(i).clamp(-30.0, 30.0);
        let (mut neighbours, mut weights) = ([NO_NODE; 8], [0; 8]);
        for (d, (dx, dy)) in DIRECTIONS.into_iter().enumerate() {
            let (nx, ny) = (x + dx, y + dy);
            if nx < 0 || ny < 0 || nx as usize >= width || ny as usize >= height {
                continue;
            }
            let j = ny as usize * width + nx as usize;
            let distance = if d % 2 == 0 { 1.0 } else { std::f32::consts::SQRT_2 };
            let weight =
                contrast.strength / distance * (-contrast.falloff * here.distance_squared(color(j))).exp();
            match labels.cells()[j] {
                Label::Unknown => {
                    neighbours[d] = node_of[j];
                    weights[d] = (weight * STEPS) as i32;
                }
                Label::Foreground => terminal += weight,
                Label::Background | Label::Painted => terminal -= weight,
            }
        }
        ((terminal * STEPS) as i32, neighbours, weights)
    };
    let mut graph = PixelGraph::with_capacity(pixels.len());
    for chunk in pixels.chunks(PIXELS_BETWEEN_CHECKS) {
        cancel.check()?;
        let nodes: Vec<_> = chunk.par_iter().map(describe).collect();
        for (terminal, neighbours, weights) in nodes {
            graph.push(terminal, neighbours, weights);
        }
    }

    let mut mask = labels.map(|label| label == Label::Foreground);
    for (&i, foreground) in pixels.iter().zip(graph.source_side(cancel)?) {
        mask.cells_mut()[i] = foreground;
    }
    Ok(mask)
}
