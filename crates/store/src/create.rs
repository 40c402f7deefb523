use std::collections::BTreeMap;

use oreforge_protocol::{ErrorReport, EventBody, EventSeq, JobId, JobRequest, JobSignal, JobState, StepName};
use rusqlite::{Connection, params};

use crate::events::append;
use crate::projects::take_back;
use crate::row::{apply, job_row, request_json, step_after, to_json, to_word};
use crate::store::{Durability, now_ms};
use crate::{Store, StoreError, layout, runner};

/// A job to be queued, or one that failed before it could be.
#[derive(Debug)]
pub struct NewJob {
    pub name: String,
    pub project: Option<String>,
    pub request: JobRequest,
    /// Runs before all that waits.
    pub in_front: bool,
    /// Why it cannot start.
    pub failure: Option<ErrorReport>,
}

impl Store {
    pub fn create_job(&self, job: NewJob) -> Result<JobId, StoreError> {
        let id = JobId::new();
        self.write(Durability::PowerCut, |tx| {
            tx.execute(
                "INSERT INTO jobs(id, kind, name, project, folder, state, runner, request, created_at)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    id.to_string(),
                    to_word(&job.request.kind())?,
                    job.name,
                    job.project,
                    layout::job_folder(job.project.as_deref(), &job.name, id),
                    JobState::Queued.as_str(),
                    self.runner.id,
                    request_json(&job.request)?,
                    now_ms()
                ],
            )?;
            let seq = append(tx, id, &EventBody::Queued { name: job.name })?;
            set_queued(tx, id, seq)?;
            if job.in_front {
                put_in_front(tx, id, &self.runner.id)?;
            }
            if let Some(error) = job.failure {
                apply(tx, id, JobState::Queued, JobSignal::Fail)?;
                set_error(tx, id, &error)?;
                append(tx, id, &EventBody::Error { step: None, error })?;
            }
            Ok(id)
        })
    }

    /// Puts a job that stopped back into this process's queue, from its checkpoint; `request` replaces the one
    /// it had. A job queued by a process that died is taken over.
    pub fn resume(&self, id: JobId, request: Option<&JobRequest>) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let row = job_row(tx, id)?;
            let orphaned = row.state == JobState::Queued
                && row.runner != self.runner.id
                && !runner::is_alive(self.root(), &row.runner);
            if !orphaned {
                apply(tx, id, row.state, JobSignal::Resume)?;
            }
            tx.execute(
                "DELETE FROM steps WHERE job_id = ?1 AND retry = ?2 AND state <> 'done'",
                params![id.to_string(), row.retry.is_some()],
            )?;
            let last = row.kind.steps().last().copied().unwrap_or(StepName::Export);
            let step = step_after(row.kind, row.reached()).unwrap_or(last);
            queue_again(tx, id, &self.runner.id, request, EventBody::Resumed { step })
        })
    }

    /// Takes over what processes that died had queued.
    pub fn adopt_queued(&self) -> Result<(), StoreError> {
        let queued: Vec<(String, String)> = self.read(|tx| {
            let mut statement =
                tx.prepare("SELECT id, runner FROM jobs WHERE state = 'queued' AND runner <> ?1")?;
            let rows = statement.query_map(params![self.runner.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        let mut alive = BTreeMap::new();
        for (id, owner) in queued {
            if *alive.entry(owner.clone()).or_insert_with(|| runner::is_alive(self.root(), &owner)) {
                continue;
            }
            self.write(Durability::PowerCut, |tx| {
                tx.execute(
                    "UPDATE jobs SET runner = ?3 WHERE id = ?1 AND runner = ?2 AND state = 'queued'",
                    params![id, owner, self.runner.id],
                )?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// The end of a former run is forgotten; `request`, if any, replaces the one the job had.
pub(crate) fn queue_again(
    db: &Connection,
    id: JobId,
    runner: &str,
    request: Option<&JobRequest>,
    body: EventBody,
) -> Result<(), StoreError> {
    db.execute(
        "UPDATE jobs SET runner = ?2, cancel_requested = 0, error = NULL, request = coalesce(?3, request)
         WHERE id = ?1",
        params![id.to_string(), runner, request.map(request_json).transpose()?],
    )?;
    let seq = append(db, id, &body)?;
    set_queued(db, id, seq)
}

fn set_queued(db: &Connection, id: JobId, seq: EventSeq) -> Result<(), StoreError> {
    let project: Option<String> = db
        .prepare_cached("UPDATE jobs SET queued_seq = ?2 WHERE id = ?1 RETURNING project")?
        .query_row(params![id.to_string(), seq.0], |row| row.get(0))?;
    match project {
        Some(project) => take_back(db, &project),
        None => Ok(()),
    }
}

fn put_in_front(db: &Connection, id: JobId, runner: &str) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE jobs SET queued_seq = min(queued_seq,
           (SELECT min(queued_seq) FROM jobs WHERE state = 'queued' AND runner = ?2) - 1) WHERE id = ?1",
    )?
    .execute(params![id.to_string(), runner])?;
    Ok(())
}

pub(crate) fn set_error(db: &Connection, id: JobId, error: &ErrorReport) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE jobs SET error = ?2 WHERE id = ?1")?
        .execute(params![id.to_string(), to_json(error)?])?;
    Ok(())
}
