//! What the window shares: the forge behind it, and the channels to the page.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oreforge_commands::{Config, News, Oreforge};
use oreforge_protocol::{
    Command, ErrorCode, ErrorReport, Event, EventSeq, ForgeRequest, JobId, LivePreview, Reply, SourceInfo,
    SourceRef,
};
use serde::Serialize;
use tauri::ipc::Channel;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::drops::Drop;

/// The picture that `--forge-sample` stands for.
const FIRST_SAMPLE: &str = "robot";
/// More than one page ever needs; a page that asks for more is out of order.
const MAX_SUBSCRIPTIONS: usize = 64;

/// What the window was started with.
#[derive(Debug, Clone, Serialize)]
pub struct Opening {
    /// The job that the command line asked for.
    pub job_id: Option<JobId>,
    /// Why the picture of the command line could not be used.
    pub error: Option<ErrorReport>,
    /// Why the data folder cannot be opened; asking again tries again.
    pub store_error: Option<ErrorReport>,
    /// Driven by a test: faults can be provoked.
    pub automation: bool,
    pub version: &'static str,
}

/// Cheap to clone; one per process.
#[derive(Clone)]
pub struct Core(Arc<Shared>);

/// A page numbers its subscriptions from 1, and so does the page after it; the serial tells them apart.
struct Subscription {
    serial: u64,
    ended: CancellationToken,
}

struct Shared {
    /// A data folder that cannot be opened is said in the window, not in a terminal nobody sees.
    forge: Mutex<Result<Oreforge, ErrorReport>>,
    /// Held by the one who opens the data folder again.
    reopening: tokio::sync::Mutex<()>,
    args: Args,
    opening: tokio::sync::OnceCell<Opening>,
    subscriptions: Mutex<HashMap<u32, Subscription>>,
    next_serial: AtomicU64,
    /// The mesh that is being written.
    saving: Mutex<CancellationToken>,
    drops: Mutex<Option<Channel<Drop>>>,
}

impl Core {
    pub fn open(args: Args) -> Self {
        Self(Arc::new(Shared {
            forge: Mutex::new(Oreforge::open(config(&args))),
            reopening: tokio::sync::Mutex::default(),
            args,
            opening: tokio::sync::OnceCell::new(),
            subscriptions: Mutex::default(),
            next_serial: AtomicU64::new(0),
            saving: Mutex::default(),
            drops: Mutex::default(),
        }))
    }

    pub fn forge(&self) -> Result<Oreforge, ErrorReport> {
        lock(&self.0.forge).clone()
    }

    /// For what begins to be written: ended by `stop_saving`.
    pub fn saving(&self) -> CancellationToken {
        let mut saving = lock(&self.0.saving);
        if saving.is_cancelled() {
            *saving = CancellationToken::new();
        }
        saving.clone()
    }

    pub fn stop_saving(&self) {
        lock(&self.0.saving).cancel();
    }

    /// Opens a data folder that could not be opened before.
    async fn reopen(&self) -> Result<(), ErrorReport> {
        let _alone = self.0.reopening.lock().await;
        if self.forge().is_err() {
            let config = config(&self.0.args);
            let opened = tokio::task::spawn_blocking(move || Oreforge::open(config)).await;
            *lock(&self.0.forge) = opened.unwrap_or_else(|ended| {
                Err(ErrorReport::new(ErrorCode::Internal, "The data folder could not be opened.")
                    .with_details(ended.to_string()))
            });
        }
        self.forge().map(|_| ())
    }

    pub async fn import(&self, source: SourceRef) -> Result<SourceInfo, ErrorReport> {
        match self.forge()?.execute(Command::ImportPicture { source }).await? {
            Reply::ImportPicture(picture) => Ok(picture),
            _ => Err(ErrorReport::new(ErrorCode::Internal, "The core answered another question.")),
        }
    }

    /// What the command line asked for; begun once, however often it is asked, as soon as there is a data folder.
    pub async fn opening(&self) -> Opening {
        match self.reopen().await {
            Ok(()) => self.0.opening.get_or_init(|| self.begin()).await.clone(),
            Err(error) => opening(None, None, Some(error)),
        }
    }

