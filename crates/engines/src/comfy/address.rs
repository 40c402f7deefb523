use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::header::{HeaderMap, HeaderValue};
use thiserror::Error;
use url::{Host, Url};

/// Everything but the characters that RFC 3986 never reserves.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a server lets somebody in. Never shown, never logged.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    #[default]
    None,
    Bearer(String),
    Basic {
        user: String,
        password: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::None => "None",
            Credentials::Bearer(_) => "Bearer(…)",
            Credentials::Basic { .. } => "Basic(…)",
        })
    }
}

/// Where a ComfyUI server answers: `http` or `https`, a host, a port, and a path in front of ComfyUI's own
/// where a proxy adds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    base: Url,
    credentials: Credentials,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("\"{0}\" is no address of a server")]
    Unreadable(String),
    #[error("an address starts with http:// or https://, not with {0}://")]
    Scheme(String),
    #[error("the token or password holds characters that HTTP cannot carry")]
    Credentials,
}

impl ServerAddress {
    /// Reads `http://host:8188`, `https://user:password@host/prefix/`, or a bare `host:8188`.
    ///
    /// # Errors
    /// When it is no address, or of another scheme.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        // Credentials may be in there: an error never repeats what stands before the @.
        let shown = || text.rsplit('@').next().unwrap_or_default().to_owned();
        let mut base = Url::parse(&with_scheme).map_err(|_| AddressError::Unreadable(shown()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(AddressError::Scheme(base.scheme().to_owned()));
        }
        if base.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::Unreadable(shown()));
        }
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let credentials = match (base.username(), base.password()) {
            ("", None) => Credentials::None,
            (user, password) => Credentials::Basic {
                user: decoded(user),
                password: password.map(decoded).unwrap_or_default(),
            },
        };
        base.set_query(None);
        base.set_fragment(None);
        // These fail only for a URL without a host, which was ruled out.
        let cleared = base.set_username("").and_then(|()| base.set_password(None));
        cleared.map_err(|()| AddressError::Unreadable(shown()))?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self { base, credentials })
    }

    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub fn is_secure(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Whether nobody but this computer answers there, or what it hands on to.
    pub fn is_this_computer(&self) -> bool {
        is_this_computer(&self.base)
    }

    /// `http(s)://…/segment/segment?key=value`, every name percent-encoded.
    pub(crate) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        let path: Vec<String> = segments.iter().map(|segment| encoded(segment)).collect();
        url.set_path(&format!("{}{}", self.base.path(), path.join("/")));
        if !query.is_empty() {
            let pairs: Vec<String> =
                query.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect();
            url.set_query(Some(&pairs.join("&")));
        }
        url
    }

    /// `ws(s)://…/ws?clientId=…`
    pub(crate) fn socket_url(&self, client_id: &str) -> String {
        let url = self.url(&["ws"], &[("clientId", client_id)]);
        // `http` becomes `ws`, `https` becomes `wss`.
        url.as_str().replacen("http", "ws", 1)
    }

    /// What every request carries.
    pub(crate) fn headers(&self) -> Result<HeaderMap, AddressError> {
        let text = match &self.credentials {
            Credentials::None => return Ok(HeaderMap::new()),
            Credentials::Bearer(token) => format!("Bearer {token}"),
            Credentials::Basic { user, password } => {
                format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))
            }
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| AddressError::Credentials)?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, value)]))
    }
}

pub(crate) fn is_this_computer(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Without credentials.
impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [chunk[0], chunk.get(1).copied().unwrap_or(0), chunk.get(2).copied().unwrap_or(0)];
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for digit in 0..4usize {
            let index = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_as_people_type_them() {
        for (typed, shown) in [
            ("127.0.0.1:8188", "http://127.0.0.1:8188"),
            (" http://desk.local:8188/ ", "http://desk.local:8188"),
            ("https://example.com/comfy/a", "https://example.com/comfy/a"),
            ("http://[::1]:8188", "http://[::1]:8188"),
            ("localhost:8188/?x=1#y", "http://localhost:8188"),
        ] {
            assert_eq!(ServerAddress::parse(typed).unwrap().to_string(), shown, "{typed}");
        }
        for typed in ["", "ftp://host", "http://", "http://host:99999", "tauri://localhost"] {
            assert!(ServerAddress::parse(typed).is_err(), "{typed:?} passed");
        }
    }

    #[test]
    fn never_shows_credentials() {
        let address = ServerAddress::parse("https://me:s%40cret@example.com/x").unwrap();
        assert_eq!(
            address.credentials,
            Credentials::Basic { user: "me".to_owned(), password: "s@cret".to_owned() }
        );
        let token = address.clone().with_credentials(Credentials::Bearer("s@cret".to_owned()));
        let headers = token.headers().unwrap();
        let refused = ServerAddress::parse("http://me:s@cret@host:99999").unwrap_err();
        for shown in [
            format!("{address} {address:?}"),
            format!("{token:?} {headers:?}"),
            format!("{refused} {refused:?}"),
        ] {
            assert!(!shown.contains("cret"), "{shown}");
        }
        assert!(!address.url(&["prompt"], &[]).as_str().contains("me"));
        let line_break = address.with_credentials(Credentials::Bearer("a\nb".to_owned()));
        assert_eq!(line_break.headers(), Err(AddressError::Credentials));
    }

    #[test]
    fn encodes_every_name() {
        let address = ServerAddress::parse("http://host:8188/a b/comfy").unwrap();
        let url = address.url(
            &["view"],
            &[("filename", "Bär #1 & 50%+.png"), ("subfolder", "meine bilder/ü"), ("type", "output")],
        );
        assert_eq!(
            url.as_str(),
            "http://host:8188/a%20b/comfy/view?filename=B%C3%A4r%20%231%20%26%2050%25%2B.png\
             &subfolder=meine%20bilder%2F%C3%BC&type=output"
        );
        let read: Vec<_> = url.query_pairs().into_owned().collect();
        assert_eq!(read[0].1, "Bär #1 & 50%+.png");
        assert_eq!(address.url(&["history", "../x"], &[]).path(), "/a%20b/comfy/history/..%2Fx");
    }

    #[test]
    fn a_socket_is_as_safe_as_its_server() {
        let plain = ServerAddress::parse("http://host:8188").unwrap();
        assert_eq!(plain.socket_url("a b"), "ws://host:8188/ws?clientId=a%20b");
        let secure = ServerAddress::parse("https://http.example/p").unwrap();
        assert_eq!(secure.socket_url("1"), "wss://http.example/p/ws?clientId=1");
    }

    /// The examples of RFC 4648 §10.
    #[test]
    fn base64_is_base64() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
