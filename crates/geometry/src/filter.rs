//! Smoothing of rasters.

use rayon::prelude::*;

use crate::Grid;
use crate::resize::Blend;

/// Gaussian blur with standard deviation `sigma` in cells; the border is replicated. A `sigma` of 0 copies.
pub fn gaussian<T: Blend>(grid: &Grid<T>, sigma: f32) -> Grid<T> {
    let kernel = kernel(sigma);
    let reach = kernel.len() - 1;
    let (width, height) = (grid.width(), grid.height());
    if reach == 0 || width == 0 || height == 0 {
        return grid.clone();
    }
    let mut across = vec![T::default(); width * height];
    across.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
        let row = grid.row(y);
        let padded: Vec<T> = std::iter::repeat_n(row[0], reach)
            .chain(row.iter().copied())
            .chain(std::iter::repeat_n(row[width - 1], reach))
            .collect();
        for (x, cell) in out.iter_mut().enumerate() {
            *cell = padded[x + reach] * kernel[0];
        }
        for (k, &weight) in kernel.iter().enumerate().skip(1) {
            let (before, after) = (&padded[reach - k..], &padded[reach + k..]);
            for (cell, (&a, &b)) in out.iter_mut().zip(before.iter().zip(after)) {
                *cell = *cell + (a + b) * weight;
            }
        }
    });
    let mut cells = vec![T::default(); width * height];
    cells.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
        let row = |y: usize| &across[y * width..][..width];
        for (cell, &value) in out.iter_mut().zip(row(y)) {
            *cell = value * kernel[0];
        }
        for (k, &weight) in kernel.iter().enumerate().skip(1) {
            let (above, below) = (row(y.saturating_sub(k)), row((y + k).min(height - 1)));
            for (cell, (&a, &b)) in out.iter_mut().zip(above.iter().zip(below)) {
                *cell = *cell + (a + b) * weight;
            }
        }
    });
    Grid::from_cells(width, height, cells)
}

/// Centre and one side of a normalised Gaussian.
fn kernel(sigma: f32) -> Vec<f32> {
    let reach = (sigma * 3.0).ceil() as usize;
    let mut weights: Vec<f32> =
        (0..=reach).map(|k| if k == 0 { 1.0 } else { (-0.5 * (k as f32 / sigma).powi(2)).exp() }).collect();
    let sum = 2.0 * weights.iter().sum::<f32>() - weights[0];
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impulse_spreads_to_the_variance_asked_for() {
        let mut grid = Grid::filled(41, 41, 0.0f32);
        grid.set(20, 20, 1.0);
        let blurred = gaussian(&grid, 2.5);
        let (mut sum, mut variance) = (0.0, 0.0);
        for y in 0..41 {
            for x in 0..41 {
                sum += blurred.get(x, y);
                variance += blurred.get(x, y) * (x as f32 - 20.0).powi(2);
            }
        }
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        assert!((variance - 6.25).abs() < 0.2, "{variance}");
    }

    #[test]
    fn a_constant_stays() {
        let blurred = gaussian(&Grid::filled(5, 3, 0.7f32), 4.0);
        assert!(blurred.cells().iter().all(|v| (v - 0.7).abs() < 1e-5));
    }
}
