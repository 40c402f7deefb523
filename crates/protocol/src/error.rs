use std::fmt;

use serde::{Deserialize, Serialize};

/// Every way a command or a job can fail. Closed: hosts match on it exhaustively.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request itself makes no sense: a value out of range, a slot twice.
    BadRequest,
    /// No file there, or it may not be read.
    PictureMissing,
    PictureEmpty,
    /// The file ends before the picture does, or its data contradicts itself.
    PictureDamaged,
    /// The bytes are no picture at all.
    NotAPicture,
    /// A picture of a kind that is not read here.
    PictureUnsupported,
    /// More bytes, pixels or memory than allowed.
    PictureTooLarge,
    /// Too few pixels or a side of almost nothing.
    PictureTooSmall,
    /// The object cannot be told from its background; a person has to say.
    NeedsMask,
    /// The given mask shows nothing, everything, or has other proportions.
    MaskUnusable,
    /// A given side view cannot be used.
    ViewUnusable,
    /// No mesh file there, or one it needs beside it is not.
    MeshMissing,
    /// The bytes are no mesh, or one that is damaged or of a kind that is not read here.
    MeshUnusable,
    /// More bytes, vertices or triangles than allowed.
    MeshTooLarge,
    EngineUnavailable,
    GateRefused,
    EngineFailed,
    /// A model file could not be fetched, or is not what it should be.
    DownloadFailed,
    /// A step panicked; the job ended, the app did not.
    StepPanicked,
    /// The program ended twice in the same step of this job; it goes on only when a person says so.
    Quarantined,
    Cancelled,
    JobNotFound,
    ProjectNotFound,
    ArtifactNotFound,
    /// The job's state does not allow it.
    WrongState,
    /// The chosen place cannot be written.
    OutputUnwritable,
    DiskFull,
    /// The data folder cannot be opened, read or written.
    StoreUnavailable,
    /// The data folder was made by a newer version.
    StoreTooNew,
    /// Another program holds the data folder.
    StoreBusy,
    /// A bug of ours.
    Internal,
}

/// An error as it crosses a boundary: what happened in an artist's words, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorReport {
    pub code: ErrorCode,
    pub message: String,
    /// For a person who wants to know more, or for a bug report.
    pub details: Option<String>,
    pub hint: Option<String>,
}

impl ErrorReport {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None, hint: None }
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }
}

impl fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ErrorReport {}
