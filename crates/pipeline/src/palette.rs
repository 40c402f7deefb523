//! Colours of a picture, compared without regard to where they are.

use image::RgbaImage;

/// Bins per channel. Coarse, and read with soft edges, so that light and shade do not make another palette.
const BINS: usize = 8;

/// Share of each colour among the opaque pixels.
pub(crate) struct Palette {
    shares: Vec<f32>,
}

impl Palette {
    pub fn of(picture: &RgbaImage) -> Self {
        let mut shares = vec![0.0f32; BINS * BINS * BINS];
        let mut total = 0.0f32;
        // Every pixel of a big picture tells no more than 65 000 of them.
        let stride = ((picture.width() as usize * picture.height() as usize) / 65_536).max(1);
        for pixel in picture.pixels().step_by(stride).filter(|pixel| pixel.0[3] >= 200) {
            let [r, g, b, _] = pixel.0.map(|value| f32::from(value) / 255.0 * (BINS - 1) as f32);
            let base = [r, g, b].map(|value| (value as usize).min(BINS - 2));
            let part = [r - base[0] as f32, g - base[1] as f32, b - base[2] as f32];
            for corner in 0..8usize {
                let step = [corner & 1, corner >> 1 & 1, corner >> 2 & 1];
                let weight: f32 =
                    (0..3).map(|axis| if step[axis] == 1 { part[axis] } else { 1.0 - part[axis] }).product();
                let bin = ((base[0] + step[0]) * BINS + base[1] + step[1]) * BINS + base[2] + step[2];
                shares[bin] += weight;
            }
            total += 1.0;
        }
        if total > 0.0 {
            shares.iter_mut().for_each(|share| *share /= total);
        }
        Self { shares }
    }

    /// 0..=1: how much of the seen colours the reference knows, near shades counting in part.
    pub fn agreement(&self, seen: &Palette) -> f32 {
        let known = spread(&self.shares);
        let largest = known.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        // A colour that covers a fortieth of the most common one is a colour of the object.
        let familiar: f32 = seen
            .shares
            .iter()
            .zip(&known)
            .map(|(share, known)| share * (known / largest * 40.0).min(1.0))
            .sum();
        familiar.clamp(0.0, 1.0)
    }
}

/// Shares blurred into the neighbouring bins.
fn spread(shares: &[f32]) -> Vec<f32> {
    let mut spread = shares.to_vec();
    for stride in [1, BINS, BINS * BINS] {
        let before = spread.clone();
        for (bin, value) in spread.iter_mut().enumerate() {
            let along = bin / stride % BINS;
            let below = if along > 0 { before[bin - stride] } else { 0.0 };
            let above = if along + 1 < BINS { before[bin + stride] } else { 0.0 };
            *value = 0.5 * before[bin] + 0.25 * (below + above);
        }
    }
    spread
}
