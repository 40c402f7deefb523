//! Who may come in: the right host name (against DNS rebinding), the page's own origin, the token.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use subtle::ConstantTimeEq;

use crate::pass::Passes;
use crate::refusal::Refusal;

pub(crate) const MIN_TOKEN_CHARS: usize = 16;

/// A page that shows a gallery asks for hundreds of small files at once; a loop gone wild asks for more.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(400).expect("not zero");
const REQUEST_BURST: NonZeroU32 = NonZeroU32::new(4000).expect("not zero");
/// Guesses at a token, whoever makes them.
const WRONG_TOKENS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("not zero");

pub(crate) fn is_strong(token: &str) -> bool {
    token.len() >= MIN_TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Access(Arc<Gate>);

struct Gate {
    token: String,
    port: u16,
    passes: Passes,
    requests: DefaultDirectRateLimiter,
    wrong_tokens: DefaultDirectRateLimiter,
}

impl Access {
    pub(crate) fn new(token: String, port: u16, pass_key: [u8; 32]) -> Self {
        Self(Arc::new(Gate {
            token,
            port,
            passes: Passes::new(pass_key),
            requests: RateLimiter::direct(Quota::per_second(REQUESTS_PER_SECOND).allow_burst(REQUEST_BURST)),
            wrong_tokens: RateLimiter::direct(Quota::per_minute(WRONG_TOKENS_PER_MINUTE)),
        }))
    }

    pub(crate) fn token(&self) -> &str {
        &self.0.token
    }

    pub(crate) fn passes(&self) -> &Passes {
        &self.0.passes
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        given.as_bytes().ct_eq(self.0.token.as_bytes()).into()
    }

    /// An address or `localhost`, and our port: a foreign name that resolves to this computer is somebody
    /// else's page.
    fn knows_host(&self, host: &str) -> bool {
        let Some((name, port)) = host.rsplit_once(':') else { return false };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        port.parse() == Ok(self.0.port)
            && (name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok())
    }
}

/// For everything, the page included.
pub(crate) async fn check_sender(State(access): State<Access>, request: Request, next: Next) -> Response {
    if access.0.requests.check().is_err() {
        return Refusal::too_many().into_response();
    }
    let headers = request.headers();
    let host = host_of(headers, request.uri());
    if !host.as_deref().is_some_and(|host| access.knows_host(host)) {
        return Refusal::of(
            StatusCode::MISDIRECTED_REQUEST,
            "This server answers only under its own address.",
        )
        .into_response();
    }
    if let Some(origin) = headers.get(ORIGIN) {
        let own = host.map(|host| format!("http://{host}"));
        if own.is_none_or(|own| origin != own.as_str()) {
            return Refusal::of(StatusCode::FORBIDDEN, "Another page may not use this server.")
                .into_response();
        }
    }
    next.run(request).await
}

/// For all that is not the page itself.
pub(crate) async fn check_token(State(access): State<Access>, request: Request, next: Next) -> Response {
    if access.has_token(request.headers()) {
        return next.run(request).await;
    }
    if access.0.wrong_tokens.check().is_err() {
        return Refusal::too_many().into_response();
    }
    Refusal::of(StatusCode::UNAUTHORIZED, "The token is missing or wrong.").into_response()
}

/// Files are read with a pass in the address, because pictures of a page cannot carry a header.
pub(crate) async fn check_pass(State(access): State<Access>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if access.has_token(request.headers())
        || (reads && access.passes().opens(request.uri().query().unwrap_or_default()))
    {
        return next.run(request).await;
    }
    if access.0.wrong_tokens.check().is_err() {
        return Refusal::too_many().into_response();
    }
    Refusal::of(StatusCode::UNAUTHORIZED, "This address has expired.").into_response()
}

fn host_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let named = headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    // An address in absolute form must not say something else.
    match (named, uri.authority()) {
        (Some(named), Some(authority)) if authority.as_str() != named => None,
        (named, _) => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_with_our_port_are_our_host() {
        let access = Access::new("x".repeat(16), 8080, [7; 32]);
        for ours in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080", "192.168.1.7:8080"] {
            assert!(access.knows_host(ours), "{ours}");
        }
        for foreign in [
            "evil.example:8080",
            "127.0.0.1",
            "127.0.0.1:8081",
            "localhost.evil.example:8080",
            "",
            ":8080",
            "127.0.0.1:8080:8080",
        ] {
            assert!(!access.knows_host(foreign), "{foreign}");
        }
    }

    #[test]
    fn weak_tokens_are_weak() {
        assert!(is_strong("0123456789abcdef"));
        assert!(!is_strong("0123456789abcde"));
        assert!(!is_strong("0123456789 abcdef"));
        assert!(!is_strong(""));
    }
}
