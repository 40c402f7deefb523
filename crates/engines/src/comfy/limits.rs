use std::time::Duration;

/// How long anything on the outside may take. A run has no limit in total, only on silence: a server without
/// a graphics card may honestly need half an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub connect: Duration,
    /// One request and its answer; of a download, between two pieces of it.
    pub request: Duration,
    /// One question about a server's health.
    pub probe: Duration,
    /// A prompt that neither moves in the queue nor makes progress is given up after this long.
    pub silence: Duration,
    /// A server that does not answer is given up after this long; a restart takes half a minute and more.
    pub unreachable: Duration,
    /// A server that does not answer is not asked longer than this to stop a prompt.
    pub stop_unreachable: Duration,
    /// A request whose answer was lost may still be on its way this long.
    pub in_flight: Duration,
    /// First and longest pause between two looks at a prompt.
    pub look: (Duration, Duration),
    /// First and longest pause after something failed.
    pub back_off: (Duration, Duration),
    /// Pause before a socket that broke is opened again: the server must have noticed the end of the old one.
    pub reopen: Duration,
    /// A socket that says nothing of a running prompt this long may be deaf, and is opened anew.
    pub deaf: Duration,
    /// Between two pings; the server never pings.
    pub ping: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(60),
            probe: Duration::from_secs(3),
            silence: Duration::from_secs(15 * 60),
            unreachable: Duration::from_secs(5 * 60),
            stop_unreachable: Duration::from_secs(30),
            in_flight: Duration::from_secs(3),
            look: (Duration::from_secs(1), Duration::from_secs(5)),
            back_off: (Duration::from_millis(250), Duration::from_secs(10)),
            reopen: Duration::from_secs(1),
            deaf: Duration::from_secs(20),
            ping: Duration::from_secs(15),
        }
    }
}
