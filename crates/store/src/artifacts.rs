use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use oreforge_protocol::{
    Artifact, ArtifactId, ArtifactKind, EventBody, JobId, MeshStats, StepName, ViewSlot,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::events::append;
use crate::file::{sync_folder, write_renamed};
use crate::loose::{loosen, settle};
use crate::row::{from_word, job_row, parse_id, step_at, step_index};
use crate::sources::{read_checked, sha256_hex};
use crate::store::{make_folder, now_ms};
use crate::{Store, StoreError, layout};

/// A file a step made, not yet on disk.
#[derive(Debug)]
pub struct ArtifactBytes {
    pub kind: ArtifactKind,
    pub slot: Option<ViewSlot>,
    /// Of a picture from a prompt.
    pub number: Option<u32>,
    pub bytes: Vec<u8>,
    /// Of a finished mesh.
    pub stats: Option<MeshStats>,
}

/// A file that is whole on disk and waits for its row.
#[derive(Debug)]
pub struct Staged {
    /// With its path relative to the data folder.
    artifact: Artifact,
    stats: Option<MeshStats>,
    /// An earlier run of the step made the same bytes, and their row stands.
    known: bool,
}

pub(crate) const COLUMNS: &str = "id, job_id, step, kind, slot, path, bytes, sha256";

impl Store {
    /// Writes a step's files under their final names. Nothing refers to them until they are published or
    /// committed; what is staged and never committed goes when the job stops or its process is found dead.
    pub fn stage(
        &self,
        job: JobId,
        step: StepName,
        items: Vec<ArtifactBytes>,
    ) -> Result<Vec<Staged>, StoreError> {
        let (row, known, others) = self.read(|tx| {
            let row = job_row(tx, job)?;
            let is_retry = row.retry.is_some();
            Ok((row, artifacts_of(tx, job, is_retry)?, artifacts_of(tx, job, !is_retry)?))
        })?;
        let is_taken = |path: &str| known.iter().chain(&others).any(|artifact| artifact.path == path);
        let mut staged = Vec::with_capacity(items.len());
        let mut files = Vec::new();
        for ArtifactBytes { kind, slot, number, bytes, stats } in items {
            if bytes.is_empty() {
                return Err(StoreError::EmptyArtifact);
            }
            let sha256 = sha256_hex(&bytes);
            let older = known.iter().find(|a| a.kind == kind && a.slot == slot && a.number == number);
            if let Some(older) = older
                && older.sha256 == sha256
                && fs::metadata(layout::absolute(self.root(), &older.path))
                    .is_ok_and(|m| m.len() == older.bytes)
            {
                staged.push(Staged { artifact: older.clone(), stats, known: true });
                continue;
            }
            let path = (1..)
                .map(|attempt| {
                    let file = layout::artifact_file(&row.name, kind, slot, number, attempt);
                    format!("{}/{file}", row.folder)
                })
                .find(|path| !is_taken(path))
                .ok_or(StoreError::EmptyArtifact)?;
            let artifact = Artifact {
                id: ArtifactId::new(),
                job_id: job,
                step,
                kind,
                slot,
                number,
                path: path.clone(),
                bytes: bytes.len() as u64,
                sha256,
            };
            staged.push(Staged { artifact, stats, known: false });
            files.push((path, bytes));
        }
        self.announce(&files.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>())?;
        self.check_there()?;
        let mut folders = BTreeSet::new();
        for (path, bytes) in files {
            let target = layout::absolute(self.root(), &path);
            let folder = target.parent().unwrap_or(self.root()).to_owned();
            make_folder(&folder)?;
            write_renamed(&target, &bytes, &self.runner.id).map_err(|e| StoreError::io(&target, e))?;
            folders.insert(folder);
        }
        for folder in folders {
            sync_folder(&folder).map_err(|e| StoreError::io(&folder, e))?;
        }
        Ok(staged)
    }

    pub fn artifact(&self, id: ArtifactId) -> Result<Artifact, StoreError> {
        let found = self.read(|tx| {
            let sql = format!("SELECT {COLUMNS} FROM artifacts WHERE id = ?1");
            Ok(tx
                .prepare_cached(&sql)?
                .query_row(params![id.to_string()], |row| Ok(artifact_row(row)))
                .optional()?)
        })?;
        match found {
            Some(artifact) => Ok(self.absolute_artifact(artifact?)),
            None => Err(StoreError::ArtifactNotFound(id)),
        }
    }

    /// The bytes of a committed or published artifact, checked against its row.
    pub fn artifact_bytes(&self, artifact: &Artifact) -> Result<Vec<u8>, StoreError> {
        read_checked(&PathBuf::from(&artifact.path), artifact.bytes, &artifact.sha256)
    }

    /// The result that stands.
    pub fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError> {
        let relative = self.read(|tx| artifacts_of(tx, job, false))?;
        Ok(relative.into_iter().map(|artifact| self.absolute_artifact(artifact)).collect())
    }

    /// What the job's next step reads: in a retry what the retry made, and of the result that stands only what
    /// came before it.
    pub fn input_artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError> {
        let relative = self.read(|tx| {
            let Some(retry) = job_row(tx, job)?.retry else { return artifacts_of(tx, job, false) };
            let mut artifacts = artifacts_of(tx, job, true)?;
            let earlier = artifacts_of(tx, job, false)?;
            artifacts.extend(earlier.into_iter().filter(|a| step_index(a.step) < retry.from));
            Ok(artifacts)
        })?;
        Ok(relative.into_iter().map(|artifact| self.absolute_artifact(artifact)).collect())
    }

    pub(crate) fn absolute_artifact(&self, mut artifact: Artifact) -> Artifact {
        artifact.path = layout::absolute(self.root(), &artifact.path).to_string_lossy().into_owned();
        artifact
    }
}

/// Rows and events for staged files, of the result that stands or of an open retry; returns the relative paths
/// of files they replace.
pub(crate) fn record(
    db: &Connection,
    job: JobId,
    is_retry: bool,
    runner: &str,
    staged: Vec<Staged>,
) -> Result<Vec<String>, StoreError> {
    let mut replaced = Vec::new();
    for Staged { artifact, stats, known } in staged {
        if !known {
            let kind = artifact.kind.as_str();
            let slot = which(artifact.slot, artifact.number);
            let older: Option<String> = db
                .prepare_cached(
                    "DELETE FROM artifacts WHERE job_id = ?1 AND kind = ?2 AND slot = ?3 AND retry = ?4
                     RETURNING path",
                )?
                .query_row(params![job.to_string(), kind, slot, is_retry], |row| row.get(0))
                .optional()?;
            if let Some(older) = older.filter(|path| *path != artifact.path) {
                loosen(db, &older, runner)?;
                replaced.push(older);
            }
            settle(db, &artifact.path)?;
            let bytes = i64::try_from(artifact.bytes).unwrap_or(i64::MAX);
            db.prepare_cached(
                "INSERT INTO artifacts(id, job_id, step, kind, slot, path, bytes, sha256, retry, created_at)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                artifact.id.to_string(),
                job.to_string(),
                step_index(artifact.step),
                kind,
                slot,
                artifact.path,
                bytes,
                artifact.sha256,
                is_retry,
                now_ms()
            ])?;
        }
        let body = match artifact.kind {
            ArtifactKind::Cutout | ArtifactKind::Preview | ArtifactKind::Picture => {
                EventBody::ImageReady { artifact }
            }
            ArtifactKind::View => EventBody::ViewReady { artifact },
            ArtifactKind::RawMesh | ArtifactKind::Mesh => EventBody::MeshReady { artifact, stats },
            ArtifactKind::Report => continue,
        };
        append(db, job, &body)?;
    }
    Ok(replaced)
}