    async fn begin(&self) -> Opening {
        let source = match &self.0.args {
            Args { picture: Some(path), .. } => Some(SourceRef::Path { path: path.display().to_string() }),
            Args { forge_sample: true, .. } => Some(SourceRef::Sample { name: FIRST_SAMPLE.to_owned() }),
            Args { .. } => None,
        };
        let begun = match source {
            Some(source) => self.start(source).await.map(Some),
            None => Ok(None),
        };
        match begun {
            Ok(job_id) => opening(job_id, None, None),
            Err(error) => opening(None, Some(error), None),
        }
    }

    async fn start(&self, source: SourceRef) -> Result<JobId, ErrorReport> {
        let request = ForgeRequest::new(source);
        match self.forge()?.execute(Command::StartForge { request }).await? {
            Reply::StartForge(job) => Ok(job.id),
            _ => Err(ErrorReport::new(ErrorCode::Internal, "The core answered another question.")),
        }
    }

    /// Sends every event of a job after a cursor to the page, and what is about to come of it, until the job is over or the page has enough.
    pub fn subscribe(
        &self,
        subscription: u32,
        job_id: JobId,
        after: EventSeq,
        channel: Channel<Event>,
        previews: Channel<LivePreview>,
    ) -> Result<(), ErrorReport> {
        use futures_util::StreamExt;

        let forge = self.forge()?;
        let ended = CancellationToken::new();
        let serial = self.0.next_serial.fetch_add(1, Ordering::Relaxed);
        {
            let mut subscriptions = lock(&self.0.subscriptions);
            if subscriptions.len() >= MAX_SUBSCRIPTIONS {
                return Err(ErrorReport::new(
                    ErrorCode::BadRequest,
                    format!("The page follows {MAX_SUBSCRIPTIONS} jobs already."),
                ));
            }
            subscriptions.insert(subscription, Subscription { serial, ended: ended.clone() });
        }
        let core = self.clone();
        tauri::async_runtime::spawn(async move {
            let mut news = std::pin::pin!(forge.follow(job_id, after));
            loop {
                let sent = tokio::select! {
                    () = ended.cancelled() => break,
                    next = news.next() => match next {
                        Some(News::Event(event)) => channel.send(*event),
                        Some(News::Preview(preview)) => previews.send(LivePreview::clone(&preview)),
                        None => break,
                    },
                };
                if sent.is_err() {
                    break;
                }
            }
            core.forget(subscription, serial);
        });
        Ok(())
    }

    fn forget(&self, subscription: u32, serial: u64) {
        let mut subscriptions = lock(&self.0.subscriptions);
        if subscriptions.get(&subscription).is_some_and(|current| current.serial == serial) {
            subscriptions.remove(&subscription);
        }
    }

    pub fn unsubscribe(&self, subscription: u32) {
        if let Some(subscription) = lock(&self.0.subscriptions).remove(&subscription) {
            subscription.ended.cancel();
        }
    }

    pub fn end_subscriptions(&self) {
        for (_, subscription) in lock(&self.0.subscriptions).drain() {
            subscription.ended.cancel();
        }
        *lock(&self.0.drops) = None;
    }

    pub fn watch_drops(&self, channel: Channel<Drop>) {
        *lock(&self.0.drops) = Some(channel);
    }

    pub fn tell_drop(&self, drop: Drop) {
        if let Some(channel) = lock(&self.0.drops).as_ref() {
            // A page that is gone has nobody to tell.
            let _ = channel.send(drop);
        }
    }

    /// Running jobs become resumable.
    pub async fn shutdown(&self) {
        self.end_subscriptions();
        if let Ok(forge) = self.forge() {
            forge.shutdown().await;
        }
    }
}

fn config(args: &Args) -> Config {
    Config { data_dir: args.data_dir.clone(), ..Config::default() }
}

fn opening(job_id: Option<JobId>, error: Option<ErrorReport>, store_error: Option<ErrorReport>) -> Opening {
    let automation = std::env::var_os("OREFORGE_TEST").is_some_and(|value| value == "1");
    Opening { job_id, error, store_error, automation, version: env!("CARGO_PKG_VERSION") }
}

/// Both maps stay whole between statements, so a panic elsewhere leaves them usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
