use tokio::sync::watch;

/// Wakes readers of the log. Carries nothing that could be missed: a reader that wakes reads the log.
pub(crate) struct Hub {
    writes: watch::Sender<u64>,
    interest: watch::Sender<usize>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { writes: watch::Sender::new(0), interest: watch::Sender::new(0) }
    }

    /// Something was written.
    pub(crate) fn wake(&self) {
        self.writes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Resolves after each `wake`.
    pub(crate) fn writes(&self) -> watch::Receiver<u64> {
        self.writes.subscribe()
    }

    /// While the guard lives, what other processes write is worth knowing.
    pub(crate) fn interested(&self) -> Interest {
        self.interest.send_modify(|count| *count += 1);
        Interest { interest: self.interest.clone() }
    }

    pub(crate) fn interest(&self) -> watch::Receiver<usize> {
        self.interest.subscribe()
    }
}

pub(crate) struct Interest {
    interest: watch::Sender<usize>,
}

impl Drop for Interest {
    fn drop(&mut self) {
        self.interest.send_modify(|count| *count -= 1);
    }
}
