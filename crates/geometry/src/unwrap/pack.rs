//! Finds a place for every chart in the square.

use super::footprint::BitGrid;
use crate::{Cancel, Cancelled};

/// Most cells along a side of the square.
pub const MAX_CELLS: usize = 256;
/// Footprints of more than one in so many of all cells are large.
const LARGE_SHARE: usize = 50;
const WORDS: usize = MAX_CELLS / 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In cells.
    pub x: usize,
    pub y: usize,
    /// Quarters, each as [`BitGrid::turned`].
    pub turns: u8,
}

/// Places footprints in a square of `cells` a side, largest first, each turned so that it ends topmost. `None`
/// when they do not all fit.
pub fn pack(
    footprints: &[BitGrid],
    cells: usize,
    cancel: Cancel<'_>,
) -> Result<Option<Vec<Place>>, Cancelled> {
    let sizes: Vec<usize> = footprints.iter().map(BitGrid::count).collect();
    if sizes.iter().sum::<usize>() > cells * cells {
        return Ok(None);
    }
    let mut order: Vec<usize> = (0..footprints.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse((sizes[i], i)));
    let mut square = Square { cells, rows: vec![[0; WORDS]; cells] };
    let mut places = vec![Place { x: 0, y: 0, turns: 0 }; footprints.len()];
    for i in order {
        cancel.check()?;
        let mut shape = footprints[i].clone();
        // Half turns help a large chart to nest into another; for small ones they are not worth the time.
        let turns = if sizes[i] * LARGE_SHARE > cells * cells { 4 } else { 2 };
        let mut best: Option<((usize, usize), Place, BitGrid)> = None;
        for turns in 0..turns {
            if let Some((x, y)) = square.find(&shape) {
                let rank = (y + shape.height, x);
                if best.as_ref().is_none_or(|(least, ..)| rank < *least) {
                    best = Some((rank, Place { x, y, turns }, shape.clone()));
                }
            }
            shape = shape.turned();
        }
        let Some((_, place, shape)) = best else { return Ok(None) };
        square.fill(&shape, place.x, place.y);
        places[i] = place;
    }
    Ok(Some(places))
}

struct Square {
    cells: usize,
    rows: Vec<[u64; WORDS]>,
}

impl Square {
    /// The topmost, then leftmost free place.
    fn find(&self, shape: &BitGrid) -> Option<(usize, usize)> {
        if shape.width > self.cells || shape.height > self.cells {
            return None;
        }
        let runs: Vec<Vec<(usize, usize)>> = (0..shape.height).map(|y| runs(shape, y)).collect();
        let beyond = not(below(self.cells - shape.width + 1));
        (0..=self.cells - shape.height).find_map(|y| {
            let mut taken = beyond;
            for (row, runs) in self.rows[y..].iter().zip(&runs) {
                for &(start, length) in runs {
                    taken = or(taken, shifted(smeared(*row, length), start));
                }
                if taken == [u64::MAX; WORDS] {
                    return None;
                }
            }
            let word = taken.iter().position(|&word| word != u64::MAX)?;
            Some((word * 64 + taken[word].trailing_ones() as usize, y))
        })
    }

    fn fill(&mut self, shape: &BitGrid, x: usize, y: usize) {
        for (row, shape_y) in self.rows[y..].iter_mut().zip(0..shape.height) {
            for (start, length) in runs(shape, shape_y) {
                for bit in x + start..x + start + length {
                    row[bit / 64] |= 1 << (bit % 64);
                }
            }
        }
    }
}

/// Start and length of the runs of set bits in a row.
fn runs(shape: &BitGrid, y: usize) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (i, &word) in shape.row(y).iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            let start = rest.trailing_zeros() as usize;
            let length = (rest >> start).trailing_ones() as usize;
            rest &= !(u64::MAX >> (64 - length) << start);
            match runs.last_mut() {
                Some((before, count)) if *before + *count == 64 * i + start => *count += length,
                _ => runs.push((64 * i + start, length)),
            }
        }
    }
    runs
}

type Row = [u64; WORDS];

fn or(a: Row, b: Row) -> Row {
    std::array::from_fn(|i| a[i] | b[i])
}

fn not(a: Row) -> Row {
    a.map(|word| !word)
}

/// The lowest `count` bits.
fn below(count: usize) -> Row {
    std::array::from_fn(|i| match count.saturating_sub(64 * i) {
        0 => 0,
        n if n >= 64 => u64::MAX,
        n => (1 << n) - 1,
    })
}

/// Towards bit 0.
fn shifted(row: Row, by: usize) -> Row {
    let (words, bits) = (by / 64, by % 64);
    std::array::from_fn(|i| {
        let low = row.get(i + words).map_or(0, |&word| word >> bits);
        let high = if bits == 0 { 0 } else { row.get(i + words + 1).map_or(0, |&word| word << (64 - bits)) };
        low | high
    })
}

/// Bit `x` is set when any of the bits `x..x + length` was.
fn smeared(row: Row, length: usize) -> Row {
    let (mut smeared, mut reach) = (row, 1);
    while reach < length {
        let step = reach.min(length - reach);
        smeared = or(smeared, shifted(smeared, step));
        reach += step;
    }
    smeared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footprints_never_meet() {
        let mut state = 1u64;
        let mut random = move |most: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % most
        };
        let footprints: Vec<BitGrid> = (0..60)
            .map(|_| {
                let (width, height) = (1 + random(50), 1 + random(30));
                let mut shape = BitGrid::new(width, height);
                for y in 0..height {
                    let start = random(width);
                    shape.set(y, start, start + 1 + random(width - start));
                }
                shape
            })
            .collect();
        let places = pack(&footprints, 200, Cancel::never()).expect("nobody cancels").expect("there is room");
        let mut square = BitGrid::new(200, 200);
        for (shape, place) in footprints.iter().zip(&places) {
            let shape = (0..place.turns).fold(shape.clone(), |shape, _| shape.turned());
            for y in 0..shape.height {
                for x in (0..shape.width).filter(|&x| shape.get(x, y)) {
                    assert_eq!(square.claim(place.y + y, place.x + x, place.x + x + 1), 0);
                }
            }
        }
    }

    #[test]
    fn a_full_square_takes_no_more() {
        let mut whole = BitGrid::new(256, 256);
        (0..256).for_each(|y| whole.set(y, 0, 256));
        let fits = |shapes: &[BitGrid]| pack(shapes, 256, Cancel::never()).expect("nobody cancels").is_some();
        assert!(fits(std::slice::from_ref(&whole)));
        let mut dot = BitGrid::new(1, 1);
        dot.set(0, 0, 1);
        assert!(!fits(&[whole, dot]));
    }
}
