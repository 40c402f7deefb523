//! A file, fetched to its end: through broken lines, over several lives of this program.

use std::fs::File;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, redirect};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::contract::{Checkpoint, Fetch, FetchLedger, FetchLimits};
use super::error::FetchError;
use super::open::{Opened, open};
use super::part::PartFile;
use super::site::Tokens;
use super::whole::{check, sha256_of};
use crate::comfy::{BackOff, plain, tls};
use crate::off_runtime;

/// Pieces are gathered to this before they are written.
const WRITE_BYTES: usize = 1 << 20;
/// A site that sends less than this within the limit of a stall has stalled.
const LEAST_PIECE_BYTES: usize = 16 << 10;

/// What fetches files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    limits: Arc<FetchLimits>,
}

impl Fetcher {
    /// Reads the system's trusted certificates, which blocks for a while.
    ///
    /// # Errors
    /// When secure connections cannot be set up.
    pub fn new(limits: FetchLimits) -> Result<Self, FetchError> {
        let tls = tls(true).map_err(|error| FetchError::Setup(error.to_string()))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("Oreforge/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            // Each hop decides anew who gets a token.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| FetchError::Setup(plain(&error)))?;
        Ok(Self { client, limits: Arc::new(limits) })
    }

    /// Goes on from `from`, and answers the bytes of the whole file under its name. A file that is there already
    /// counts where its checksum is the wanted one.
    ///
    /// # Errors
    /// Whatever ends it; what has come by then is noted, or thrown away where it is of no use.
    pub async fn fetch(
        &self,
        work: &Fetch,
        from: Checkpoint,
        tokens: &Tokens,
        ledger: &dyn FetchLedger,
        cancel: &CancellationToken,
    ) -> Result<u64, FetchError> {
        if let Some(bytes) = already(work, cancel).await? {
            return Ok(bytes);
        }
        let target = work.target.clone();
        let safe = if from.validator.is_some() { from.bytes } else { 0 };
        let part = off_runtime(move || PartFile::open(&target, safe)).await?;
        let state = Checkpoint { bytes: part.bytes(), ..from };
        let mut under_way = UnderWay { fetcher: self, part: Some(part), state, tokens, ledger, cancel };
        let ended = match under_way.all(&work.url).await {
            Ok(()) => under_way.finish(work).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &ended {
            under_way.put_aside(error).await;
        }
        ended
    }
}

struct UnderWay<'a> {
    fetcher: &'a Fetcher,
    /// Away while a thread that may block works on it.
    part: Option<PartFile>,
    state: Checkpoint,
    tokens: &'a Tokens,
    ledger: &'a dyn FetchLedger,
    cancel: &'a CancellationToken,
}

impl UnderWay<'_> {
    /// Tries until everything is here.
    async fn all(&mut self, url: &Url) -> Result<(), FetchError> {
        let limits = Arc::clone(&self.fetcher.limits);
        let mut pauses = BackOff::new(limits.back_off, url.as_str().len() as u64);
        let mut failures = 0;
        loop {
            let before = self.state.bytes;
            if before > 0 && self.state.total_bytes == Some(before) {
                return Ok(());
            }
            let error = match self.once(url).await {
                Ok(()) => return Ok(()),
                Err(error) if error.may_pass() => error,
                Err(error) => return Err(error),
            };
            if self.state.bytes > before {
                failures = 0;
                pauses.reset();
            }
            failures += 1;
            if failures >= limits.tries {
                return Err(error);
            }
            tracing::info!(%error, bytes = self.state.bytes, "a download goes on in a moment");
            let asked_for = match error {
                FetchError::Busy { retry_after, .. } => {
                    retry_after.unwrap_or_default().min(limits.longest_pause)
                }
                _ => Duration::ZERO,
            };
            tokio::select! {
                () = self.cancel.cancelled() => return Err(FetchError::Cancelled),
                () = sleep(pauses.pause().max(asked_for)) => {}
            }
        }
    }

