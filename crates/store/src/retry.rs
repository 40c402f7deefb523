//! Steps that run again beside the result that stands. Until the last of them is done nothing of that result
//! changes: not its files, not its rows, not the checkpoint.

use oreforge_protocol::{EventBody, JobId, JobRequest, JobSignal, StepName};
use rusqlite::{Connection, params};

use crate::create::queue_again;
use crate::loose::loosen;
use crate::row::{RetryRow, apply, job_row, step_after, step_index};
use crate::store::Durability;
use crate::{Store, StoreError};

impl Store {
    /// Puts a job that is over, or was interrupted, back into this process's queue, to run again from a step it
    /// has been at. A retry that was open before is given up.
    pub fn retry(&self, id: JobId, from: StepName, request: Option<&JobRequest>) -> Result<(), StoreError> {
        let given_up = self.write(Durability::PowerCut, |tx| {
            let row = job_row(tx, id)?;
            apply(tx, id, row.state, JobSignal::Retry)?;
            if !row.kind.steps().contains(&from) {
                return Err(StoreError::NoSuchStep { step: from });
            }
            if step_after(row.kind, row.checkpoint).is_some_and(|next| from > next) {
                return Err(StoreError::NotReached { from });
            }
            let given_up = give_up(tx, id, &self.runner.id)?;
            tx.execute(
                "UPDATE jobs SET retry_from = ?2, retry_checkpoint = ?2, crashes = 0 WHERE id = ?1",
                params![id.to_string(), step_index(from)],
            )?;
            queue_again(tx, id, &self.runner.id, request, EventBody::Retried { from })?;
            Ok(given_up)
        })?;
        self.discard(&given_up);
        Ok(())
    }
}

/// Drops what an open retry made; returns the paths of its files.
fn give_up(db: &Connection, id: JobId, runner: &str) -> Result<Vec<String>, StoreError> {
    db.execute("DELETE FROM steps WHERE job_id = ?1 AND retry = 1", params![id.to_string()])?;
    remove_artifacts(db, id, runner, "retry = 1", &[])
}

/// Makes a complete retry the result that stands; returns the paths of the files it replaces.
pub(crate) fn promote(
    db: &Connection,
    id: JobId,
    retry: RetryRow,
    runner: &str,
) -> Result<Vec<String>, StoreError> {
    let replaced = remove_artifacts(
        db,
        id,
        runner,
        "retry = 0 AND (step >= ?2 OR EXISTS (
           SELECT 1 FROM artifacts AS newer WHERE newer.job_id = artifacts.job_id AND newer.retry = 1
             AND newer.kind = artifacts.kind AND newer.slot = artifacts.slot))",
        &[retry.from],
    )?;
    db.execute(
        "DELETE FROM steps WHERE job_id = ?1 AND retry = 0 AND (step >= ?2 OR step IN (
           SELECT step FROM steps WHERE job_id = ?1 AND retry = 1))",
        params![id.to_string(), retry.from],
    )?;
    for table in ["artifacts", "steps"] {
        db.execute(
            &format!("UPDATE {table} SET retry = 0 WHERE job_id = ?1 AND retry = 1"),
            params![id.to_string()],
        )?;
    }
    db.execute(
        "UPDATE jobs SET checkpoint = max(checkpoint, retry_checkpoint), retry_from = NULL,
           retry_checkpoint = NULL WHERE id = ?1",
        params![id.to_string()],
    )?;
    Ok(replaced)
}

fn remove_artifacts(
    db: &Connection,
    id: JobId,
    runner: &str,
    which: &str,
    numbers: &[i64],
) -> Result<Vec<String>, StoreError> {
    let mut statement =
        db.prepare(&format!("DELETE FROM artifacts WHERE job_id = ?1 AND {which} RETURNING path"))?;
    let id = id.to_string();
    let mut values: Vec<&dyn rusqlite::ToSql> = vec![&id];
    values.extend(numbers.iter().map(|number| number as &dyn rusqlite::ToSql));
    let rows = statement.query_map(&values[..], |row| row.get(0))?;
    let paths: Vec<String> = rows.collect::<Result<_, _>>()?;
    for path in &paths {
        loosen(db, path, runner)?;
    }
    Ok(paths)
}
