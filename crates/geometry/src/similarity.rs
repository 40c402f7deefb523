//! How alike two pictures are to the eye: structural similarity.
//!
//! Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity", IEEE
//! Transactions on Image Processing 13(4), 2004: Gaussian window of σ 1.5 with 11 taps, K1 .01, K2 .03, over the places
//! whose window lies within the picture. The same numbers as scikit-image's `structural_similarity` with
//! `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`.

use rayon::prelude::*;

use crate::{Cancel, Cancelled, Grid};

/// Side of the window, in cells; no smaller grid can be compared.
pub const WINDOW: usize = 11;
const SIGMA: f32 = 1.5;
const C1: f32 = 0.01 * 0.01;
const C2: f32 = 0.03 * 0.03;
/// Middle of the values: variances of what is centred lose fewer digits.
const MIDDLE: f32 = 0.5;

/// Mean structural similarity of two grids of values 0..=1, in −1..=1; 1 is the same picture.
///
/// # Panics
/// As [`ssim_map`].
pub fn ssim(one: &Grid<f32>, other: &Grid<f32>, cancel: Cancel<'_>) -> Result<f32, Cancelled> {
    let map = ssim_map(one, other, cancel)?;
    let sum: f64 = map.cells().iter().map(|&value| f64::from(value)).sum();
    Ok((sum / map.cells().len() as f64) as f32)
}

/// Structural similarity around every cell that is at least `WINDOW / 2` away from the border: `WINDOW - 1` fewer columns
/// and rows than the grids have. Values 0..=1 in, −1..=1 out.
///
/// # Panics
/// When the grids differ in size, or are smaller than [`WINDOW`] either way.
pub fn ssim_map(one: &Grid<f32>, other: &Grid<f32>, cancel: Cancel<'_>) -> Result<Grid<f32>, Cancelled> {
    let (width, height) = (one.width(), one.height());
    assert_eq!((width, height), (other.width(), other.height()), "pictures of one size are compared");
    assert!(width >= WINDOW && height >= WINDOW, "a picture holds at least one window");
    let weights = weights();
    let (columns, rows) = (width - WINDOW + 1, height - WINDOW + 1);
    let mut map = Grid::filled(columns, rows, 0.0f32);
    map.cells_mut().par_chunks_mut(columns).enumerate().try_for_each_init(
        || Moments::of_width(width),
        |down, (y, out)| {
            cancel.check()?;
            down.clear();
            for (k, &weight) in weights.iter().enumerate() {
                down.add(one.row(y + k), other.row(y + k), weight);
            }
            down.similarity(&weights, out);
            Ok(())
        },
    )?;
    Ok(map)
}

fn weights() -> [f32; WINDOW] {
    let mut weights = std::array::from_fn(|k| {
        let off = (k as f32 - (WINDOW / 2) as f32) / SIGMA;
        (-0.5 * off * off).exp()
    });
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

/// Weighted means down a column each: of both pictures, of the sum of their squares and of their product.
struct Moments {
    one: Vec<f32>,
    other: Vec<f32>,
    squares: Vec<f32>,
    product: Vec<f32>,
}

impl Moments {
    fn of_width(width: usize) -> Self {
        let row = || vec![0.0f32; width];
        Self { one: row(), other: row(), squares: row(), product: row() }
    }

    fn clear(&mut self) {
        for row in [&mut self.one, &mut self.other, &mut self.squares, &mut self.product] {
            row.fill(0.0);
        }
    }

    fn add(&mut self, one: &[f32], other: &[f32], weight: f32) {
        let firsts = self.one.iter_mut().zip(&mut self.other);
        let seconds = self.squares.iter_mut().zip(&mut self.product);
        for (((mean_a, mean_b), (squares, product)), (&a, &b)) in
            firsts.zip(seconds).zip(one.iter().zip(other))
        {
            let (a, b) = (a - MIDDLE, b - MIDDLE);
            *mean_a += weight * a;
            *mean_b += weight * b;
            *squares += weight * (a * a + b * b);
            *product += weight * (a * b);
        }
    }

    fn similarity(&self, weights: &[f32; WINDOW], out: &mut [f32]) {
        for (x, out) in out.iter_mut().enumerate() {
            let (mut a, mut b, mut squares, mut product) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
            let window = |row: &'_ [f32]| -> [f32; WINDOW] { std::array::from_fn(|k| row[x + k]) };
            let (ones, others) = (window(&self.one), window(&self.other));
            let (all_squares, products) = (window(&self.squares), window(&self.product));
            for (k, &weight) in weights.iter().enumerate() {
                a += weight * ones[k];
                b += weight * others[k];
                squares += weight * all_squares[k];
                product += weight * products[k];
            }
            let variances = squares - a * a - b * b;
            let covariance = product - a * b;
            let (a, b) = (a + MIDDLE, b + MIDDLE);
            *out = (2.0 * a * b + C1) * (2.0 * covariance + C2) / ((a * a + b * b + C1) * (variances + C2));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn picture(cells: &[u8]) -> Grid<f32> {
        Grid::from_cells(16, 14, cells.iter().map(|&cell| f32::from(cell) / 255.0).collect())
    }

    proptest! {
        #[test]
        fn it_is_bounded_symmetric_and_one_for_the_same(
            one in proptest::collection::vec(any::<u8>(), 16 * 14),
            other in proptest::collection::vec(any::<u8>(), 16 * 14),
        ) {
            let (one, other) = (picture(&one), picture(&other));
            let alike = ssim(&one, &other, Cancel::never()).unwrap();
            prop_assert!((-1.0..=1.0).contains(&alike));
            prop_assert!((alike - ssim(&other, &one, Cancel::never()).unwrap()).abs() < 1e-5);
            prop_assert!((ssim(&one, &one, Cancel::never()).unwrap() - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_cancel_stops_it() {
        let flat = Grid::filled(64, 64, 0.5f32);
        assert_eq!(ssim(&flat, &flat, Cancel::new(&|| true)), Err(Cancelled));
    }
}
