//! Small pictures of artifacts, made when they are first asked for and kept in the data folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use oreforge_jobs::{guarded, thumbnail, write_atomically};
use oreforge_protocol::{Artifact, ArtifactId, ArtifactKind, ErrorCode, ErrorReport};
use tokio::sync::Semaphore;

use crate::Oreforge;

/// Made at the same time; the rest of the cores forge.
const MAX_AT_WORK: usize = 2;

/// Kept on disk; beyond this the oldest go, down to three quarters.
const MAX_BYTES: u64 = 512_000_000;

/// The folder of small pictures. What is in it can be made again at any time.
pub(crate) struct Thumbnails {
    folder: PathBuf,
    at_work: Semaphore,
    /// How much lies there; unknown before the first is written.
    used_bytes: Mutex<Option<u64>>,
}

impl Thumbnails {
    pub(crate) fn new(root: &Path) -> Arc<Self> {
        Arc::new(Self {
            folder: root.join("thumbnails"),
            at_work: Semaphore::new(MAX_AT_WORK),
            used_bytes: Mutex::default(),
        })
    }

    /// Ids grow with time, so their ends spread best over folders.
    fn path(&self, id: ArtifactId) -> PathBuf {
        let id = id.to_string();
        self.folder.join(&id[id.len() - 2..]).join(format!("{id}.png"))
    }

    fn keep(&self, path: &Path, png: &[u8]) -> std::io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
        write_atomically(path, png, "thumbnail")?;
        let mut used = self.used_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let now_used = match *used {
            Some(bytes) => bytes + png.len() as u64,
            None => files(&self.folder).iter().map(|file| file.bytes).sum(),
        };
        *used = Some(if now_used > MAX_BYTES { trim(&self.folder, MAX_BYTES / 4 * 3) } else { now_used });
        Ok(())
    }
}

/// Where the small picture of an artifact lies, once it does.
pub(crate) async fn find(forge: &Oreforge, id: ArtifactId) -> Result<PathBuf, ErrorReport> {
    let thumbnails = Arc::clone(&forge.thumbnails);
    let path = thumbnails.path(id);
    if tokio::fs::try_exists(&path).await.unwrap_or(false) {
        return Ok(path);
    }
    let _turn = thumbnails.at_work.acquire().await.map_err(|closed| {
        ErrorReport::new(ErrorCode::Internal, "No small pictures are made any more.")
            .with_details(closed.to_string())
    })?;
    let (artifact, bytes) = forge
        .jobs
        .read(move |store| {
            let artifact = store.artifact(id)?;
            let bytes = store.artifact_bytes(&artifact)?;
            Ok((artifact, bytes))
        })
        .await?;
    let thumbnails = Arc::clone(&forge.thumbnails);
    guarded(move || {
        // Somebody before us in the queue may have wanted the same.
        if !path.is_file() {
            let png = make(&artifact, &bytes)?;
            thumbnails.keep(&path, &png).map_err(|error| {
                ErrorReport::new(ErrorCode::StoreUnavailable, "A small picture could not be kept.")
                    .with_details(error.to_string())
            })?;
        }
        Ok(path)
    })
    .await
}

fn make(artifact: &Artifact, bytes: &[u8]) -> Result<Vec<u8>, ErrorReport> {
    match artifact.kind {
        ArtifactKind::Cutout | ArtifactKind::View | ArtifactKind::Preview | ArtifactKind::Picture => {
            thumbnail::of_picture(bytes)
        }
        ArtifactKind::RawMesh | ArtifactKind::Mesh => thumbnail::of_mesh(bytes),
        ArtifactKind::Report => Err(ErrorReport::new(ErrorCode::BadRequest, "A report has no picture.")),
    }
}

struct File {
    path: PathBuf,
    bytes: u64,
    made: SystemTime,
}

fn files(folder: &Path) -> Vec<File> {
    let read = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    read(folder)
        .flat_map(|part| read(&part.path()).collect::<Vec<_>>())
        .filter_map(|entry| {
            let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let made = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            Some(File { path: entry.path(), bytes: meta.len(), made })
        })
        .collect()
}

/// Removes the oldest until no more than `bytes` are left; answers how many are.
fn trim(folder: &Path, bytes: u64) -> u64 {
    let mut files = files(folder);
    files.sort_unstable_by_key(|file| file.made);
    let mut left: u64 = files.iter().map(|file| file.bytes).sum();
    for file in files {
        if left <= bytes {
            break;
        }
        match fs::remove_file(&file.path) {
            Ok(()) => left -= file.bytes,
            Err(error) => tracing::warn!(path = %file.path.display(), %error, "a small picture stays"),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_when_there_are_too_many() {
        let dir = tempfile::tempdir().unwrap();
        let thumbnails = Thumbnails::new(dir.path());
        let ids: Vec<ArtifactId> = (0..4).map(|_| ArtifactId::new()).collect();
        for (age, id) in (0..).zip(&ids) {
            let path = thumbnails.path(*id);
            thumbnails.keep(&path, &[0; 100]).unwrap();
            let made = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000 + age);
            fs::File::options().write(true).open(&path).unwrap().set_modified(made).unwrap();
        }
        assert_eq!(*thumbnails.used_bytes.lock().unwrap(), Some(400));
        assert_eq!(trim(&thumbnails.folder, 250), 200);
        let left: Vec<bool> = ids.iter().map(|id| thumbnails.path(*id).is_file()).collect();
        assert_eq!(left, [false, false, true, true]);
    }
}
