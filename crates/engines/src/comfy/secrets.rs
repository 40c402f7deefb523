//! Secrets of servers, in the operating system's keyring. Calls block, and may wait for a person who unlocks it.

use keyring_core::{Entry, Error, get_default_store};
use thiserror::Error;

const SERVICE: &str = "oreforge";

/// There is no keyring here, or it does not let us in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the system's keyring cannot be used: {0}")]
pub struct NoKeyring(String);

/// In the store that the process has set, or else the system's.
fn entry(address: &str) -> Result<Entry, Error> {
    if get_default_store().is_none() && keyring::v1::Entry::store_status().is_err() {
        return Err(Error::NoDefaultStore);
    }
    Entry::new(SERVICE, address)
}

/// The secret that is kept for a server, by its address.
///
/// # Errors
/// When there is no keyring.
pub fn secret_of(address: &str) -> Result<Option<String>, NoKeyring> {
    match entry(address).and_then(|entry| entry.get_password()) {
        Ok(secret) => Ok(Some(secret)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(NoKeyring(error.to_string())),
    }
}

/// Keeps the secret of a server, or forgets it.
///
/// # Errors
/// When there is no keyring.
pub fn keep_secret(address: &str, secret: Option<&str>) -> Result<(), NoKeyring> {
    let kept = entry(address).and_then(|entry| match secret {
        Some(secret) => entry.set_password(secret),
        None => entry.delete_credential(),
    });
    match kept {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(NoKeyring(error.to_string())),
    }
}
