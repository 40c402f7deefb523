//! Projects: the jobs that bear one name, in one plain folder. A project is there as long as it has a job.

use std::fs;
use std::path::{Path, PathBuf};

use oreforge_protocol::ProjectInfo;
use rusqlite::{Connection, OptionalExtension, params};

use crate::file::sync_folder;
use crate::gallery::entry_condition;
use crate::store::{Durability, now_ms};
use crate::{Store, StoreError, faults, layout};

/// Projects that are listed.
const MAX_LISTED: u32 = 500;

/// Those of jobs that lie below the folder `?1`, on a disk that tells capital letters apart if `?3`.
const BELOW: &str = "CASE WHEN ?3 THEN substr(folder, 1, length(?1) + 1) = ?1 || '/'
     ELSE substr(folder, 1, length(?1) + 1) = ?1 || '/' COLLATE NOCASE END";

/// A project's folder on its way to another name.
struct Move {
    project: String,
    new_project: String,
    /// Relative, like `new_folder`.
    folder: String,
    new_folder: String,
}

impl Store {
    /// In alphabetical order, those that were put away too.
    pub fn projects(&self) -> Result<Vec<ProjectInfo>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(&format!(
                "SELECT project, count(*), sum((SELECT count(*) FROM artifacts AS a WHERE a.job_id = jobs.id AND {})),
                        archived_at IS NOT NULL
                 FROM jobs LEFT JOIN archived_projects AS archived ON archived.name = project
                 WHERE project IS NOT NULL
                 GROUP BY project ORDER BY project COLLATE NOCASE LIMIT {MAX_LISTED}",
                entry_condition()
            ))?;
            let rows = statement.query_map([], |row| {
                let name: String = row.get(0)?;
                let folder = layout::absolute(self.root(), &layout::project_folder(Some(&name)));
                Ok(ProjectInfo {
                    folder: folder.to_string_lossy().into_owned(),
                    name,
                    jobs: row.get(1)?,
                    entries: row.get(2)?,
                    archived: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Puts a project away, or takes it back. Nothing of it moves.
    pub fn archive_project(&self, name: &str, archived: bool) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            if !archived {
                check_there(tx, name)?;
                return take_back(tx, name);
            }
            check_at_rest(tx, name)?;
            tx.execute(
                "INSERT OR IGNORE INTO archived_projects(name, archived_at) VALUES(?1, ?2)",
                params![name, now_ms()],
            )?;
            Ok(())
        })
    }

    /// Gives a project and its folder another name. The folder is renamed while nobody else can write, and that it
    /// will be is written down before: a process that dies in between leaves the folder under one of two names,
    /// and whoever comes next makes the rows agree with it.
    pub fn rename_project(&self, name: &str, new_name: &str) -> Result<(), StoreError> {
        // What could not be settled then: the new announcement takes the place of the old one.
        self.settle_move(&self.runner.id)?;
        let planned = self.write(Durability::PowerCut, |tx| {
            let planned = self.plan(tx, name, new_name)?;
            if self.moves_folder(&planned) {
                tx.execute(
                    "INSERT OR REPLACE INTO folder_moves(runner, project, new_project, folder, new_folder)
                     VALUES(?1, ?2, ?3, ?4, ?5)",
                    params![self.runner.id, name, new_name, planned.folder, planned.new_folder],
                )?;
            }
            Ok(planned)
        })?;
        faults::pass("project move announced");
        let (from, to) = (self.place(&planned.folder), self.place(&planned.new_folder));
        let mut moved = false;
        let renamed = self.write(Durability::PowerCut, |tx| {
            // Somebody may have begun a job meanwhile.
            self.plan(tx, name, new_name)?;
            if self.moves_folder(&planned) {
                move_folder(&from, &to)?;
                moved = true;
            }
            faults::pass("project moved");
            adopt(tx, &planned)?;
            forget(tx, &self.runner.id)
        });
        if renamed.is_err() {
            if moved && let Err(error) = move_folder(&to, &from) {
                tracing::warn!(%error, "a project keeps the new name of its folder");
            }
            self.settle_move(&self.runner.id)?;
            if self.read(|tx| Ok(check_there(tx, name).is_err() && check_there(tx, new_name).is_ok()))? {
                return Ok(());
            }
        }
        renamed
    }

    /// Makes the rows agree with the folder that a process has, or has not, renamed.
    pub(crate) fn settle_move(&self, runner: &str) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let begun = tx
                .prepare_cached(
                    "SELECT project, new_project, folder, new_folder FROM folder_moves WHERE runner = ?1",
                )?
                .query_row(params![runner], |row| {
                    Ok(Move {
                        project: row.get(0)?,
                        new_project: row.get(1)?,
                        folder: row.get(2)?,
                        new_folder: row.get(3)?,
                    })
                })
                .optional()?;
            if let Some(begun) = begun
                && self.place(&begun.new_folder).exists()
            {
                if self.place(&begun.folder).exists() {
                    self.bring_back(tx, &begun)?;
                } else {
                    adopt(tx, &begun)?;
                }
            }
            forget(tx, runner)
        })
    }

    /// Somebody has begun to work under the old name after the folder left it: what went comes back. What jobs of
    /// the new name have made since stays.
    fn bring_back(&self, db: &Connection, begun: &Move) -> Result<(), StoreError> {
        let (home, away) = (self.place(&begun.folder), self.place(&begun.new_folder));
        let mut is_theirs = db.prepare_cached("SELECT EXISTS(SELECT 1 FROM jobs WHERE folder = ?1)")?;
        for entry in fs::read_dir(&away).map_err(|error| StoreError::io(&away, error))? {
            let name = entry.map_err(|error| StoreError::io(&away, error))?.file_name();
            let theirs = format!("{}/{}", begun.new_folder, name.to_string_lossy());
            if !is_theirs.query_row(params![theirs], |row| row.get::<_, bool>(0))?
                && !home.join(&name).exists()
            {
                move_folder(&away.join(&name), &home.join(&name))?;
            }
        }
        // It goes only when it is empty.
        let _ = fs::remove_dir(&away);
        Ok(())
    }

    /// Do names that differ in capital letters alone lead to one folder? False of a folder that is not there.
    fn ignores_case(&self, folder: &str) -> bool {
        let real = |folder: &str| self.place(folder).canonicalize().ok();
        let (lower, upper) = (real(&folder.to_lowercase()), real(&folder.to_uppercase()));
        lower.is_some() && lower == upper
    }

    fn plan(&self, db: &Connection, name: &str, new_name: &str) -> Result<Move, StoreError> {
        check_at_rest(db, name)?;
        let (folder, new_folder) =
            (layout::project_folder(Some(name)), layout::project_folder(Some(new_name)));
        let taken =
            || StoreError::ProjectTaken { project: new_name.to_owned(), path: self.place(&new_folder) };
        let has_twin: bool = db.query_row(
            "SELECT EXISTS(SELECT 1 FROM jobs WHERE project = ?1 COLLATE NOCASE AND project <> ?2)",
            params![new_name, name],
            |row| row.get(0),
        )?;
        if has_twin {
            return Err(taken());
        }
        if folder != new_folder {
            let tells_case = !self.ignores_case(&folder);
            let others: bool = db.query_row(
                &format!("SELECT EXISTS(SELECT 1 FROM jobs WHERE {BELOW} AND project IS NOT ?2)"),
                params![folder, name, tells_case],
                |row| row.get(0),
            )?;
            if others {
                return Err(StoreError::ProjectShared {
                    project: name.to_owned(),
                    path: self.place(&folder),
                });
            }
            let inhabited: bool = db.query_row(
                &format!("SELECT EXISTS(SELECT 1 FROM jobs WHERE {BELOW} AND project IS NOT ?2)"),
                params![new_folder, name, tells_case],
                |row| row.get(0),
            )?;
            // On a disk that does not tell capital letters apart the new name may lead to the old folder.
            let is_itself = || {
                let real = |folder: &str| self.place(folder).canonicalize().ok();
                folder.eq_ignore_ascii_case(&new_folder) && real(&folder) == real(&new_folder)
            };
            if inhabited || (self.place(&new_folder).exists() && !is_itself()) {
                return Err(taken());
            }
        }
        Ok(Move { project: name.to_owned(), new_project: new_name.to_owned(), folder, new_folder })
    }

    /// A project whose jobs have made nothing yet has no folder.
    fn moves_folder(&self, planned: &Move) -> bool {
        planned.folder != planned.new_folder && self.place(&planned.folder).exists()
    }

    fn place(&self, folder: &str) -> PathBuf {
        layout::absolute(self.root(), folder)
    }
}

