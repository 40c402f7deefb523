//! Everything ever made: listed, marked, deleted with a way back, copied out.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use oreforge_jobs::{guarded, safe_file_name, write_atomically};
use oreforge_protocol::{
    Artifact, ArtifactId, ErrorCode, ErrorReport, GalleryOverview, GalleryPage, GalleryQuery, MarkChange,
    SavedFile,
};

use crate::{Oreforge, save};

/// Entries that one call changes.
const MAX_IDS: usize = 10_000;

/// Files that one call copies.
const MAX_SAVED: usize = 2000;

const MAX_TEXT_CHARS: usize = 300;
const MAX_NAME_CHARS: usize = 200;
const MAX_TAG_CHARS: usize = 60;
const MAX_TAGS: usize = 50;

/// Names tried for a file before a folder counts as full of them.
const MAX_NAMES: u32 = 10_000;

/// No clock is further from UTC than this.
const MAX_UTC_OFFSET_MIN: i32 = 24 * 60;

pub(crate) async fn list(
    forge: &Oreforge,
    query: GalleryQuery,
    offset: u32,
    limit: u32,
) -> Result<GalleryPage, ErrorReport> {
    check_query(&query)?;
    forge.jobs.read(move |store| store.gallery(&query, offset, limit)).await
}

pub(crate) async fn overview(
    forge: &Oreforge,
    query: GalleryQuery,
    utc_offset_min: i32,
) -> Result<GalleryOverview, ErrorReport> {
    check_query(&query)?;
    if utc_offset_min.abs() > MAX_UTC_OFFSET_MIN {
        return Err(refusal("No clock is more than a day ahead or behind."));
    }
    forge.jobs.read(move |store| store.gallery_overview(&query, utc_offset_min)).await
}

pub(crate) async fn mark(
    forge: &Oreforge,
    ids: Vec<ArtifactId>,
    mut change: MarkChange,
) -> Result<u32, ErrorReport> {
    check_count(&ids, MAX_IDS)?;
    if let Some(name) = &mut change.name {
        *name = name.trim().to_owned();
        check_length(name, MAX_NAME_CHARS, "name")?;
    }
    for tags in [&mut change.add_tags, &mut change.remove_tags] {
        if tags.len() > MAX_TAGS {
            return Err(refusal(&format!("At most {MAX_TAGS} tags can be changed at once.")));
        }
        for tag in tags.iter_mut() {
            *tag = tag.split_whitespace().collect::<Vec<_>>().join(" ");
            check_length(tag, MAX_TAG_CHARS, "tag")?;
        }
        tags.retain(|tag| !tag.is_empty());
    }
    forge.jobs.write(move |store| store.mark(&ids, &change)).await
}

pub(crate) async fn trash(forge: &Oreforge, ids: Vec<ArtifactId>) -> Result<u32, ErrorReport> {
    check_count(&ids, MAX_IDS)?;
    forge.jobs.write(move |store| store.trash(&ids)).await
}

pub(crate) async fn restore(forge: &Oreforge, ids: Vec<ArtifactId>) -> Result<u32, ErrorReport> {
    check_count(&ids, MAX_IDS)?;
    forge.jobs.write(move |store| store.restore(&ids)).await
}

/// Copies files one after the other. What went well before one that did not stays.
pub(crate) async fn save_all(
    forge: &Oreforge,
    ids: Vec<ArtifactId>,
    folder: String,
) -> Result<Vec<SavedFile>, ErrorReport> {
    check_count(&ids, MAX_SAVED)?;
    let folder = PathBuf::from(folder);
    let mut saved = Vec::new();
    for id in ids {
        let (artifact, name, bytes) = forge
            .jobs
            .read(move |store| {
                let (artifact, name) = store.named_artifact(id)?;
                let bytes = store.artifact_bytes(&artifact)?;
                Ok((artifact, name, bytes))
            })
            .await?;
        let folder = folder.clone();
        saved.push(guarded(move || put(&folder, &artifact, &name, &bytes)).await?);
    }
    Ok(saved)
}

/// Writes under a name that nothing in the folder has yet.
fn put(folder: &Path, artifact: &Artifact, name: &str, bytes: &[u8]) -> Result<SavedFile, ErrorReport> {
    let stem = match artifact.slot {
        Some(slot) => format!("{} {slot}", safe_file_name(name)),
        None => safe_file_name(name),
    };
    let extension = artifact.kind.extension();
    for attempt in 1..=MAX_NAMES {
        let file = if attempt == 1 {
            format!("{stem}.{extension}")
        } else {
            format!("{stem} ({attempt}).{extension}")
        };
        let path = folder.join(file);
        // Whoever makes the file first owns the name.
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => {
                return write_atomically(&path, bytes, "oreforge")
                    .map(|()| SavedFile {
                        path: path.to_string_lossy().into_owned(),
                        bytes: bytes.len() as u64,
                    })
                    .map_err(|error| {
                        let _ = std::fs::remove_file(&path);
                        save::unwritable(&path, &error)
                    });
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(save::unwritable(&path, &error)),
        }
    }
    Err(ErrorReport::new(
        ErrorCode::OutputUnwritable,
        format!("{} has too many files of this name.", folder.display()),
    )
    .with_hint("Choose another folder."))
}

fn check_query(query: &GalleryQuery) -> Result<(), ErrorReport> {
    check_length(&query.text, MAX_TEXT_CHARS, "search")?;
    check_length(query.project.as_deref().unwrap_or_default(), MAX_NAME_CHARS, "project")?;
    check_length(query.tag.as_deref().unwrap_or_default(), MAX_TAG_CHARS, "tag")
}

fn check_length(text: &str, max_chars: usize, what: &str) -> Result<(), ErrorReport> {
    let chars = text.chars().count();
    if chars <= max_chars {
        return Ok(());
    }
    Err(refusal(&format!("The {what} has {chars} characters; the limit is {max_chars}.")))
}

fn check_count(ids: &[ArtifactId], max: usize) -> Result<(), ErrorReport> {
    if ids.len() <= max {
        return Ok(());
    }
    Err(refusal(&format!("{} entries were chosen; the limit is {max} at once.", ids.len())))
}

fn refusal(message: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::BadRequest, message)
}
