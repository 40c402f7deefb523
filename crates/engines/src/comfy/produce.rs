//! From a graph to the bytes it makes: one piece of work on one server, through all that can go wrong on the
//! way.

use async_trait::async_trait;
use oreforge_protocol::{ErrorReport, LogLevel, OutputFile, PromptNote, PromptState};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::download::DownloadError;
use super::ladder;
use super::ledger::PromptLedger;
use super::run::{Finished, OnSight, Order, RunError, run};
use super::server::{Graph, Server};
use super::stamp::{bears_stamp, can_be_stamped, digest, stamped};
use super::upload::Upload;

/// Runs for one graph whose files cannot be had each time.
const MAX_RERUNS: u32 = 2;

#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// What it is for within the step; one piece of work of this purpose is under way at a time.
    pub purpose: String,
    pub graph: Graph,
    /// What the graph reads; on the server already, and sent anew when the server has lost it.
    pub uploads: Vec<Upload>,
    /// Nodes whose files are wanted; all where empty.
    pub outputs: Vec<String>,
}

/// A file a node made, with its bytes, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub file: OutputFile,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Error)]
pub enum ProduceError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("{file_name}: {error}", file_name = .0.file_name, error = .1)]
    Download(Box<OutputFile>, DownloadError),
    #[error("the graph ran and made no file")]
    Nothing,
}

impl From<ErrorReport> for ProduceError {
    fn from(report: ErrorReport) -> Self {
        ProduceError::Run(RunError::Ledger(report))
    }
}

pub type OnNote<'a> = &'a (dyn Fn(LogLevel, String) + Send + Sync);

