use oreforge_protocol::Settings;
use rusqlite::{OptionalExtension, params};

use crate::row::{from_json, to_json};
use crate::store::Durability;
use crate::{Store, StoreError};

impl Store {
    /// The defaults before anything was saved.
    pub fn settings(&self) -> Result<Settings, StoreError> {
        self.read(|tx| {
            let saved: Option<String> =
                tx.query_row("SELECT settings FROM settings", [], |row| row.get(0)).optional()?;
            Ok(saved.map(|saved| from_json(&saved)).transpose()?.unwrap_or_default())
        })
    }

    pub fn save_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            tx.execute(
                "INSERT INTO settings(id, settings) VALUES(1, ?1)
                 ON CONFLICT(id) DO UPDATE SET settings = excluded.settings",
                params![to_json(settings)?],
            )?;
            Ok(())
        })
    }
}
