/// Which of the numbers 0..n belong together (union-find with path halving). The least member stands for its set,
/// whatever the order of the unions.
pub struct DisjointSets(Vec<u32>);

impl DisjointSets {
    /// Each number by itself.
    pub fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    pub fn root(&mut self, member: u32) -> u32 {
        let mut at = member;
        while self.0[at as usize] != at {
            self.0[at as usize] = self.0[self.0[at as usize] as usize];
            at = self.0[at as usize];
        }
        at
    }

    pub fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }

    /// For each number the one that stands for its set.
    pub fn into_roots(mut self) -> Vec<u32> {
        for member in 0..self.0.len() {
            self.0[member] = self.root(member as u32);
        }
        self.0
    }
}
