//! The life of a job from its start to its end, one transaction per move.

use std::collections::BTreeMap;

use oreforge_protocol::{
    ErrorReport, EventBody, ForgeRequest, GateReport, JobId, JobSignal, JobState, StepName, StepState,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::artifacts::{Staged, record};
use crate::create::set_error;
use crate::events::append;
use crate::row::{
    JobRow, apply, checkpoint_step, from_json, job_row, parse_id, step_after, step_index, to_json, to_word,
};
use crate::snapshot::estimate_ms;
use crate::store::{Durability, now_ms};
use crate::{Store, StoreError, runner};

/// The next job of this process.
#[derive(Debug, Clone, PartialEq)]
pub struct QueuedJob {
    pub id: JobId,
    pub name: String,
    pub request: ForgeRequest,
}

/// What a started job does first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    Step(StepName),
    /// Every step was done before; the job is done.
    NothingLeft,
}

/// A finished step.
#[derive(Debug)]
pub struct StepCommit {
    pub step: StepName,
    pub elapsed_ms: u64,
    pub facts: BTreeMap<String, serde_json::Value>,
    pub artifacts: Vec<Staged>,
}

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
    /// First in, first out.
    pub fn next_queued(&self) -> Result<Option<QueuedJob>, StoreError> {
        self.read(|tx| {
            let row: Option<(String, String, String)> = tx
                .prepare_cached(
                    "SELECT id, name, request FROM jobs WHERE state = 'queued' AND runner = ?1
                     ORDER BY queued_seq LIMIT 1",
                )?
                .query_row(params![self.runner.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            row.map(|(id, name, request)| {
                Ok(QueuedJob { id: parse_id(&id)?, name, request: from_json(&request)? })
            })
            .transpose()
        })
    }

    pub fn begin(&self, id: JobId, engine: &str) -> Result<Begun, StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let row = self.own_row(tx, id)?;
            let state = apply(tx, id, row.state, JobSignal::Start)?;
            tx.execute("UPDATE jobs SET engine = ?2 WHERE id = ?1", params![id.to_string(), engine])?;
            let Some(step) = step_after(row.checkpoint) else {
                end(tx, id, state, JobSignal::Finish, done(tx, id)?)?;
                return Ok(Begun::NothingLeft);
            };
            activate(tx, id, step, engine)?;
            Ok(Begun::Step(step))
        })
    }

    /// Makes files of a running step visible before it ends. They are on disk; their rows survive the end of
    /// the process at once and a power cut with the next commit.
    pub fn publish(&self, id: JobId, staged: Vec<Staged>) -> Result<(), StoreError> {
        let replaced = self.write(Durability::Process, |tx| {
            self.running_row(tx, id, JobSignal::Finish)?;
            record(tx, id, staged)
        })?;
        self.discard(replaced);
        Ok(())
    }

    pub fn quality(&self, id: JobId, report: GateReport) -> Result<(), StoreError> {
        self.write(Durability::Process, |tx| {
            self.running_row(tx, id, JobSignal::Finish)?;
            append(tx, id, &EventBody::Quality { report })?;
            Ok(())
        })
    }

    /// Ends a step well: its state, the checkpoint, its artifacts and events, and what follows, in one
    /// transaction. Returns the job's next step, or `None` when it is over.
    pub fn commit_step(&self, id: JobId, commit: StepCommit) -> Result<Option<StepName>, StoreError> {
        let (next, replaced) = self.write(Durability::PowerCut, |tx| {
            let row = self.running_row(tx, id, JobSignal::Finish)?;
            let StepCommit { step, elapsed_ms, facts, artifacts } = commit;
            set_step(tx, id, step, StepState::Done, row.engine.as_deref(), Some(elapsed_ms), Some(&facts))?;
            tx.prepare_cached("UPDATE jobs SET checkpoint = max(checkpoint, ?2) WHERE id = ?1")?
                .execute(params![id.to_string(), step_index(step) + 1])?;
            let replaced = record(tx, id, artifacts)?;
            append(tx, id, &EventBody::StepDone { step, elapsed_ms, facts })?;
            let next = match step_after(row.checkpoint.max(step_index(step) + 1)) {
                _ if row.cancel_requested => {
                    end(tx, id, row.state, JobSignal::Cancel, EventBody::Cancelled)?;
                    None
                }
                Some(next) => {
                    activate(tx, id, next, row.engine.as_deref().unwrap_or_default())?;
                    Some(next)
                }
                None => {
                    end(tx, id, row.state, JobSignal::Finish, done(tx, id)?)?;
                    None
                }
            };
            Ok((next, replaced))
        })?;
        self.discard(replaced);
        Ok(next)
    }

    /// Ends a job badly, in a step or before its first one.
    pub fn fail(
        &self,
        id: JobId,
        step: Option<(StepName, u64)>,
        error: ErrorReport,
    ) -> Result<(), StoreError> {
        self.stop(id, step, StepState::Failed, JobSignal::Fail, |tx| {
            set_error(tx, id, &error)?;
            Ok(EventBody::Error { step: step.map(|(step, _)| step), error })
        })
    }

    /// Ends a job because a person asked for it.
    pub fn cancelled(&self, id: JobId, step: StepName, elapsed_ms: u64) -> Result<(), StoreError> {
        self.stop(id, Some((step, elapsed_ms)), StepState::Cancelled, JobSignal::Cancel, |_| {
            Ok(EventBody::Cancelled)
        })
    }

    /// Lets go of a running job because this process ends; it can be resumed.
    pub fn interrupt(&self, id: JobId, step: StepName, elapsed_ms: u64) -> Result<(), StoreError> {
        self.stop(id, Some((step, elapsed_ms)), StepState::Waiting, JobSignal::Lose, |_| {
            Ok(EventBody::Interrupted)
        })
    }

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
                    end_abandoned(tx, id, true)?;
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

    fn stop(
        &self,
        id: JobId,
        step: Option<(StepName, u64)>,
        step_state: StepState,
        signal: JobSignal,
        body: impl FnOnce(&Connection) -> Result<EventBody, StoreError>,
    ) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let row = self.own_row(tx, id)?;
            // A person's wish outranks whatever else ends the job at the same moment.
            let wish = row.cancel_requested && row.state.after(JobSignal::Cancel).is_some();
            let step_state = if wish { StepState::Cancelled } else { step_state };
            if let Some((step, elapsed_ms)) = step
                && checkpoint_step(row.checkpoint)?.is_none_or(|safe| safe < step)
            {
                set_step(tx, id, step, step_state, row.engine.as_deref(), Some(elapsed_ms), None)?;
            }
            if wish {
                end(tx, id, row.state, JobSignal::Cancel, EventBody::Cancelled)
            } else {
                end(tx, id, row.state, signal, body(tx)?)
            }
        })
    }

    fn own_row(&self, db: &Connection, id: JobId) -> Result<JobRow, StoreError> {
        let row = job_row(db, id)?;
        if row.runner == self.runner.id { Ok(row) } else { Err(StoreError::NotOurs(id)) }
    }

    fn running_row(&self, db: &Connection, id: JobId, signal: JobSignal) -> Result<JobRow, StoreError> {
        let row = self.own_row(db, id)?;
        if row.state == JobState::Running {
            Ok(row)
        } else {
            Err(StoreError::WrongState { state: row.state, signal })
        }
    }
}

