use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::{StoreError, faults};

/// Statements that lead from each schema version to the next; the first makes version 1.
const MIGRATIONS: [&str; 1] = [include_str!("schema_v1.sql")];

/// Brings the database to the schema of this version, or refuses a newer one.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    // Most opens find the schema in place and need no write lock.
    if version(connection)? == Some(known) {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&tx)?.unwrap_or(0);
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for statements in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(statements)?;
        faults::pass("schema step");
    }
    tx.execute(
        "INSERT INTO meta(key, value) VALUES('schema_version', ?1)
         ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        params![known],
    )?;
    faults::pass("schema commit");
    tx.commit()?;
    faults::pass("schema committed");
    Ok(())
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
