//! How values look in the database.

use std::str::FromStr;

use oreforge_protocol::{JobId, JobKind, JobRequest, JobSignal, JobState, StepName};
use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::prompts::give_up_prompts;

/// The text of a unit variant, as serde names it.
pub(crate) fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::Corrupt("not a word".to_owned())),
    }
}

pub(crate) fn from_word<T: DeserializeOwned>(word: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|e| StoreError::Corrupt(e.to_string()))
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Corrupt(e.to_string()))
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// Without its kind, which has a column of its own.
pub(crate) fn request_json(request: &JobRequest) -> Result<String, StoreError> {
    match request {
        JobRequest::Forge(request) => to_json(request),
        JobRequest::Prospect(request) => to_json(request),
    }
}

pub(crate) fn request_of(kind: JobKind, text: &str) -> Result<JobRequest, StoreError> {
    Ok(match kind {
        JobKind::Forge => JobRequest::Forge(from_json(text)?),
        JobKind::Prospect => JobRequest::Prospect(from_json(text)?),
    })
}

pub(crate) fn parse_id<T: FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("\"{text}\" is no id")))
}

pub(crate) fn step_index(step: StepName) -> i64 {
    i64::try_from(step.index()).unwrap_or(i64::MAX)
}

pub(crate) fn step_at(index: i64) -> Result<StepName, StoreError> {
    usize::try_from(index)
        .ok()
        .and_then(|index| StepName::ALL.get(index).copied())
        .ok_or_else(|| StoreError::Corrupt(format!("no step {index}")))
}

/// The last step that is safe on disk: `checkpoint` is the number that comes after it.
pub(crate) fn checkpoint_step(checkpoint: i64) -> Result<Option<StepName>, StoreError> {
    if checkpoint == 0 { Ok(None) } else { step_at(checkpoint - 1).map(Some) }
}

/// The step of a job that comes after a checkpoint; `None` when there is none left.
pub(crate) fn step_after(kind: JobKind, checkpoint: i64) -> Option<StepName> {
    kind.step_after(usize::try_from(checkpoint).unwrap_or(0))
}

/// An open retry: the number of its first step, and its own checkpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryRow {
    pub(crate) from: i64,
    pub(crate) checkpoint: i64,
}

/// What decides over a job's next move.
pub(crate) struct JobRow {
    pub(crate) kind: JobKind,
    pub(crate) name: String,
    pub(crate) folder: String,
    pub(crate) state: JobState,
    pub(crate) checkpoint: i64,
    pub(crate) retry: Option<RetryRow>,
    pub(crate) crashes: i64,
    pub(crate) cancel_requested: bool,
    pub(crate) runner: String,
    pub(crate) engine: Option<String>,
}

impl JobRow {
    /// The checkpoint of the run that is open, or comes next.
    pub(crate) fn reached(&self) -> i64 {
        self.retry.map_or(self.checkpoint, |retry| retry.checkpoint)
    }
}

pub(crate) fn job_row(db: &Connection, id: JobId) -> Result<JobRow, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT name, folder, state, checkpoint, cancel_requested, runner, engine, crashes, retry_from,
                retry_checkpoint, kind
         FROM jobs WHERE id = ?1",
    )?;
    let mut rows = statement.query(params![id.to_string()])?;
    let row = rows.next()?.ok_or(StoreError::JobNotFound(id))?;
    let retry: (Option<i64>, Option<i64>) = (row.get(8)?, row.get(9)?);
    Ok(JobRow {
        kind: from_word(row.get(10)?)?,
        name: row.get(0)?,
        folder: row.get(1)?,
        state: from_word(row.get(2)?)?,
        checkpoint: row.get(3)?,
        cancel_requested: row.get(4)?,
        runner: row.get(5)?,
        engine: row.get(6)?,
        crashes: row.get(7)?,
        retry: retry.0.zip(retry.1).map(|(from, checkpoint)| RetryRow { from, checkpoint }),
    })
}

/// The one place where a job's state changes.
pub(crate) fn apply(
    db: &Connection,
    id: JobId,
    state: JobState,
    signal: JobSignal,
) -> Result<JobState, StoreError> {
    let next = state.after(signal).ok_or(StoreError::WrongState { state, signal })?;
    db.prepare_cached("UPDATE jobs SET state = ?2 WHERE id = ?1")?
        .execute(params![id.to_string(), next.as_str()])?;
    match signal {
        // What comes next, if anything, is other work.
        JobSignal::Cancel | JobSignal::Retry => give_up_prompts(db, id)?,
        JobSignal::Start | JobSignal::Finish | JobSignal::Fail | JobSignal::Lose | JobSignal::Resume => {}
    }
    Ok(next)
}
