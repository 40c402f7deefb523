//! Which texels and cells a flat triangle covers.

use glam::DVec2;

/// Rows of bits, x from the lowest bit.
#[derive(Debug, Clone)]
pub struct BitGrid {
    pub width: usize,
    pub height: usize,
    words_per_row: usize,
    words: Vec<u64>,
}

impl BitGrid {
    pub fn new(width: usize, height: usize) -> Self {
        let words_per_row = width.div_ceil(64);
        Self { width, height, words_per_row, words: vec![0; words_per_row * height] }
    }

    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    pub fn get(&self, x: usize, y: usize) -> bool {
        self.words[y * self.words_per_row + x / 64] >> (x % 64) & 1 == 1
    }

    pub fn row(&self, y: usize) -> &[u64] {
        &self.words[y * self.words_per_row..][..self.words_per_row]
    }

    /// Calls `f` with each word that `start..end` of row `y` reaches into, and its part of it.
    fn words(&mut self, y: usize, start: usize, end: usize, mut f: impl FnMut(&mut u64, u64)) {
        let row = &mut self.words[y * self.words_per_row..][..self.words_per_row];
        let mut at = start;
        while at < end {
            let (word, from) = (at / 64, at % 64);
            let count = (64 - from).min(end - at);
            f(&mut row[word], (u64::MAX >> (64 - count)) << from);
            at += count;
        }
    }

    pub fn set(&mut self, y: usize, start: usize, end: usize) {
        self.words(y, start, end, |word, part| *word |= part);
    }

    pub fn any(&mut self, y: usize, start: usize, end: usize) -> bool {
        let mut any = false;
        self.words(y, start, end, |word, part| any |= *word & part != 0);
        any
    }

    /// Sets a run and answers how many of its bits were set before.
    pub fn claim(&mut self, y: usize, start: usize, end: usize) -> u32 {
        let mut before = 0;
        self.words(y, start, end, |word, part| {
            before += (*word & part).count_ones();
            *word |= part;
        });
        before
    }

    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Bits set in both, and in at least one, of two grids of one size.
    pub fn common(&self, other: &Self) -> (usize, usize) {
        self.words.iter().zip(&other.words).fold((0, 0), |(both, either), (a, b)| {
            (both + (a & b).count_ones() as usize, either + (a | b).count_ones() as usize)
        })
    }

    /// Turned by a quarter: the bit `(x, y)` goes to `(height - 1 - y, x)`.
    pub fn turned(&self) -> Self {
        let mut turned = Self::new(self.height, self.width);
        for y in 0..self.height {
            let x = self.height - 1 - y;
            for row in (0..self.width).filter(|&x| self.get(x, y)) {
                turned.set(row, x, x + 1);
            }
        }
        turned
    }
}

/// Calls `f(y, start, end)` for the runs of texels whose centres lie in the triangle. Triangles with a common
/// edge never both get a texel. Coordinates are not negative.
pub fn texel_runs(corners: [DVec2; 3], mut f: impl FnMut(usize, usize, usize)) {
    let [a, b, c] = corners;
    let first = (a.y.min(b.y).min(c.y) - 0.5).ceil().max(0.0) as usize;
    let end = (a.y.max(b.y).max(c.y) - 0.5).ceil().max(0.0) as usize;
    for y in first..end {
        let centre = y as f64 + 0.5;
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (p, q) in [(a, b), (b, c), (c, a)] {
            // The same bits whichever triangle asks.
            let (p, q) = if (p.y, p.x) <= (q.y, q.x) { (p, q) } else { (q, p) };
            if p.y <= centre && centre < q.y {
                let x = p.x + (q.x - p.x) * ((centre - p.y) / (q.y - p.y));
                low = low.min(x);
                high = high.max(x);
            }
        }
        let (start, end) = ((low - 0.5).ceil().max(0.0), (high - 0.5).ceil().max(0.0));
        if start < end {
            f(y, start as usize, end as usize);
        }
    }
}

/// Calls `f(row, start, end)` for the runs of cells of side `cell` that come closer to the triangle than
/// `margin` along either axis. Coordinates less `margin` are not negative.
pub fn cell_runs(corners: [DVec2; 3], margin: f64, cell: f64, mut f: impl FnMut(usize, usize, usize)) {
    // Turning a number into an index cuts it off, and at 0 below it.
    let [a, b, c] = corners;
    let first = ((a.y.min(b.y).min(c.y) - margin) / cell) as usize;
    let last = ((a.y.max(b.y).max(c.y) + margin) / cell) as usize;
    for row in first..=last {
        let (top, bottom) = (row as f64 * cell - margin, (row + 1) as f64 * cell + margin);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (p, q) in [(a, b), (b, c), (c, a)] {
            let mut reach = |x: f64| {
                low = low.min(x);
                high = high.max(x);
            };
            if (top..=bottom).contains(&p.y) {
                reach(p.x);
            }
            for border in [top, bottom] {
                if (p.y < border) != (q.y < border) {
                    reach(p.x + (q.x - p.x) * ((border - p.y) / (q.y - p.y)));
                }
            }
        }
        if low <= high {
            let start = ((low - margin) / cell) as usize;
            f(row, start, ((high + margin) / cell) as usize + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_covers_every_texel_once() {
        let centre = DVec2::new(10.37, 9.81);
        let rim: Vec<DVec2> = (0..17)
            .map(|i| centre + DVec2::from_angle(f64::from(i) * std::f64::consts::TAU / 17.0) * 9.0)
            .collect();
        let mut texels = BitGrid::new(70, 24);
        let mut twice = 0;
        for i in 0..17 {
            texel_runs([centre, rim[i], rim[(i + 1) % 17]], |y, start, end| {
                twice += texels.claim(y, start, end)
            });
        }
        assert_eq!(twice, 0);
        for y in 0..24 {
            for x in 0..70 {
                let distance = DVec2::new(x as f64 + 0.5, y as f64 + 0.5).distance(centre);
                assert!(distance < 9.0 || !texels.get(x, y));
                assert!(distance > 9.0 * 0.984 || texels.get(x, y));
            }
        }
    }

    #[test]
    fn cells_hold_all_texels_and_their_margin() {
        let corners = [DVec2::new(7.3, 6.1), DVec2::new(90.4, 11.7), DVec2::new(30.2, 61.3)];
        let mut cells = BitGrid::new(32, 32);
        cell_runs(corners, 3.0, 4.0, |y, start, end| cells.set(y, start, end));
        texel_runs(corners, |y, start, end| {
            for (x, y) in [(start as f64, y as f64), (end as f64 + 1.9, y as f64 + 2.9)] {
                assert!(cells.get((x / 4.0) as usize, (y / 4.0) as usize));
            }
        });
        assert!(cells.count() < 32 * 32 / 2);
    }

    #[test]
    fn runs_may_span_words_and_a_quarter_turn_moves_them() {
        let mut grid = BitGrid::new(200, 2);
        grid.set(1, 60, 195);
        assert_eq!(grid.count(), 135);
        assert!(grid.any(1, 194, 200) && !grid.any(1, 195, 200) && !grid.any(0, 0, 200));
        let turned = grid.turned();
        assert!(turned.get(0, 60) && turned.get(0, 194) && !turned.get(1, 60));
        assert_eq!((turned.width, turned.height, turned.count()), (2, 200, 135));
    }
}
