//! The signs of a volume as bits, with a layer of outside around it.

use rayon::prelude::*;

use crate::volume::Volume;
use crate::{Cancel, Cancelled};

/// Bit `x + 1` of row `(y + 1, z + 1)` is set when the sample `(x, y, z)` is inside.
pub struct Signs {
    pub words_per_row: usize,
    rows: usize,
    words: Vec<u64>,
}

impl Signs {
    pub fn of(volume: &Volume, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let [width, height, depth] = volume.size;
        let words_per_row = (width + 2).div_ceil(64);
        let rows = height + 2;
        let mut words = vec![0u64; words_per_row * rows * (depth + 2)];
        let layer_words = words_per_row * rows;
        if width * height > 0 {
            words[layer_words..]
                .par_chunks_mut(layer_words)
                .zip(volume.values.par_chunks_exact(width * height))
                .try_for_each(|(layer, values)| {
                    cancel.check()?;
                    let inner_rows = layer[words_per_row..].chunks_exact_mut(words_per_row);
                    for (row, values) in inner_rows.zip(values.chunks_exact(width)) {
                        pack(row, values);
                    }
                    Ok(())
                })?;
        }
        Ok(Self { words_per_row, rows, words })
    }

    pub fn row(&self, y: usize, z: usize) -> &[u64] {
        &self.words[(z * self.rows + y) * self.words_per_row..][..self.words_per_row]
    }
}

fn pack(row: &mut [u64], values: &[f32]) {
    let mut carry = 0;
    let mut chunks = values.chunks(64);
    for word in row {
        let bits = chunks.next().map_or(0, |chunk| {
            chunk.iter().enumerate().fold(0, |bits, (i, &v)| bits | u64::from(v > 0.0) << i)
        });
        *word = bits << 1 | carry;
        carry = bits >> 63;
    }
}

/// The eight corner signs of cell `x` between four neighbouring rows, ordered (y, z), (y+1, z), (y, z+1),
/// (y+1, z+1).
pub fn corner_signs(rows: &[&[u64]; 4], x: usize) -> u8 {
    let (word, bit) = (x / 64, x % 64);
    rows.iter().enumerate().fold(0, |signs, (i, row)| {
        let low = row[word] >> bit & 1;
        let high =
            if bit == 63 { row.get(word + 1).copied().unwrap_or(0) & 1 } else { row[word] >> (bit + 1) & 1 };
        signs | ((low | high << 1) as u8) << (2 * i)
    })
}

/// The cells of one word whose corners do not all have the same sign.
pub fn crossed_cells(rows: &[&[u64]; 4], word: usize) -> u64 {
    let (mut any, mut all) = (0, u64::MAX);
    for row in rows {
        let low = row[word];
        let high = low >> 1 | row.get(word + 1).copied().unwrap_or(0) << 63;
        any |= low | high;
        all &= low & high;
    }
    any & !all
}
