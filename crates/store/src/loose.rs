//! Files that no artifact or source names: on their way in, or replaced and on their way out. Each is announced
//! before it is one, so that whatever ends a process, the next one knows what to take away, and takes nothing
//! else: a person may keep files of their own in these folders.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use rusqlite::{Connection, params};

use crate::file::sweep_parts;
use crate::store::Durability;
use crate::{Store, StoreError, faults, layout};

impl Store {
    /// To be called before the files are written. Paths are relative to the data folder.
    pub(crate) fn announce(&self, paths: &[&str]) -> Result<(), StoreError> {
        if paths.is_empty() {
            return Ok(());
        }
        self.write(Durability::Process, |tx| {
            paths.iter().try_for_each(|path| loosen(tx, path, &self.runner.id))
        })
    }

    /// Removes files of this process that a committed transaction let go of.
    pub(crate) fn discard(&self, paths: &[String]) {
        self.remove(&self.runner.id, |path| paths.iter().any(|gone| gone == path));
    }

    /// Removes what this process left loose below a folder. To be called when nothing there can be on its way in
    /// any more.
    pub(crate) fn collect_own(&self, folder: &str) {
        self.remove(&self.runner.id, |path| {
            path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        });
    }

    /// Removes all that a dead process left loose, and what it had half written beside it.
    pub(crate) fn collect_left_by(&self, runner: &str) {
        let mut folders = BTreeSet::new();
        self.remove(runner, |path| {
            folders.extend(layout::absolute(self.root(), path).parent().map(Path::to_owned));
            true
        });
        let tags = [runner.to_owned()];
        folders.iter().for_each(|folder| sweep_parts(folder, &tags));
    }

    /// Under the write lock, so that nobody announces a file of the same name meanwhile. What cannot be removed
    /// stays announced for the next attempt.
    fn remove(&self, runner: &str, mut wanted: impl FnMut(&str) -> bool) {
        let removed = self.write(Durability::Process, |tx| {
            for path in loose_of(tx, runner)?.into_iter().filter(|path| wanted(path)) {
                if has_row(tx, &path)? {
                    settle(tx, &path)?;
                    continue;
                }
                let file = layout::absolute(self.root(), &path);
                match faults::removal("file discard").and_then(|()| std::fs::remove_file(&file)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        tracing::warn!(path = %file.display(), %error, "an outdated file stays");
                    }
                    _ => settle(tx, &path)?,
                }
            }
            Ok(())
        });
        if let Err(error) = removed {
            tracing::warn!(%error, "outdated files stay");
        }
    }
}

pub(crate) fn loosen(db: &Connection, path: &str, runner: &str) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR REPLACE INTO loose_files(path, runner) VALUES(?1, ?2)")?
        .execute(params![path, runner])?;
    Ok(())
}

/// The file has its row now, or is gone.
pub(crate) fn settle(db: &Connection, path: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM loose_files WHERE path = ?1")?.execute(params![path])?;
    Ok(())
}

/// Processes that have, or had, files on their way.
pub(crate) fn loose_runners(db: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT DISTINCT runner FROM loose_files")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A picture that is read in again is announced although it has its row.
fn has_row(db: &Connection, path: &str) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS(SELECT 1 FROM artifacts WHERE path = ?1)
                 OR EXISTS(SELECT 1 FROM sources WHERE path = ?1)",
        )?
        .query_row(params![path], |row| row.get(0))?)
}

fn loose_of(db: &Connection, runner: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT path FROM loose_files WHERE runner = ?1")?;
    let rows = statement.query_map(params![runner], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
