//! One answer with the bytes of a file, wherever redirects lead.

use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_RANGE,
    LAST_MODIFIED, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode};
use tokio::time::timeout;
use url::Url;

use super::error::FetchError;
use super::site::{Tokens, site_of};
use crate::comfy::{is_this_computer, plain};

/// As browsers and curl allow, and less.
const MAX_HOPS: u32 = 8;

/// A body that begins at byte `start` of the file.
pub(super) struct Opened {
    pub(super) answer: Response,
    pub(super) start: u64,
    pub(super) total: Option<u64>,
    /// What the site calls this version of the file: a strong `ETag`, else `Last-Modified` (RFC 9110 §13.1.5).
    pub(super) validator: Option<String>,
    pub(super) site: String,
}

/// Asks for the file from byte `have` on, where `validator` says that it is still the same file; from its start
/// where not.
pub(super) async fn open(
    client: &Client,
    url: &Url,
    tokens: &Tokens,
    (have, validator): (u64, Option<&str>),
    limit: Duration,
) -> Result<Opened, FetchError> {
    if let (Some(validator), true) = (validator, have > 0) {
        let answer = follow(client, url, tokens, Some((have, validator)), limit).await?;
        match answer.response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let same = validator_of(answer.response.headers()).is_none_or(|now| now == validator);
                // A site that sends the middle of another file is asked anew.
                if let (Some((start, total)), true) = (content_range(answer.response.headers()), same)
                    && start == have
                {
                    return Ok(answer.opened(start, total, Some(validator.to_owned())));
                }
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {}
            _ => return from_start(answer),
        }
    }
    from_start(follow(client, url, tokens, None, limit).await?)
}

struct Answer {
    response: Response,
    site: String,
    had_token: bool,
}

impl Answer {
    fn opened(self, start: u64, total: Option<u64>, validator: Option<String>) -> Opened {
        Opened { answer: self.response, start, total, validator, site: self.site }
    }
}

fn from_start(answer: Answer) -> Result<Opened, FetchError> {
    let Answer { response, site, had_token } = &answer;
    let (site, had_token) = (site.clone(), *had_token);
    let status = response.status().as_u16();
    match status {
        200 => {}
        401 => return Err(FetchError::WhoAreYou { site, had_token }),
        403 | 451 => return Err(FetchError::Forbidden { site, had_token }),
        404 | 410 => return Err(FetchError::Gone { site, status }),
        408 | 425 | 429 | 500.. => {
            let seconds =
                response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
            return Err(FetchError::Busy { site, status, retry_after: seconds.map(Duration::from_secs) });
        }
        _ => return Err(FetchError::Refused { site, status }),
    }
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with(b"text/html") {
        return Err(FetchError::WebPage { site });
    }
    let (total, validator) = (response.content_length(), validator_of(response.headers()));
    Ok(answer.opened(0, total, validator))
}

async fn follow(
    client: &Client,
    url: &Url,
    tokens: &Tokens,
    range: Option<(u64, &str)>,
    limit: Duration,
) -> Result<Answer, FetchError> {
    let mut url = url.clone();
    for _ in 0..=MAX_HOPS {
        let site = site_of(&url);
        let token = tokens.of(&url);
        // A body that is packed has other lengths than the file.
        let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some((have, validator)) = range {
            request = request.header(RANGE, format!("bytes={have}-")).header(IF_RANGE, validator);
        }
        if let Some(token) = token
            && let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {token}"))
        {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let had_token = token.is_some();
        let response = match timeout(limit, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(FetchError::Broken { site, why: plain(&error) }),
            Err(_) => return Err(FetchError::Stalled { site, limit }),
        };
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(Answer { response, site, had_token });
        }
        let to = response.headers().get(LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
        let refused = |why| FetchError::Redirect { site: site.clone(), why };
        let to = to.ok_or_else(|| refused("sends us nowhere"))?;
        if !matches!(to.scheme(), "http" | "https") || (url.scheme() == "https" && to.scheme() == "http") {
            return Err(refused("sends us to a place that is not safe"));
        }
        if is_this_computer(&to) && !is_this_computer(&url) {
            return Err(refused("sends us back to this computer"));
        }
        url = to;
    }
    Err(FetchError::Redirect { site: site_of(&url), why: "sends us on and on" })
}

fn validator_of(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    text(ETAG).filter(|tag| tag.starts_with('"')).or_else(|| text(LAST_MODIFIED))
}

/// `bytes 5-9/10` as 5 and 10.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    let (range, total) = text.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    // What ends before the file does would have to be asked for piece by piece.
    (start <= end && total.is_none_or(|total| end.checked_add(1) == Some(total))).then_some((start, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_to_the_end_of_the_file_or_not_at_all() {
        let of = |text: &'static str| {
            content_range(&HeaderMap::from_iter([(CONTENT_RANGE, HeaderValue::from_static(text))]))
        };
        assert_eq!(of("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(of("bytes 5-9/*"), Some((5, None)));
        for text in
            ["bytes 5-8/10", "bytes 9-5/10", "bytes */10", "lines 5-9/10", "bytes 0-18446744073709551615/9"]
        {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_weak_tag_does_not_tell_versions_apart() {
        let headers = |tag: &'static str| {
            HeaderMap::from_iter([
                (ETAG, HeaderValue::from_static(tag)),
                (LAST_MODIFIED, HeaderValue::from_static("Sat, 21 Nov 2026 12:00:00 GMT")),
            ])
        };
        assert_eq!(validator_of(&headers("\"a\"")).as_deref(), Some("\"a\""));
        assert_eq!(validator_of(&headers("W/\"a\"")).as_deref(), Some("Sat, 21 Nov 2026 12:00:00 GMT"));
    }
}
