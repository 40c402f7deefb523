use std::io;
use std::path::{Path, PathBuf};

use oreforge_protocol::{
    ArtifactId, DownloadId, ErrorCode, ErrorReport, JobId, JobSignal, JobState, SourceId, StepName,
};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the data folder has schema {found}; this version knows {known}")]
    TooNew { found: i64, known: i64 },
    #[error("{} cannot have a write-ahead log", path.display())]
    NoLog { path: PathBuf },
    #[error("from schema {found} to {known}: {source}")]
    Migration { found: i64, known: i64, source: rusqlite::Error },
    #[error("{needed_bytes} bytes are needed, {free_bytes} are free in {}", folder.display())]
    NoRoom { folder: PathBuf, needed_bytes: u64, spare_bytes: u64, free_bytes: u64 },
    #[error("no job {0}")]
    JobNotFound(JobId),
    #[error("no artifact {0}")]
    ArtifactNotFound(ArtifactId),
    #[error("no source {0}")]
    SourceNotFound(SourceId),
    #[error("no project \"{0}\"")]
    ProjectNotFound(String),
    /// Jobs of the project run or wait.
    #[error("{jobs} jobs of \"{project}\" are at work or wait")]
    ProjectBusy { project: String, jobs: u32 },
    /// Another project bears the name, or something lies where its folder would.
    #[error("{} is taken", path.display())]
    ProjectTaken { project: String, path: PathBuf },
    /// Jobs of another project, or of none, lie in the same folder.
    #[error("{} is shared", path.display())]
    ProjectShared { project: String, path: PathBuf },
    #[error("the job is {} and does not wait", state.as_str())]
    NotQueued { state: JobState },
    #[error("no download {0}")]
    DownloadNotFound(DownloadId),
    /// The same file is on its way from another address.
    #[error("it comes from {0}")]
    DownloadElsewhere(String),
    #[error("a job that is {} cannot {signal:?}", state.as_str())]
    WrongState { state: JobState, signal: JobSignal },
    /// A retry from a step whose inputs the job never made.
    #[error("the job has not come to {from}")]
    NotReached { from: StepName },
    #[error("a job of another kind has the step {step}")]
    NoSuchStep { step: StepName },
    /// Another process runs this job.
    #[error("job {0} belongs to another process")]
    NotOurs(JobId),
    /// A step tried to commit a file without content.
    #[error("an artifact of 0 bytes")]
    EmptyArtifact,
    /// A row does not hold what this version writes.
    #[error("unreadable row: {0}")]
    Corrupt(String),
    /// A file no longer has the bytes that were written.
    #[error("{} was changed or removed outside the app", path.display())]
    FileChanged { path: PathBuf },
}

impl StoreError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        StoreError::Io { path: path.to_owned(), source }
    }

    fn code(&self) -> ErrorCode {
        match self {
            StoreError::Sqlite(error) | StoreError::Migration { source: error, .. } => {
                match error.sqlite_error_code() {
                    Some(rusqlite::ErrorCode::DiskFull) => ErrorCode::DiskFull,
                    Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                        ErrorCode::StoreBusy
                    }
                    _ => ErrorCode::StoreUnavailable,
                }
            }
            StoreError::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
                _ => ErrorCode::StoreUnavailable,
            },
            StoreError::NoRoom { .. } => ErrorCode::DiskFull,
            StoreError::TooNew { .. } => ErrorCode::StoreTooNew,
            StoreError::JobNotFound(_) => ErrorCode::JobNotFound,
            StoreError::ArtifactNotFound(_) => ErrorCode::ArtifactNotFound,
            StoreError::SourceNotFound(_) => ErrorCode::PictureMissing,
            StoreError::DownloadNotFound(_) => ErrorCode::BadRequest,
            StoreError::ProjectNotFound(_) => ErrorCode::ProjectNotFound,
            StoreError::ProjectTaken { .. } => ErrorCode::BadRequest,
            StoreError::ProjectBusy { .. }
            | StoreError::ProjectShared { .. }
            | StoreError::NotQueued { .. }
            | StoreError::DownloadElsewhere(_)
            | StoreError::WrongState { .. }
            | StoreError::NotReached { .. }
            | StoreError::NoSuchStep { .. }
            | StoreError::NotOurs(_) => ErrorCode::WrongState,
            StoreError::EmptyArtifact => ErrorCode::Internal,
            StoreError::NoLog { .. } | StoreError::Corrupt(_) | StoreError::FileChanged { .. } => {
                ErrorCode::StoreUnavailable
            }
        }
    }
}