fn move_folder(from: &Path, to: &Path) -> Result<(), StoreError> {
    faults::disk("project rename")
        .and_then(|()| fs::rename(from, to))
        .and_then(|()| sync_folder(to.parent().unwrap_or(Path::new("."))))
        .map_err(|error| StoreError::io(from, error))
}

/// Processes that have, or had, a folder on its way.
pub(crate) fn moving_runners(db: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT runner FROM folder_moves")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A project that is worked in is not put away.
pub(crate) fn take_back(db: &Connection, name: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM archived_projects WHERE name = ?1")?.execute(params![name])?;
    Ok(())
}

fn check_there(db: &Connection, name: &str) -> Result<(), StoreError> {
    let is_there: bool =
        db.query_row("SELECT EXISTS(SELECT 1 FROM jobs WHERE project = ?1)", params![name], |row| {
            row.get(0)
        })?;
    if is_there { Ok(()) } else { Err(StoreError::ProjectNotFound(name.to_owned())) }
}

fn check_at_rest(db: &Connection, name: &str) -> Result<(), StoreError> {
    check_there(db, name)?;
    let jobs: u32 = db.query_row(
        "SELECT count(*) FROM jobs WHERE project = ?1 AND state IN ('queued', 'running')",
        params![name],
        |row| row.get(0),
    )?;
    if jobs == 0 { Ok(()) } else { Err(StoreError::ProjectBusy { project: name.to_owned(), jobs }) }
}

/// Everything that names the project or a place in its folder follows.
fn adopt(db: &Connection, done: &Move) -> Result<(), StoreError> {
    let Move { project, new_project, folder, new_folder } = done;
    for (table, path) in [("artifacts", "path"), ("loose_files", "path"), ("jobs", "folder")] {
        db.execute(
            &format!(
                "UPDATE {table} SET {path} = ?2 || substr({path}, length(?1) + 1)
                 WHERE substr({path}, 1, length(?1) + 1) = ?1 || '/'"
            ),
            params![folder, new_folder],
        )?;
    }
    db.execute(
        "UPDATE events SET body = json_set(body, '$.artifact.path',
           ?2 || substr(json_extract(body, '$.artifact.path'), length(?1) + 1))
         WHERE job_id IN (SELECT id FROM jobs WHERE project = ?3)
           AND substr(json_extract(body, '$.artifact.path'), 1, length(?1) + 1) = ?1 || '/'",
        params![folder, new_folder, project],
    )?;
    db.execute(
        "UPDATE jobs SET project = ?2, request = json_set(request, '$.project', ?2) WHERE project = ?1",
        params![project, new_project],
    )?;
    db.execute("UPDATE archived_projects SET name = ?2 WHERE name = ?1", params![project, new_project])?;
    Ok(())
}

fn forget(db: &Connection, runner: &str) -> Result<(), StoreError> {
    db.execute("DELETE FROM folder_moves WHERE runner = ?1", params![runner])?;
    Ok(())
}
