//! Requests to end a job, from any process.

use oreforge_protocol::{EventBody, JobId, JobSignal, JobState};
use rusqlite::params;

use crate::events::append;
use crate::recover::end_abandoned;
use crate::row::{JobRow, job_row, parse_id};
use crate::run::end;
use crate::store::Durability;
use crate::{Store, StoreError, runner};

/// What a request to cancel met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It was not running and is cancelled now.
    Cancelled,
    /// It runs; its runner has been asked.
    Asked,
    /// It was over already.
    Over(JobState),
}

impl Store {
    /// Asks for the end of a job, for good: whoever runs it finds the request in its row.
    pub fn request_cancel(&self, id: JobId) -> Result<CancelAnswer, StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let row = job_row(tx, id)?;
            match row.state {
                JobState::Running => {
                    if !row.cancel_requested {
                        tx.execute(
                            "UPDATE jobs SET cancel_requested = 1 WHERE id = ?1",
                            params![id.to_string()],
                        )?;
                        append(tx, id, &EventBody::Cancelling)?;
                    }
                    if row.runner == self.runner.id || runner::is_alive(self.root(), &row.runner) {
                        return Ok(CancelAnswer::Asked);
                    }
                    end_abandoned(tx, id, &JobRow { cancel_requested: true, ..row }, false)?;
                    Ok(CancelAnswer::Cancelled)
                }
                JobState::Queued | JobState::Interrupted => {
                    end(tx, id, row.state, JobSignal::Cancel, EventBody::Cancelled)?;
                    Ok(CancelAnswer::Cancelled)
                }
                over @ (JobState::Done | JobState::Failed | JobState::Cancelled) => {
                    Ok(CancelAnswer::Over(over))
                }
            }
        })
    }

    /// Jobs this process runs that somebody, perhaps in another process, wants to end.
    pub fn cancel_requests(&self) -> Result<Vec<JobId>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT id FROM jobs WHERE state = 'running' AND runner = ?1 AND cancel_requested = 1",
            )?;
            let rows = statement.query_map(params![self.runner.id], |row| row.get::<_, String>(0))?;
            rows.map(|id| parse_id(&id?)).collect()
        })
    }
}
