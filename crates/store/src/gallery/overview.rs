use oreforge_protocol::{DayCount, GalleryOverview, GalleryQuery, NamedCount};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::filter::Filter;
use crate::{Store, StoreError};

const DAY_MS: i64 = 86_400_000;

/// Newest days of a query that are told apart; a good ten years.
const MAX_DAYS: u32 = 4000;

/// Projects and tags, each, that are counted.
const MAX_NAMES: u32 = 500;

impl Store {
    /// Counts for the Gallery; `utc_offset_min` is what the artist's clock is ahead of UTC.
    pub fn gallery_overview(
        &self,
        query: &GalleryQuery,
        utc_offset_min: i32,
    ) -> Result<GalleryOverview, StoreError> {
        let all = Filter::of(&GalleryQuery::default());
        self.read(|tx| {
            let mut overview = GalleryOverview {
                pictures: 0,
                views: 0,
                meshes: 0,
                favourites: count(tx, &Filter::of(&GalleryQuery { favourite: true, ..Default::default() }))?,
                trashed: count(tx, &Filter::all(true))?,
                bytes: 0,
                tags: names(
                    tx,
                    &format!(
                        "SELECT tag, count(*) FROM tags
                         JOIN artifacts AS a ON a.job_id = tags.job_id AND a.kind = tags.kind AND a.slot = tags.slot
                         WHERE {} GROUP BY tag ORDER BY tag LIMIT {MAX_NAMES}",
                        all.sql
                    ),
                )?,
                days: days(tx, &Filter::of(query), i64::from(utc_offset_min) * 60_000)?,
            };
            let sql =
                format!("SELECT a.kind, count(*), sum(a.bytes) FROM artifacts AS a WHERE {} GROUP BY a.kind", all.sql);
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let entries: u32 = row.get(1)?;
                match row.get_ref(0)?.as_str().unwrap_or_default() {
                    "mesh" | "raw_mesh" => overview.meshes += entries,
                    "view" => overview.views += entries,
                    _ => overview.pictures += entries,
                }
                overview.bytes += u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            }
            Ok(overview)
        })
    }
}

pub(super) fn count(db: &Connection, filter: &Filter) -> Result<u32, StoreError> {
    let sql = format!("SELECT count(*) FROM artifacts AS a WHERE {}", filter.sql);
    Ok(db.prepare_cached(&sql)?.query_row(params_from_iter(filter.values()), |row| row.get(0))?)
}

fn names(db: &Connection, sql: &str) -> Result<Vec<NamedCount>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok(NamedCount { name: row.get(0)?, entries: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn days(db: &Connection, filter: &Filter, offset_ms: i64) -> Result<Vec<DayCount>, StoreError> {
    let sql = format!(
        "SELECT (a.created_at + ?) / {DAY_MS} AS day, count(*) FROM artifacts AS a WHERE {}
         GROUP BY day ORDER BY day DESC LIMIT {MAX_DAYS}",
        filter.sql
    );
    let mut statement = db.prepare_cached(&sql)?;
    let offset: &dyn ToSql = &offset_ms;
    let rows = statement
        .query_map(params_from_iter(std::iter::once(offset).chain(filter.values())), |row| {
            Ok(DayCount { start: row.get::<_, i64>(0)? * DAY_MS - offset_ms, entries: row.get(1)? })
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
