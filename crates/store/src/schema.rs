use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::file::sync_folder;
use crate::{StoreError, faults};

/// Statements that lead from each schema version to the next; the first makes version 1.
const MIGRATIONS: [&str; 7] = [
    include_str!("schema_v1.sql"),
    include_str!("schema_v2.sql"),
    include_str!("schema_v3.sql"),
    include_str!("schema_v4.sql"),
    include_str!("schema_v5.sql"),
    include_str!("schema_v6.sql"),
    include_str!("schema_v7.sql"),
];

/// Brings the database to the schema of this version, or refuses a newer one. An older database is kept beside
/// it as `oreforge.sqlite3.backup-v<version>` before anything in it changes.
pub(crate) fn migrate(connection: &mut Connection, database: &Path) -> Result<(), StoreError> {
    upgrade(connection, database, &MIGRATIONS)
}

fn upgrade(connection: &mut Connection, database: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    // Most opens find the schema in place and need no write lock.
    let found = version(connection)?;
    if found == Some(known) {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&tx)?.unwrap_or(0);
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    if found == known {
        // Another process was quicker.
        return Ok(());
    }
    if found > 0 {
        back_up(database, found)?;
    }
    apply(&tx, migrations, found).map_err(|source| StoreError::Migration { found, known, source })?;
    faults::pass("schema commit");
    tx.commit()?;
    faults::pass("schema committed");
    Ok(())
}

fn apply(tx: &Transaction<'_>, migrations: &[&str], found: i64) -> Result<(), rusqlite::Error> {
    for statements in migrations.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(statements)?;
        faults::pass("schema step");
    }
    tx.execute(
        "INSERT INTO meta(key, value) VALUES('schema_version', ?1)
         ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        params![i64::try_from(migrations.len()).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

/// A whole copy, on disk before this returns. Read by a connection of its own while the migration holds the
/// write lock, so that nothing comes between the copy and the change.
fn back_up(database: &Path, version: i64) -> Result<(), StoreError> {
    let mut name = database.as_os_str().to_owned();
    name.push(format!(".backup-v{version}"));
    let backup = Path::new(&name);
    let mut part = name.clone();
    part.push(".part");
    let part = Path::new(&part);
    match std::fs::remove_file(part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::io(part, error));
        }
        _ => {}
    }
    let reader = Connection::open(database)?;
    reader.execute("VACUUM INTO ?1", params![part.to_string_lossy()])?;
    let kept = faults::disk("schema backup")
        .and_then(|()| std::fs::File::options().write(true).open(part)?.sync_all())
        .and_then(|()| std::fs::rename(part, backup))
        .and_then(|()| sync_folder(database.parent().unwrap_or(Path::new("."))));
    kept.map_err(|error| StoreError::io(backup, error))
}

fn version(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let has_meta: bool = connection.query_row(
        "SELECT EXISTS(SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta')",
        [],
        |row| row.get(0),
    )?;
    if !has_meta {
        return Ok(None);
    }
    Ok(connection
        .query_row("SELECT value FROM meta WHERE key = 'schema_version'", [], |row| row.get(0))
        .optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_that_fails_leaves_the_old_data_as_it_was_and_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("oreforge.sqlite3");
        let mut connection = Connection::open(&database).unwrap();
        upgrade(&mut connection, &database, &MIGRATIONS[..1]).unwrap();
        connection.execute("INSERT INTO sources VALUES('a', 'a.png', 'sources/a.png', 1, 0)", []).unwrap();
        let broken =
            [MIGRATIONS[0], "DELETE FROM sources; ALTER TABLE sources RENAME TO pictures; nonsense;"];
        let failed = upgrade(&mut connection, &database, &broken).unwrap_err();
        assert!(matches!(failed, StoreError::Migration { found: 1, known: 2, .. }), "{failed}");
        let sources = |path: &Path| -> (Option<i64>, i64) {
            let connection = Connection::open(path).unwrap();
            let count = connection.query_row("SELECT count(*) FROM sources", [], |row| row.get(0)).unwrap();
            (version(&connection).unwrap(), count)
        };
        assert_eq!(sources(&database), (Some(1), 1));
        assert_eq!(sources(&dir.path().join("oreforge.sqlite3.backup-v1")), (Some(1), 1));
        upgrade(&mut connection, &database, &MIGRATIONS).unwrap();
        assert_eq!(sources(&database), (Some(MIGRATIONS.len() as i64), 1));
    }

    #[test]
    fn prompts_noted_by_version_6_stay_and_name_no_files() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("oreforge.sqlite3");
        let mut connection = Connection::open(&database).unwrap();
        upgrade(&mut connection, &database, &MIGRATIONS[..6]).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        let noted = "INSERT INTO prompts VALUES('id', 'job', 2, 'http://a', 'views', 'ab', 1, 'open')";
        connection.execute(noted, []).unwrap();
        upgrade(&mut connection, &database, &MIGRATIONS[..7]).unwrap();
        let kept = "SELECT prompt_id, crashes, state, files FROM prompts";
        let kept: (String, u32, String, String) = connection
            .query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap();
        assert_eq!(kept, ("id".to_owned(), 1, "open".to_owned(), "[]".to_owned()));
        let backup = Connection::open(dir.path().join("oreforge.sqlite3.backup-v6")).unwrap();
        assert_eq!(version(&backup).unwrap(), Some(6));
        let before: i64 = backup.query_row("SELECT count(*) FROM prompts", [], |row| row.get(0)).unwrap();
        assert_eq!(before, 1);
    }

    #[test]
    fn downloads_come_to_a_folder_of_version_5_and_its_data_stays() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("oreforge.sqlite3");
        let mut connection = Connection::open(&database).unwrap();
        upgrade(&mut connection, &database, &MIGRATIONS[..5]).unwrap();
        connection.execute("INSERT INTO sources VALUES('a', 'a.png', 'sources/a.png', 1, 0)", []).unwrap();
        connection.execute("INSERT INTO settings(id, settings) VALUES(1, '{\"silence_s\":77}')", []).unwrap();
        upgrade(&mut connection, &database, &MIGRATIONS[..6]).unwrap();
        let kept = "SELECT (SELECT count(*) FROM sources), (SELECT settings FROM settings)";
        let kept: (i64, String) =
            connection.query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(kept, (1, "{\"silence_s\":77}".to_owned()));
        let empty: i64 =
            connection.query_row("SELECT count(*) FROM downloads", [], |row| row.get(0)).unwrap();
        assert_eq!(empty, 0);
        assert!(dir.path().join("oreforge.sqlite3.backup-v5").is_file());
    }
}