pub(crate) fn end(
    db: &Connection,
    id: JobId,
    state: JobState,
    signal: JobSignal,
    body: EventBody,
) -> Result<(), StoreError> {
    apply(db, id, state, signal)?;
    append(db, id, &body)?;
    Ok(())
}

/// Ends a running job, and the step it was in, for a process that is gone.
pub(crate) fn end_abandoned(db: &Connection, id: JobId, cancel_requested: bool) -> Result<(), StoreError> {
    let (signal, step, body) = if cancel_requested {
        (JobSignal::Cancel, StepState::Cancelled, EventBody::Cancelled)
    } else {
        (JobSignal::Lose, StepState::Waiting, EventBody::Interrupted)
    };
    db.prepare_cached("UPDATE steps SET state = ?2 WHERE job_id = ?1 AND state = ?3")?.execute(params![
        id.to_string(),
        to_word(&step)?,
        to_word(&StepState::Running)?
    ])?;
    end(db, id, JobState::Running, signal, body)
}

fn done(db: &Connection, id: JobId) -> Result<EventBody, StoreError> {
    let elapsed_ms: i64 = db
        .prepare_cached("SELECT coalesce(sum(elapsed_ms), 0) FROM steps WHERE job_id = ?1")?
        .query_row(params![id.to_string()], |row| row.get(0))?;
    Ok(EventBody::Done { elapsed_ms: u64::try_from(elapsed_ms).unwrap_or(0) })
}

fn activate(db: &Connection, id: JobId, step: StepName, engine: &str) -> Result<(), StoreError> {
    set_step(db, id, step, StepState::Running, Some(engine), None, None)?;
    append(db, id, &EventBody::StepActive { step, estimate_ms: estimate_ms(db, step, Some(engine))? })?;
    Ok(())
}

fn set_step(
    db: &Connection,
    id: JobId,
    step: StepName,
    state: StepState,
    engine: Option<&str>,
    elapsed_ms: Option<u64>,
    facts: Option<&BTreeMap<String, serde_json::Value>>,
) -> Result<(), StoreError> {
    let elapsed_ms = elapsed_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
    db.prepare_cached(
        "INSERT INTO steps(job_id, step, state, engine, elapsed_ms, facts, finished_at)
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT(job_id, step) DO UPDATE SET state = excluded.state, engine = excluded.engine,
           elapsed_ms = excluded.elapsed_ms, facts = excluded.facts, finished_at = excluded.finished_at",
    )?
    .execute(params![
        id.to_string(),
        step_index(step),
        to_word(&state)?,
        engine,
        elapsed_ms,
        facts.map(to_json).transpose()?,
        now_ms()
    ])?;
    Ok(())
}
