use oreforge_protocol::{ArtifactId, MarkChange};
use rusqlite::{Connection, OptionalExtension, params};

use crate::store::Durability;
use crate::{Store, StoreError};

impl Store {
    /// Changes what is said about files; answers how many of them are there.
    pub fn mark(&self, ids: &[ArtifactId], change: &MarkChange) -> Result<u32, StoreError> {
        self.write(Durability::Process, |tx| {
            let mut marked = 0;
            for &id in ids {
                if let Some(place) = place_of(tx, id)? {
                    place.mark(tx, change)?;
                    marked += 1;
                }
            }
            Ok(marked)
        })
    }
}

/// Where a file stands in its job.
struct Place {
    job_id: String,
    kind: String,
    slot: String,
}

fn place_of(db: &Connection, id: ArtifactId) -> Result<Option<Place>, StoreError> {
    Ok(db
        .prepare_cached("SELECT job_id, kind, slot FROM artifacts WHERE id = ?1")?
        .query_row(params![id.to_string()], |row| {
            Ok(Place { job_id: row.get(0)?, kind: row.get(1)?, slot: row.get(2)? })
        })
        .optional()?)
}

impl Place {
    fn mark(&self, db: &Connection, change: &MarkChange) -> Result<(), StoreError> {
        let Self { job_id, kind, slot } = self;
        // What is liked is not rejected, and the other way round; the newer word counts.
        let favourite = change.favourite.or(change.rejected.filter(|&rejected| rejected).map(|_| false));
        let rejected = change.rejected.or(change.favourite.filter(|&favourite| favourite).map(|_| false));
        db.prepare_cached("INSERT OR IGNORE INTO marks(job_id, kind, slot) VALUES(?1, ?2, ?3)")?
            .execute(params![job_id, kind, slot])?;
        db.prepare_cached(
            "UPDATE marks SET favourite = coalesce(?4, favourite), rejected = coalesce(?5, rejected),
               name = CASE WHEN ?6 IS NULL THEN name ELSE nullif(?6, '') END
             WHERE job_id = ?1 AND kind = ?2 AND slot = ?3",
        )?
        .execute(params![job_id, kind, slot, favourite, rejected, change.name])?;
        for tag in &change.remove_tags {
            db.prepare_cached("DELETE FROM tags WHERE job_id = ?1 AND kind = ?2 AND slot = ?3 AND tag = ?4")?
                .execute(params![job_id, kind, slot, tag])?;
        }
        for tag in &change.add_tags {
            db.prepare_cached("INSERT OR IGNORE INTO tags(job_id, kind, slot, tag) VALUES(?1, ?2, ?3, ?4)")?
                .execute(params![job_id, kind, slot, tag])?;
        }
        Ok(())
    }
}
