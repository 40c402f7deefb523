use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Artifact, ErrorReport, EventSeq, GateReport, JobId, MeshStats, StepName};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Info,
    Warn,
}

/// Something that happened to a job. The log of these is the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    pub seq: EventSeq,
    pub job_id: JobId,
    /// Milliseconds since 1970-01-01 UTC.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: i64,
    #[serde(flatten)]
    pub body: EventBody,
}

/// What a running step is about to bring. No event: only the newest is kept, in memory, while the step runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LivePreview {
    pub job_id: JobId,
    pub step: StepName,
    /// Which of the prompt's pictures it will be; `None` in a forge.
    pub number: Option<u32>,
    /// JPEG in base64, at most 384 pixels a side.
    pub jpeg: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventBody {
    Queued {
        name: String,
    },
    StepActive {
        step: StepName,
        /// Median of this computer's finished runs; `None` before the first.
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        estimate_ms: Option<u64>,
    },
    /// Coalesced: a newer one of the same step replaces an older.
    Progress {
        step: StepName,
        /// 0..=1, never falling within a step.
        fraction: f32,
        /// What is being done, as a short phrase.
        doing: String,
    },
    /// A picture on the way, or one that was asked for: the cut-out, the contact sheet, one made from a prompt.
    ImageReady {
        artifact: Artifact,
    },
    ViewReady {
        artifact: Artifact,
    },
    MeshReady {
        artifact: Artifact,
        /// Of the finished mesh; the raw surface is not measured.
        stats: Option<MeshStats>,
    },
    Quality {
        report: GateReport,
    },
    Log {
        level: LogLevel,
        message: String,
    },
    StepDone {
        step: StepName,
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        elapsed_ms: u64,
        facts: BTreeMap<String, serde_json::Value>,
    },
    /// A cancel was asked for; `cancelled` follows when it is true.
    Cancelling,
    /// The program that ran it ended; resumable from its checkpoint.
    Interrupted,
    Resumed {
        /// The step it goes on with.
        step: StepName,
    },
    /// The steps from this one on run again. What they make replaces what stands with the `done` that follows;
    /// until then it stands.
    Retried {
        from: StepName,
    },
    Done {
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        elapsed_ms: u64,
    },
    Error {
        /// The step it failed in; `None` before the first.
        step: Option<StepName>,
        error: ErrorReport,
    },
    Cancelled,
}

impl EventBody {
    /// The job is over, until a person resumes or retries it.
    pub fn is_terminal(&self) -> bool {
        match self {
            EventBody::Done { .. } | EventBody::Error { .. } | EventBody::Cancelled => true,
            EventBody::Queued { .. }
            | EventBody::StepActive { .. }
            | EventBody::Progress { .. }
            | EventBody::ImageReady { .. }
            | EventBody::ViewReady { .. }
            | EventBody::MeshReady { .. }
            | EventBody::Quality { .. }
            | EventBody::Log { .. }
            | EventBody::StepDone { .. }
            | EventBody::Cancelling
            | EventBody::Interrupted
            | EventBody::Resumed { .. }
            | EventBody::Retried { .. } => false,
        }
    }
}