    async fn once(&mut self, url: &Url) -> Result<(), FetchError> {
        let limits = Arc::clone(&self.fetcher.limits);
        let have = (self.state.bytes, self.state.validator.as_deref());
        let opened = tokio::select! {
            () = self.cancel.cancelled() => return Err(FetchError::Cancelled),
            opened = open(&self.fetcher.client, url, self.tokens, have, limits.stall) => opened?,
        };
        if opened.start != self.state.bytes {
            let start = opened.start;
            self.on_disk(move |part| part.cut(start)).await?;
        }
        self.state = Checkpoint {
            bytes: opened.start,
            total_bytes: opened.total,
            validator: opened.validator.clone(),
        };
        self.room_for(opened.total.map_or(0, |total| total.saturating_sub(opened.start))).await?;
        // Before any byte of another version is written over those of the last one.
        self.ledger.note(&self.state).await.map_err(FetchError::Ledger)?;
        let ended = self.receive(opened).await;
        if self.part.is_some() {
            self.note_all().await?;
        }
        ended
    }

    async fn receive(&mut self, opened: Opened) -> Result<(), FetchError> {
        let limits = Arc::clone(&self.fetcher.limits);
        let Opened { mut answer, site, total, .. } = opened;
        let mut pieces: Vec<u8> = Vec::with_capacity(WRITE_BYTES);
        let mut ticks = interval(limits.checkpoint);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut syncing: Option<JoinHandle<io::Result<u64>>> = None;
        let (mut deadline, mut since_deadline) = (Instant::now() + limits.stall, 0);
        let ended = loop {
            let stalled = pin!(sleep_until(deadline));
            tokio::select! {
                () = self.cancel.cancelled() => break Err(FetchError::Cancelled),
                () = stalled => break Err(FetchError::Stalled { site: site.clone(), limit: limits.stall }),
                synced = async { match syncing.as_mut() { Some(task) => task.await, None => std::future::pending().await } } => {
                    syncing = None;
                    let bytes = synced.map_err(io::Error::other).and_then(|synced| synced).map_err(|e| self.disk(e))?;
                    let safe = Checkpoint { bytes, ..self.state.clone() };
                    self.ledger.note(&safe).await.map_err(FetchError::Ledger)?;
                }
                _ = ticks.tick() => {
                    self.room_for(0).await?;
                    self.write(&mut pieces).await?;
                    if syncing.is_none() {
                        syncing = Some(self.sync()?);
                    }
                }
                piece = answer.chunk() => match piece {
                    Ok(Some(piece)) => {
                        pieces.extend_from_slice(&piece);
                        since_deadline += piece.len();
                        if since_deadline >= LEAST_PIECE_BYTES {
                            (deadline, since_deadline) = (Instant::now() + limits.stall, 0);
                        }
                        let come = self.state.bytes + pieces.len() as u64;
                        if total.is_some_and(|total| come > total) {
                            break Err(FetchError::TooLong);
                        }
                        self.ledger.progress(come, total);
                        if pieces.len() >= WRITE_BYTES {
                            self.write(&mut pieces).await?;
                        }
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(FetchError::Broken { site: site.clone(), why: plain(&error) }),
                }
            }
        };
        self.write(&mut pieces).await?;
        ended?;
        match total {
            Some(total) if total != self.state.bytes => {
                Err(FetchError::Broken { site, why: "it ended early".to_owned() })
            }
            _ => {
                self.state.total_bytes = Some(self.state.bytes);
                Ok(())
            }
        }
    }

    async fn write(&mut self, pieces: &mut Vec<u8>) -> Result<(), FetchError> {
        if pieces.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::replace(pieces, Vec::with_capacity(WRITE_BYTES));
        self.on_disk(move |part| part.write(&bytes)).await
    }

    /// Starts to wait for the disk; answers how much is safe then.
    fn sync(&self) -> Result<JoinHandle<io::Result<u64>>, FetchError> {
        let (part, bytes) = (self.part(), self.state.bytes);
        let file = part.handle().map_err(|error| self.disk(error))?;
        Ok(spawn_blocking(move || file.sync_data().map(|()| bytes)))
    }

    async fn note_all(&mut self) -> Result<(), FetchError> {
        let sync = self.sync()?;
        sync.await.map_err(io::Error::other).and_then(|synced| synced).map_err(|error| self.disk(error))?;
        self.ledger.note(&self.state).await.map_err(FetchError::Ledger)
    }

    /// The file is all here: it is looked at, and gets its name.
    async fn finish(&mut self, work: &Fetch) -> Result<u64, FetchError> {
        let (sha256, cancel) = (work.sha256.clone(), self.cancel.clone());
        let part = self.taken();
        let bytes = part.bytes();
        let (part, ended) = off_runtime(move || {
            let looked_at = part
                .handle()
                .map_err(|error| FetchError::Disk { path: part.path().to_owned(), error })
                .and_then(|mut file| check(&mut file, part.target(), sha256.as_deref(), &cancel));
            let ended = looked_at.and_then(|()| part.finish());
            (part, ended)
        })
        .await;
        self.part = Some(part);
        ended.map(|()| bytes)
    }

    /// Leaves what another try can go on with, and nothing else.
    async fn put_aside(&mut self, error: &FetchError) {
        if error.spoils() {
            self.state = Checkpoint::default();
            if let Err(error) = self.ledger.note(&self.state).await {
                tracing::warn!(%error, "a download that was no good is still noted");
            }
        } else if self.state.bytes > 0 {
            return;
        }
        let part = self.part.take();
        if let Some(Err(error)) = off_runtime(move || part.map(|part| part.discard())).await {
            tracing::warn!(%error, "a download that was no good stays for now");
        }
    }

    async fn room_for(&self, needed_bytes: u64) -> Result<(), FetchError> {
        let folder = self.part().target().parent().unwrap_or(Path::new(".")).to_owned();
        let needed_bytes = needed_bytes.saturating_add(self.fetcher.limits.reserve_bytes);
        off_runtime(move || match fs4::available_space(&folder) {
            Ok(free_bytes) if free_bytes < needed_bytes => {
                Err(FetchError::NoRoom { folder, needed_bytes, free_bytes })
            }
            Ok(_) => Ok(()),
            Err(error) => Err(FetchError::Disk { path: folder, error }),
        })
        .await
    }

    async fn on_disk(
        &mut self,
        work: impl FnOnce(&mut PartFile) -> io::Result<()> + Send + 'static,
    ) -> Result<(), FetchError> {
        let mut part = self.taken();
        let (part, done) = off_runtime(move || {
            let done = work(&mut part);
            (part, done)
        })
        .await;
        self.state.bytes = part.bytes();
        self.part = Some(part);
        done.map_err(|error| self.disk(error))
    }

    fn part(&self) -> &PartFile {
        self.part.as_ref().expect("a part is away only while its own work is awaited")
    }

    fn taken(&mut self) -> PartFile {
        self.part.take().expect("a part is away only while its own work is awaited")
    }

    fn disk(&self, error: io::Error) -> FetchError {
        FetchError::Disk { path: self.part().path().to_owned(), error }
    }
}

/// The bytes of a file that is there and is the wanted one.
async fn already(work: &Fetch, cancel: &CancellationToken) -> Result<Option<u64>, FetchError> {
    let (work, cancel) = (work.clone(), cancel.clone());
    off_runtime(move || {
        let disk = |error| FetchError::Disk { path: work.target.clone(), error };
        let mut file = match File::open(&work.target) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(disk(error)),
        };
        let Some(wanted) = &work.sha256 else { return Err(FetchError::Exists(work.target)) };
        if sha256_of(&mut file, &work.target, &cancel)? != *wanted {
            return Err(FetchError::Exists(work.target));
        }
        file.metadata().map(|metadata| Some(metadata.len())).map_err(disk)
    })
    .await
}
