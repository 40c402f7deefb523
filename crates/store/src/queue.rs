//! In what order this process's jobs wait, and whether they do.

use oreforge_protocol::{JobId, JobState, QueueMove};
use rusqlite::{Connection, params};

use crate::row::{job_row, parse_id};
use crate::store::Durability;
use crate::{Store, StoreError};

/// Ties are rare: two processes that died may each have put a job before all others.
pub(crate) const ORDER: &str = "queued_seq, rowid";

impl Store {
    /// Moves a job that waits among those of the same process, whichever process that is.
    pub fn move_queued(&self, id: JobId, to: QueueMove) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let row = job_row(tx, id)?;
            if row.state != JobState::Queued {
                return Err(StoreError::NotQueued { state: row.state });
            }
            let mut waiting = waiting(tx, &row.runner)?;
            let Some(from) = waiting.iter().position(|&other| other == id) else { return Ok(()) };
            let last = waiting.len() - 1;
            waiting.remove(from);
            let place = match to {
                QueueMove::Front => 0,
                QueueMove::Up => from.saturating_sub(1),
                QueueMove::Down => last.min(from + 1),
                QueueMove::Back => last,
                QueueMove::Before(other) => {
                    let Some(place) = waiting.iter().position(|&id| id == other) else { return Ok(()) };
                    place
                }
            };
            waiting.insert(place, id);
            renumber(tx, &waiting)
        })
    }

    /// Holds up what waits, in every window and server of this data folder, or lets it go on. What runs is not
    /// touched.
    pub fn pause_queue(&self, paused: bool) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            tx.execute("UPDATE queue SET paused = ?1", params![paused])?;
            Ok(())
        })
    }

    pub fn queue_is_paused(&self) -> Result<bool, StoreError> {
        self.read(|tx| Ok(tx.prepare_cached("SELECT paused FROM queue")?.query_row([], |row| row.get(0))?))
    }
}

/// How many jobs of the same process go before one that waits.
pub(crate) fn place_in_queue(db: &Connection, id: JobId) -> Result<Option<u32>, StoreError> {
    let place = waiting(db, &job_row(db, id)?.runner)?.iter().position(|&other| other == id);
    Ok(place.and_then(|place| u32::try_from(place).ok()))
}

fn waiting(db: &Connection, runner: &str) -> Result<Vec<JobId>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT id FROM jobs WHERE state = 'queued' AND runner = ?1 ORDER BY {ORDER}"
    ))?;
    let rows = statement.query_map(params![runner], |row| row.get::<_, String>(0))?;
    rows.map(|id| parse_id(&id?)).collect()
}

/// Counted down from the newest, so that a job that comes later waits behind them all.
fn renumber(db: &Connection, waiting: &[JobId]) -> Result<(), StoreError> {
    let newest: i64 = db
        .prepare_cached("SELECT max(queued_seq) FROM jobs WHERE state = 'queued'")?
        .query_row([], |row| row.get(0))?;
    let mut statement = db.prepare_cached("UPDATE jobs SET queued_seq = ?2 WHERE id = ?1")?;
    for (before, id) in waiting.iter().rev().enumerate() {
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        statement.execute(params![id.to_string(), newest - before])?;
    }
    Ok(())
}
