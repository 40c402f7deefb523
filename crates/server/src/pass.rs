//! Short-lived, signed permission to read files by their ids, carried in the address: what `<img>` can send.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

/// Long enough that a page renews it seldom, short enough that a copied address soon means nothing.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Signs and checks passes. The key lives as long as the server runs.
pub(crate) struct Passes {
    key: [u8; 32],
}

/// The query of a signed address, and when it stops to work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Pass {
    /// Goes behind the `?` of a file's address.
    pub(crate) query: String,
    /// Milliseconds from now.
    pub(crate) expires_in_ms: u64,
}

impl Passes {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    pub(crate) fn issue(&self) -> Pass {
        let until_s = now_s() + LIFETIME.as_secs();
        let signature = URL_SAFE_NO_PAD.encode(self.mac(until_s).finalize().into_bytes());
        Pass {
            query: format!("until={until_s}&sig={signature}"),
            expires_in_ms: u64::try_from(LIFETIME.as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn opens(&self, query: &str) -> bool {
        self.opens_at(query, now_s())
    }

    fn opens_at(&self, query: &str, now_s: u64) -> bool {
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let (Some(until_s), Some(signature)) = (value("until").and_then(|t| t.parse().ok()), value("sig"))
        else {
            return false;
        };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        self.mac(until_s).verify_slice(&signature).is_ok() && now_s < until_s
    }

    fn mac(&self, until_s: u64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(b"read files until ");
        mac.update(&until_s.to_be_bytes());
        mac
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_opens_until_it_expires_and_cannot_be_prolonged() {
        let passes = Passes::new([1; 32]);
        let Pass { query, .. } = passes.issue();
        assert!(passes.opens(&query));
        assert!(passes.opens(&format!("download=a.glb&{query}")));
        assert!(!passes.opens_at(&query, now_s() + LIFETIME.as_secs() + 1));
        let prolonged = query.replacen("until=", "until=9", 1);
        assert!(!passes.opens(&prolonged));
        assert!(!Passes::new([2; 32]).opens(&query));
        for hostile in [
            "",
            "until=1",
            "sig=",
            "until=99999999999&sig=AAAA",
            "until=&sig=",
            "until=18446744073709551616&sig=AA",
        ] {
            assert!(!passes.opens(hostile), "{hostile}");
        }
    }
}
