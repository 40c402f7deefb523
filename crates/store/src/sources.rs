use std::fs;
use std::path::{Path, PathBuf};

use oreforge_protocol::SourceId;
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::file::write_atomically;
use crate::loose::settle;
use crate::row::parse_id;
use crate::store::{Durability, now_ms};
use crate::{Store, StoreError, layout};

/// A picture in the data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSource {
    pub id: SourceId,
    pub file_name: String,
    /// Absolute.
    pub path: PathBuf,
    pub bytes: u64,
}

impl Store {
    /// Keeps a picture under the hash of its bytes; the same bytes twice are one file.
    pub fn import_source(&self, file_name: &str, bytes: &[u8]) -> Result<StoredSource, StoreError> {
        let id: SourceId = parse_id(&sha256_hex(bytes))?;
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        if let Ok(known) = self.source(&id)
            && fs::metadata(&known.path).is_ok_and(|meta| meta.len() == known.bytes)
        {
            return Ok(StoredSource { file_name: file_name.to_owned(), ..known });
        }
        let relative = format!("sources/{id}.{}", extension_of(file_name));
        let path = layout::absolute(self.root(), &relative);
        self.announce(&[&relative])?;
        write_atomically(&path, bytes, &self.runner.id).map_err(|e| StoreError::io(&path, e))?;
        // The job that needs it commits durably right after.
        self.write(Durability::Process, |tx| {
            tx.execute(
                "INSERT INTO sources(id, file_name, path, bytes, created_at) VALUES(?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(id) DO UPDATE SET path = excluded.path",
                params![id.as_str(), file_name, relative, length, now_ms()],
            )?;
            settle(tx, &relative)
        })?;
        Ok(StoredSource { id, file_name: file_name.to_owned(), path, bytes: bytes.len() as u64 })
    }

    pub fn source(&self, id: &SourceId) -> Result<StoredSource, StoreError> {
        self.read(|tx| {
            let row: Option<(String, String, i64)> = tx
                .prepare_cached("SELECT file_name, path, bytes FROM sources WHERE id = ?1")?
                .query_row(params![id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let (file_name, relative, bytes) = row.ok_or_else(|| StoreError::SourceNotFound(id.clone()))?;
            Ok(StoredSource {
                id: id.clone(),
                file_name,
                path: layout::absolute(self.root(), &relative),
                bytes: u64::try_from(bytes).unwrap_or(0),
            })
        })
    }

    /// The bytes of a picture, checked against its hash.
    pub fn source_bytes(&self, id: &SourceId) -> Result<Vec<u8>, StoreError> {
        let source = self.source(id)?;
        read_checked(&source.path, source.bytes, id.as_str())
    }
}

pub(crate) fn read_checked(path: &Path, length: u64, sha256: &str) -> Result<Vec<u8>, StoreError> {
    let changed = || StoreError::FileChanged { path: path.to_owned() };
    let found = fs::metadata(path).map_err(|_| changed())?;
    // Checked before reading: whatever replaced the file may be of any size.
    if !found.is_file() || found.len() != length {
        return Err(changed());
    }
    let bytes = fs::read(path).map_err(|e| StoreError::io(path, e))?;
    if sha256_hex(&bytes) == sha256 { Ok(bytes) } else { Err(changed()) }
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn extension_of(file_name: &str) -> String {
    Path::new(file_name)
        .extension()
        .and_then(|extension| extension.to_str())
        .filter(|extension| extension.len() <= 5 && extension.bytes().all(|b| b.is_ascii_alphanumeric()))
        .map_or_else(|| "picture".to_owned(), str::to_ascii_lowercase)
}
