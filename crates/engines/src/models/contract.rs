//! What is fetched, within which limits, and who is told about it.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use oreforge_protocol::ErrorReport;
use url::Url;

/// A file, and where it goes.
#[derive(Debug, Clone)]
pub struct Fetch {
    pub url: Url,
    /// Its folder is there.
    pub target: PathBuf,
    /// 64 lower-case hex digits.
    pub sha256: Option<String>,
}

/// How much of a file is safe on the disk, and of which version of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    pub bytes: u64,
    pub total_bytes: Option<u64>,
    /// What the site calls this version; without it nothing can be gone on with.
    pub validator: Option<String>,
}

/// Where a fetch notes what it has, so that another life of the program finds it.
#[async_trait]
pub trait FetchLedger: Send + Sync {
    /// Durable against the end of the process when this returns; an error ends the fetch.
    async fn note(&self, checkpoint: &Checkpoint) -> Result<(), ErrorReport>;
    /// What has come, safe or not.
    fn progress(&self, bytes: u64, total_bytes: Option<u64>);
}

#[derive(Debug, Clone)]
pub struct FetchLimits {
    pub connect: Duration,
    /// Without news from a site.
    pub stall: Duration,
    /// Tries in a row that bring nothing.
    pub tries: u32,
    /// First and longest pause between two tries.
    pub back_off: (Duration, Duration),
    /// Longest pause that a site may ask for.
    pub longest_pause: Duration,
    /// Between two looks at what is safe on the disk.
    pub checkpoint: Duration,
    /// What the rest of the computer is left.
    pub reserve_bytes: u64,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            tries: 6,
            back_off: (Duration::from_millis(500), Duration::from_secs(20)),
            longest_pause: Duration::from_secs(120),
            checkpoint: Duration::from_secs(1),
            reserve_bytes: 256_000_000,
        }
    }
}
