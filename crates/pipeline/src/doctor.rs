//! How ComfyUI servers are, in words.

use oreforge_engines::comfy::{Health, ServerInfo};
use oreforge_protocol::{Check, CheckState, ErrorReport};

use crate::Engines;

/// Asks the servers of the settings, or the one at an address, how they are. Credentials are not repeated.
///
/// # Errors
/// When it is no address.
pub async fn check_servers(engines: &Engines, address: Option<&str>) -> Result<Vec<Check>, ErrorReport> {
    engines.learn_secrets().await;
    let asked = engines.desk(address)?.healths().await;
    Ok(asked.into_iter().map(|(address, health)| described(address, &health)).collect())
}

fn described(address: String, health: &Health) -> Check {
    let (state, message, hint) = match health {
        Health::Ready(info) => (CheckState::Good, format!("{} is ready.", named(info)), None),
        Health::Busy { queued, info } => (
            CheckState::Good,
            format!("{} is at work: {queued} in its queue.", named(info)),
            Some("A job of yours waits its turn there."),
        ),
        Health::Starting { .. } | Health::Unreachable { .. } => {
            (CheckState::NotYet, capital(&health.to_string()), health.hint())
        }
        Health::Locked { .. } | Health::Incompatible { .. } => {
            (CheckState::Bad, capital(&health.to_string()), health.hint())
        }
    };
    Check { subject: address, state, message, hint: hint.map(str::to_owned) }
}

fn named(info: &ServerInfo) -> String {
    let version = info.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
    let devices: Vec<String> = info
        .devices
        .iter()
        .map(|device| match device.vram_total {
            total if total >= 1.0 => format!("{} with {:.1} GB", device.name, total / 1e9),
            _ => device.name.clone(),
        })
        .collect();
    let on = if devices.is_empty() { String::new() } else { format!(" on {}", devices.join(", ")) };
    format!("ComfyUI{version}{on}")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
