//! What an artist deleted. A file in the trash stays where it is and belongs to its job; it goes when the trash
//! is emptied, or after the days that the settings say.

use std::collections::BTreeSet;

use oreforge_protocol::{ArtifactId, EmptiedTrash};
use rusqlite::{Connection, params, params_from_iter};

use super::filter::Filter;
use crate::loose::loosen;
use crate::store::{Durability, now_ms};
use crate::{Store, StoreError};

impl Store {
    /// Answers how many were put into the trash.
    pub fn trash(&self, ids: &[ArtifactId]) -> Result<u32, StoreError> {
        let now_ms = now_ms();
        self.write(Durability::PowerCut, |tx| {
            let mut statement = tx.prepare_cached(
                "UPDATE artifacts SET trashed_at = ?2 WHERE id = ?1 AND trashed_at IS NULL",
            )?;
            ids.iter().try_fold(0, |trashed, id| {
                Ok(trashed + u32::try_from(statement.execute(params![id.to_string(), now_ms])?).unwrap_or(0))
            })
        })
    }

    /// Answers how many were taken out again.
    pub fn restore(&self, ids: &[ArtifactId]) -> Result<u32, StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let mut statement = tx.prepare_cached(
                "UPDATE artifacts SET trashed_at = NULL WHERE id = ?1 AND trashed_at IS NOT NULL",
            )?;
            ids.iter().try_fold(0, |restored, id| {
                Ok(restored + u32::try_from(statement.execute(params![id.to_string()])?).unwrap_or(0))
            })
        })
    }

    /// Deletes what is in the trash for good; what a job at work may still read stays in it. Of a job that has
    /// nothing left in the Gallery, what served those entries goes too.
    pub fn empty_trash(&self) -> Result<EmptiedTrash, StoreError> {
        self.empty_of(i64::MAX)
    }

    /// The same with what lies in the trash for longer than the settings say, at `now_ms` after 1970.
    pub fn expire_trash(&self, now_ms: i64) -> Result<EmptiedTrash, StoreError> {
        match self.settings()?.trash_days {
            Some(days) => self.empty_of(now_ms - i64::from(days) * DAY_MS),
            None => Ok(EmptiedTrash { files: 0, bytes: 0 }),
        }
    }

    /// Of what was put into the trash before a moment.
    fn empty_of(&self, before_ms: i64) -> Result<EmptiedTrash, StoreError> {
        let (emptied, paths) = self.write(Durability::PowerCut, |tx| {
            let mut gone = Gone::default();
            let old = format!("{} AND a.trashed_at < {before_ms} AND {RESTS}", Filter::all(true).sql);
            gone.take(tx, &old, &[])?;
            for job in std::mem::take(&mut gone.jobs) {
                let left: bool = tx
                    .prepare_cached(&format!(
                        "SELECT EXISTS(SELECT 1 FROM artifacts AS a WHERE a.job_id = ?1 AND ({} OR {}))",
                        Filter::all(false).sql,
                        Filter::all(true).sql
                    ))?
                    .query_row(params![job], |row| row.get(0))?;
                if !left {
                    gone.take(tx, "a.job_id = ?1", &[&job])?;
                }
            }
            gone.paths.iter().try_for_each(|path| loosen(tx, path, &self.runner.id))?;
            Ok((gone.emptied, gone.paths))
        })?;
        self.discard(&paths);
        Ok(emptied)
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Nothing of its job is at work or waits for it.
const RESTS: &str =
    "a.job_id IN (SELECT id FROM jobs WHERE state IN ('done', 'failed', 'cancelled') AND retry_from IS NULL)";

/// Files without a row, and the jobs they were of.
struct Gone {
    emptied: EmptiedTrash,
    paths: Vec<String>,
    jobs: BTreeSet<String>,
}

impl Default for Gone {
    fn default() -> Self {
        Self { emptied: EmptiedTrash { files: 0, bytes: 0 }, paths: Vec::new(), jobs: BTreeSet::new() }
    }
}

impl Gone {
    fn take(&mut self, db: &Connection, condition: &str, values: &[&str]) -> Result<(), StoreError> {
        let mut statement = db.prepare_cached(&format!(
            "DELETE FROM artifacts AS a WHERE {condition} RETURNING path, bytes, job_id, kind, slot"
        ))?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            self.paths.push(row.get(0)?);
            self.emptied.files += 1;
            self.emptied.bytes += u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
            let (job, kind, slot): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
            for table in ["marks", "tags"] {
                let sql = format!("DELETE FROM {table} WHERE job_id = ?1 AND kind = ?2 AND slot = ?3");
                db.prepare_cached(&sql)?.execute(params![job, kind, slot])?;
            }
            self.jobs.insert(job);
        }
        Ok(())
    }
}
