//! The life of a job from its start to its end, one transaction per move.

use std::collections::BTreeMap;

use oreforge_protocol::{
    ErrorReport, EventBody, GateReport, JobId, JobRequest, JobSignal, JobState, StepName, StepState,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::artifacts::{Staged, record};
use crate::create::set_error;
use crate::estimate::estimate_ms;
use crate::events::append;
use crate::prompts::forget_prompts;
use crate::retry::promote;
use crate::row::{
    JobRow, apply, from_word, job_row, parse_id, request_of, step_after, step_index, to_json, to_word,
};
use crate::store::{Durability, now_ms};
use crate::{Store, StoreError, queue};

/// The next job of this process.
#[derive(Debug, Clone, PartialEq)]
pub struct QueuedJob {
    pub id: JobId,
    pub name: String,
    pub request: JobRequest,
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

impl Store {
    /// First in, first out, unless somebody moved them.
    pub fn next_queued(&self) -> Result<Option<QueuedJob>, StoreError> {
        self.read(|tx| {
            let row: Option<(String, String, String, String)> = tx
                .prepare_cached(&format!(
                    "SELECT id, name, request, kind FROM jobs WHERE state = 'queued' AND runner = ?1
                     ORDER BY {} LIMIT 1",
                    queue::ORDER
                ))?
                .query_row(params![self.runner.id], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()?;
            row.map(|(id, name, request, kind)| {
                let request = request_of(from_word(kind)?, &request)?;
                Ok(QueuedJob { id: parse_id(&id)?, name, request })
            })
            .transpose()
        })
    }

    pub fn begin(&self, id: JobId, engine: &str) -> Result<Begun, StoreError> {
        let (begun, replaced) = self.write(Durability::PowerCut, |tx| {
            let row = self.own_row(tx, id)?;
            let state = apply(tx, id, row.state, JobSignal::Start)?;
            tx.execute("UPDATE jobs SET engine = ?2 WHERE id = ?1", params![id.to_string(), engine])?;
            let row = JobRow { state, engine: Some(engine.to_owned()), ..row };
            let Some(step) = step_after(row.kind, row.reached()) else {
                let replaced = self.finish(tx, id, &row)?;
                return Ok((Begun::NothingLeft, replaced));
            };
            activate(tx, id, &row, step)?;
            Ok((Begun::Step(step), Vec::new()))
        })?;
        self.discard(&replaced);
        Ok(begun)
    }

    /// Makes files of a running step visible before it ends.
    pub fn publish(&self, id: JobId, staged: Vec<Staged>) -> Result<(), StoreError> {
        let replaced = self.write(Durability::PowerCut, |tx| {
            let row = self.running_row(tx, id, JobSignal::Finish)?;
            record(tx, id, row.retry.is_some(), &self.runner.id, staged)
        })?;
        self.discard(&replaced);
        Ok(())
    }

    pub fn quality(&self, id: JobId, report: GateReport) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            self.running_row(tx, id, JobSignal::Finish)?;
            append(tx, id, &EventBody::Quality { report })?;
            Ok(())
        })
    }

    /// Ends a step well: its state, the checkpoint, its artifacts and events, and what follows, in one
    /// transaction. Returns the job's next step, or `None` when it is over.
    pub fn commit_step(&self, id: JobId, commit: StepCommit) -> Result<Option<StepName>, StoreError> {
        let (next, replaced) = self.write(Durability::PowerCut, |tx| {
            let mut row = self.running_row(tx, id, JobSignal::Finish)?;
            let StepCommit { step, elapsed_ms, facts, artifacts } = commit;
            set_step(tx, id, &row, step, StepState::Done, Some(elapsed_ms), Some(&facts))?;
            let reached = row.reached().max(step_index(step) + 1);
            match &mut row.retry {
                Some(retry) => retry.checkpoint = reached,
                None => row.checkpoint = reached,
            }
            tx.prepare_cached(
                "UPDATE jobs SET checkpoint = max(checkpoint, ?2), retry_checkpoint = max(retry_checkpoint, ?3),
                   crashes = 0 WHERE id = ?1",
            )?
            .execute(params![id.to_string(), row.checkpoint, row.retry.map(|retry| retry.checkpoint)])?;
            let mut replaced = record(tx, id, row.retry.is_some(), &self.runner.id, artifacts)?;
            forget_prompts(tx, id)?;
            append(tx, id, &EventBody::StepDone { step, elapsed_ms, facts })?;
            let next = match step_after(row.kind, reached) {
                _ if row.cancel_requested => {
                    end(tx, id, row.state, JobSignal::Cancel, EventBody::Cancelled)?;
                    None
                }
                Some(next) => {
                    activate(tx, id, &row, next)?;
                    Some(next)
                }
                None => {
                    replaced.extend(self.finish(tx, id, &row)?);
                    None
                }
            };
            Ok((next, replaced))
        })?;
        self.discard(&replaced);
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

    fn stop(
        &self,
        id: JobId,
        step: Option<(StepName, u64)>,
        step_state: StepState,
        signal: JobSignal,
        body: impl FnOnce(&Connection) -> Result<EventBody, StoreError>,
    ) -> Result<(), StoreError> {
        let folder = self.write(Durability::PowerCut, |tx| {
            // A step that was let go of has no say any more.
            let row = match step {
                Some(_) => self.running_row(tx, id, signal)?,
                None => self.own_row(tx, id)?,
            };
            // A person's wish outranks whatever else ends the job at the same moment.
            let wish = row.cancel_requested && row.state.after(JobSignal::Cancel).is_some();
            let step_state = if wish { StepState::Cancelled } else { step_state };
            if let Some((step, elapsed_ms)) = step
                && row.reached() <= step_index(step)
            {
                set_step(tx, id, &row, step, step_state, Some(elapsed_ms), None)?;
            }
            if wish {
                end(tx, id, row.state, JobSignal::Cancel, EventBody::Cancelled)?;
            } else {
                end(tx, id, row.state, signal, body(tx)?)?;
            }
            Ok(row.folder)
        })?;
        self.collect_own(&folder);
        Ok(())
    }

    /// Ends a job well. Returns the paths of files that a retry replaces.
    fn finish(&self, db: &Connection, id: JobId, row: &JobRow) -> Result<Vec<String>, StoreError> {
        let replaced = match row.retry {
            Some(retry) => promote(db, id, retry, &self.runner.id)?,
            None => Vec::new(),
        };
        end(db, id, row.state, JobSignal::Finish, done(db, id)?)?;
        Ok(replaced)
    }

    fn own_row(&self, db: &Connection, id: JobId) -> Result<JobRow, StoreError> {
        let row = job_row(db, id)?;
        if row.runner == self.runner.id { Ok(row) } else { Err(StoreError::NotOurs(id)) }
    }

    pub(crate) fn running_row(
        &self,
        db: &Connection,
        id: JobId,
        signal: JobSignal,
    ) -> Result<JobRow, StoreError> {
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

fn done(db: &Connection, id: JobId) -> Result<EventBody, StoreError> {
    let elapsed_ms: i64 = db
        .prepare_cached("SELECT coalesce(sum(elapsed_ms), 0) FROM steps WHERE job_id = ?1")?
        .query_row(params![id.to_string()], |row| row.get(0))?;
    Ok(EventBody::Done { elapsed_ms: u64::try_from(elapsed_ms).unwrap_or(0) })
}

fn activate(db: &Connection, id: JobId, row: &JobRow, step: StepName) -> Result<(), StoreError> {
    set_step(db, id, row, step, StepState::Running, None, None)?;
    let estimate_ms = estimate_ms(db, id, step, row.engine.as_deref())?;
    append(db, id, &EventBody::StepActive { step, estimate_ms })?;
    Ok(())
}

/// Of the open retry, or of the result that stands.
fn set_step(
    db: &Connection,
    id: JobId,
    row: &JobRow,
    step: StepName,
    state: StepState,
    elapsed_ms: Option<u64>,
    facts: Option<&BTreeMap<String, serde_json::Value>>,
) -> Result<(), StoreError> {
    let elapsed_ms = elapsed_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
    db.prepare_cached(
        "INSERT INTO steps(job_id, step, state, engine, elapsed_ms, facts, finished_at, retry)
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT(job_id, retry, step) DO UPDATE SET state = excluded.state, engine = excluded.engine,
           elapsed_ms = excluded.elapsed_ms, facts = excluded.facts, finished_at = excluded.finished_at",
    )?
    .execute(params![
        id.to_string(),
        step_index(step),
        to_word(&state)?,
        row.engine,
        elapsed_ms,
        facts.map(to_json).transpose()?,
        now_ms(),
        row.retry.is_some()
    ])?;
    Ok(())
}
