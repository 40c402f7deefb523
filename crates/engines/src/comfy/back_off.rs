use std::time::Duration;

/// Pauses that double up to a longest one, each up to a quarter longer or shorter, so that clients who failed
/// together do not come back together.
#[derive(Debug, Clone)]
pub(crate) struct BackOff {
    first: Duration,
    longest: Duration,
    next: Duration,
    dice: u64,
}

impl BackOff {
    pub(crate) fn new((first, longest): (Duration, Duration), seed: u64) -> Self {
        Self { first, longest, next: first, dice: seed | 1 }
    }

    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        // Marsaglia's xorshift64.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        pause.mul_f64(0.75 + (self.dice % 1000) as f64 / 2000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_start_anew() {
        let mut back_off = BackOff::new((Duration::from_millis(100), Duration::from_secs(1)), 7);
        let pauses: Vec<u128> = (0..8).map(|_| back_off.pause().as_millis()).collect();
        for (pause, centre) in pauses.iter().zip([100, 200, 400, 800, 1000, 1000, 1000, 1000]) {
            assert!((centre * 3 / 4..=centre * 5 / 4).contains(pause), "{pauses:?}");
        }
        assert_ne!(pauses[5], pauses[6], "no jitter");
        back_off.reset();
        assert!(back_off.pause() <= Duration::from_millis(125));
    }
}
