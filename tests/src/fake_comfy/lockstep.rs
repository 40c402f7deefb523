use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worker {
    Idle,
    /// Before its next message, waiting for a permit.
    Parked,
    Working,
}

#[derive(Debug, Clone, Copy)]
struct State {
    worker: Worker,
    /// Changes with every change of `worker`.
    turn: u64,
}

/// Lets a test give leave to every single message of the worker.
pub(super) struct Lockstep {
    on: watch::Sender<bool>,
    permits: watch::Sender<u64>,
    state: watch::Sender<State>,
    sent: Mutex<HashMap<usize, usize>>,
    closed: watch::Sender<Vec<usize>>,
}

impl Lockstep {
    pub fn new() -> Self {
        Self {
            on: watch::Sender::new(false),
            permits: watch::Sender::new(0),
            state: watch::Sender::new(State { worker: Worker::Idle, turn: 0 }),
            sent: Mutex::default(),
            closed: watch::Sender::new(Vec::new()),
        }
    }

    fn set(&self, worker: Worker) {
        self.state.send_modify(|state| {
            state.worker = worker;
            state.turn += 1;
        });
    }

    pub fn idle(&self) {
        self.set(Worker::Idle);
    }

    /// The worker waits here before each message and before it takes a prompt out of the queue.
    pub async fn park(&self) {
        if !*self.on.borrow() {
            return self.set(Worker::Working);
        }
        self.set(Worker::Parked);
        let (mut on, mut permits) = (self.on.subscribe(), self.permits.subscribe());
        // What `wait_for` gives locks the value: it must be gone before the value is changed.
        let turned_off = async { drop(on.wait_for(|on| !on).await) };
        let permitted = async { drop(permits.wait_for(|&permits| permits > 0).await) };
        tokio::select! {
            () = turned_off => {}
            () = permitted => self.permits.send_modify(|permits| *permits -= 1),
        }
        self.set(Worker::Working);
    }

    pub fn turn_on(&self, on: bool) {
        self.on.send_replace(on);
    }

    /// Lets the worker do one thing and waits until it is parked or idle again. False when it is idle and
    /// `has_work` says that it will stay so.
    pub async fn step(&self, has_work: impl Fn() -> bool) -> bool {
        let mut state = self.state.subscribe();
        // The sender lives as long as `self`, so the waits end well.
        let turn = loop {
            let Ok(now) = state.wait_for(|state| state.worker != Worker::Working).await.map(|state| *state)
            else {
                return false;
            };
            if now.worker == Worker::Parked {
                break now.turn;
            }
            if !has_work() || state.changed().await.is_err() {
                return false;
            }
        };
        self.permits.send_modify(|permits| *permits += 1);
        let _ = state.wait_for(|state| state.turn > turn && state.worker != Worker::Working).await;
        true
    }

    pub fn sent(&self, socket: usize) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner).entry(socket).or_default() += 1;
    }

    /// How many messages have gone to the socket of this number.
    pub fn sent_to(&self, socket: usize) -> usize {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(&socket).copied().unwrap_or(0)
    }

    pub fn closed(&self, socket: usize) {
        self.closed.send_modify(|closed| closed.push(socket));
    }

    /// Waits until the server has noticed the end of a socket.
    pub async fn noticed_end_of(&self, socket: usize) {
        let mut closed = self.closed.subscribe();
        // The sender lives as long as `self`.
        let _ = closed.wait_for(|closed| closed.contains(&socket)).await;
    }
}
