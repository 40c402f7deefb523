use std::path::PathBuf;
use std::time::Duration;

use oreforge_protocol::{ErrorCode, ErrorReport};
use thiserror::Error;

/// Why a file did not come. What has come before is kept, unless it is no good.
#[derive(Debug, Error)]
pub enum FetchError {
    #[error("cancelled")]
    Cancelled,
    #[error("the connection to {site} broke: {why}")]
    Broken { site: String, why: String },
    #[error("nothing came from {site} for {} s", limit.as_secs())]
    Stalled { site: String, limit: Duration },
    #[error("{site} answered {status}")]
    Busy { site: String, status: u16, retry_after: Option<Duration> },
    #[error("{site} answered 401")]
    WhoAreYou { site: String, had_token: bool },
    #[error("{site} answered 403")]
    Forbidden { site: String, had_token: bool },
    #[error("{site} answered {status}")]
    Gone { site: String, status: u16 },
    #[error("{site} answered {status}")]
    Refused { site: String, status: u16 },
    #[error("{site} answered with a web page")]
    WebPage { site: String },
    #[error("{site} {why}")]
    Redirect { site: String, why: &'static str },
    #[error("{needed_bytes} bytes are needed, {free_bytes} are free in {}", folder.display())]
    NoRoom { folder: PathBuf, needed_bytes: u64, free_bytes: u64 },
    #[error("more came than was announced")]
    TooLong,
    #[error("it is no model: {0}")]
    NotAModel(&'static str),
    #[error("its SHA-256 is {found}, not {wanted}")]
    Checksum { wanted: String, found: String },
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    #[error("another program writes {}", .0.display())]
    Held(PathBuf),
    #[error("{}: {error}", path.display())]
    Disk { path: PathBuf, error: std::io::Error },
    #[error("secure connections cannot be set up: {0}")]
    Setup(String),
    #[error("{0}")]
    Ledger(ErrorReport),
}

impl FetchError {
    /// Whether the same request may work a little later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, FetchError::Broken { .. } | FetchError::Stalled { .. } | FetchError::Busy { .. })
    }

    /// Whether what has come is of no use to another try.
    pub(super) fn spoils(&self) -> bool {
        matches!(self, FetchError::TooLong | FetchError::NotAModel(_) | FetchError::Checksum { .. })
    }
}

const GO_ON: &str = "Try again: it goes on where it stopped.";

impl From<FetchError> for ErrorReport {
    fn from(error: FetchError) -> Self {
        let details = error.to_string();
        let failed = |message: String, hint: &str| {
            ErrorReport::new(ErrorCode::DownloadFailed, message).with_hint(hint)
        };
        let report = match error {
            FetchError::Ledger(report) => return report,
            FetchError::Cancelled => ErrorReport::new(ErrorCode::Cancelled, "The download was cancelled."),
            FetchError::Broken { site, .. } => {
                failed(format!("The connection to {site} broke again and again."), GO_ON)
            }
            FetchError::Stalled { site, .. } => failed(format!("{site} stopped sending."), GO_ON),
            FetchError::Busy { site, status: 429, .. } => failed(
                format!("{site} says that too much was asked of it in a short time."),
                "Wait some minutes and try again: it goes on where it stopped. With a token sites allow more.",
            ),
            FetchError::Busy { site, .. } => failed(format!("{site} has trouble of its own."), GO_ON),
            FetchError::WhoAreYou { site, had_token: false } => failed(
                format!("{site} gives this file only to those it knows."),
                "Make an access token in your account there, and store it for this site.",
            ),
            FetchError::WhoAreYou { site, had_token: true } => failed(
                format!("{site} does not know the stored token any more."),
                "Make a new access token in your account there, and store it for this site.",
            ),
            FetchError::Forbidden { site, had_token: false } => failed(
                format!("{site} does not give this file to everybody."),
                "Open the model's page, accept its licence there, and store an access token of your account.",
            ),
            FetchError::Forbidden { site, had_token: true } => failed(
                format!("{site} does not give this file to the account of the stored token."),
                "Open the model's page and accept its licence there; the token must be allowed to read it.",
            ),
            FetchError::Gone { site, .. } => failed(
                format!("{site} has no such file."),
                "Open the model's page and copy the address of its download button.",
            ),
            FetchError::Refused { site, status } => failed(
                format!("{site} refuses to send the file ({status})."),
                "Open the model's page and look what it asks for.",
            ),
            FetchError::WebPage { site } => failed(
                format!("{site} sent a web page instead of a file."),
                "Copy the address of the download button, not of the page it is on. Sites that want to know you send \
                 such a page too: store a token for them.",
            ),
            FetchError::Redirect { site, why } => failed(
                format!("{site} {why}."),
                "Open the model's page and copy the address of its download button.",
            ),
            FetchError::NoRoom { folder, needed_bytes, free_bytes } => ErrorReport::new(
                ErrorCode::DiskFull,
                format!(
                    "{} MB are needed, {} MB are free in {}.",
                    needed_bytes.div_ceil(1_000_000),
                    free_bytes / 1_000_000,
                    folder.display()
                ),
            )
            .with_hint("Free some space and try again: what has come is kept."),
            FetchError::TooLong | FetchError::NotAModel(_) => failed(
                "What came is not a whole model file.".to_owned(),
                "It was thrown away. Open the model's page and copy the address of its download button.",
            ),
            FetchError::Checksum { .. } => failed(
                "What came is not the file that was asked for: its checksum differs.".to_owned(),
                "It was thrown away. Compare the checksum with the model's page; another version may be there now.",
            ),
            FetchError::Exists(path) => {
                ErrorReport::new(ErrorCode::OutputUnwritable, format!("{} is there already.", path.display()))
                    .with_hint("It is never replaced. Move it away, or choose another name.")
            }
            FetchError::Held(path) => ErrorReport::new(
                ErrorCode::WrongState,
                format!("Another Oreforge is fetching {}.", path.display()),
            )
            .with_hint("Wait until it is done there."),
            FetchError::Disk { path, error } => {
                let full = matches!(
                    error.kind(),
                    std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
                );
                if full {
                    ErrorReport::new(ErrorCode::DiskFull, "The disk is full.")
                        .with_hint("Free some space and try again: what has come is kept.")
                } else {
                    ErrorReport::new(
                        ErrorCode::OutputUnwritable,
                        format!("{} cannot be written.", path.display()),
                    )
                    .with_hint("Check that the models folder is there and that you may write to it.")
                }
            }
            FetchError::Setup(_) => ErrorReport::new(
                ErrorCode::DownloadFailed,
                "Secure connections cannot be set up on this computer.",
            ),
        };
        report.with_details(details)
    }
}
