use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;
use url::Url;

use crate::comfy::is_this_computer;

const MAX_URL_BYTES: usize = 2000;
/// How sites take a token in an address, where it would end up in logs and databases.
const TOKEN_KEYS: [&str; 5] = ["token", "access_token", "api_key", "apikey", "key"];

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UrlError {
    #[error("that is no address of a file")]
    Unreadable,
    #[error("an address starts with https:// or http://, not with {0}://")]
    Scheme(String),
    #[error("the address holds a token or a password")]
    HoldsSecret,
}

/// An address that a file is fetched from.
///
/// # Errors
/// When it is none, or holds what nobody may read.
pub fn download_url(text: &str) -> Result<Url, UrlError> {
    if text.len() > MAX_URL_BYTES {
        return Err(UrlError::Unreadable);
    }
    let mut url = Url::parse(text.trim()).map_err(|_| UrlError::Unreadable)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlError::Scheme(url.scheme().to_owned()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(UrlError::Unreadable);
    }
    let in_query =
        url.query_pairs().any(|(key, _)| TOKEN_KEYS.iter().any(|name| key.eq_ignore_ascii_case(name)));
    if in_query || !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::HoldsSecret);
    }
    url.set_fragment(None);
    Ok(url)
}

/// Host, with its port where it is not the usual one.
pub fn site_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The site that a person names, by its name or by any address on it.
///
/// # Errors
/// When it is none.
pub fn site_name(text: &str) -> Result<String, UrlError> {
    let text = text.trim();
    let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    download_url(&url).map(|url| site_of(&url))
}

/// What lets us into sites. Never shown, never logged.
#[derive(Clone, Default)]
pub struct Tokens(BTreeMap<String, String>);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(String, String)> for Tokens {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(tokens: T) -> Self {
        Self(tokens.into_iter().collect())
    }
}

impl Tokens {
    /// The token for an address: of its very site, and only where nobody on the way can read it.
    pub(super) fn of(&self, url: &Url) -> Option<&str> {
        let private = url.scheme() == "https" || is_this_computer(url);
        self.0.get(&site_of(url)).filter(|_| private).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_out_of_addresses() {
        for url in ["https://u:p@host/a", "https://host/a?token=x", "https://host/a?x=1&Api_Key=x"] {
            assert_eq!(download_url(url), Err(UrlError::HoldsSecret), "{url}");
        }
        for url in ["file:///etc/passwd", "ftp://host/a"] {
            assert!(matches!(download_url(url), Err(UrlError::Scheme(_))), "{url}");
        }
        assert_eq!(download_url("checkpoints/a.safetensors"), Err(UrlError::Unreadable));
        download_url("https://host/a.safetensors?download=true").unwrap();
    }

    #[test]
    fn a_token_goes_to_its_site_alone() {
        let tokens = Tokens::from_iter([("host.example".to_owned(), "t0ken".to_owned())]);
        let of = |url: &str| tokens.of(&Url::parse(url).unwrap()).is_some();
        assert!(of("https://host.example/a") && of("https://host.example:443/a"));
        for url in [
            "http://host.example/a",
            "https://cdn.host.example/a",
            "https://host.example:444/a",
            "https://host.example.org",
        ] {
            assert!(!of(url), "{url}");
        }
        assert!(!format!("{tokens:?}").contains("t0ken"));
        assert_eq!(site_name("HOST.example/x").unwrap(), "host.example");
    }
}
