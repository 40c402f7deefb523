//! A query of the Gallery as a condition on `artifacts AS a`. Every part is a membership in a set that is found
//! once, so that a page is one walk along the index `gallery`.

use oreforge_protocol::{GalleryKind, GalleryQuery};
use rusqlite::ToSql;
use rusqlite::types::Value;

/// Words of a search beyond these are not looked at.
const MAX_WORDS: usize = 8;

/// Files that are no entries serve those that are: sheets, reports, cut-outs of given views, and bare surfaces unless
/// one is all that its job came to.
const ENTRY: &str = "(a.kind IN ('mesh', 'view', 'picture') OR (a.kind = 'cutout' AND a.slot = '')
  OR (a.kind = 'raw_mesh' AND a.job_id IN (
    SELECT id FROM jobs WHERE state IN ('failed', 'cancelled', 'interrupted') AND checkpoint < 5)))";

/// Newest first, also within a millisecond: ids grow with time.
pub(super) const ORDER: &str = "a.created_at DESC, a.id DESC";

/// A condition and the values of its `?`s, in order.
pub(super) struct Filter {
    pub(super) sql: String,
    values: Vec<Value>,
}

impl Filter {
    /// Every entry.
    pub(super) fn all(trashed: bool) -> Self {
        let place = if trashed { "IS NOT NULL" } else { "IS NULL" };
        Self { sql: format!("a.retry = 0 AND a.trashed_at {place} AND {ENTRY}"), values: Vec::new() }
    }

    pub(super) fn of(query: &GalleryQuery) -> Self {
        let mut filter = Self::all(query.trashed);
        match query.kind {
            None => {}
            Some(GalleryKind::Picture) => filter.and("a.kind IN ('cutout', 'picture')", []),
            Some(GalleryKind::View) => filter.and("a.kind = 'view'", []),
            Some(GalleryKind::Mesh) => filter.and("a.kind IN ('mesh', 'raw_mesh')", []),
        }
        if query.favourite {
            filter.and(&marked("SELECT job_id, kind, slot FROM marks WHERE favourite = 1"), []);
        }
        match &query.project {
            Some(project) => filter
                .and("a.job_id IN (SELECT id FROM jobs WHERE project = ?)", [Value::Text(project.clone())]),
            // What was put away is found under its own name, and in the trash.
            None if !query.trashed => filter.and(
                "a.job_id NOT IN (SELECT id FROM jobs WHERE project IN (SELECT name FROM archived_projects))",
                [],
            ),
            None => {}
        }
        if let Some(tag) = &query.tag {
            filter.and(
                &marked("SELECT job_id, kind, slot FROM tags WHERE tag = ?"),
                [Value::Text(tag.clone())],
            );
        }
        if let Some(since) = query.since {
            filter.and("a.created_at >= ?", [Value::Integer(since)]);
        }
        if let Some(until) = query.until {
            filter.and("a.created_at < ?", [Value::Integer(until)]);
        }
        for word in query.text.split_whitespace().take(MAX_WORDS) {
            let pattern = Value::Text(like(word));
            filter.and(
                &format!(
                    "(a.job_id IN (SELECT id FROM jobs WHERE name LIKE ? ESCAPE '\\' OR project LIKE ? ESCAPE '\\'
                        OR engine LIKE ? ESCAPE '\\' OR json_extract(request, '$.prompt') LIKE ? ESCAPE '\\')
                      OR {})",
                    marked(
                        "SELECT job_id, kind, slot FROM marks WHERE name LIKE ? ESCAPE '\\'
                         UNION SELECT job_id, kind, slot FROM tags WHERE tag LIKE ? ESCAPE '\\'"
                    )
                ),
                std::iter::repeat_n(pattern, 6),
            );
        }
        filter
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &dyn ToSql> {
        self.values.iter().map(|value| value as &dyn ToSql)
    }

    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(values);
    }
}

fn marked(places: &str) -> String {
    format!("(a.job_id, a.kind, a.slot) IN ({places})")
}

/// A pattern for `LIKE … ESCAPE '\'` that finds `word` anywhere.
fn like(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
