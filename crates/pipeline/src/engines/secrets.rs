//! What lets us into servers: kept by the system, in this process, or in the environment; never written down.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

use oreforge_engines::comfy::{Credentials, ServerAddress, keep_secret, secret_of};
use oreforge_protocol::{ErrorCode, ErrorReport, Secret, SecretKept, ServerAuth, Settings};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Engines, parse};

/// The secret of a server, where there is no keyring.
const SECRET_VARIABLE: &str = "OREFORGE_COMFY_TOKEN";
/// Addresses whose credentials are remembered.
const MAX_REMEMBERED: usize = 64;
/// A keyring may ask a person; a job does not wait for one who is away.
pub(super) const KEYRING_LIMIT: Duration = Duration::from_secs(10);

/// Puts a secret into the system's keyring, or takes it out. `otherwise` is what to do where there is no keyring, "to
/// have it at every start".
pub(super) async fn keep(name: String, secret: Option<String>, otherwise: &str) -> SecretKept {
    let forgotten = secret.is_none();
    let writing = spawn_blocking(move || keep_secret(&name, secret.as_deref()));
    match timeout(KEYRING_LIMIT, writing).await {
        Ok(Ok(Ok(()))) if forgotten => SecretKept { kept: false, note: "It is forgotten.".to_owned() },
        Ok(Ok(Ok(()))) => SecretKept { kept: true, note: "It is in the system's keyring.".to_owned() },
        _ => SecretKept {
            kept: false,
            note: format!(
                "This computer's keyring cannot be used, so it is known until Oreforge ends. {otherwise} to have it at \
                 every start."
            ),
        },
    }
}

impl Engines {
    /// Reads the secrets of servers that need one and are not known yet, from the keyring. What it does not give
    /// within some seconds is not waited for.
    pub async fn learn_secrets(&self) {
        let unknown: Vec<(String, ServerAuth)> = {
            let remembered = self.comfy.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            let servers = self.settings().servers.into_iter();
            let secret = servers.filter(|server| server.auth != ServerAuth::None);
            secret.map(|s| (s.url, s.auth)).filter(|(url, _)| !remembered.contains_key(url)).collect()
        };
        if unknown.is_empty() {
            return;
        }
        let reading = spawn_blocking(move || {
            let read = |(url, auth): (String, ServerAuth)| Some((secret_of(&url).ok()??, url, auth));
            unknown.into_iter().filter_map(read).collect::<Vec<_>>()
        });
        let Ok(Ok(known)) = timeout(KEYRING_LIMIT, reading).await else {
            tracing::warn!("the keyring does not answer");
            return;
        };
        for (secret, url, auth) in known {
            self.remember_credentials(url, credentials_of(&auth, secret));
        }
    }

    /// Keeps the secret of a server of the settings for as long as can be, or forgets it.
    ///
    /// # Errors
    /// `BadRequest` when the settings name no such server that takes a secret.
    pub async fn save_secret(&self, server: &str, secret: Option<Secret>) -> Result<SecretKept, ErrorReport> {
        let url = parse(server)?.to_string();
        let known = self.settings().servers.into_iter().find(|known| known.url == url);
        let auth = known.map(|known| known.auth).unwrap_or_default();
        if auth == ServerAuth::None {
            let message = format!("The settings name no server {url} that takes a token or a password.");
            return Err(ErrorReport::new(ErrorCode::BadRequest, message));
        }
        let credentials =
            secret.as_ref().map_or(Credentials::None, |secret| credentials_of(&auth, secret.0.clone()));
        self.remember_credentials(url.clone(), credentials);
        Ok(keep(url, secret.map(|secret| secret.0), &format!("Set {SECRET_VARIABLE}")).await)
    }

    /// Forgets the secrets of servers that `before` named and the settings of now do not, nor with an entry that takes
    /// none. What the keyring does not do within some seconds is not waited for.
    pub async fn forget_secrets_since(&self, before: &Settings) {
        let now = self.settings();
        let takes_secret = |settings: &Settings, url: &str| {
            settings.servers.iter().any(|server| server.url == url && server.auth != ServerAuth::None)
        };
        let gone: BTreeSet<String> = before
            .servers
            .iter()
            .map(|server| &server.url)
            .filter(|url| takes_secret(before, url) && !takes_secret(&now, url))
            .cloned()
            .collect();
        if gone.is_empty() {
            return;
        }
        for url in &gone {
            self.remember_credentials(url.clone(), Credentials::None);
        }
        let forgetting = spawn_blocking(move || gone.iter().try_for_each(|url| keep_secret(url, None)));
        if !matches!(timeout(KEYRING_LIMIT, forgetting).await, Ok(Ok(Ok(())))) {
            tracing::warn!(
                "the keyring may still have the secret of a server that is not in the settings any more"
            );
        }
    }

    fn remember_credentials(&self, url: String, credentials: Credentials) {
        let mut remembered = self.comfy.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if credentials == Credentials::None {
            remembered.remove(&url);
        } else if remembered.len() < MAX_REMEMBERED || remembered.contains_key(&url) {
            remembered.insert(url, credentials);
        }
    }

    /// An address as it may be kept: its credentials are remembered by this process and taken out of it.
    ///
    /// # Errors
    /// `BadRequest` when it is no address.
    pub fn remember(&self, address: &str) -> Result<String, ErrorReport> {
        let address = parse(address)?;
        let kept = address.to_string();
        if *address.credentials() != Credentials::None {
            self.remember_credentials(kept.clone(), address.credentials().clone());
        }
        Ok(kept)
    }

    /// The token of a server, for this process alone.
    ///
    /// # Errors
    /// `BadRequest` when it is no address.
    pub fn use_token(&self, server: &str, token: Secret) -> Result<(), ErrorReport> {
        self.remember_credentials(parse(server)?.to_string(), Credentials::Bearer(token.0));
        Ok(())
    }

    pub(super) fn credentials(&self, address: &ServerAddress, auth: &ServerAuth) -> Credentials {
        if *address.credentials() != Credentials::None {
            return address.credentials().clone();
        }
        let remembered = self.comfy.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = remembered.get(&address.to_string()) {
            return known.clone();
        }
        let secret = || std::env::var(SECRET_VARIABLE).ok().filter(|secret| !secret.is_empty());
        match auth {
            ServerAuth::None => Credentials::None,
            ServerAuth::Token | ServerAuth::Password { .. } => {
                secret().map_or(Credentials::None, |secret| credentials_of(auth, secret))
            }
        }
    }
}

fn credentials_of(auth: &ServerAuth, secret: String) -> Credentials {
    match auth {
        ServerAuth::None => Credentials::None,
        ServerAuth::Token => Credentials::Bearer(secret),
        ServerAuth::Password { user } => Credentials::Basic { user: user.clone(), password: secret },
    }
}
