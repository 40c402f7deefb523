//! One prompt on one server: does what [`Recovery`] says and tells it what came of it.

use oreforge_protocol::{ErrorReport, OutputFile, PromptNote, PromptState};
use thiserror::Error;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::failure::NodeFailure;
use super::history::Verdict;
use super::http::HttpError;
use super::ledger::PromptLedger;
use super::news::News;
use super::recovery::{Action, Delivery, End, Event, Heard, Look, Recovery};
use super::refusal::Refusal;
use super::server::{Graph, Posted, Server};
use super::socket::Socket;
use super::upload::Upload;

/// What a person may see of a prompt under way.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// Prompts that come first; `None` once it runs.
    pub ahead: Option<u32>,
    pub stopping: bool,
    pub reachable: bool,
    pub news: News,
}

pub type OnSight<'a> = &'a (dyn Fn(&Sight) + Send + Sync);

pub(crate) struct Order<'a> {
    pub note: PromptNote,
    pub graph: &'a Graph,
    /// What the graph reads.
    pub uploads: &'a [Upload],
    /// Nodes whose files are wanted.
    pub wanted: &'a [String],
    /// An earlier process may have sent it.
    pub resumed: bool,
}

/// Why a prompt brought nothing.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RunError {
    #[error("cancelled")]
    Cancelled,
    /// The server does not answer; the prompt may still be there.
    #[error("cancelled, though the server does not answer and may still work on it")]
    CancelledUnheard,
    #[error("somebody stopped it on the server")]
    Interrupted,
    #[error("{0}")]
    Refused(Refusal),
    #[error("{} failed: {}", .0.node_type, .0.message)]
    Failed(NodeFailure),
    #[error("{0}")]
    Unreachable(HttpError),
    #[error("the server made no progress for too long")]
    Silent,
    #[error("the server went down twice while it worked on this")]
    SetAside,
    #[error("the server keeps losing it")]
    Vanished,
    #[error("{0}")]
    Ledger(ErrorReport),
}

/// What a prompt made.
pub(crate) struct Finished {
    /// Of the wanted nodes.
    pub files: Vec<OutputFile>,
    /// Only we remember them, not their server: whatever lies there by now may be something else.
    pub recalled: bool,
}

/// Runs a prompt to its end and names the files it made, which are noted by then. Cancelling is waited for until it
/// is true, or until the server stays away too long.
pub(crate) async fn run(
    server: &Server,
    order: Order<'_>,
    ledger: &dyn PromptLedger,
    cancel: &CancellationToken,
    on_sight: OnSight<'_>,
) -> Result<Finished, RunError> {
    let mut socket = Socket::open(&server.http, &order.note.prompt_id);
    tokio::select! {
        () = socket.ready(server.limits().probe) => {}
        () = cancel.cancelled() => {}
    }
    let wanted = order.wanted;
    let mut shell = Shell::new(server, order, ledger, &socket, on_sight);
    let end = shell.drive(cancel).await;
    let (mut note, refusal, last_error) = (shell.order.note, shell.refusal, shell.last_error);
    let news = socket.news();
    // Files need not wait for the goodbye; another run of the same prompt must.
    match &end {
        Ok(End::Known(Verdict::Success(_)) | End::Untold) => drop(socket),
        Ok(_) | Err(_) => socket.close().await,
    }
    let end = end.map_err(RunError::Ledger)?;
    let recalled = end == End::Untold;
    match &end {
        End::Known(Verdict::Success(files)) => note.files = files.clone(),
        End::Untold | End::Unreachable if tells_all(&news, wanted) => {
            note.files = news.outputs.into_values().flatten().collect();
        }
        _ => {}
    }
    note.files.retain(|file| wanted.is_empty() || wanted.contains(&file.node_id));
    let files = note.files.clone();
    note.state = match &end {
        End::Known(Verdict::Success(_)) | End::Untold => PromptState::Open,
        End::SetAside => PromptState::SetAside,
        End::Unreachable => PromptState::Open,
        End::Stopped { sure: false } | End::Silent { sure: false } => PromptState::Unwanted,
        End::Known(_) | End::Refused | End::Stopped { .. } | End::Silent { .. } | End::Vanished => {
            PromptState::Closed
        }
    };
    ledger.note(note).await.map_err(RunError::Ledger)?;
    match end {
        End::Known(Verdict::Success(_)) | End::Untold => Ok(Finished { files, recalled }),
        End::Known(Verdict::Failure(failure)) => Err(RunError::Failed(failure)),
        End::Known(Verdict::Interrupted) => Err(RunError::Interrupted),
        End::Refused => Err(RunError::Refused(refusal)),
        End::Stopped { sure: true } => Err(RunError::Cancelled),
        End::Stopped { sure: false } => Err(RunError::CancelledUnheard),
        End::Silent { .. } => Err(RunError::Silent),
        End::Unreachable => Err(RunError::Unreachable(last_error)),
        End::SetAside => Err(RunError::SetAside),
        End::Vanished => Err(RunError::Vanished),
    }
}

