use serde::{Deserialize, Serialize};

use crate::JobId;

/// Where a job that waits goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum QueueMove {
    /// Before all that wait.
    Front,
    Up,
    Down,
    /// Behind all that wait.
    Back,
    /// Before another that waits; where that waits no more, nothing moves.
    Before(JobId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueueState {
    /// What waits keeps waiting; what runs goes on.
    pub paused: bool,
}
