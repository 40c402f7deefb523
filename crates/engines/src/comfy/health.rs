use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::address::Credentials;
use super::back_off::BackOff;
use super::http::HttpError;
use super::server::Server;
use super::version::Version;

/// The oldest server known to take our prompt ids and to interrupt one prompt and no other.
const OLDEST_VERSION: Version = Version([0, 3, 64]);

/// How a server is, with the reason in a person's words.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Health {
    Unreachable {
        reason: String,
    },
    /// Something is there and does not answer properly yet.
    Starting {
        reason: String,
    },
    Ready(ServerInfo),
    /// Ready, and at work: `queued` prompts of everybody wait or run.
    Busy {
        queued: u32,
        #[serde(flatten)]
        info: ServerInfo,
    },
    /// It lets in only whoever has a token or a password, and not us.
    Locked {
        reason: String,
    },
    /// It will not become usable by waiting.
    Incompatible {
        reason: String,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ServerInfo {
    pub version: Option<String>,
    pub devices: Vec<Device>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub vram_total: f64,
    #[serde(default)]
    pub vram_free: f64,
}

#[derive(Deserialize)]
struct SystemStats {
    system: System,
    #[serde(default)]
    devices: Vec<Device>,
}

#[derive(Deserialize)]
struct System {
    /// Every ComfyUI tells it; other programs with a route of this name do not.
    #[serde(default)]
    comfyui_version: Option<String>,
    #[serde(default)]
    pytorch_version: Option<String>,
}

#[derive(Deserialize)]
struct QueueInfo {
    exec_info: ExecInfo,
}

#[derive(Deserialize)]
struct ExecInfo {
    queue_remaining: f64,
}

impl Health {
    pub fn is_usable(&self) -> bool {
        self.info().is_some()
    }

    /// Prompts of everybody; `None` where nothing can be run.
    pub fn queued(&self) -> Option<u32> {
        match self {
            Health::Ready(_) => Some(0),
            Health::Busy { queued, .. } => Some(*queued),
            Health::Unreachable { .. }
            | Health::Starting { .. }
            | Health::Locked { .. }
            | Health::Incompatible { .. } => None,
        }
    }

    /// What a person can do to make it usable; nothing when it is.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Health::Ready(_) | Health::Busy { .. } => None,
            Health::Starting { .. } => Some("Wait until ComfyUI has started; its own window says when."),
            Health::Unreachable { .. } => Some(
                "Start ComfyUI, or check the address and the port. On another computer start it with --listen.",
            ),
            Health::Locked { .. } => Some(
                "Give it in the settings, under Servers; on the command line with --token, or in the address as \
                 https://user:password@host.",
            ),
            Health::Incompatible { .. } => Some("Check the address, and that ComfyUI is up to date."),
        }
    }

    /// Of a server that can be used and tells it so that it can be read.
    pub fn version(&self) -> Option<Version> {
        Version::read(self.info()?.version.as_deref()?)
    }

    pub fn info(&self) -> Option<&ServerInfo> {
        match self {
            Health::Ready(info) | Health::Busy { info, .. } => Some(info),
            Health::Unreachable { .. }
            | Health::Starting { .. }
            | Health::Locked { .. }
            | Health::Incompatible { .. } => None,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Health::Unreachable { reason } => write!(f, "unreachable: {reason}"),
            Health::Starting { reason } => write!(f, "starting: {reason}"),
            Health::Ready(_) => f.write_str("ready"),
            Health::Busy { queued: 1, .. } => f.write_str("busy: 1 prompt in its queue"),
            Health::Busy { queued, .. } => write!(f, "busy: {queued} prompts in its queue"),
            Health::Locked { reason } => write!(f, "locked: {reason}"),
            Health::Incompatible { reason } => write!(f, "incompatible: {reason}"),
        }
    }
}

impl Server {
    /// Asks once.
    pub async fn health(&self) -> Health {
        let limit = self.limits().probe;
        let stats = match self.http.get_within::<SystemStats>(self.url(&["system_stats"]), limit).await {
            Ok(stats) => stats,
            Err(error) => return self.without_stats(&error),
        };
        if stats.system.comfyui_version.is_none() && stats.system.pytorch_version.is_none() {
            return not_comfy();
        }
        if let Some(version) = stats.system.comfyui_version.as_deref().filter(|version| is_too_old(version)) {
            return Health::Incompatible {
                reason: format!("it is ComfyUI {version}; {OLDEST_VERSION} or newer is needed"),
            };
        }
        let info = ServerInfo { version: stats.system.comfyui_version, devices: stats.devices };
        match self.http.get_within::<QueueInfo>(self.url(&["prompt"]), limit).await {
            Ok(QueueInfo { exec_info: ExecInfo { queue_remaining } }) if queue_remaining >= 1.0 => {
                Health::Busy { queued: queue_remaining as u32, info }
            }
            Ok(_) => Health::Ready(info),
            Err(error) => self.without_stats(&error),
        }
    }

    /// Asks up to `tries` times, with pauses, until the server is usable or never will be.
    pub async fn health_within(&self, tries: u32) -> Health {
        let mut back_off = self.short_pauses();
        let mut foreign = false;
        for _ in 1..tries {
            let health = self.health().await;
            // A page of a proxy may stand in for an answer for a moment.
            let may_pass = match health {
                Health::Unreachable { .. } | Health::Starting { .. } => true,
                Health::Incompatible { .. } => !std::mem::replace(&mut foreign, true),
                Health::Ready(_) | Health::Busy { .. } | Health::Locked { .. } => false,
            };
            if !may_pass {
                return health;
            }
            sleep(back_off.pause()).await;
        }
        self.health().await
    }

    fn without_stats(&self, error: &HttpError) -> Health {
        match error {
            HttpError::NotSent(reason) => Health::Unreachable { reason: reason.clone() },
            HttpError::NoAnswer(reason) => {
                Health::Starting { reason: format!("it does not answer ({reason})") }
            }
            HttpError::Status { status: 401 | 403 | 407, .. } => self.locked(),
            HttpError::Status { status: 300..=399, .. } => {
                Health::Incompatible { reason: "it sends us to another address; use that one".to_owned() }
            }
            HttpError::Status { status: 500.., .. } => Health::Starting { reason: error.to_string() },
            HttpError::Status { .. } | HttpError::Foreign(_) => not_comfy(),
        }
    }

    fn locked(&self) -> Health {
        let reason = match self.address().credentials() {
            Credentials::None => "this server wants a token, or a user and a password",
            Credentials::Bearer(_) => "this server wants a token and does not take the one it was given",
            Credentials::Basic { .. } => {
                "this server wants a user and a password and does not take those it was given"
            }
        };
        Health::Locked { reason: reason.to_owned() }
    }

    /// Between questions to a server that may just be starting.
    pub(crate) fn short_pauses(&self) -> BackOff {
        BackOff::new((Duration::from_millis(200), self.limits().probe), u64::from(std::process::id()))
    }
}

fn not_comfy() -> Health {
    Health::Incompatible { reason: "what answers there is not ComfyUI".to_owned() }
}

/// A version that cannot be read is given a chance.
fn is_too_old(version: &str) -> bool {
    Version::read(version).is_some_and(|version| version < OLDEST_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_too_old() {
        let versions =
            [("0.3.64", false), ("0.3.9", true), ("v0.2.7", true), ("", false), ("nightly", false)];
        for (version, too_old) in versions {
            assert_eq!(is_too_old(version), too_old, "{version}");
        }
    }
}