/// Whether the socket told of a success and of what it brought: one that was opened late has missed some of it.
fn tells_all(news: &News, wanted: &[String]) -> bool {
    news.succeeded && wanted.iter().all(|node| news.outputs.contains_key(node))
}

struct Shell<'a> {
    server: &'a Server,
    order: Order<'a>,
    ledger: &'a dyn PromptLedger,
    socket: &'a Socket,
    on_sight: OnSight<'a>,
    machine: Recovery,
    began: Instant,
    refusal: Refusal,
    last_error: HttpError,
    reachable: bool,
    heard: (u64, u64),
}

impl<'a> Shell<'a> {
    fn new(
        server: &'a Server,
        order: Order<'a>,
        ledger: &'a dyn PromptLedger,
        socket: &'a Socket,
        on_sight: OnSight<'a>,
    ) -> Self {
        let seed =
            order.note.prompt_id.bytes().fold(0, |sum: u64, byte| sum.rotate_left(5) ^ u64::from(byte));
        let (limits, now) = (server.limits().clone(), std::time::Duration::ZERO);
        let machine = if order.resumed {
            Recovery::resumed(limits, seed, order.note.crashes, !order.note.files.is_empty(), now)
        } else {
            Recovery::fresh(limits, seed, now)
        };
        Self {
            server,
            order,
            ledger,
            socket,
            on_sight,
            machine,
            began: Instant::now(),
            refusal: Refusal::default(),
            last_error: HttpError::NoAnswer("nothing".to_owned()),
            reachable: true,
            heard: (0, 0),
        }
    }

    async fn drive(&mut self, cancel: &CancellationToken) -> Result<End, ErrorReport> {
        loop {
            if cancel.is_cancelled() && !self.machine.is_stopping() {
                self.take(Event::StopAsked);
            }
            // Also what came during a long request: a socket that spoke is not deaf.
            self.listen();
            self.show();
            match self.machine.act(self.began.elapsed()) {
                Action::End(end) => return Ok(end),
                Action::ReopenSocket => self.socket.reopen(),
                Action::Wait(until) => {
                    let pause = until.saturating_sub(self.began.elapsed());
                    tokio::select! {
                        () = sleep(pause) => {}
                        () = self.socket.changed() => {}
                        () = cancel.cancelled(), if !cancel.is_cancelled() => {}
                    }
                }
                Action::Post => self.post(cancel).await?,
                Action::Look => self.look(cancel).await,
                action @ (Action::Delete | Action::Interrupt) => self.withdraw(&action).await,
            }
        }
    }

    async fn post(&mut self, cancel: &CancellationToken) -> Result<(), ErrorReport> {
        self.order.note.crashes = self.machine.crashes();
        self.order.note.files.clear();
        self.ledger.note(self.order.note.clone()).await?;
        self.socket.forget();
        self.heard = (0, 0);
        let delivery = self.deliver(cancel).await;
        tracing::debug!(prompt = %self.order.note.prompt_id, ?delivery, "sent");
        self.take(Event::Posted(delivery));
        Ok(())
    }

