use std::path::PathBuf;
use std::time::Duration;

/// What a request must bring in its `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    Bearer(String),
    Basic { user: String, password: String },
}

/// How the fake is set up; the default is the captured server.
#[derive(Debug, Clone)]
pub struct Options {
    /// 0 takes a free one and keeps it over restarts.
    pub port: u16,
    /// As a reverse proxy would add: `/comfy`. Empty or with a leading slash.
    pub base_path: String,
    pub auth: Option<Auth>,
    /// Of every body. The server's default is 100 MiB.
    pub max_upload_bytes: u64,
    /// How long a sampler step takes.
    pub step: Duration,
    /// What it calls itself; None for a fork that tells nothing.
    pub version: Option<&'static str>,
    /// Where the server says that its models lie.
    pub models_folder: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            base_path: String::new(),
            auth: None,
            max_upload_bytes: 100 * 1024 * 1024,
            step: Duration::ZERO,
            version: Some("0.3.64"),
            models_folder: PathBuf::from("/comfyui/models"),
        }
    }
}