impl From<StoreError> for ErrorReport {
    fn from(error: StoreError) -> Self {
        let code = error.code();
        let report = match &error {
            StoreError::Sqlite(error)
                if matches!(
                    error.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
                ) =>
            {
                unreadable(code)
            }
            StoreError::Sqlite(_) | StoreError::Io { .. } => match code {
                ErrorCode::DiskFull => ErrorReport::new(code, "The disk is full.").with_hint(HINT_SPACE),
                ErrorCode::StoreBusy => ErrorReport::new(code, "Another program is holding the data folder.")
                    .with_hint("Wait a moment and try again."),
                _ => {
                    let (message, hint) = match &error {
                        StoreError::Io { path, source } => (unusable(path, source), HINT_FOLDER),
                        _ => ("The data folder cannot be read or written.".to_owned(), HINT_FOLDER),
                    };
                    ErrorReport::new(code, message).with_hint(hint)
                }
            },
            StoreError::NoRoom { folder, needed_bytes, spare_bytes, free_bytes } => ErrorReport::new(
                code,
                format!(
                    "{} MB are needed and {} MB are to stay free; {} MB are free in {}.",
                    needed_bytes.div_ceil(1_000_000),
                    spare_bytes / 1_000_000,
                    free_bytes / 1_000_000,
                    folder.display()
                ),
            )
            .with_hint(HINT_SPACE),
            StoreError::NoLog { .. } => ErrorReport::new(code, "The data folder lies where its database would not be safe.")
                .with_hint("Network drives cannot share a database between programs: choose a data folder on this computer."),
            StoreError::TooNew { .. } => {
                ErrorReport::new(code, "The data folder was made by a newer version of Oreforge.")
                    .with_hint("Update Oreforge, or choose another data folder.")
            }
            StoreError::Migration { .. } => ErrorReport::new(
                code,
                "The data folder could not be brought to this version of Oreforge.",
            )
            .with_hint(
                "Nothing in it was changed. Free some space and try again, or choose another data folder.",
            ),
            StoreError::JobNotFound(_) => ErrorReport::new(code, "There is no such job."),
            StoreError::ArtifactNotFound(_) => ErrorReport::new(code, "There is no such file."),
            StoreError::SourceNotFound(_) => {
                ErrorReport::new(code, "That picture is not in the data folder.")
                    .with_hint("Open the picture again.")
            }
            StoreError::ProjectNotFound(project) => {
                ErrorReport::new(code, format!("There is no project \"{project}\"."))
            }
            StoreError::ProjectBusy { project, jobs } => {
                let jobs = if *jobs == 1 { "a job".to_owned() } else { format!("{jobs} jobs") };
                ErrorReport::new(code, format!("\"{project}\" has {jobs} at work or waiting."))
                    .with_hint("Let them end, or cancel them, and try again.")
            }
            StoreError::ProjectTaken { project, .. } => {
                ErrorReport::new(code, format!("There is a project or a folder like \"{project}\" already."))
                    .with_hint("Choose another name.")
            }
            StoreError::ProjectShared { project, path } => ErrorReport::new(
                code,
                format!("\"{project}\" shares its folder with other jobs: {}.", path.display()),
            )
            .with_hint("A folder that several share keeps its name."),
            StoreError::NotQueued { state } => {
                ErrorReport::new(code, format!("This job is {} and does not wait.", state.as_str()))
                    .with_hint("Only jobs that wait for their turn can be moved.")
            }
            StoreError::DownloadNotFound(_) => {
                ErrorReport::new(code, "That download is not in the list any more.")
            }
            StoreError::DownloadElsewhere(_) => {
                ErrorReport::new(code, "That file is on its way already, from another address.")
                    .with_hint("Wait until it is here, or cancel it first.")
            }
            StoreError::WrongState { state, signal } => ErrorReport::new(code, refusal(*state, *signal)),
            StoreError::NotReached { from } => {
                ErrorReport::new(code, format!("This job has not come to the step \"{from}\" yet."))
                    .with_hint("Resume it, or retry from an earlier step.")
            }
            StoreError::NoSuchStep { step } => {
                ErrorReport::new(code, format!("This job has no step \"{step}\"."))
                    .with_hint("Look at its steps with `oreforge jobs show`.")
            }
            StoreError::NotOurs(_) => ErrorReport::new(code, "Another Oreforge is working on this job.")
                .with_hint("Wait until it is done there."),
            StoreError::EmptyArtifact => ErrorReport::new(code, "A step made an empty file."),
            StoreError::Corrupt(_) => unreadable(code),
            StoreError::FileChanged { .. } => {
                ErrorReport::new(code, "A file of this job was changed or removed outside the app.")
                    .with_hint("Forge the picture again.")
            }
        };
        report.with_details(error.to_string())
    }
}

const HINT_SPACE: &str = "Free some space, then resume the job: finished steps are kept.";
const HINT_FOLDER: &str = "Check that the folder is there and that you may write to it, then resume the job: finished steps are kept.";

fn unusable(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => format!("{path} is not there any more."),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            format!("{path} cannot be written: it is read-only, or held by another program.")
        }
        io::ErrorKind::IsADirectory | io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
            format!("Something of the same name is in the way of {path}.")
        }
        io::ErrorKind::ResourceBusy => format!("Another program holds {path}."),
        _ => format!("{path} cannot be read or written."),
    }
}

fn unreadable(code: ErrorCode) -> ErrorReport {
    ErrorReport::new(code, "The data folder holds something unreadable.")
        .with_hint("Choose another data folder, and please report this.")
}

fn refusal(state: JobState, signal: JobSignal) -> String {
    let verb = match signal {
        JobSignal::Start => "started",
        JobSignal::Finish => "finished",
        JobSignal::Fail => "failed",
        JobSignal::Cancel => "cancelled",
        JobSignal::Lose => "interrupted",
        JobSignal::Resume => "resumed",
        JobSignal::Retry => "run again",
    };
    format!("This job is {} and cannot be {verb}.", state.as_str())
}
