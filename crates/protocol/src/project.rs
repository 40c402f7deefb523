use serde::{Deserialize, Serialize};

/// The jobs of one name, and the folder their files are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectInfo {
    pub name: String,
    /// Absolute path; there once a job has made something.
    pub folder: String,
    pub jobs: u32,
    /// In the Gallery.
    pub entries: u32,
    /// Put away: found under its own name only.
    pub archived: bool,
}
