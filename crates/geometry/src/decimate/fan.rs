use super::half_edges::HalfEdges;

/// Most neighbours a vertex may get.
pub const MOST_NEIGHBOURS: usize = 20;
/// Of the two ends of an edge that may collapse together.
const CAPACITY: usize = MOST_NEIGHBOURS + 4;

/// What is round an unlocked vertex, beginning with one of its spokes and turning counter-clockwise as seen from
/// outside.
#[derive(Default)]
pub struct Fan {
    count: usize,
    spokes: [u32; CAPACITY],
    /// Where the spokes lead, and the first again.
    rim: [u32; CAPACITY + 1],
}

impl Fan {
    /// `false` if there is too much.
    pub fn look_round(&mut self, half_edges: &HalfEdges, first: u32) -> bool {
        self.count = 0;
        for spoke in half_edges.spokes(first) {
            if self.count == CAPACITY {
                return false;
            }
            self.spokes[self.count] = spoke;
            self.rim[self.count] = half_edges.target(spoke);
            self.count += 1;
        }
        self.rim[self.count] = self.rim[0];
        true
    }

    pub fn spokes(&self) -> &[u32] {
        &self.spokes[..self.count]
    }

    /// The neighbours.
    pub fn rim(&self) -> &[u32] {
        &self.rim[..self.count]
    }

    /// Neighbours such that each two in turn have a triangle with the middle: all of them.
    pub fn closed_rim(&self) -> &[u32] {
        &self.rim[..=self.count]
    }
}
