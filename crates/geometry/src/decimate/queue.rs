/// Bits of an `f32` that are dropped to find its bucket: two buckets an octave.
const DROPPED_BITS: u32 = 22;
/// Buckets in which the cost doubles.
const OCTAVE: usize = 1 << (23 - DROPPED_BITS);

/// Edges by cost, cheapest first, as coarse as its buckets; first in, first out within one. What is put in
/// below the bucket being emptied counts as belonging to it.
pub struct BucketQueue {
    buckets: Vec<Vec<u32>>,
    current: usize,
    taken: usize,
}

impl BucketQueue {
    pub const BUCKETS: usize = (f32::MAX.to_bits() >> DROPPED_BITS) as usize + 1;

    pub fn new() -> Self {
        Self { buckets: vec![Vec::new(); Self::BUCKETS], current: 0, taken: 0 }
    }

    /// The bucket of a cost that is not negative.
    pub fn bucket_of(cost: f32) -> usize {
        (cost.min(f32::MAX).to_bits() >> DROPPED_BITS) as usize
    }

    /// Whether something of this bucket would have to wait.
    pub fn is_later(&self, bucket: usize) -> bool {
        bucket > self.current
    }

    pub fn push(&mut self, bucket: usize, edge: u32) {
        self.buckets[bucket.clamp(self.current, Self::BUCKETS - 1)].push(edge);
    }

    /// Puts an edge so far back that its costs would have grown sixteenfold; `false` beyond the last bucket.
    pub fn postpone(&mut self, edge: u32) -> bool {
        let bucket = self.current + 4 * OCTAVE;
        let fits = bucket < Self::BUCKETS;
        if fits {
            self.buckets[bucket].push(edge);
        }
        fits
    }

    /// Adds how many edges wait in each bucket.
    pub fn count_waiting(&self, counts: &mut [usize; Self::BUCKETS]) {
        for (count, bucket) in counts.iter_mut().zip(&self.buckets) {
            *count += bucket.len();
        }
    }

    /// The next edge of the buckets before `end`.
    pub fn pop_before(&mut self, end: usize) -> Option<u32> {
        while self.current < end {
            let bucket = self.buckets.get_mut(self.current)?;
            if let Some(&edge) = bucket.get(self.taken) {
                self.taken += 1;
                return Some(edge);
            }
            *bucket = Vec::new();
            self.current += 1;
            self.taken = 0;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_comes_first_and_nothing_is_lost() {
        let mut queue = BucketQueue::new();
        let costs = [3.0, 0.0, 1e-30, 7e9, 0.5, f32::INFINITY, 1e-42];
        for (edge, &cost) in costs.iter().enumerate() {
            queue.push(BucketQueue::bucket_of(cost), edge as u32);
        }
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop_before(BucketQueue::BUCKETS)).collect();
        assert_eq!(order, [1, 6, 2, 4, 0, 3, 5]);
        let mut queue = BucketQueue::new();
        queue.push(BucketQueue::bucket_of(1.0), 1);
        assert_eq!(queue.pop_before(BucketQueue::BUCKETS), Some(1));
        queue.push(BucketQueue::bucket_of(0.1), 2);
        assert_eq!(queue.pop_before(BucketQueue::BUCKETS), Some(2));
    }
}
