use std::process::ExitCode;

use oreforge_protocol::{ErrorCode, ErrorReport};

use crate::show;

/// How the program ends; the highest of several counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Done = 0,
    Usage = 2,
    BadInput = 3,
    EngineUnavailable = 4,
    GateRefused = 5,
    Failed = 6,
    Cancelled = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl From<ErrorCode> for Exit {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::BadRequest
            | ErrorCode::JobNotFound
            | ErrorCode::ProjectNotFound
            | ErrorCode::ArtifactNotFound
            | ErrorCode::WrongState
            | ErrorCode::OutputUnwritable => Exit::Usage,
            ErrorCode::PictureMissing
            | ErrorCode::PictureEmpty
            | ErrorCode::PictureDamaged
            | ErrorCode::NotAPicture
            | ErrorCode::PictureUnsupported
            | ErrorCode::PictureTooLarge
            | ErrorCode::PictureTooSmall
            | ErrorCode::NeedsMask
            | ErrorCode::MaskUnusable
            | ErrorCode::ViewUnusable
            | ErrorCode::MeshMissing
            | ErrorCode::MeshUnusable
            | ErrorCode::MeshTooLarge => Exit::BadInput,
            ErrorCode::EngineUnavailable => Exit::EngineUnavailable,
            ErrorCode::GateRefused => Exit::GateRefused,
            ErrorCode::EngineFailed
            | ErrorCode::DownloadFailed
            | ErrorCode::StepPanicked
            | ErrorCode::Quarantined
            | ErrorCode::DiskFull
            | ErrorCode::StoreUnavailable
            | ErrorCode::StoreTooNew
            | ErrorCode::StoreBusy
            | ErrorCode::Internal => Exit::Failed,
            ErrorCode::Cancelled => Exit::Cancelled,
        }
    }
}

/// Says an error that ended the program, and what the program ends with.
pub fn of_error(error: &anyhow::Error) -> Exit {
    match error.downcast_ref::<ErrorReport>() {
        Some(report) => {
            show::report(report);
            Exit::from(report.code)
        }
        None => {
            show::error_line(&format!("{error:#}"));
            Exit::Failed
        }
    }
}
