use std::path::Path;

use oreforge_protocol::{Event, EventBody, EventSeq, JobId, JobState, LogLevel, StepName};
use rusqlite::{Connection, params};

use crate::row::{from_json, job_row, parse_id, step_index, to_json};
use crate::store::{Durability, now_ms};
use crate::{Store, StoreError, faults, layout};

impl Store {
    /// Events of a job after a cursor, oldest first, at most `limit`.
    pub fn events(&self, job: JobId, after: EventSeq, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT seq, job_id, at, body FROM events WHERE job_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
            )?;
            let mut rows = statement.query(params![job.to_string(), after.0, limit])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                let mut body: EventBody = from_json(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?;
                absolutise(self.root(), &mut body);
                events.push(Event {
                    seq: EventSeq(row.get(0)?),
                    job_id: parse_id(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?,
                    at: row.get(2)?,
                    body,
                });
            }
            Ok(events)
        })
    }

    /// Says how far a running step is, in place of what was said before. Silent once the job no longer runs.
    pub fn progress(&self, job: JobId, step: StepName, fraction: f32, doing: &str) -> Result<(), StoreError> {
        self.write(Durability::Process, |tx| {
            if !self.runs(tx, job)? {
                return Ok(());
            }
            tx.prepare_cached("DELETE FROM events WHERE job_id = ?1 AND progress_step = ?2")?
                .execute(params![job.to_string(), step_index(step)])?;
            let body =
                EventBody::Progress { step, fraction: fraction.clamp(0.0, 1.0), doing: doing.to_owned() };
            append(tx, job, &body)?;
            Ok(())
        })
    }

    /// Notes of a running step. Silent once the job no longer runs.
    pub fn log(&self, job: JobId, lines: Vec<(LogLevel, String)>) -> Result<(), StoreError> {
        self.write(Durability::Process, |tx| {
            if self.runs(tx, job)? {
                for (level, message) in lines {
                    append(tx, job, &EventBody::Log { level, message })?;
                }
            }
            Ok(())
        })
    }

    fn runs(&self, db: &Connection, job: JobId) -> Result<bool, StoreError> {
        let row = job_row(db, job)?;
        Ok(row.state == JobState::Running && row.runner == self.runner.id)
    }
}

/// Adds an event; the paths in it are relative to the data folder.
pub(crate) fn append(db: &Connection, job: JobId, body: &EventBody) -> Result<EventSeq, StoreError> {
    let progress_step = match body {
        EventBody::Progress { step, .. } => Some(step_index(*step)),
        _ => None,
    };
    faults::pass("event append");
    db.prepare_cached("INSERT INTO events(job_id, at, progress_step, body) VALUES(?1, ?2, ?3, ?4)")?
        .execute(params![job.to_string(), now_ms(), progress_step, to_json(body)?])?;
    faults::pass("event appended");
    Ok(EventSeq(db.last_insert_rowid()))
}

fn absolutise(root: &Path, body: &mut EventBody) {
    match body {
        EventBody::ImageReady { artifact }
        | EventBody::ViewReady { artifact }
        | EventBody::MeshReady { artifact, .. } => {
            artifact.path = layout::absolute(root, &artifact.path).to_string_lossy().into_owned();
        }
        EventBody::Queued { .. }
        | EventBody::StepActive { .. }
        | EventBody::Progress { .. }
        | EventBody::Quality { .. }
        | EventBody::Log { .. }
        | EventBody::StepDone { .. }
        | EventBody::Cancelling
        | EventBody::Interrupted
        | EventBody::Resumed { .. }
        | EventBody::Retried { .. }
        | EventBody::Done { .. }
        | EventBody::Error { .. }
        | EventBody::Cancelled => {}
    }
}