/// In the order they were made, with relative paths: of the open retry, or those that stand.
pub(crate) fn artifacts_of(db: &Connection, job: JobId, is_retry: bool) -> Result<Vec<Artifact>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM artifacts WHERE job_id = ?1 AND retry = ?2 ORDER BY step, id");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![job.to_string(), is_retry])?;
    let mut artifacts = Vec::new();
    while let Some(row) = rows.next()? {
        artifacts.push(artifact_row(row)?);
    }
    Ok(artifacts)
}

/// What tells a file from others of its kind, as the column `slot` has it: a direction, a number, or nothing.
fn which(slot: Option<ViewSlot>, number: Option<u32>) -> String {
    match (slot, number) {
        (Some(slot), _) => slot.as_str().to_owned(),
        (None, Some(number)) => number.to_string(),
        (None, None) => String::new(),
    }
}

pub(crate) fn artifact_row(row: &Row<'_>) -> Result<Artifact, StoreError> {
    let slot: String = row.get(4)?;
    let number = slot.parse().ok();
    Ok(Artifact {
        id: parse_id(&row.get::<_, String>(0)?)?,
        job_id: parse_id(&row.get::<_, String>(1)?)?,
        step: step_at(row.get(2)?)?,
        kind: from_word(row.get(3)?)?,
        slot: if slot.is_empty() || number.is_some() { None } else { Some(from_word(slot)?) },
        number,
        path: row.get(5)?,
        bytes: u64::try_from(row.get::<_, i64>(6)?).unwrap_or(0),
        sha256: row.get(7)?,
    })
}