    async fn deliver(&mut self, cancel: &CancellationToken) -> Delivery {
        let mut posted = if self.machine.is_sent_again() {
            self.post_anew(cancel).await
        } else {
            self.post_once(cancel).await
        };
        // Between the pictures and the prompt the server may have come up anew.
        if matches!(posted, Posted::Refused(_)) && !self.order.uploads.is_empty() {
            posted = self.post_anew(cancel).await;
        }
        match posted {
            Posted::Accepted => Delivery::Accepted,
            Posted::InPart(refusal) => {
                self.refusal = refusal;
                Delivery::AcceptedInPart
            }
            Posted::Refused(refusal) => {
                self.refusal = refusal;
                Delivery::Refused
            }
            Posted::NotSent(error) => {
                self.missed(error);
                Delivery::NotSent
            }
            Posted::Unknown(error) => {
                self.missed(error);
                Delivery::Unknown
            }
        }
    }

    /// With its pictures: a server that came up anew has none.
    async fn post_anew(&self, cancel: &CancellationToken) -> Posted {
        for upload in self.order.uploads {
            let uploaded = tokio::select! {
                uploaded = self.server.upload_once(upload) => uploaded,
                () = cancel.cancelled() => Err(HttpError::NoAnswer("cancelled".to_owned())),
            };
            if let Err(error) = uploaded {
                return Posted::NotSent(error);
            }
        }
        self.post_once(cancel).await
    }

    async fn post_once(&self, cancel: &CancellationToken) -> Posted {
        let posting = self.server.post(&self.order.note.prompt_id, self.order.graph, self.order.wanted);
        // A request that is dropped may arrive all the same: somebody who cancels waits a little for its answer.
        let patience = self.server.limits().connect;
        let given_up = async {
            cancel.cancelled().await;
            sleep(patience).await;
        };
        tokio::select! {
            posted = posting => posted,
            () = given_up => Posted::Unknown(HttpError::NoAnswer("cancelled".to_owned())),
        }
    }

    async fn look(&mut self, cancel: &CancellationToken) {
        let looked = tokio::select! {
            looked = self.server.look(&self.order.note.prompt_id) => looked,
            () = cancel.cancelled(), if !self.machine.is_stopping() => {
                Err(HttpError::NoAnswer("cancelled".to_owned()))
            }
        };
        match looked {
            Ok(look) => {
                self.reachable = true;
                self.take(Event::Looked(look));
            }
            Err(error) => {
                self.missed(error);
                self.take(Event::Looked(Look::NoAnswer));
            }
        }
    }

    async fn withdraw(&mut self, action: &Action) {
        let id = &self.order.note.prompt_id;
        let sent = if *action == Action::Delete {
            self.server.delete(id).await
        } else {
            self.server.interrupt(id).await
        };
        if let Err(error) = sent {
            self.missed(error);
        }
        self.take(Event::Withdrawn);
    }

    fn listen(&mut self) {
        let news = self.socket.news();
        let heard = (news.heard, news.heard_of_others);
        if heard != self.heard {
            let of_others = news.heard == self.heard.0;
            self.heard = heard;
            let succeeded = tells_all(&news, self.order.wanted);
            let (started, over) = (news.started, news.over);
            self.take(Event::Heard(Heard { of_others, started, succeeded, over }));
        }
    }

    fn missed(&mut self, error: HttpError) {
        tracing::debug!(prompt = %self.order.note.prompt_id, %error, "no answer");
        self.reachable = false;
        self.last_error = error;
    }

    fn take(&mut self, event: Event) {
        self.machine.take(event, self.began.elapsed());
    }

    fn show(&self) {
        (self.on_sight)(&Sight {
            ahead: self.machine.ahead(),
            stopping: self.machine.is_stopping(),
            reachable: self.reachable,
            news: self.socket.news(),
        });
    }
}
