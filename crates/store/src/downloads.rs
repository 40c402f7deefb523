//! Model files on their way, and those that came or failed until they are cleared.

use std::path::Path;

use oreforge_protocol::{DownloadId, DownloadState, ErrorReport, ModelDownload};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::row::{from_json, from_word, parse_id, to_json, to_word};
use crate::store::{Durability, now_ms};
use crate::{Store, StoreError, runner};

/// Downloads that are over and still listed; older ones are forgotten.
const MAX_OVER: u32 = 50;
/// Fetched at once, by all processes together.
const MAX_RUNNING: i64 = 2;

const COLUMNS: &str = "id, url, folder, path, sha256, state, bytes, total_bytes, error, created_at";

/// A file that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDownload {
    pub url: String,
    pub folder: String,
    /// Absolute.
    pub path: String,
    pub sha256: Option<String>,
}

/// What a fetch goes on from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadCheckpoint {
    pub bytes: u64,
    pub total_bytes: Option<u64>,
    pub validator: Option<String>,
}

/// What the queue of this process comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextDownload {
    /// It runs now, and goes on from here.
    Begun(Box<ModelDownload>, DownloadCheckpoint),
    /// One waits: as many run as may, here or in other processes.
    InTurn,
    None,
}

impl Store {
    /// Puts a file into the queue of this process. One that stopped goes on; one that is under way stays as it is.
    ///
    /// # Errors
    /// [`StoreError::DownloadElsewhere`] when the file comes from another address already.
    pub fn queue_download(&self, new: &NewDownload) -> Result<ModelDownload, StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let found: Option<String> = tx
                .query_row("SELECT id FROM downloads WHERE path = ?1", params![new.path], |row| row.get(0))
                .optional()?;
            let Some(id) = found else {
                let id = DownloadId::new();
                tx.execute(
                    "INSERT INTO downloads(id, url, folder, path, sha256, state, runner, created_at)
                     VALUES(?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?7)",
                    params![
                        id.to_string(),
                        new.url,
                        new.folder,
                        new.path,
                        new.sha256,
                        self.runner.id,
                        now_ms()
                    ],
                )?;
                forget_old(tx)?;
                return download(tx, id);
            };
            let id = parse_id(&id)?;
            let known = download(tx, id)?;
            if !known.state.is_over() && self.is_held(tx, id)? {
                let same = known.url == new.url;
                return if same { Ok(known) } else { Err(StoreError::DownloadElsewhere(known.url)) };
            }
            // Of another address, or of a file that came once and is wanted anew, nothing is gone on with.
            if known.url != new.url || known.state == DownloadState::Done {
                tx.execute(
                    "UPDATE downloads SET bytes = 0, total_bytes = NULL, validator = NULL WHERE id = ?1",
                    params![id.to_string()],
                )?;
            }
            tx.execute(
                "UPDATE downloads SET url = ?2, folder = ?3, sha256 = ?4 WHERE id = ?1",
                params![id.to_string(), new.url, new.folder, new.sha256],
            )?;
            self.enqueue(tx, id)?;
            download(tx, id)
        })
    }

    /// Puts one that stopped back into the queue of this process.
    pub fn resume_download(&self, id: DownloadId) -> Result<ModelDownload, StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let known = download(tx, id)?;
            let held = !known.state.is_over() && self.is_held(tx, id)?;
            if !held && known.state != DownloadState::Done {
                self.enqueue(tx, id)?;
            }
            download(tx, id)
        })
    }

    fn enqueue(&self, tx: &Connection, id: DownloadId) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE downloads SET state = 'waiting', runner = ?2, cancel_requested = 0, error = NULL WHERE id = ?1",
            params![id.to_string(), self.runner.id],
        )?;
        Ok(())
    }

    /// Whether the process that has it lives.
    fn is_held(&self, tx: &Connection, id: DownloadId) -> Result<bool, StoreError> {
        let owner: String =
            tx.query_row("SELECT runner FROM downloads WHERE id = ?1", params![id.to_string()], |row| {
                row.get(0)
            })?;
        Ok(owner == self.runner.id || runner::is_alive(self.root(), &owner))
    }

    /// Marks the next of this process' queue as running.
    pub fn begin_download(&self) -> Result<NextDownload, StoreError> {
        let waiting = self.read(|tx| {
            let count = "SELECT count(*) FROM downloads WHERE state = 'waiting' AND runner = ?1";
            Ok(tx.query_row(count, params![self.runner.id], |row| row.get::<_, i64>(0))?)
        })?;
        if waiting == 0 {
            return Ok(NextDownload::None);
        }
        self.write(Durability::PowerCut, |tx| {
            self.interrupt_dead(tx)?;
            let running: i64 =
                tx.query_row("SELECT count(*) FROM downloads WHERE state = 'running'", [], |row| row.get(0))?;
            if running >= MAX_RUNNING {
                return Ok(NextDownload::InTurn);
            }
            let next: Option<String> = tx
                .query_row(
                    "SELECT id FROM downloads WHERE state = 'waiting' AND runner = ?1 ORDER BY rowid LIMIT 1",
                    params![self.runner.id],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(id) = next else { return Ok(NextDownload::None) };
            tx.execute("UPDATE downloads SET state = 'running' WHERE id = ?1", params![id])?;
            let checkpoint = tx.query_row(
                "SELECT bytes, total_bytes, validator FROM downloads WHERE id = ?1",
                params![id],
                |row| {
                    Ok(DownloadCheckpoint {
                        bytes: row.get::<_, i64>(0)?.unsigned_abs(),
                        total_bytes: row.get::<_, Option<i64>>(1)?.map(i64::unsigned_abs),
                        validator: row.get(2)?,
                    })
                },
            )?;
            Ok(NextDownload::Begun(Box::new(download(tx, parse_id(&id)?)?), checkpoint))
        })
    }

    /// Notes what is safe on the disk. False when somebody asked for the end of it.
    pub fn note_download(&self, id: DownloadId, safe: &DownloadCheckpoint) -> Result<bool, StoreError> {
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.write(Durability::Process, |tx| {
            let wanted: Option<bool> = tx
                .query_row(
                    "UPDATE downloads SET bytes = ?3, total_bytes = ?4, validator = ?5
                     WHERE id = ?1 AND state = 'running' AND runner = ?2 RETURNING cancel_requested = 0",
                    params![
                        id.to_string(),
                        self.runner.id,
                        signed(safe.bytes),
                        safe.total_bytes.map(signed),
                        safe.validator
                    ],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(wanted.unwrap_or(false))
        })
    }

    /// How a fetch of this process ended.
    pub fn end_download(
        &self,
        id: DownloadId,
        state: DownloadState,
        bytes: Option<u64>,
        error: Option<&ErrorReport>,
    ) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            tx.execute(
                "UPDATE downloads SET state = ?3, error = ?4, bytes = coalesce(?5, bytes),
                   total_bytes = coalesce(?5, total_bytes)
                 WHERE id = ?1 AND state = 'running' AND runner = ?2",
                params![
                    id.to_string(),
                    self.runner.id,
                    to_word(&state)?,
                    error.map(to_json).transpose()?,
                    bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
                ],
            )?;
            forget_old(tx)
        })
    }

    /// Asks for the end of a download, whichever process has it; one that waits ends at once.
    pub fn cancel_download(&self, id: DownloadId) -> Result<ModelDownload, StoreError> {
        self.write(Durability::PowerCut, |tx| {
            self.interrupt_dead(tx)?;
            tx.execute(
                "UPDATE downloads SET cancel_requested = 1,
                   state = CASE state WHEN 'running' THEN 'running' ELSE 'cancelled' END
                 WHERE id = ?1 AND state IN ('waiting', 'running', 'interrupted')",
                params![id.to_string()],
            )?;
            download(tx, id)
        })
    }

    /// Newest first.
    pub fn downloads(&self) -> Result<Vec<ModelDownload>, StoreError> {
        let all = self.read(|tx| {
            let mut statement = tx.prepare_cached(&format!(
                "SELECT {COLUMNS}, runner FROM downloads ORDER BY created_at DESC, rowid DESC"
            ))?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push((read(row)?, row.get::<_, String>("runner")?));
            }
            Ok(all)
        })?;
        let seen = |(mut known, owner): (ModelDownload, String)| {
            let gone = owner != self.runner.id && !runner::is_alive(self.root(), &owner);
            if !known.state.is_over() && gone {
                known.state = DownloadState::Interrupted;
            }
            known
        };
        Ok(all.into_iter().map(seen).collect())
    }

    pub fn download(&self, id: DownloadId) -> Result<ModelDownload, StoreError> {
        self.read(|tx| download(tx, id))
    }

    /// Takes one that is over off the list.
    pub fn forget_download(&self, id: DownloadId) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            self.interrupt_dead(tx)?;
            tx.execute(
                "DELETE FROM downloads WHERE id = ?1 AND state NOT IN ('waiting', 'running')",
                params![id.to_string()],
            )?;
            Ok(())
        })
    }

    fn interrupt_dead(&self, tx: &Connection) -> Result<(), StoreError> {
        let mut statement = tx.prepare_cached(
            "SELECT DISTINCT runner FROM downloads WHERE state IN ('waiting', 'running') AND runner <> ?1",
        )?;
        let owners: Vec<String> =
            statement.query_map(params![self.runner.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for owner in owners.iter().filter(|owner| !runner::is_alive(self.root(), owner)) {
            tx.execute(
                "UPDATE downloads SET state = 'interrupted'
                 WHERE state IN ('waiting', 'running') AND runner = ?1",
                params![owner],
            )?;
        }
        Ok(())
    }
}

fn download(tx: &Connection, id: DownloadId) -> Result<ModelDownload, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM downloads WHERE id = ?1"))?;
    let mut rows = statement.query(params![id.to_string()])?;
    rows.next()?.map_or(Err(StoreError::DownloadNotFound(id)), read)
}

