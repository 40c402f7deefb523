//! How long a step takes, by what steps took before.

use oreforge_protocol::{JobId, Settings, StepName};
use rusqlite::{Connection, OptionalExtension, params};

use crate::StoreError;
use crate::row::{from_json, step_index};

/// How many finished runs of a step say how long the next one takes.
const ESTIMATE_RUNS: i64 = 9;

/// Of a step of a job, in milliseconds; nothing where nothing is known.
pub(crate) fn estimate_ms(
    db: &Connection,
    id: JobId,
    step: StepName,
    engine: Option<&str>,
) -> Result<Option<u64>, StoreError> {
    match step {
        StepName::Pictures => pictures_ms(db, id),
        StepName::Prepare
        | StepName::Views
        | StepName::Gate
        | StepName::Mesh
        | StepName::Finish
        | StepName::Export => usual_ms(db, step, engine),
    }
}

/// Median of the newest finished runs of a step; of any engine while the engine is not chosen.
fn usual_ms(db: &Connection, step: StepName, engine: Option<&str>) -> Result<Option<u64>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT elapsed_ms FROM steps WHERE step = ?1 AND (?2 IS NULL OR engine = ?2) AND state = 'done'
         ORDER BY finished_at DESC LIMIT ?3",
    )?;
    let rows = statement.query_map(params![step_index(step), engine, ESTIMATE_RUNS], |row| row.get(0))?;
    Ok(median(rows.collect::<Result<_, _>>()?))
}

/// Of the pictures that a job still has to make: by what one took on the same server, of the same workflow and size,
/// with the same model and steps.
fn pictures_ms(db: &Connection, id: JobId) -> Result<Option<u64>, StoreError> {
    let Some(server) = server_of(db, id)? else { return Ok(None) };
    let mut statement = db.prepare_cached(
        "SELECT s.facts ->> '$.picture_ms'
         FROM jobs AS asked
         JOIN steps AS s ON s.step = ?2 AND s.state = 'done'
         JOIN jobs AS made ON made.id = s.job_id
         WHERE asked.id = ?1
           AND s.facts ->> '$.workflow' = asked.request ->> '$.workflow'
           AND s.facts ->> '$.server' = ?3
           AND made.request -> '$.inputs.model' IS asked.request -> '$.inputs.model'
           AND made.request -> '$.inputs.steps' IS asked.request -> '$.inputs.steps'
           AND made.request -> '$.inputs.width' IS asked.request -> '$.inputs.width'
           AND made.request -> '$.inputs.height' IS asked.request -> '$.inputs.height'
         ORDER BY s.finished_at DESC LIMIT ?4",
    )?;
    let values = params![id.to_string(), step_index(StepName::Pictures), server, ESTIMATE_RUNS];
    let rows = statement.query_map(values, |row| row.get(0))?;
    let Some(picture_ms) = median(rows.collect::<Result<_, _>>()?) else { return Ok(None) };
    let left: i64 = db
        .prepare_cached(
            "SELECT max(0, (request ->> '$.count') -
                (SELECT count(*) FROM artifacts WHERE job_id = jobs.id AND kind = 'picture' AND retry = (retry_from IS NOT NULL)))
             FROM jobs WHERE id = ?1",
        )?
        .query_row(params![id.to_string()], |row| row.get(0))?;
    Ok(Some(picture_ms.saturating_mul(u64::try_from(left).unwrap_or(0))))
}

/// The server that has a prompt of the job; before that the one it names, or the only one there is.
fn server_of(db: &Connection, id: JobId) -> Result<Option<String>, StoreError> {
    let at = "SELECT coalesce(
                (SELECT server FROM prompts WHERE job_id = ?1 ORDER BY rowid DESC LIMIT 1),
                (SELECT request ->> '$.server' FROM jobs WHERE id = ?1))";
    let named: Option<String> =
        db.prepare_cached(at)?.query_row(params![id.to_string()], |row| row.get(0))?;
    if named.is_some() {
        return Ok(named);
    }
    let saved: Option<String> =
        db.query_row("SELECT settings FROM settings", [], |row| row.get(0)).optional()?;
    let settings: Settings = saved.map(|saved| from_json(&saved)).transpose()?.unwrap_or_default();
    Ok(match settings.servers.as_slice() {
        [only] => Some(only.url.clone()),
        _ => None,
    })
}

fn median(mut runs: Vec<i64>) -> Option<u64> {
    runs.sort_unstable();
    runs.get(runs.len() / 2).and_then(|&ms| u64::try_from(ms).ok())
}
