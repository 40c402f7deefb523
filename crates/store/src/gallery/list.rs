use oreforge_protocol::{
    Artifact, ArtifactId, ArtifactKind, GalleryEntry, GalleryKind, GalleryPage, GalleryQuery,
};
use rusqlite::{Connection, Row, ToSql, params, params_from_iter};

use super::filter::{Filter, ORDER};
use crate::artifacts::{COLUMNS, artifact_row};
use crate::{Store, StoreError};

/// Most entries one call gives.
const MAX_PAGE: u32 = 200;

impl Store {
    /// Entries from `offset` on, newest first, at most 200.
    pub fn gallery(&self, query: &GalleryQuery, offset: u32, limit: u32) -> Result<GalleryPage, StoreError> {
        let filter = Filter::of(query);
        self.read(|tx| {
            let sql = format!(
                "SELECT {columns}, a.created_at, j.name, j.project, j.engine, json_extract(j.request, '$.prompt'),
                        m.name, coalesce(m.favourite, 0), coalesce(m.rejected, 0),
                        CASE a.kind WHEN 'mesh' THEN (
                          SELECT json_extract(facts, '$.mesh.triangles') FROM steps
                          WHERE steps.job_id = a.job_id AND steps.retry = 0 AND steps.step = a.step) END
                 FROM (SELECT a.rowid AS row FROM artifacts AS a WHERE {condition} ORDER BY {ORDER} LIMIT ? OFFSET ?)
                 JOIN artifacts AS a ON a.rowid = row
                 JOIN jobs AS j ON j.id = a.job_id
                 LEFT JOIN marks AS m ON m.job_id = a.job_id AND m.kind = a.kind AND m.slot = a.slot
                 ORDER BY {ORDER}",
                columns = COLUMNS.replace(", ", ", a.").replacen("id", "a.id", 1),
                condition = filter.sql,
            );
            let limit = limit.min(MAX_PAGE);
            let page: [&dyn ToSql; 2] = [&limit, &offset];
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(filter.values().chain(page)))?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(self.entry(tx, row)?);
            }
            Ok(GalleryPage { entries })
        })
    }

    /// A file and what the artist calls it.
    pub fn named_artifact(&self, id: ArtifactId) -> Result<(Artifact, String), StoreError> {
        let artifact = self.artifact(id)?;
        let name = self.read(|tx| {
            Ok(tx
                .prepare_cached(
                    "SELECT coalesce(m.name, j.name) FROM artifacts AS a JOIN jobs AS j ON j.id = a.job_id
                     LEFT JOIN marks AS m ON m.job_id = a.job_id AND m.kind = a.kind AND m.slot = a.slot
                     WHERE a.id = ?1",
                )?
                .query_row(params![id.to_string()], |row| row.get(0))?)
        })?;
        Ok((artifact, name))
    }

    fn entry(&self, db: &Connection, row: &Row<'_>) -> Result<GalleryEntry, StoreError> {
        let artifact = artifact_row(row)?;
        let tags = tags_of(db, row)?;
        Ok(GalleryEntry {
            kind: kind_of(artifact.kind),
            artifact: self.absolute_artifact(artifact),
            created_at: row.get(8)?,
            name: row.get::<_, Option<String>>(13)?.map_or_else(|| row.get(9), Ok)?,
            project: row.get(10)?,
            engine: row.get(11)?,
            prompt: row.get(12)?,
            favourite: row.get(14)?,
            rejected: row.get(15)?,
            triangles: row.get(16)?,
            tags,
        })
    }
}

fn kind_of(kind: ArtifactKind) -> GalleryKind {
    match kind {
        ArtifactKind::Mesh | ArtifactKind::RawMesh => GalleryKind::Mesh,
        ArtifactKind::View => GalleryKind::View,
        ArtifactKind::Cutout | ArtifactKind::Picture | ArtifactKind::Preview | ArtifactKind::Report => {
            GalleryKind::Picture
        }
    }
}

fn tags_of(db: &Connection, artifact: &Row<'_>) -> Result<Vec<String>, StoreError> {
    let (job, kind, slot): (String, String, String) = (artifact.get(1)?, artifact.get(3)?, artifact.get(4)?);
    let mut statement =
        db.prepare_cached("SELECT tag FROM tags WHERE job_id = ?1 AND kind = ?2 AND slot = ?3 ORDER BY tag")?;
    let rows = statement.query_map(params![job, kind, slot], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
