use serde::{Deserialize, Serialize};

use crate::{DownloadId, ErrorReport};

/// A model file that is to be fetched into the models folder of a ComfyUI on this computer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ModelRequest {
    /// Where the file itself is, as a person confirmed it: http or https, without a password or a token in it.
    pub url: String,
    /// Below the models folder, as `checkpoints`.
    pub folder: String,
    /// What it is called there; the last part of the address when absent.
    pub file_name: Option<String>,
    /// 64 hex digits that the file must have; not looked at when absent.
    pub sha256: Option<String>,
    /// Also take a file of a kind that can hold a program, which ComfyUI may run as it loads it: `.ckpt`, `.pt`,
    /// `.pth`, `.bin`.
    pub may_run_code: bool,
    /// The models folder, absolute; that of the settings, or of a server on this computer, when absent.
    pub models_folder: Option<String>,
    /// Address of the server whose models folder it is; the first of the settings that is on this computer when
    /// absent.
    pub server: Option<String>,
}

/// Where a download stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DownloadState {
    /// For its turn: two are fetched at once.
    Waiting,
    Running,
    /// The program that fetched it ended. Goes on where it was when a person says so.
    Interrupted,
    Done,
    /// What has come stays, so that another try can go on with it.
    Failed,
    Cancelled,
}

impl DownloadState {
    /// Nobody fetches it now, and nobody will by himself.
    pub fn is_over(self) -> bool {
        match self {
            DownloadState::Waiting | DownloadState::Running => false,
            DownloadState::Interrupted
            | DownloadState::Done
            | DownloadState::Failed
            | DownloadState::Cancelled => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelDownload {
    pub id: DownloadId,
    pub url: String,
    /// Below the models folder.
    pub folder: String,
    pub file_name: String,
    /// Where the file is, or will be.
    pub path: String,
    pub sha256: Option<String>,
    pub state: DownloadState,
    /// What is safe on the disk, or while it runs here what has come.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// As the site says; `None` until it does.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub total_bytes: Option<u64>,
    /// Over the last seconds; `None` when it does not run.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub bytes_per_s: Option<u64>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// Milliseconds since 1970-01-01 UTC.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: i64,
}

/// Whether downloads from a site carry a token. The token itself is in the system's keyring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelSite {
    /// Host, with its port where it is not the usual one.
    pub site: String,
    pub has_token: bool,
}

/// Where model files go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelsFolder {
    /// Absolute; `None` where nothing on this computer is known to be one.
    pub path: Option<String>,
    /// Why there is none.
    pub problem: Option<ErrorReport>,
}
