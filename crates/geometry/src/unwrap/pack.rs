//! Finds a place for every chart in the square.

use rayon::prelude::*;

use super::footprint::BitGrid;
use crate::{Cancel, Cancelled};

/// Most cells along a side of the square.
pub const MAX_CELLS: usize = 512;
/// Footprints of more than one in so many of all cells are large.
const LARGE_SHARE: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In cells.
    pub x: usize,
    pub y: usize,
    /// Quarters, each as [`BitGrid::turned`].
    pub turns: u8,
}

/// More are packed in one order only.
const MOST_IN_ALL_ORDERS: usize = 64;

/// What comes first.
#[derive(Clone, Copy)]
enum Order {
    Largest,
    Widest,
    Longest,
}

/// Places footprints in a square of `cells` a side, the first of three orders that succeeds. `None` when they do
/// not all fit in any.
pub fn pack(
    footprints: &[BitGrid],
    cells: usize,
    cancel: Cancel<'_>,
) -> Result<Option<Vec<Place>>, Cancelled> {
    let sizes: Vec<usize> = footprints.iter().map(BitGrid::count).collect();
    if sizes.iter().sum::<usize>() > cells * cells {
        return Ok(None);
    }
    let in_order = |order| match cells {
        0..=128 => pack_in_order::<2>(footprints, &sizes, order, cells, cancel),
        _ => pack_in_order::<{ MAX_CELLS / 64 }>(footprints, &sizes, order, cells, cancel),
    };
    let all = [Order::Largest, Order::Widest, Order::Longest];
    let orders = if footprints.len() > MOST_IN_ALL_ORDERS { &all[..1] } else { &all };
    let tries: Vec<Option<Vec<Place>>> =
        orders.par_iter().map(|&order| in_order(order)).collect::<Result<_, _>>()?;
    Ok(tries.into_iter().flatten().next())
}

/// Each turned so that it ends topmost.
fn pack_in_order<const WORDS: usize>(
    footprints: &[BitGrid],
    sizes: &[usize],
    by: Order,
    cells: usize,
    cancel: Cancel<'_>,
) -> Result<Option<Vec<Place>>, Cancelled> {
    let mut order: Vec<usize> = (0..footprints.len()).collect();
    order.sort_by_key(|&i| {
        let (width, height) = (footprints[i].width, footprints[i].height);
        let first = match by {
            Order::Largest => sizes[i],
            Order::Widest => width.min(height),
            Order::Longest => width.max(height),
        };
        std::cmp::Reverse((first, sizes[i], i))
    });
    let mut square = Square::<WORDS> { cells, rows: vec![[0; WORDS]; cells] };
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

struct Square<const WORDS: usize> {
    cells: usize,
    rows: Vec<Row<WORDS>>,
}

impl<const WORDS: usize> Square<WORDS> {
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

type Row<const WORDS: usize> = [u64; WORDS];

fn or<const WORDS: usize>(a: Row<WORDS>, b: Row<WORDS>) -> Row<WORDS> {
    std::array::from_fn(|i| a[i] | b[i])
}

fn not<const WORDS: usize>(a: Row<WORDS>) -> Row<WORDS> {
    a.map(|word| !word)
}

/// The lowest `count` bits.
fn below<const WORDS: usize>(count: usize) -> Row<WORDS> {
    std::array::from_fn(|i| match count.saturating_sub(64 * i) {
        0 => 0,
        n if n >= 64 => u64::MAX,
        n => (1 << n) - 1,
    })
}

/// Towards bit 0.
fn shifted<const WORDS: usize>(row: Row<WORDS>, by: usize) -> Row<WORDS> {
    let (words, bits) = (by / 64, by % 64);
    std::array::from_fn(|i| {
        let low = row.get(i + words).map_or(0, |&word| word >> bits);
        let high = if bits == 0 { 0 } else { row.get(i + words + 1).map_or(0, |&word| word << (64 - bits)) };
        low | high
    })
}

/// Bit `x` is set when any of the bits `x..x + length` was.
fn smeared<const WORDS: usize>(row: Row<WORDS>, length: usize) -> Row<WORDS> {
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
