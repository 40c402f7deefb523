//! SQLite rows, artifact files, event log.
//!
//! One [`Store`] is one data folder. Its calls block; whoever runs async code calls them from a blocking
//! thread. Every call that changes a job is one transaction, and only the runner that owns a job may move it.

mod artifacts;
mod cancel;
mod create;
mod downloads;
mod error;
mod estimate;
mod events;
pub mod faults;
mod file;
mod gallery;
mod layout;
mod loose;
mod projects;
mod prompts;
mod queue;
mod recover;
mod retry;
mod row;
mod run;
mod runner;
mod schema;
mod settings;
mod snapshot;
mod sources;
mod space;
mod store;

pub use artifacts::{ArtifactBytes, Staged};
pub use cancel::CancelAnswer;
pub use create::NewJob;
pub use downloads::{DownloadCheckpoint, NewDownload, NextDownload};
pub use error::StoreError;
pub use file::write_atomically;
pub use layout::safe_file_name;
pub use run::{Begun, QueuedJob, StepCommit};
pub use sources::StoredSource;
pub use store::Store;
