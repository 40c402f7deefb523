//! What the border of a picture says about its background.

use glam::Vec3;

use super::mixture::{Mixture, stray_energy};
use super::regions::ring_indices;
use crate::Grid;

/// A background whose colour changes smoothly over the picture: one quadratic per CIELAB channel, fitted
/// robustly (iteratively reweighted least squares, Huber weights) to the border.
#[derive(Debug, Clone)]
pub(super) struct SmoothBackground {
    coefficients: [Vec3; 6],
    /// Noise around it, standard deviation per channel.
    pub sigma: Vec3,
    width: f32,
    height: f32,
}

const HALO_SHARE: f32 = 0.1;
const HALO_WIDTH: f32 = 3.0;
/// Share of the shorter side that counts as border.
const RING: f32 = 0.04;
const MAX_SAMPLES: usize = 6000;

fn basis(u: f32, v: f32) -> [f32; 6] {
    [1.0, u, v, u * u, u * v, v * v]
}

/// Thickness in cells of the border that is taken for background.
pub(super) fn ring_thickness(width: usize, height: usize) -> usize {
    ((RING * width.min(height) as f32) as usize).max(2)
}

impl SmoothBackground {
    /// `lab(i)` is the colour of pixel `i`, row by row.
    pub fn fit(width: usize, height: usize, lab: impl Fn(usize) -> Vec3) -> Option<Self> {
        let ring: Vec<usize> = ring_indices(width, height, ring_thickness(width, height)).collect();
        let step = ring.len().div_ceil(MAX_SAMPLES).max(1);
        let mut background = Self {
            coefficients: [Vec3::ZERO; 6],
            sigma: Vec3::ONE,
            width: width as f32,
            height: height as f32,
        };
        let samples: Vec<([f32; 6], Vec3)> = ring
            .iter()
            .step_by(step)
            .map(|&i| {
                let (u, v) = background.place(i % width, i / width);
                (basis(u, v), lab(i))
            })
            .collect();
        let mut weights = vec![1.0_f32; samples.len()];
        for _ in 0..6 {
            background.coefficients = weighted_least_squares(&samples, &weights)?;
            let residuals: Vec<f32> =
                samples.iter().map(|(b, c)| (background.value(b) - *c).length()).collect();
            let scale = median(residuals.iter().copied()) * 1.48 + 0.4;
            for (weight, residual) in weights.iter_mut().zip(&residuals) {
                *weight = 1.0 / (residual / (1.5 * scale)).max(1.0);
            }
        }
        let sigma = |axis: usize| {
            let deviations = samples.iter().map(|(b, c)| (background.value(b) - *c)[axis].abs());
            (median(deviations) * 1.48).max(if axis == 0 { 0.5 } else { 0.9 })
        };
        background.sigma = Vec3::new(sigma(0), sigma(1), sigma(2));
        Some(background)
    }

    fn place(&self, x: usize, y: usize) -> (f32, f32) {
        ((x as f32 + 0.5) / self.width * 2.0 - 1.0, (y as f32 + 0.5) / self.height * 2.0 - 1.0)
    }

    fn value(&self, basis: &[f32; 6]) -> Vec3 {
        basis.iter().zip(self.coefficients).fold(Vec3::ZERO, |sum, (&b, c)| sum + c * b)
    }

    /// Deviation of a colour at a pixel, in standard deviations.
    pub fn distance(&self, x: usize, y: usize, lab: Vec3) -> f32 {
        (self.residual(x, y, lab) / self.sigma).length()
    }

    pub fn residual(&self, x: usize, y: usize, lab: Vec3) -> Vec3 {
        let (u, v) = self.place(x, y);
        lab - self.value(&basis(u, v))
    }

    /// Minus the logarithm of the density; `stray` as for [`Mixture::energy`].
    pub fn energy(&self, x: usize, y: usize, lab: Vec3, stray: f32) -> f32 {
        let d = self.distance(x, y, lab);
        let volume = self.sigma.x * self.sigma.y * self.sigma.z * std::f32::consts::TAU.powf(1.5);
        let narrow = (-0.5 * d * d).exp();
        // JPEG leaves a halo of several times the noise round an object.
        let wide = HALO_SHARE * (-0.5 * (d / HALO_WIDTH).powi(2)).exp() / HALO_WIDTH.powi(3);
        stray_energy((narrow + wide) / volume, stray)
    }
}

/// Colours of the border as a mixture.
pub(super) fn border_colors(lab: &Grid<Vec3>, components: usize) -> Option<Mixture> {
    let (width, height) = (lab.width(), lab.height());
    let thickness = (ring_thickness(width, height) / 2).max(2);
    let samples: Vec<Vec3> = ring_indices(width, height, thickness).map(|i| lab.cells()[i]).collect();
    Mixture::fit(&samples, components)
}

pub(super) fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Normal equations by Gaussian elimination with pivoting; `None` when the samples leave them undetermined.
fn weighted_least_squares(samples: &[([f32; 6], Vec3)], weights: &[f32]) -> Option<[Vec3; 6]> {
    let mut rows = [[0.0_f64; 9]; 6];
    for ((basis, color), &weight) in samples.iter().zip(weights) {
        for i in 0..6 {
            let left = f64::from(weight * weight * basis[i]);
            for j in 0..6 {
                rows[i][j] += left * f64::from(basis[j]);
            }
            for (axis, value) in color.to_array().into_iter().enumerate() {
                rows[i][6 + axis] += left * f64::from(value);
            }
        }
    }
    for column in 0..6 {
        let pivot = (column..6).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        if rows[column][column].abs() < 1e-9 {
            return None;
        }
        let pivot_row = rows[column].map(|v| v / rows[column][column]);
        for (i, row) in rows.iter_mut().enumerate() {
            let factor = row[column];
            if i == column {
                *row = pivot_row;
            } else {
                row.iter_mut().zip(pivot_row).for_each(|(v, p)| *v -= factor * p);
            }
        }
    }
    Some(rows.map(|row| Vec3::new(row[6] as f32, row[7] as f32, row[8] as f32)))
}
