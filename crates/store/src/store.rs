use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::runner::Runner;
use crate::{StoreError, faults, runner, schema};

/// How long a call waits for another process to finish its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Must a commit survive a power cut, or only the end of the process? What is lost in a power cut is always
/// the newest; a durable commit makes everything before it durable too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    PowerCut,
    Process,
}

const DATABASE: &str = "oreforge.sqlite3";

struct Writer {
    connection: Connection,
    durability: Durability,
}

/// One data folder, opened by one process.
pub struct Store {
    root: PathBuf,
    writer: Mutex<Writer>,
    /// Several, so that what is quick does not wait for what counts a whole library.
    readers: [Mutex<Connection>; 3],
    pub(crate) runner: Runner,
    owner: Option<File>,
}

impl Store {
    /// Opens or makes the data folder, and puts in order what processes that died there left behind.
    ///
    /// # Errors
    /// When the folder cannot be made, read or written, or was made by a newer version.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        make_folder(root)?;
        let root = std::path::absolute(root).map_err(|e| StoreError::io(root, e))?;
        let sources = root.join("sources");
        make_folder(&sources)?;
        let owner = runner::try_own(&root)?;
        let database = root.join(DATABASE);
        let mut writer = connect(&database)?;
        schema::migrate(&mut writer, &database)?;
        must_write_ahead(&writer, &database)?;
        let reader = || connect(&database).map(Mutex::new);
        let readers = [reader()?, reader()?, reader()?];
        let store = Self {
            runner: Runner::register(&root)?,
            root,
            writer: Mutex::new(Writer { connection: writer, durability: Durability::PowerCut }),
            readers,
            owner,
        };
        store.collect_dead()?;
        Ok(store)
    }

    /// Absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join(DATABASE)
    }

    /// False for a guest: a process that came second.
    pub fn is_owner(&self) -> bool {
        self.owner.is_some()
    }

    /// Has another process written since the last call?
    pub fn changed_by_others(&self, last_seen: &mut i64) -> Result<bool, StoreError> {
        let version: i64 =
            self.lock_writer().connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        let changed = version != *last_seen;
        *last_seen = version;
        Ok(changed)
    }

    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.lock_writer();
        if writer.durability != durability {
            let level = match durability {
                Durability::PowerCut => "FULL",
                Durability::Process => "NORMAL",
            };
            writer.connection.pragma_update(None, "synchronous", level)?;
            writer.durability = durability;
        }
        let tx = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        faults::pass("transaction open");
        let value = change(&tx)?;
        faults::pass("transaction commit");
        tx.commit()?;
        faults::pass("transaction committed");
        Ok(value)
    }

    /// Reads one state of the database, however many statements it takes.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        query(&self.lock_reader().transaction()?)
    }

    // A panic rolls its transaction back, so a poisoned connection is a good one.
    fn lock_reader(&self) -> MutexGuard<'_, Connection> {
        let [first, ..] = &self.readers;
        let free = self.readers.iter().find_map(|reader| match reader.try_lock() {
            Ok(free) => Some(free),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.unwrap_or_else(|| first.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock_writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn make_folder(path: &Path) -> Result<(), StoreError> {
    faults::disk("folder create").and_then(|()| fs::create_dir_all(path)).map_err(|e| StoreError::io(path, e))
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    faults::watch_sqlite();
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    write_ahead(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// False where the disk did not let it: SQLite then goes on as before, without an error.
fn write_ahead(connection: &Connection) -> Result<bool, StoreError> {
    let began = Instant::now();
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            // Of several that make the database at once one wins; here SQLite does not wait by itself.
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && began.elapsed() < BUSY_TIMEOUT =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            mode => return Ok(mode? == "wal"),
        }
    }
}

/// Several processes share the database, and commits are as durable as `Durability` says, only with a log.
fn must_write_ahead(connection: &Connection, database: &Path) -> Result<(), StoreError> {
    if write_ahead(connection)? { Ok(()) } else { Err(StoreError::NoLog { path: database.to_owned() }) }
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX).saturating_add(faults::clock_offset_ms())
}
