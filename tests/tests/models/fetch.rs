//! One fetch from a site that misbehaves.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use libtest_mimic::Failed;
use oreforge_engines::models::{
    Checkpoint, Fetch, FetchError, FetchLedger, FetchLimits, Fetcher, Tokens, download_url,
};
use oreforge_protocol::ErrorReport;
use oreforge_tests::file_site::{FileSite, Site, model};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const NAME: &str = "a.safetensors";
const LARGE: usize = 3_000_000;

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failed> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(work))
}

#[derive(Default)]
struct Notes(Mutex<Vec<Checkpoint>>);

#[async_trait]
impl FetchLedger for Notes {
    async fn note(&self, checkpoint: &Checkpoint) -> Result<(), ErrorReport> {
        self.0.lock().unwrap().push(checkpoint.clone());
        Ok(())
    }
    fn progress(&self, _bytes: u64, _total_bytes: Option<u64>) {}
}

impl Notes {
    fn last(&self) -> Checkpoint {
        self.0.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

struct Desk {
    dir: TempDir,
    notes: Notes,
    limits: FetchLimits,
    tokens: Vec<(String, String)>,
    sha256: Option<String>,
}

impl Desk {
    fn new() -> Self {
        let limits = FetchLimits {
            stall: Duration::from_secs(20),
            tries: 3,
            back_off: (Duration::from_millis(1), Duration::from_millis(5)),
            checkpoint: Duration::from_millis(5),
            reserve_bytes: 0,
            ..FetchLimits::default()
        };
        let dir = oreforge_tests::quick_folder().unwrap();
        Self { dir, notes: Notes::default(), limits, tokens: Vec::new(), sha256: None }
    }

    fn target(&self) -> PathBuf {
        self.dir.path().join(NAME)
    }

    fn part(&self) -> PathBuf {
        self.dir.path().join(format!("{NAME}.oreforge.part"))
    }

    async fn fetch(&self, url: &str, from: Checkpoint) -> Result<u64, FetchError> {
        let fetcher = Fetcher::new(self.limits.clone()).unwrap();
        let work =
            Fetch { url: download_url(url).unwrap(), target: self.target(), sha256: self.sha256.clone() };
        let tokens = Tokens::from_iter(self.tokens.clone());
        fetcher.fetch(&work, from, &tokens, &self.notes, &CancellationToken::new()).await
    }

    fn fetched(&self, site: &FileSite) -> Result<u64, FetchError> {
        block_on(self.fetch(&site.url(NAME), Checkpoint::default())).unwrap()
    }

    fn has(&self, body: &[u8]) {
        assert!(fs::read(self.target()).unwrap() == body, "the bytes are others");
        assert!(!self.part().exists());
    }
}

pub fn broken_lines() -> Result<(), Failed> {
    let body = model(LARGE, 1);
    for ranges in [true, false] {
        let site =
            FileSite::open(Site { drop_after: Some((1_000_000, 2)), ranges, ..Site::new(body.clone()) });
        let desk = Desk::new();
        assert_eq!(desk.fetched(&site).unwrap(), body.len() as u64);
        desk.has(&body);
        let asked = site.asked();
        let sent: usize = asked.iter().map(|asked| asked.sent_bytes).sum();
        assert_eq!(asked.len(), 3);
        // What a broken connection still had in its buffers is fetched again; what arrived is not.
        let starts: Vec<usize> = asked.iter().map(|asked| asked.start).collect();
        if ranges {
            assert!(starts[1] > 0 && starts[2] > starts[1], "{starts:?}");
            assert_eq!(asked[2].sent_bytes, body.len() - starts[2]);
        } else {
            assert_eq!((starts, sent), (vec![0, 0, 0], 2_000_000 + body.len()));
        }
    }
    Ok(())
}

pub fn another_version() -> Result<(), Failed> {
    let (old, new) = (model(LARGE, 1), model(LARGE, 2));
    for ignores_if_range in [false, true] {
        let site = FileSite::open(Site { drop_after: Some((1_000_000, 9)), ..Site::new(old.clone()) });
        let mut desk = Desk::new();
        desk.limits.tries = 1;
        desk.fetched(&site).unwrap_err();
        let from = desk.notes.last();
        assert!(from.bytes > 0 && from.validator.as_deref() == Some("\"one\""), "{from:?}");
        site.change(|site| {
            *site = Site { etag: Some("\"two\"".to_owned()), ignores_if_range, ..Site::new(new.clone()) };
        });
        block_on(desk.fetch(&site.url(NAME), from))?.unwrap();
        desk.has(&new);
    }
    Ok(())
}

pub fn no_way_to_tell_versions() -> Result<(), Failed> {
    let body = model(LARGE, 1);
    let site =
        FileSite::open(Site { etag: None, drop_after: Some((1_000_000, 1)), ..Site::new(body.clone()) });
    let desk = Desk::new();
    desk.fetched(&site).unwrap();
    desk.has(&body);
    assert_eq!(site.asked()[1].headers.get("range"), None);
    Ok(())
}

pub fn bad_bodies() -> Result<(), Failed> {
    let body = model(1000, 1);
    let cut = body[..900].to_vec();
    let long = [&body[..], b"more"].concat();
    let page = Site { content_type: "text/html; charset=utf-8", ..Site::new(b"<html>sign in".to_vec()) };
    for (site, told) in [
        (Site { chunked: true, ..Site::new(cut.clone()) }, "NotAModel"),
        (Site { chunked: true, ..Site::new(long) }, "NotAModel"),
        (Site::new(b"version https://git-lfs.github.com/spec/v1".to_vec()), "NotAModel"),
        (Site::new(Vec::new()), "NotAModel"),
        (page, "WebPage"),
        (Site { boast_bytes: 10, ..Site::new(cut) }, "Broken"),
    ] {
        let desk = Desk::new();
        let error = desk.fetched(&FileSite::open(site)).unwrap_err();
        assert!(format!("{error:?}").starts_with(told), "{error:?} is not {told}");
        assert!(!desk.target().exists());
        if told == "NotAModel" {
            assert_eq!((desk.notes.last(), desk.part().exists()), (Checkpoint::default(), false));
        }
    }
    Ok(())
}

pub fn checksums() -> Result<(), Failed> {
    let body = model(1000, 1);
    let sum: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let site = FileSite::open(Site::new(body.clone()));
    let wrong = Desk { sha256: Some("0".repeat(64)), ..Desk::new() };
    assert!(matches!(wrong.fetched(&site), Err(FetchError::Checksum { .. })));
    assert!(!wrong.target().exists());
    let right = Desk { sha256: Some(sum), ..Desk::new() };
    right.fetched(&site).unwrap();
    right.has(&body);
    // It is there by now: nothing is asked for again, and nothing is replaced.
    let asked = site.asked().len();
    assert_eq!(right.fetched(&site).unwrap(), body.len() as u64);
    assert_eq!(site.asked().len(), asked);
    let other = Desk::new();
    fs::write(other.target(), b"mine")?;
    assert!(matches!(other.fetched(&site), Err(FetchError::Exists(_))));
    assert_eq!(fs::read(other.target())?, b"mine");
    Ok(())
}

pub fn stalls_and_cancels() -> Result<(), Failed> {
    let body = model(LARGE, 1);
    let site = FileSite::open(Site { hold_after: Some(1_000_000), ..Site::new(body.clone()) });
    let mut desk = Desk::new();
    desk.limits = FetchLimits { stall: Duration::from_millis(300), tries: 1, ..desk.limits };
    assert!(matches!(desk.fetched(&site), Err(FetchError::Stalled { .. })));
    let from = desk.notes.last();
    assert_eq!(from.bytes, 1_000_000, "all that came is safe");
    site.go_on();
    block_on(desk.fetch(&site.url(NAME), from))?.unwrap();
    desk.has(&body);
    assert_eq!(site.asked()[1].start, 1_000_000);
    Ok(())
}

pub fn tokens_stay_at_home() -> Result<(), Failed> {
    let body = model(1000, 1);
    let elsewhere = FileSite::open(Site::new(body.clone()));
    let home = FileSite::open(Site { redirect: Some(elsewhere.url(NAME)), ..Site::new(body.clone()) });
    let desk = Desk { tokens: vec![(home.name(), "s3cret".to_owned())], ..Desk::new() };
    desk.fetched(&home).unwrap();
    desk.has(&body);
    assert_eq!(home.asked()[0].headers["authorization"], "Bearer s3cret");
    assert_eq!(elsewhere.asked()[0].headers.get("authorization"), None);
    Ok(())
}

pub fn refusals_in_words() -> Result<(), Failed> {
    let of = |site: Site, tokens: Vec<(String, String)>| {
        let desk = Desk { tokens, ..Desk::new() };
        ErrorReport::from(desk.fetched(&FileSite::open(site)).unwrap_err())
    };
    let body = || Site::new(model(10, 1));
    for (site, words) in [
        (Site { token: Some("t".to_owned()), ..body() }, "only to those it knows"),
        (Site { status: 403, ..body() }, "does not give this file to everybody"),
        (Site { status: 404, ..body() }, "has no such file"),
        (Site { status: 429, ..body() }, "too much was asked"),
        (Site { status: 503, ..body() }, "trouble of its own"),
        (Site { redirect: Some("file:///etc/passwd".to_owned()), ..body() }, "not safe"),
    ] {
        let report = of(site, Vec::new());
        assert!(report.message.contains(words) && report.hint.is_some(), "{report:?}");
    }
    let looping = FileSite::open(body());
    looping.change(|site| site.redirect = Some("/again".to_owned()));
    assert!(matches!(Desk::new().fetched(&looping), Err(FetchError::Redirect { .. })));
    assert!(looping.asked().len() < 12);
    Ok(())
}

pub fn no_room() -> Result<(), Failed> {
    let site = FileSite::open(Site { boast_bytes: 1 << 60, ..Site::new(model(1000, 1)) });
    let desk = Desk::new();
    assert!(matches!(desk.fetched(&site), Err(FetchError::NoRoom { .. })));
    // Of unknown length: the disk is looked at on the way.
    let site = FileSite::open(Site { chunked: true, ..Site::new(model(1000, 1)) });
    let mut desk = Desk::new();
    desk.limits.reserve_bytes = 1 << 60;
    assert!(matches!(desk.fetched(&site), Err(FetchError::NoRoom { .. })));
    assert!(!desk.target().exists());
    Ok(())
}
