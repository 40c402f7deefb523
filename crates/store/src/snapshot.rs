use oreforge_protocol::{
    Artifact, EventSeq, JobId, JobKind, JobSnapshot, JobState, RetrySnapshot, StepName, StepReport,
    StepSnapshot, StepState,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::artifacts::artifacts_of;
use crate::estimate::estimate_ms;
use crate::queue::place_in_queue;
use crate::row::{checkpoint_step, from_json, from_word, job_row, parse_id, request_of, step_at, step_index};
use crate::{Store, StoreError};

/// Most snapshots one call gives.
const MAX_LISTED: u32 = 500;

impl Store {
    pub fn snapshot(&self, id: JobId) -> Result<JobSnapshot, StoreError> {
        self.read(|tx| self.snapshot_in(tx, id))
    }

    pub fn state(&self, id: JobId) -> Result<JobState, StoreError> {
        self.read(|tx| Ok(job_row(tx, id)?.state))
    }

    /// Where its files are, from the data folder; another one after its project was renamed.
    pub fn folder(&self, id: JobId) -> Result<String, StoreError> {
        self.read(|tx| Ok(job_row(tx, id)?.folder))
    }

    /// Newest first.
    pub fn list(&self, limit: u32) -> Result<Vec<JobSnapshot>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached("SELECT id FROM jobs ORDER BY rowid DESC LIMIT ?1")?;
            let rows = statement.query_map(params![limit.min(MAX_LISTED)], |row| row.get::<_, String>(0))?;
            rows.map(|id| self.snapshot_in(tx, parse_id(&id?)?)).collect()
        })
    }

    /// Reports of the finished steps that the job's next step builds on, in order.
    pub fn step_reports(&self, id: JobId) -> Result<Vec<StepReport>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT step, elapsed_ms, facts FROM steps JOIN jobs ON jobs.id = job_id
                 WHERE job_id = ?1 AND steps.state = 'done' AND retry = (retry_from IS NOT NULL AND step >= retry_from)
                 ORDER BY step",
            )?;
            let mut rows = statement.query(params![id.to_string()])?;
            let mut reports = Vec::new();
            while let Some(row) = rows.next()? {
                reports.push(StepReport {
                    name: step_at(row.get(0)?)?,
                    elapsed_ms: to_ms(row.get(1)?).unwrap_or(0),
                    facts: row
                        .get::<_, Option<String>>(2)?
                        .map(|f| from_json(&f))
                        .transpose()?
                        .unwrap_or_default(),
                });
            }
            Ok(reports)
        })
    }

    fn snapshot_in(&self, db: &Connection, id: JobId) -> Result<JobSnapshot, StoreError> {
        let mut statement = db.prepare_cached(
            "SELECT kind, name, project, state, cancel_requested, checkpoint, request, created_at, error, engine,
                    retry_from, (SELECT coalesce(max(seq), 0) FROM events WHERE job_id = jobs.id)
             FROM jobs WHERE id = ?1",
        )?;
        let mut rows = statement.query(params![id.to_string()])?;
        let row = rows.next()?.ok_or(StoreError::JobNotFound(id))?;
        let kind: JobKind = from_word(row.get(0)?)?;
        let state: JobState = from_word(row.get(3)?)?;
        let engine: Option<String> = row.get(9)?;
        let retry_from = row.get::<_, Option<i64>>(10)?.map(step_at).transpose()?;
        let artifacts = |is_retry| -> Result<Vec<Artifact>, StoreError> {
            Ok(artifacts_of(db, id, is_retry)?.into_iter().map(|a| self.absolute_artifact(a)).collect())
        };
        Ok(JobSnapshot {
            id,
            name: row.get(1)?,
            project: row.get(2)?,
            state,
            place_in_queue: if state == JobState::Queued { place_in_queue(db, id)? } else { None },
            cancelling: row.get::<_, bool>(4)? && !state.is_terminal(),
            checkpoint: checkpoint_step(row.get(5)?)?,
            retry: retry_from
                .map(|from| Ok::<_, StoreError>(RetrySnapshot { from, artifacts: artifacts(true)? }))
                .transpose()?,
            steps: steps(db, id, kind, retry_from, engine.as_deref())?,
            request: request_of(kind, &row.get::<_, String>(6)?)?,
            created_at: row.get(7)?,
            artifacts: artifacts(false)?,
            error: row.get::<_, Option<String>>(8)?.map(|e| from_json(&e)).transpose()?,
            last_seq: EventSeq(row.get(11)?),
        })
    }
}

fn steps(
    db: &Connection,
    id: JobId,
    kind: JobKind,
    retry_from: Option<StepName>,
    engine: Option<&str>,
) -> Result<Vec<StepSnapshot>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT state, elapsed_ms FROM steps WHERE job_id = ?1 AND step = ?2 AND retry = ?3",
    )?;
    kind.steps()
        .iter()
        .map(|&name| {
            let row: Option<(String, Option<i64>)> = statement
                .query_row(
                    params![id.to_string(), step_index(name), retry_from.is_some_and(|from| name >= from)],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let (state, elapsed_ms) = match row {
                Some((state, elapsed_ms)) => (from_word(state)?, to_ms(elapsed_ms)),
                None => (StepState::Waiting, None),
            };
            Ok(StepSnapshot { name, state, elapsed_ms, estimate_ms: estimate_ms(db, id, name, engine)? })
        })
        .collect()
}

fn to_ms(value: Option<i64>) -> Option<u64> {
    value.and_then(|ms| u64::try_from(ms).ok())
}
