use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Artifact, ErrorReport, EventSeq, ForgeRequest, JobId, ProspectRequest};

/// What a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Picture → mesh.
    Forge,
    /// Prompt → pictures.
    Prospect,
}

impl JobKind {
    /// In the order they run.
    pub fn steps(self) -> &'static [StepName] {
        match self {
            JobKind::Forge => &[
                StepName::Prepare,
                StepName::Views,
                StepName::Gate,
                StepName::Mesh,
                StepName::Finish,
                StepName::Export,
            ],
            JobKind::Prospect => &[StepName::Pictures],
        }
    }

    /// The step to run once every step with a smaller number than `reached` is done; `None` when none is left.
    pub fn step_after(self, reached: usize) -> Option<StepName> {
        self.steps().iter().copied().find(|step| step.index() >= reached)
    }
}

/// What a job is made of, and what it needs to run again with the same result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "request", rename_all = "snake_case")]
pub enum JobRequest {
    Forge(ForgeRequest),
    Prospect(ProspectRequest),
}

impl JobRequest {
    pub fn kind(&self) -> JobKind {
        match self {
            JobRequest::Forge(_) => JobKind::Forge,
            JobRequest::Prospect(_) => JobKind::Prospect,
        }
    }
}

/// The steps of every kind of job; those of one kind in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    /// Picture → cut-out.
    Prepare,
    /// Cut-out → named views.
    Views,
    /// Do the views show the same thing?
    Gate,
    /// Views → raw surface.
    Mesh,
    /// Raw surface → clean, budgeted, unwrapped, textured.
    Finish,
    /// Finished mesh → files.
    Export,
    /// Prompt → pictures, one after the other.
    Pictures,
}

impl StepName {
    pub const ALL: [StepName; 7] = [
        StepName::Prepare,
        StepName::Views,
        StepName::Gate,
        StepName::Mesh,
        StepName::Finish,
        StepName::Export,
        StepName::Pictures,
    ];

    /// Its number in data folders; grows from step to step of a job.
    pub fn index(self) -> usize {
        self as usize
    }

    pub fn as_str(self) -> &'static str {
        match self {
            StepName::Prepare => "prepare",
            StepName::Views => "views",
            StepName::Gate => "gate",
            StepName::Mesh => "mesh",
            StepName::Finish => "finish",
            StepName::Export => "export",
            StepName::Pictures => "pictures",
        }
    }
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StepName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        StepName::ALL.into_iter().find(|step| step.as_str() == text).ok_or_else(|| {
            format!("\"{text}\" is no step; use prepare, views, gate, mesh, finish, export or pictures")
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
    /// Was running when the program ended; resumable from its checkpoint.
    Interrupted,
}

/// What can happen to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobSignal {
    Start,
    Finish,
    Fail,
    Cancel,
    /// The process that ran it is gone.
    Lose,
    /// Back into the queue, from its checkpoint.
    Resume,
    /// Back into the queue, from a step that was done before.
    Retry,
}

impl JobState {
    pub const ALL: [JobState; 6] = [
        JobState::Queued,
        JobState::Running,
        JobState::Done,
        JobState::Failed,
        JobState::Cancelled,
        JobState::Interrupted,
    ];

    /// The one transition function: the state after `signal`, or `None` where the signal means nothing.
    pub fn after(self, signal: JobSignal) -> Option<JobState> {
        use JobSignal as Sig;
        use JobState as St;
        match (self, signal) {
            (St::Queued | St::Interrupted, Sig::Start) => Some(St::Running),
            (St::Running, Sig::Finish) => Some(St::Done),
            (St::Queued | St::Running | St::Interrupted, Sig::Fail) => Some(St::Failed),
            (St::Queued | St::Running | St::Interrupted, Sig::Cancel) => Some(St::Cancelled),
            (St::Running, Sig::Lose) => Some(St::Interrupted),
            (St::Failed | St::Cancelled | St::Interrupted, Sig::Resume)
            | (St::Done | St::Failed | St::Cancelled | St::Interrupted, Sig::Retry) => Some(St::Queued),
            (St::Running | St::Done | St::Failed | St::Cancelled, Sig::Start)
            | (St::Queued | St::Done | St::Failed | St::Cancelled | St::Interrupted, Sig::Finish)
            | (St::Done | St::Failed | St::Cancelled, Sig::Fail | Sig::Cancel)
            | (St::Queued | St::Done | St::Failed | St::Cancelled | St::Interrupted, Sig::Lose)
            | (St::Queued | St::Running | St::Done, Sig::Resume)
            | (St::Queued | St::Running, Sig::Retry) => None,
        }
    }

    /// Nothing more happens unless a person asks for it.
    pub fn is_terminal(self) -> bool {
        match self {
            JobState::Done | JobState::Failed | JobState::Cancelled => true,
            JobState::Queued | JobState::Running | JobState::Interrupted => false,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
            JobState::Interrupted => "interrupted",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Waiting,
    Running,
    Done,
    Failed,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepSnapshot {
    pub name: StepName,
    pub state: StepState,
    /// Wall time of the run that finished or ended it.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub elapsed_ms: Option<u64>,
    /// Median of this computer's finished runs of this step with this engine; `None` before the first.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub estimate_ms: Option<u64>,
}

/// Steps that run again beside the result that stands, until theirs is complete and replaces it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetrySnapshot {
    /// The first of them.
    pub from: StepName,
    /// What they have made so far.
    pub artifacts: Vec<Artifact>,
}

/// A job as it stands, with the cursor from which live events continue it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobSnapshot {
    pub id: JobId,
    /// What it is called on screen and what its files are called.
    pub name: String,
    pub project: Option<String>,
    pub state: JobState,
    /// How many jobs run before this one, while it waits.
    pub place_in_queue: Option<u32>,
    /// A cancel was asked for and is not through yet.
    pub cancelling: bool,
    /// The last step whose results are safe on disk.
    pub checkpoint: Option<StepName>,
    /// Open until its last step is done.
    pub retry: Option<RetrySnapshot>,
    /// Those of an open retry in place of the ones they repeat.
    pub steps: Vec<StepSnapshot>,
    #[serde(flatten)]
    pub request: JobRequest,
    /// Milliseconds since 1970-01-01 UTC.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: i64,
    pub artifacts: Vec<Artifact>,
    pub error: Option<ErrorReport>,
    /// Sequence number of the last event this snapshot includes.
    pub last_seq: EventSeq,
}
