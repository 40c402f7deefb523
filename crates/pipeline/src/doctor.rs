//! How a ComfyUI server is, in words.

use oreforge_engines::comfy::{Health, Limits, Server, ServerAddress, ServerInfo};
use oreforge_protocol::{Check, CheckState, ErrorCode, ErrorReport};

/// A server that is just being started gets this many tries.
const TRIES: u32 = 3;

/// Asks the ComfyUI server at an address how it is. Credentials in the address are not repeated.
///
/// # Errors
/// When it is no address.
pub async fn check_comfy(address: &str) -> Result<Check, ErrorReport> {
    let bad = |e: &dyn std::error::Error| {
        ErrorReport::new(ErrorCode::BadRequest, format!("{e}."))
            .with_hint("Write it like http://127.0.0.1:8188.")
    };
    let address = ServerAddress::parse(address).map_err(|e| bad(&e))?;
    let server = Server::open(address, Limits::default()).map_err(|e| bad(&e))?;
    Ok(described(server.address(), &server.health_within(TRIES).await))
}

fn described(address: &ServerAddress, health: &Health) -> Check {
    let (state, message, hint) = match health {
        Health::Ready(info) => (CheckState::Good, format!("{} is ready.", named(info)), None),
        Health::Busy { queued, info } => (
            CheckState::Good,
            format!("{} is at work: {queued} in its queue.", named(info)),
            Some("A job of yours waits its turn there."),
        ),
        Health::Starting { .. } => (
            CheckState::NotYet,
            capital(&health.to_string()),
            Some("Wait until ComfyUI has started; its own window says when."),
        ),
        Health::Unreachable { .. } => (
            CheckState::NotYet,
            capital(&health.to_string()),
            Some(
                "Start ComfyUI, or check the address and the port. On another computer start it with --listen.",
            ),
        ),
        Health::Incompatible { .. } => (
            CheckState::Bad,
            capital(&health.to_string()),
            Some("Check the address, and that ComfyUI is up to date."),
        ),
    };
    Check { subject: address.to_string(), state, message, hint: hint.map(str::to_owned) }
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
