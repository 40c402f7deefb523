use std::future::pending;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::ws::Message;
use serde_json::json;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::cache::Cache;
use super::faults::{Fault, Faults};
use super::ledger::{Ledger, Outcome};
use super::lockstep::Lockstep;
use super::options::Options;
use super::queue::{Heap, History, Item};
use super::schema::Schema;
use super::sockets::{Outgoing, Sockets, Word, text};

/// What outlives the server process: files, installed models, the test's wishes.
pub(super) struct World {
    pub options: Options,
    /// Holds input/, output/ and temp/.
    pub root: PathBuf,
    pub schema: RwLock<Schema>,
    pub faults: Arc<Faults>,
    pub ledger: Ledger,
    pub lockstep: Lockstep,
    pub commands: mpsc::UnboundedSender<Command>,
    pub sockets_opened: AtomicUsize,
}

pub(super) enum Command {
    /// Dies; comes back after `down`, or when told to.
    Die {
        down: Option<Duration>,
        done: Option<tokio::sync::oneshot::Sender<()>>,
    },
    Start {
        done: tokio::sync::oneshot::Sender<()>,
    },
}

/// What dies with the process: queue, history, node cache, sockets.
pub(super) struct Process {
    pub world: Arc<World>,
    pub alive: CancellationToken,
    pub sockets: Sockets,
    pub filled: Notify,
    core: Mutex<Core>,
    outbox: mpsc::UnboundedSender<Outgoing>,
    /// Messages enqueued and not yet sent to all they are for.
    unsent: watch::Sender<usize>,
}

#[derive(Default)]
pub(super) struct Core {
    pub heap: Heap,
    pub running: Option<Item>,
    pub history: History,
    /// The number of the next prompt.
    pub counter: i64,
    /// Of the last prompt that ran.
    pub client_id: Option<String>,
    pub last_node: Option<String>,
    pub interrupt: bool,
    pub free_memory: bool,
    pub cache: Cache,
}

impl Core {
    pub fn queue_remaining(&self) -> usize {
        self.heap.items().len() + usize::from(self.running.is_some())
    }
}

impl Process {
    pub fn start(world: Arc<World>) -> Arc<Self> {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let process = Arc::new(Self {
            world,
            alive: CancellationToken::new(),
            sockets: Sockets::default(),
            filled: Notify::new(),
            core: Mutex::default(),
            outbox,
            unsent: watch::Sender::new(0),
        });
        tokio::spawn(process.clone().while_alive(publish(process.clone(), inbox)));
        tokio::spawn(process.clone().while_alive(super::worker::work(process.clone())));
        process
    }

    async fn while_alive(self: Arc<Self>, task: impl Future<Output = ()>) {
        tokio::select! {
            () = task => {}
            () = self.alive.cancelled() => {}
        }
    }

    pub fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message in the row; the worker's come through [`super::worker`], which passes the boundaries.
    pub fn enqueue(&self, to: Option<&str>, message: Message, word: Option<Word>) {
        self.unsent.send_modify(|count| *count += 1);
        // The publisher ends with the process only.
        let _ = self.outbox.send(Outgoing { to: to.map(str::to_owned), message, word });
    }

    pub fn tell_queue_length(&self) {
        let queue_remaining = self.core().queue_remaining();
        let status = json!({ "status": { "exec_info": { "queue_remaining": queue_remaining } } });
        self.enqueue(None, text("status", &status), None);
    }

    /// Waits until every message enqueued so far is sent.
    pub async fn all_sent(&self) {
        let mut unsent = self.unsent.subscribe();
        let _ = unsent.wait_for(|&count| count == 0).await;
    }

    /// Passes a boundary. What concerns the whole process happens here; the rest is given back.
    pub async fn meet(&self, boundary: String) -> Option<Fault> {
        match self.world.faults.meet(boundary).await? {
            Fault::DropSockets => {
                self.say_the_rest().await;
                self.sockets.drop_all();
                None
            }
            Fault::DeafSockets => {
                self.say_the_rest().await;
                self.sockets.deafen_all();
                None
            }
            Fault::Restart { down } => self.die(Some(down)).await,
            Fault::Kill => self.die(None).await,
            fault => Some(fault),
        }
    }

    /// What came before the boundary is heard, unless a client does not read.
    async fn say_the_rest(&self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.all_sent()).await;
    }

    /// Never comes back: the task that asks dies with the process.
    async fn die(&self, down: Option<Duration>) -> Option<Fault> {
        self.say_the_rest().await;
        let _ = self.world.commands.send(Command::Die { down, done: None });
        pending().await
    }

    /// Ends every task of the process.
    pub fn end(&self) {
        self.alive.cancel();
        self.sockets.drop_all();
        self.world.ledger.process_died();
        self.world.lockstep.idle();
    }

    pub fn set_outcome(&self, item: &Item, outcome: Outcome) {
        self.world.ledger.became(item.submission, outcome);
    }

    pub fn next_socket_number(&self) -> usize {
        self.world.sockets_opened.fetch_add(1, Ordering::Relaxed)
    }
}

/// One loop for all sockets, each send awaited.
async fn publish(process: Arc<Process>, mut inbox: mpsc::UnboundedReceiver<Outgoing>) {
    while let Some(Outgoing { to, message, word }) = inbox.recv().await {
        let mut taken = false;
        for socket in process.sockets.addressed(to.as_deref()) {
            taken |= socket.send(message.clone()).await;
            process.world.lockstep.sent(socket.number);
        }
        if let Some(word) = word {
            process.world.ledger.said(word, taken);
        }
        process.unsent.send_modify(|count| *count -= 1);
    }
}
