//! A generated library of 50,000 entries: how long its first screen, its far end and its searches take.
//! `--library FOLDER THUMBNAILS` leaves it there instead, as if every entry had been looked at and looked like the picture of
//! its kind in THUMBNAILS: `cutout.png`, `view.png`, `mesh.png`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use oreforge_protocol::{ForgeRequest, GalleryKind, GalleryQuery, JobId, JobRequest, SourceRef};
use oreforge_store::{NewJob, Store};
use rusqlite::{Connection, params};

const JOBS: usize = 7200;
/// Of each job: a cut-out, five views and a mesh in the Gallery; a raw mesh, a sheet and a report beside them.
const FILES: [(&str, &str, i64); 10] = [
    ("cutout", "", 0),
    ("view", "front", 1),
    ("view", "right", 1),
    ("view", "back", 1),
    ("view", "left", 1),
    ("view", "three_quarter", 1),
    ("raw_mesh", "", 3),
    ("mesh", "", 4),
    ("preview", "", 5),
    ("report", "", 5),
];
const NAMES: [&str; 8] = ["scarab", "wolf", "teapot", "stallion", "amphora", "robot", "cactus", "lantern"];
const PROJECTS: [&str; 4] = ["Bestiary", "Harbour props", "Toy box", "Kitchen"];
const FIRST_MS: i64 = 1_700_000_000_000;
const RUNS: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, folder, thumbnails] = &args[..]
        && flag == "--library"
    {
        return library(Path::new(folder), Path::new(thumbnails));
    }
    let dir = tempfile::tempdir()?;
    generate(dir.path())?;
    // As after a start: nothing is prepared or cached yet.
    let store = Store::open(dir.path())?;

    let everything = GalleryQuery::default();
    let overview = store.gallery_overview(&everything, 0)?;
    let total = overview.pictures + overview.views + overview.meshes;
    println!(
        "{total} entries of {JOBS} jobs; milliseconds, median of {RUNS} (the first screen also once, cold).\n"
    );
    println!("| what | ms |\n|---|---:|");
    let store = {
        drop(store);
        Store::open(dir.path())?
    };
    let cold = timed(|| first_screen(&store, &everything))?;
    row("first screen, cold: 120 entries, counts, days", cold);
    row("first screen", median(|| first_screen(&store, &everything))?);
    row("120 entries from the far end", median(|| page(&store, &everything, total - 120))?);
    let text = |text: &str| GalleryQuery { text: text.to_owned(), ..GalleryQuery::default() };
    let queries = [
        ("meshes", GalleryQuery { kind: Some(GalleryKind::Mesh), ..GalleryQuery::default() }),
        ("favourites", GalleryQuery { favourite: true, ..GalleryQuery::default() }),
        ("a project", GalleryQuery { project: Some("Bestiary".to_owned()), ..GalleryQuery::default() }),
        ("a tag", GalleryQuery { tag: Some("hero".to_owned()), ..GalleryQuery::default() }),
        ("one word", text("wolf")),
        ("two words", text("wolf kitchen")),
        ("words that nothing has", text("zebra crossing")),
    ];
    for (name, query) in &queries {
        row(&format!("first screen of {name}"), median(|| first_screen(&store, query))?);
    }
    Ok(())
}

/// A data folder with a library in it, and no job that waits.
fn generate(folder: &Path) -> Result<(), Box<dyn Error>> {
    let store = Store::open(folder)?;
    let template = store.create_job(NewJob {
        name: "template".to_owned(),
        project: None,
        request: JobRequest::Forge(ForgeRequest::new(SourceRef::Sample { name: "duck".to_owned() })),
        in_front: false,
        failure: None,
    })?;
    fill(&folder.join("oreforge.sqlite3"), template)?;
    store.request_cancel(template)?;
    Ok(())
}

fn library(folder: &Path, drawn: &Path) -> Result<(), Box<dyn Error>> {
    generate(folder)?;
    let thumbnails = folder.join("thumbnails");
    let db = Connection::open(folder.join("oreforge.sqlite3"))?;
    let mut statement =
        db.prepare("SELECT id, kind FROM artifacts WHERE kind IN ('cutout', 'view', 'mesh')")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    for row in rows {
        let (id, kind) = row?;
        let end = thumbnails.join(&id[id.len() - 2..]);
        fs::create_dir_all(&end)?;
        fs::hard_link(drawn.join(format!("{kind}.png")), end.join(format!("{id}.png")))?;
    }
    Ok(())
}

fn first_screen(store: &Store, query: &GalleryQuery) -> Result<(), Box<dyn Error>> {
    store.gallery_overview(query, 60)?;
    page(store, query, 0)
}

fn page(store: &Store, query: &GalleryQuery, offset: u32) -> Result<(), Box<dyn Error>> {
    store.gallery(query, offset, 120)?;
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn median(work: impl Fn() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let mut times = (0..RUNS).map(|_| timed(&work)).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    Ok(times[RUNS / 2])
}

fn row(what: &str, time: Duration) {
    println!("| {what} | {:.1} |", time.as_secs_f64() * 1000.0);
}

/// Rows as forges leave them; the files themselves are never opened by a list.
fn fill(database: &Path, template: JobId) -> Result<(), Box<dyn Error>> {
    let mut db = Connection::open(database)?;
    let tx = db.transaction()?;
    for job in 0..JOBS {
        let id = JobId::new().to_string();
        let name = NAMES[job % NAMES.len()];
        let project = (job % 3 != 0).then(|| PROJECTS[job % PROJECTS.len()]);
        let made = FIRST_MS + i64::try_from(job)? * 3_600_000;
        tx.prepare_cached(
            "INSERT INTO jobs(id, kind, name, project, folder, state, checkpoint, runner, engine, request, created_at)
             SELECT ?2, kind, ?3, ?4, ?2, 'done', 6, runner, 'draft', request, ?5 FROM jobs WHERE id = ?1",
        )?
        .execute(params![template.to_string(), id, name, project, made])?;
        tx.prepare_cached(
            "INSERT INTO steps(job_id, step, state, engine, elapsed_ms, facts, finished_at)
             VALUES(?1, 4, 'done', 'draft', 900, '{\"mesh\":{\"triangles\":20000}}', ?2)",
        )?
        .execute(params![id, made])?;
        for (at, (kind, slot, step)) in (0i64..).zip(FILES) {
            tx.prepare_cached(
                "INSERT INTO artifacts(id, job_id, step, kind, slot, path, bytes, sha256, created_at)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?1, 100000, '', ?6)",
            )?
            .execute(params![
                oreforge_protocol::ArtifactId::new().to_string(),
                id,
                step,
                kind,
                slot,
                made + at * 400
            ])?;
        }
        if job % 20 == 0 {
            tx.prepare_cached("INSERT INTO marks(job_id, kind, slot, favourite) VALUES(?1, 'mesh', '', 1)")?
                .execute(params![id])?;
            tx.prepare_cached("INSERT INTO tags(job_id, kind, slot, tag) VALUES(?1, 'mesh', '', 'hero')")?
                .execute(params![id])?;
        }
    }
    tx.commit()?;
    Ok(())
}
