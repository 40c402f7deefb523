use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use oreforge_protocol::{ErrorCode, ErrorReport};

/// An error as an HTTP answer: its report is the body.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    report: ErrorReport,
}

impl Refusal {
    pub(crate) fn of(status: StatusCode, message: &str) -> Self {
        Self { status, report: ErrorReport::new(ErrorCode::BadRequest, message) }
    }

    pub(crate) fn too_many() -> Self {
        Self::of(StatusCode::TOO_MANY_REQUESTS, "Too many requests; wait a moment.")
    }
}

impl From<ErrorReport> for Refusal {
    fn from(report: ErrorReport) -> Self {
        Self { status: status_of(report.code), report }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.report)).into_response()
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest => StatusCode::BAD_REQUEST,
        ErrorCode::PictureTooLarge | ErrorCode::MeshTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::PictureMissing
        | ErrorCode::PictureEmpty
        | ErrorCode::PictureDamaged
        | ErrorCode::NotAPicture
        | ErrorCode::PictureUnsupported
        | ErrorCode::PictureTooSmall
        | ErrorCode::NeedsMask
        | ErrorCode::MaskUnusable
        | ErrorCode::ViewUnusable
        | ErrorCode::MeshMissing
        | ErrorCode::MeshUnusable
        | ErrorCode::GateRefused => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::JobNotFound | ErrorCode::ProjectNotFound | ErrorCode::ArtifactNotFound => {
            StatusCode::NOT_FOUND
        }
        ErrorCode::WrongState | ErrorCode::Cancelled => StatusCode::CONFLICT,
        ErrorCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::EngineUnavailable | ErrorCode::StoreBusy | ErrorCode::StoreUnavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::EngineFailed
        | ErrorCode::DownloadFailed
        | ErrorCode::StepPanicked
        | ErrorCode::Quarantined
        | ErrorCode::OutputUnwritable
        | ErrorCode::StoreTooNew
        | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