fn read(row: &Row<'_>) -> Result<ModelDownload, StoreError> {
    let path: String = row.get("path")?;
    let file_name = Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let error: Option<String> = row.get("error")?;
    Ok(ModelDownload {
        id: parse_id(&row.get::<_, String>("id")?)?,
        url: row.get("url")?,
        folder: row.get("folder")?,
        file_name,
        path,
        sha256: row.get("sha256")?,
        state: from_word(row.get("state")?)?,
        bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
        total_bytes: row.get::<_, Option<i64>>("total_bytes")?.map(i64::unsigned_abs),
        bytes_per_s: None,
        error: error.as_deref().map(from_json).transpose()?,
        created_at: row.get("created_at")?,
    })
}

/// What stopped half way keeps its place until a person clears it, for there are bytes of it on the disk.
fn forget_old(tx: &Connection) -> Result<(), StoreError> {
    tx.execute(
        "WITH over AS (SELECT rowid FROM downloads
           WHERE state = 'done' OR state IN ('failed', 'cancelled', 'interrupted') AND bytes = 0)
         DELETE FROM downloads WHERE rowid IN (SELECT rowid FROM over ORDER BY rowid DESC LIMIT -1 OFFSET ?1)",
        params![MAX_OVER],
    )?;
    Ok(())
}
