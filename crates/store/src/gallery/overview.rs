use oreforge_protocol::{DayCount, GalleryOverview, GalleryQuery, NamedCount};
use rusqlite::{Connection, params_from_iter};

use super::filter::Filter;
use crate::{Store, StoreError};

const DAY_MS: i64 = 86_400_000;

/// Newest days of a query that are told apart; a good ten years.
const MAX_DAYS: usize = 4000;

/// Projects and tags, each, that are counted.
const MAX_NAMES: u32 = 500;

impl Store {
    /// Counts for the Gallery; `utc_offset_min` is what the artist's clock is ahead of UTC.
    pub fn gallery_overview(
        &self,
        query: &GalleryQuery,
        utc_offset_min: i32,
    ) -> Result<GalleryOverview, StoreError> {
        let everything = GalleryQuery::default();
        let all = Filter::of(&everything);
        let offset_ms = i64::from(utc_offset_min) * 60_000;
        self.read(|tx| {
            let wanted = tally(tx, &Filter::of(query), offset_ms)?;
            let (days, whole) = if *query == everything {
                (wanted.days.clone(), wanted)
            } else {
                (wanted.days, tally(tx, &all, offset_ms)?)
            };
            Ok(GalleryOverview {
                pictures: whole.pictures,
                views: whole.views,
                meshes: whole.meshes,
                bytes: whole.bytes,
                favourites: count(tx, &Filter::of(&GalleryQuery { favourite: true, ..everything }))?,
                trashed: count(tx, &Filter::all(true))?,
                tags: names(
                    tx,
                    &format!(
                        "SELECT tag, count(*) FROM tags
                         JOIN artifacts AS a ON a.job_id = tags.job_id AND a.kind = tags.kind AND a.slot = tags.slot
                         WHERE {} GROUP BY tag ORDER BY tag LIMIT {MAX_NAMES}",
                        all.sql
                    ),
                )?,
                days,
            })
        })
    }
}

fn count(db: &Connection, filter: &Filter) -> Result<u32, StoreError> {
    let sql = format!("SELECT count(*) FROM artifacts AS a WHERE {}", filter.sql);
    Ok(db.prepare_cached(&sql)?.query_row(params_from_iter(filter.values()), |row| row.get(0))?)
}

fn names(db: &Connection, sql: &str) -> Result<Vec<NamedCount>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok(NamedCount { name: row.get(0)?, entries: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[derive(Default)]
struct Tally {
    pictures: u32,
    views: u32,
    meshes: u32,
    bytes: u64,
    /// Newest first.
    days: Vec<DayCount>,
}

/// One walk along the index, which has the times in order: to group by them SQLite would sort them all again.
fn tally(db: &Connection, filter: &Filter, offset_ms: i64) -> Result<Tally, StoreError> {
    let sql = format!(
        "SELECT a.created_at, a.kind, a.bytes FROM artifacts AS a WHERE {} ORDER BY a.created_at DESC",
        filter.sql
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(filter.values()))?;
    let mut tally = Tally::default();
    while let Some(row) = rows.next()? {
        match row.get_ref(1)?.as_str().unwrap_or_default() {
            "mesh" | "raw_mesh" => tally.meshes += 1,
            "view" => tally.views += 1,
            _ => tally.pictures += 1,
        }
        tally.bytes += u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
        let start = (row.get::<_, i64>(0)? + offset_ms).div_euclid(DAY_MS) * DAY_MS - offset_ms;
        let known = tally.days.len();
        match tally.days.last_mut() {
            Some(day) if day.start == start => day.entries += 1,
            _ if known < MAX_DAYS => tally.days.push(DayCount { start, entries: 1 }),
            _ => {}
        }
    }
    Ok(tally)
}