impl Server {
    /// Runs a piece of work, or picks it up where an earlier process left it, and fetches what it makes.
    ///
    /// # Errors
    /// When cancelled; when the work cannot be done on this server, with the reason.
    pub async fn produce(
        &self,
        work: &Work,
        ledger: &dyn PromptLedger,
        cancel: &CancellationToken,
        on_sight: OnSight<'_>,
        on_note: OnNote<'_>,
    ) -> Result<Vec<Made>, ProduceError> {
        let mut graph = work.graph.clone();
        let (mut out_of_memory, mut reruns) = (0, 0);
        loop {
            let order = self.order(work, &graph, ledger, on_sight).await?;
            let (prompt, note) = (order.stamped, order.note.clone());
            let order = Order {
                note: order.note,
                graph: &prompt,
                uploads: &work.uploads,
                wanted: &work.outputs,
                resumed: order.resumed,
            };
            let finished = match run(self, order, ledger, cancel, on_sight).await {
                Ok(finished) => finished,
                Err(RunError::Failed(failure)) if failure.out_of_memory() => {
                    out_of_memory += 1;
                    let Some(rung) = ladder::rung(&work.graph, out_of_memory) else {
                        return Err(RunError::Failed(failure).into());
                    };
                    on_note(LogLevel::Warn, rung.words);
                    self.try_to_free(true).await;
                    graph = rung.graph;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            match self.fetch_all(&prompt, &note.prompt_id, finished, cancel).await {
                Err(ProduceError::Download(file, error))
                    if is_to_be_remade(&error) && reruns < MAX_RERUNS =>
                {
                    reruns += 1;
                    on_note(LogLevel::Warn, format!("\"{}\": {error}; it is made again.", file.file_name));
                    ledger.note(PromptNote { state: PromptState::Closed, ..note }).await?;
                    if !can_be_stamped(&graph, &work.outputs) {
                        self.try_to_free(false).await;
                    }
                }
                fetched => return fetched,
            }
        }
    }

    /// The prompt to run: one noted by an earlier process, or a new one. What else of this work is still open
    /// on this server is taken back first.
    async fn order(
        &self,
        work: &Work,
        graph: &Graph,
        ledger: &dyn PromptLedger,
        on_sight: OnSight<'_>,
    ) -> Result<Stamped, ProduceError> {
        let (server, graph_sha256) = (self.address().to_string(), digest(graph));
        let mut known = ledger.prompts().await?;
        known.retain(|note| note.server == server && note.purpose == work.purpose);
        if known.iter().any(|note| note.graph_sha256 == graph_sha256 && note.state == PromptState::SetAside) {
            return Err(RunError::SetAside.into());
        }
        known.retain(|note| matches!(note.state, PromptState::Open | PromptState::Unwanted));
        let same = known
            .iter()
            .rposition(|note| note.graph_sha256 == graph_sha256 && note.state == PromptState::Open);
        let adopted = same.map(|at| known.remove(at));
        for stray in known {
            self.take_back(stray, graph, ledger, on_sight).await?;
        }
        let resumed = adopted.is_some();
        let note = adopted.unwrap_or_else(|| PromptNote {
            prompt_id: uuid::Uuid::now_v7().to_string(),
            server,
            purpose: work.purpose.clone(),
            graph_sha256,
            crashes: 0,
            state: PromptState::Open,
            files: Vec::new(),
        });
        Ok(Stamped { stamped: stamped(graph, &note.prompt_id), note, resumed })
    }

    /// Takes a prompt that nobody waits for out of the server, and what runs of it to its end. False when the
    /// server does not say that it is gone.
    pub async fn withdraw(&self, note: PromptNote) -> bool {
        let ended = self.take_back(note, &Graph::new(), &Forgetful, &|_| {}).await;
        matches!(ended, Ok(PromptState::Closed))
    }

    /// Takes a prompt of ours out of the server, wherever it is there, and tells how it is then.
    async fn take_back(
        &self,
        note: PromptNote,
        graph: &Graph,
        ledger: &dyn PromptLedger,
        on_sight: OnSight<'_>,
    ) -> Result<PromptState, ProduceError> {
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let order = Order { note, graph, uploads: &[], wanted: &[], resumed: true };
        match run(self, order, ledger, &cancelled, on_sight).await {
            Err(RunError::Ledger(report)) => Err(report.into()),
            Err(RunError::CancelledUnheard | RunError::Unreachable(_)) => Ok(PromptState::Unwanted),
            Ok(_) | Err(_) => Ok(PromptState::Closed),
        }
    }

    async fn fetch_all(
        &self,
        stamped: &Graph,
        prompt_id: &str,
        Finished { files, recalled }: Finished,
        cancel: &CancellationToken,
    ) -> Result<Vec<Made>, ProduceError> {
        let mut made = Vec::new();
        for file in files {
            match self.download(&file, cancel).await {
                Ok(bytes) if recalled && !bears_stamp(&file, &bytes, stamped, prompt_id) => {
                    return Err(ProduceError::Download(Box::new(file), DownloadError::Foreign));
                }
                Ok(bytes) => made.push(Made { file, bytes }),
                Err(DownloadError::Cancelled) => return Err(RunError::Cancelled.into()),
                Err(error) => return Err(ProduceError::Download(Box::new(file), error)),
            }
        }
        if made.is_empty() { Err(ProduceError::Nothing) } else { Ok(made) }
    }

    async fn try_to_free(&self, unload_models: bool) {
        if let Err(error) = self.free(unload_models).await {
            tracing::warn!(%error, "the server did not free its memory");
        }
    }
}

/// What is wrong with the file is wrong on the server's disk.
fn is_to_be_remade(error: &DownloadError) -> bool {
    matches!(error, DownloadError::Gone | DownloadError::Foreign | DownloadError::Damaged(_))
}

/// For prompts that nobody asks about again.
struct Forgetful;

#[async_trait]
impl PromptLedger for Forgetful {
    async fn prompts(&self) -> Result<Vec<PromptNote>, ErrorReport> {
        Ok(Vec::new())
    }

    async fn note(&self, _: PromptNote) -> Result<(), ErrorReport> {
        Ok(())
    }
}

struct Stamped {
    note: PromptNote,
    stamped: Graph,
    resumed: bool,
}
