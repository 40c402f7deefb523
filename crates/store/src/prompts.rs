//! What steps have asked of ComfyUI servers.

use oreforge_protocol::{JobId, JobSignal, PromptNote, StepName};
use rusqlite::{Connection, Row, params};

use crate::row::{from_json, from_word, step_index, to_json, to_word};
use crate::store::Durability;
use crate::{Store, StoreError};

/// Prompts that are to be taken back; older ones are forgotten.
const MAX_UNWANTED: u32 = 100;

const COLUMNS: &str = "prompt_id, server, purpose, graph_sha256, crashes, state, files";

impl Store {
    /// Prompts noted for a step, in the order of their first note.
    pub fn prompts(&self, id: JobId, step: StepName) -> Result<Vec<PromptNote>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM prompts WHERE job_id = ?1 AND step = ?2 ORDER BY rowid"
            ))?;
            let mut rows = statement.query(params![id.to_string(), step_index(step)])?;
            let mut notes = Vec::new();
            while let Some(row) = rows.next()? {
                notes.push(note(row)?);
            }
            Ok(notes)
        })
    }

    /// Notes a prompt of a running step; safe on disk when this returns.
    pub fn note_prompt(&self, id: JobId, step: StepName, note: &PromptNote) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            self.running_row(tx, id, JobSignal::Finish)?;
            tx.prepare_cached(&format!(
                "INSERT INTO prompts(job_id, step, {COLUMNS}) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT(prompt_id) DO UPDATE SET
                   crashes = excluded.crashes, state = excluded.state, files = excluded.files"
            ))?
            .execute(params![
                id.to_string(),
                step_index(step),
                note.prompt_id,
                note.server,
                note.purpose,
                note.graph_sha256,
                note.crashes,
                to_word(&note.state)?,
                to_json(&note.files)?
            ])?;
            Ok(())
        })
    }
}

impl Store {
    /// Prompts that are to be taken back, of any job, oldest first.
    pub fn unwanted_prompts(&self) -> Result<Vec<PromptNote>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM prompts WHERE state = 'unwanted' ORDER BY rowid LIMIT {MAX_UNWANTED}"
            ))?;
            let mut rows = statement.query([])?;
            let mut notes = Vec::new();
            while let Some(row) = rows.next()? {
                notes.push(note(row)?);
            }
            Ok(notes)
        })
    }

    /// Forgets a prompt that was taken back.
    pub fn forget_unwanted_prompt(&self, prompt_id: &str) -> Result<(), StoreError> {
        self.write(Durability::Process, |tx| {
            tx.execute(
                "DELETE FROM prompts WHERE prompt_id = ?1 AND state = 'unwanted'",
                params![prompt_id],
            )?;
            Ok(())
        })
    }
}

fn note(row: &Row<'_>) -> Result<PromptNote, StoreError> {
    Ok(PromptNote {
        prompt_id: row.get(0)?,
        server: row.get(1)?,
        purpose: row.get(2)?,
        graph_sha256: row.get(3)?,
        crashes: row.get(4)?,
        state: from_word(row.get(5)?)?,
        files: from_json(&row.get::<_, String>(6)?)?,
    })
}

/// A step is committed: its results are here, and only what must still be taken back is kept.
pub(crate) fn forget_prompts(db: &Connection, id: JobId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM prompts WHERE job_id = ?1 AND state <> 'unwanted'")?
        .execute(params![id.to_string()])?;
    Ok(())
}

/// Nobody waits for the job's prompts any more.
pub(crate) fn give_up_prompts(db: &Connection, id: JobId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE prompts SET state = 'unwanted' WHERE job_id = ?1 AND state = 'open'")?
        .execute(params![id.to_string()])?;
    // Of a server that never comes back nothing is kept for ever.
    db.prepare_cached(
        "DELETE FROM prompts WHERE state = 'unwanted' AND rowid NOT IN
           (SELECT rowid FROM prompts WHERE state = 'unwanted' ORDER BY rowid DESC LIMIT ?1)",
    )?
    .execute(params![MAX_UNWANTED])?;
    forget_prompts(db, id)
}
