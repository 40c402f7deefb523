use oreforge_geometry::Grid;

use super::frame::Bounds;

/// A part that stands on the ground and runs up until it meets another or the body.
#[derive(Debug, Clone)]
pub struct Leg {
    /// First row of it.
    pub top: usize,
    /// Share of the object's height.
    pub length: f32,
    pub width_cells: f32,
    /// Mean column.
    pub centre_x: f32,
    pub mask: Grid<bool>,
}

/// Shares of the object's height and width.
const MIN_LENGTH: f32 = 0.10;
const MAX_WIDTH: f32 = 0.30;
const GROUND_BAND: f32 = 0.10;
/// More than this is no creature but a fringe.
const MAX_PARTS: usize = 64;

struct Part {
    centre_x: f32,
    width: f32,
    top: usize,
    /// A cell of its highest row.
    seed_x: usize,
    met_another: bool,
}

/// A connected piece of the rows seen so far.
#[derive(Clone, Copy)]
struct Piece {
    parent: usize,
    left: usize,
    right: usize,
    lowest: usize,
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn root(&self, mut i: usize) -> usize {
        while self.0[i].parent != i {
            i = self.0[i].parent;
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) -> usize {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            let other = self.0[b];
            let piece = &mut self.0[a];
            piece.left = piece.left.min(other.left);
            piece.right = piece.right.max(other.right);
            piece.lowest = piece.lowest.max(other.lowest);
            self.0[b].parent = a;
        }
        a
    }
}

/// Sweeps the rows upwards, from the ground to where the upper third begins. From left to right.
pub fn find_legs(inside: &Grid<bool>, bounds: Bounds) -> Vec<Leg> {
    let (height, width) = (bounds.height() as f32, bounds.width() as f32);
    let bottom = bounds.bottom - 1;
    let first_row = bottom.saturating_sub((0.03 * height) as usize);
    let last_row = bounds.top + (0.35 * height) as usize;
    let mut pieces = Pieces::default();
    let mut below = vec![usize::MAX; inside.width()];
    let mut parts: Vec<Part> = Vec::new();
    for y in (last_row + 1..bounds.bottom).rev() {
        let mut current = vec![usize::MAX; inside.width()];
        for (left, right) in intervals(inside.row(y)) {
            let mut piece = pieces.0.len();
            pieces.0.push(Piece { parent: piece, left, right, lowest: y });
            for &under in below[left..right].iter().filter(|&&under| under != usize::MAX) {
                piece = pieces.join(piece, under);
            }
            current[left..right].fill(piece);
        }
        if y <= first_row {
            follow(&mut parts, &pieces, &current, y, (bottom, height, width));
        }
        if parts.len() > MAX_PARTS {
            return Vec::new();
        }
        below = current;
    }
    let mut legs: Vec<Leg> = parts
        .into_iter()
        .map(|part| leg_of(&part, inside, bottom, height))
        .filter(|leg| leg.length >= MIN_LENGTH && leg.width_cells <= MAX_WIDTH * width)
        .collect();
    legs.sort_by(|a, b| a.centre_x.total_cmp(&b.centre_x));
    legs
}

fn follow(
    parts: &mut Vec<Part>,
    pieces: &Pieces,
    current: &[usize],
    y: usize,
    (bottom, height, width): (usize, f32, f32),
) {
    // Root, cells in this row, one of them.
    let mut standing: Vec<(usize, usize, usize)> = Vec::new();
    for (x, &piece) in current.iter().enumerate().filter(|&(_, &piece)| piece != usize::MAX) {
        let root = pieces.root(piece);
        match standing.iter_mut().find(|s| s.0 == root) {
            Some(s) => s.1 += 1,
            None => standing.push((root, 1, x)),
        }
    }
    for (root, cells, seed_x) in standing {
        let Piece { left, right, lowest, .. } = pieces.0[root];
        if (lowest as f32) < bottom as f32 - GROUND_BAND * height {
            continue;
        }
        let within: Vec<usize> =
            (0..parts.len()).filter(|&k| (left as f32..right as f32).contains(&parts[k].centre_x)).collect();
        let cells = cells as f32;
        match within[..] {
            [] => parts.push(Part {
                centre_x: (left + right) as f32 / 2.0,
                width: cells,
                top: y,
                seed_x,
                met_another: false,
            }),
            [only] if !parts[only].met_another => {
                let part = &mut parts[only];
                if cells > (1.9 * part.width).max(0.30 * width) {
                    part.met_another = true;
                } else {
                    (part.top, part.seed_x) = (y, seed_x);
                    part.width = 0.9 * part.width + 0.1 * cells;
                }
            }
            _ => within.into_iter().for_each(|k| parts[k].met_another = true),
        }
    }
}

fn leg_of(part: &Part, inside: &Grid<bool>, bottom: usize, height: f32) -> Leg {
    let mut mask = Grid::filled(inside.width(), inside.height(), false);
    let mut open = vec![(part.seed_x, part.top)];
    mask.set(part.seed_x, part.top, true);
    let (mut sum_x, mut count) = (0.0f64, 0u32);
    while let Some((x, y)) = open.pop() {
        sum_x += x as f64;
        count += 1;
        let neighbours = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)].into_iter();
        for (nx, ny) in neighbours {
            if nx < inside.width()
                && ny < inside.height()
                && ny >= part.top
                && inside.get(nx, ny)
                && !mask.get(nx, ny)
            {
                mask.set(nx, ny, true);
                open.push((nx, ny));
            }
        }
    }
    Leg {
        top: part.top,
        length: (bottom - part.top) as f32 / height,
        width_cells: part.width,
        centre_x: (sum_x / f64::from(count)) as f32,
        mask,
    }
}

/// Runs of set cells, ends excluded.
pub fn intervals(row: &[bool]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (x, &set) in row.iter().chain(std::iter::once(&false)).enumerate() {
        match (start, set) {
            (None, true) => start = Some(x),
            (Some(left), false) => {
                found.push((left, x));
                start = None;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(inside: impl Fn(usize, usize) -> bool) -> Vec<Leg> {
        let cells = (0..100 * 100).map(|i| inside(i % 100, i / 100)).collect();
        let grid = Grid::from_cells(100, 100, cells);
        find_legs(&grid, Bounds::of(&grid).unwrap())
    }

    #[test]
    fn a_table_stands_on_its_legs() {
        let legs = drawn(|x, y| {
            (10..90).contains(&x) && (20..50).contains(&y)
                || ((15..25).contains(&x) || (70..82).contains(&x)) && (50..95).contains(&y)
        });
        assert_eq!(legs.len(), 2);
        assert_eq!(legs[0].top, 50);
        assert!((legs[0].centre_x - 19.5).abs() < 0.01 && (legs[1].centre_x - 75.5).abs() < 0.01);
        assert!((legs[0].length - 44.0 / 75.0).abs() < 0.01);
        assert!(!legs[0].mask.get(20, 49) && legs[0].mask.get(20, 94) && !legs[0].mask.get(75, 94));
    }

    #[test]
    fn a_block_has_none() {
        assert!(drawn(|x, y| (10..90).contains(&x) && (20..90).contains(&y)).is_empty());
    }
}
