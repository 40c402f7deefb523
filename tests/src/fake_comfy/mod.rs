//! A ComfyUI that lives in a test: the routes, messages and traps of version 0.3.64 as they were captured on the
//! real server (`tests/fixtures/comfyui`), small nodes with real bytes, and faults at every boundary.
//!
//! `tests/comfy_transcripts.rs` replays the captures against it.

mod cache;
mod faults;
mod files;
mod graph;
mod http;
mod ledger;
mod lockstep;
mod nodes;
mod options;
mod plan;
mod process;
mod queue;
mod run;
mod schema;
mod serve;
mod sockets;
mod validate;
mod worker;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

pub use faults::{BodyFault, Boundary, Fault, Hold};
pub use ledger::{Outcome, Submission};
pub use options::{Auth, Options};

use faults::Faults;
use process::{Command, Process, World};

/// A running fake. Dropping it ends the server and deletes its files.
pub struct FakeComfy {
    address: SocketAddr,
    world: Arc<World>,
    process: Arc<Mutex<Option<Arc<Process>>>>,
    // Declared before the directory: the server ends first.
    runtime: Option<Runtime>,
    _port: TcpSocket,
    _directory: TempDir,
}

impl FakeComfy {
    /// Starts a server on a loopback port, on threads of its own.
    ///
    /// # Panics
    /// When the machine gives no port, thread or directory.
    pub fn start(options: Options) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root: PathBuf = directory.path().to_path_buf();
        for name in ["input", "output", "temp"] {
            std::fs::create_dir(root.join(name)).expect("a directory in a new directory");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("fake-comfy")
            .enable_all()
            .build()
            .expect("threads");
        let entered = runtime.enter();
        let port = serve::reserve(options.port).expect("a free port");
        let address = port.local_addr().expect("a bound socket has an address");
        let listener = serve::listen(address).expect("a port of its own");
        let (commands, orders) = mpsc::unbounded_channel();
        let world = Arc::new(World {
            options,
            root,
            schema: RwLock::new(schema::Schema::captured()),
            faults: Arc::new(Faults::new()),
            ledger: ledger::Ledger::default(),
            lockstep: lockstep::Lockstep::new(),
            commands,
            sockets_opened: AtomicUsize::new(0),
        });
        let process = Arc::new(Mutex::new(None));
        let first = Process::start(world.clone());
        drop(entered);
        *process.lock().unwrap_or_else(PoisonError::into_inner) = Some(first.clone());
        runtime.spawn(serve::supervise(world.clone(), process.clone(), first, listener, orders));
        Self { address, world, process, runtime: Some(runtime), _port: port, _directory: directory }
    }

    /// Where it listens, with the base path, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.world.options.base_path)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds input/, output/ and temp/.
    pub fn root(&self) -> &Path {
        &self.world.root
    }

    /// Puts a file into input/.
    ///
    /// # Panics
    /// When the disk refuses it.
    pub fn put_input(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.world.root.join("input").join(name), bytes).expect("the disk takes a file");
    }

    /// Installs these files, and no others, in a models folder.
    pub fn set_models(&self, folder: &str, names: &[&str]) {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        self.world.schema.write().unwrap_or_else(PoisonError::into_inner).set_models(folder, names);
    }

    /// As if the pack of custom nodes that has the class were missing.
    pub fn remove_class(&self, class: &str) {
        self.world.schema.write().unwrap_or_else(PoisonError::into_inner).remove_class(class);
    }

    /// As if it had these nodes and no others: /object_info is half a megabyte with all of them.
    ///
    /// # Panics
    /// When a test has panicked while it changed the schema.
    pub fn keep_classes(&self, classes: &[&str]) {
        self.world.schema.write().expect("no test panics while it changes the schema").keep_classes(classes);
    }

    /// The fault happens once, at this boundary. Several for one boundary happen one after the other only when
    /// the boundary is met again, after [`Self::forget_boundaries`].
    pub fn inject(&self, boundary: Boundary, fault: Fault) {
        self.world.faults.arm(boundary, fault);
    }

    /// Forgets the faults that wait for a boundary not yet met.
    pub fn disarm(&self) {
        self.world.faults.disarm();
    }

    /// The fault happens each time a boundary of this name is met; None ends it.
    pub fn inject_every(&self, name: &str, fault: Option<Fault>) {
        self.world.faults.arm_every(name.to_owned(), fault);
    }

    /// Keeps the server at the boundary until the hold is released or dropped.
    pub fn hold(&self, boundary: Boundary) -> Hold {
        self.world.faults.hold(boundary)
    }

    /// Waits until the boundary has been met.
    pub async fn reached(&self, boundary: &Boundary) {
        self.world.faults.reached(boundary).await;
    }

    /// All boundaries met, in order.
    pub fn boundaries(&self) -> Vec<Boundary> {
        self.world.faults.log()
    }

    /// Counts boundaries from 1 again.
    pub fn forget_boundaries(&self) {
        self.world.faults.forget();
    }

    /// Every submission since the fake started, restarts included.
    pub fn ledger(&self) -> Vec<Submission> {
        self.world.ledger.all()
    }

    /// Puts another client's prompt into the queue and gives its id; None when the graph is not valid or the
    /// server is dead.
    pub fn submit_as_stranger(&self, graph: &Value) -> Option<String> {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        http::submit_graph(&process, graph, "somebody-else")
    }

    /// The process dies with all connections; nothing listens any more.
    pub async fn kill(&self) {
        let (done, dead) = oneshot::channel();
        let _ = self.world.commands.send(Command::Die { down: None, done: Some(done) });
        let _ = dead.await;
    }

    /// Starts a dead server on the same port: queue, history, counter and cache empty, temp/ wiped.
    pub async fn start_again(&self) {
        let (done, up) = oneshot::channel();
        let _ = self.world.commands.send(Command::Start { done });
        let _ = up.await;
    }

    /// The worker sends nothing without [`Self::step`] while this is on.
    pub fn lockstep(&self, on: bool) {
        self.world.lockstep.turn_on(on);
    }

    /// Lets the worker send one message, or take one prompt out of the queue. False when it has nothing to do.
    pub async fn step(&self) -> bool {
        let has_work = || {
            let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).clone();
            process.is_some_and(|process| !process.core().heap.items().is_empty())
        };
        let stepped = self.world.lockstep.step(has_work).await;
        self.all_sent().await;
        stepped
    }

    /// The node the server would name to a client that reconnects.
    pub fn current_node(&self) -> Option<String> {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        process.core().last_node.clone()
    }

    /// Waits until no message is on its way to a socket. A client that does not read makes it wait for ever.
    pub async fn all_sent(&self) {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(process) = process {
            process.all_sent().await;
        }
    }

    /// Waits until the server has noticed that a client ended its socket.
    pub async fn noticed_end_of(&self, socket: usize) {
        self.world.lockstep.noticed_end_of(socket).await;
    }

    /// How many messages went to the n-th socket that was opened, from 0.
    pub fn sent_to(&self, socket: usize) -> usize {
        self.world.lockstep.sent_to(socket)
    }
}

impl Drop for FakeComfy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Blocking is not allowed where a test drops it inside its own runtime.
            runtime.shutdown_background();
        }
    }
}
