use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::sockets::Word;

/// What became of one submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Waiting,
    Running,
    Success,
    Error,
    Interrupted,
    /// Taken out of the queue by /queue.
    Deleted,
    /// The process died while it waited or ran.
    Lost,
}

/// One accepted POST /prompt, or one prompt of a stranger. Outlives restarts.
#[derive(Debug, Clone)]
pub struct Submission {
    pub prompt_id: String,
    pub client_id: Option<String>,
    /// SHA-256 of the graph as it was sent.
    pub graph_digest: String,
    pub outcome: Outcome,
    /// Its success went out, over a socket that hears and that took all its outputs, or in a history that was
    /// answered: its client knows of it.
    pub told: bool,
    /// An output went out to nobody.
    unheard: bool,
    /// The process died after its success and before that was told.
    pub word_lost: bool,
}

#[derive(Default)]
pub(super) struct Ledger(Mutex<Vec<Submission>>);

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Vec<Submission>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the number of the submission. A process that died while it answered took it with it.
    pub fn submitted(
        &self,
        alive: &CancellationToken,
        prompt_id: &str,
        client_id: Option<&str>,
        graph: &str,
    ) -> usize {
        let mut submissions = self.lock();
        let graph_digest = Sha256::digest(graph).iter().map(|byte| format!("{byte:02x}")).collect();
        submissions.push(Submission {
            prompt_id: prompt_id.to_owned(),
            client_id: client_id.map(str::to_owned),
            graph_digest,
            outcome: if alive.is_cancelled() { Outcome::Lost } else { Outcome::Waiting },
            told: false,
            unheard: false,
            word_lost: false,
        });
        submissions.len() - 1
    }

    /// A task of a dead process may come to its next await after the death: what is lost stays lost.
    pub fn became(&self, submission: usize, outcome: Outcome) {
        let standing = &mut self.lock()[submission].outcome;
        if *standing != Outcome::Lost {
            *standing = outcome;
        }
    }

    /// Over the socket, before the history has it.
    pub fn said(&self, word: Word, taken: bool) {
        let mut submissions = self.lock();
        match word {
            Word::Output(submission) => submissions[submission].unheard |= !taken,
            Word::Success(submission) => {
                let Submission { outcome, told, unheard, .. } = &mut submissions[submission];
                if taken && !*unheard && *outcome != Outcome::Lost {
                    (*outcome, *told) = (Outcome::Success, true);
                }
            }
        }
    }

    pub fn history_answered(&self, prompt_id: &str) {
        for submission in self.lock().iter_mut().filter(|submission| submission.prompt_id == prompt_id) {
            submission.told |= submission.outcome == Outcome::Success;
        }
    }

    /// The process's own token is cancelled before this.
    pub fn process_died(&self) {
        for submission in self.lock().iter_mut() {
            match submission.outcome {
                Outcome::Waiting | Outcome::Running => submission.outcome = Outcome::Lost,
                Outcome::Success => submission.word_lost |= !submission.told,
                Outcome::Error | Outcome::Interrupted | Outcome::Deleted | Outcome::Lost => {}
            }
        }
    }

    pub fn all(&self) -> Vec<Submission> {
        self.lock().clone()
    }
}
