use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// A moment of the server's life where something can go wrong. The n-th of its name since the fake started (or
/// since [`super::FakeComfy::forget_boundaries`]), counted from 1.
///
/// Names: `request POST /prompt` before the server acts on a request, `answer POST /prompt` after it acted and
/// before it answers, `message executed` before a message of the worker goes out, and the stages
/// `stage taken` (out of the queue, the interrupt flag not yet cleared) and `stage history` (success is told,
/// the history entry not yet written).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Boundary {
    pub name: String,
    pub nth: usize,
}

impl Boundary {
    /// `route` as in `POST /prompt` or `GET /history/{prompt_id}`.
    pub fn request(route: &str, nth: usize) -> Self {
        Self { name: format!("request {route}"), nth }
    }

    pub fn answer(route: &str, nth: usize) -> Self {
        Self { name: format!("answer {route}"), nth }
    }

    /// `kind` as in the `type` field; binary previews are `preview`.
    pub fn message(kind: &str, nth: usize) -> Self {
        Self { name: format!("message {kind}"), nth }
    }

    pub fn stage(name: &str, nth: usize) -> Self {
        Self { name: format!("stage {name}"), nth }
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.name, self.nth)
    }
}

/// What happens to the body of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFault {
    /// The announced length is right, the connection ends after this many bytes.
    Truncate(usize),
    /// 200 and no bytes, honestly announced.
    Empty,
    /// The right bytes under another content type.
    ContentType(&'static str),
    /// A proxy's HTML page with status 200 instead of the answer.
    Html,
    /// Pieces of `chunk_bytes`, with a pause between them.
    Trickle { chunk_bytes: usize, pause: Duration },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Delay(Duration),
    /// Every socket ends without a close frame; the server forgets them.
    DropSockets,
    /// Every socket stays open and never hears anything again.
    DeafSockets,
    /// The connection of this request ends without an answer. At a `request` boundary the server has not acted.
    DropAnswer,
    /// Plain text, as a proxy or aiohttp answers.
    Status(u16),
    Body(BodyFault),
    /// The process dies and comes back on the same port, its memory empty.
    Restart {
        down: Duration,
    },
    /// The process dies; [`super::FakeComfy::start_again`] brings it back.
    Kill,
    /// The node that is about to run raises torch.OutOfMemoryError.
    OutOfMemory,
    /// The node that is about to run raises a RuntimeError.
    NodeError(String),
}

#[derive(Default)]
struct State {
    met: HashMap<String, usize>,
    log: Vec<Boundary>,
    armed: HashMap<Boundary, VecDeque<Fault>>,
    every: HashMap<String, Fault>,
    holds: HashMap<Boundary, watch::Receiver<bool>>,
}

/// The boundaries met so far and the faults that wait for one.
pub(super) struct Faults {
    state: Mutex<State>,
    met: watch::Sender<usize>,
}

impl Faults {
    pub fn new() -> Self {
        Self { state: Mutex::default(), met: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the boundary, waits while a test holds it, and says what goes wrong here.
    pub async fn meet(&self, name: String) -> Option<Fault> {
        let (fault, hold) = {
            let mut state = self.lock();
            let nth = state.met.entry(name.clone()).or_default();
            *nth += 1;
            let boundary = Boundary { name, nth: *nth };
            state.log.push(boundary.clone());
            let fault = state
                .armed
                .get_mut(&boundary)
                .and_then(VecDeque::pop_front)
                .or_else(|| state.every.get(&boundary.name).cloned());
            (fault, state.holds.remove(&boundary))
        };
        self.met.send_modify(|count| *count += 1);
        if let Some(mut released) = hold {
            // A hold whose test has gone is released.
            let _ = released.wait_for(|released| *released).await;
        }
        if let Some(Fault::Delay(delay)) = fault {
            tokio::time::sleep(delay).await;
            return None;
        }
        fault
    }

    pub fn arm(&self, boundary: Boundary, fault: Fault) {
        self.lock().armed.entry(boundary).or_default().push_back(fault);
    }

    pub fn disarm(&self) {
        self.lock().armed.clear();
    }

    pub fn arm_every(&self, name: String, fault: Option<Fault>) {
        let mut state = self.lock();
        match fault {
            Some(fault) => state.every.insert(name, fault),
            None => state.every.remove(&name),
        };
    }

    pub fn log(&self) -> Vec<Boundary> {
        self.lock().log.clone()
    }

    pub fn forget(&self) {
        let mut state = self.lock();
        state.met.clear();
        state.log.clear();
    }

    pub async fn reached(&self, boundary: &Boundary) {
        let mut met = self.met.subscribe();
        // The sender lives as long as `self`.
        let _ = met
            .wait_for(|_| self.lock().met.get(&boundary.name).is_some_and(|&count| count >= boundary.nth))
            .await;
    }

    pub fn hold(self: &Arc<Self>, boundary: Boundary) -> Hold {
        let (release, held) = watch::channel(false);
        self.lock().holds.insert(boundary.clone(), held);
        Hold { faults: self.clone(), boundary, release }
    }
}

/// Keeps the server at a boundary until released or dropped.
pub struct Hold {
    faults: Arc<Faults>,
    boundary: Boundary,
    release: watch::Sender<bool>,
}

impl Hold {
    /// Waits until the server stands at the boundary.
    pub async fn reached(&self) {
        self.faults.reached(&self.boundary).await;
    }

    pub fn release(self) {
        self.release.send_replace(true);
    }
}
