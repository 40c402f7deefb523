//! Mesh files of the artist's own: looked at, written in another format, finished.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use oreforge_jobs::meshes::{self, ExportOptions, Exported, FinishOptions, NamedFile};
use oreforge_jobs::{guarded, safe_file_name, write_atomically};
use oreforge_protocol::{
    Artifact, ArtifactId, ArtifactKind, ErrorCode, ErrorReport, ExportPreset, ExportRoute, ExportedMesh,
    FinishedMesh, MeshExport, MeshFinish, MeshRef, MeshTicket, SavedFile, SourceRef, SpriteRender,
    SpriteSheet,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::pictures;
use crate::{Oreforge, save};

/// Of a mesh and everything beside it.
const MAX_MESH_BYTES: u64 = 512_000_000;

/// Conversions at the same time; the rest of the memory and of the cores forge.
static CONVERSIONS: Semaphore = Semaphore::const_new(2);

struct Mesh {
    file_name: String,
    bytes: Vec<u8>,
    /// Where the files beside it are; none for what a job made.
    folder: Option<PathBuf>,
}

pub(crate) async fn inspect(
    forge: &Oreforge,
    mesh: MeshRef,
    reference: Option<SourceRef>,
) -> Result<MeshTicket, ErrorReport> {
    let reference = match (reference, &mesh) {
        (Some(reference), _) => Some(pictures::read(forge, reference).await?.bytes.into_owned()),
        (None, MeshRef::Artifact { id }) => made_of(forge, *id).await?,
        (None, MeshRef::Path { .. }) => None,
    };
    let mesh = open(forge, mesh).await?;
    guarded(move || {
        mesh.with_companions(|companion| {
            meshes::inspect(&mesh.bytes, &mesh.file_name, companion, reference.as_deref())
        })
    })
    .await
}

/// The cut-out that a job made a finished mesh of. A raw one may lie as it wants.
async fn made_of(forge: &Oreforge, id: ArtifactId) -> Result<Option<Vec<u8>>, ErrorReport> {
    forge
        .jobs
        .read(move |store| {
            let mesh = store.artifact(id)?;
            let of_job = store.artifacts(mesh.job_id)?;
            let is_cutout = |a: &&Artifact| a.kind == ArtifactKind::Cutout && a.slot.is_none();
            match of_job.iter().find(is_cutout).filter(|_| mesh.kind == ArtifactKind::Mesh) {
                Some(cutout) => store.artifact_bytes(cutout).map(Some),
                None => Ok(None),
            }
        })
        .await
}

pub(crate) async fn export(forge: &Oreforge, export: MeshExport) -> Result<ExportedMesh, ErrorReport> {
    let mesh = open(forge, export.mesh).await?;
    let (target, file_name) = target(&export.path)?;
    let options = ExportOptions {
        file_name,
        preset: export.preset,
        repair: export.repair,
        fix: export.fix,
        triangles: export.triangles,
        lods: export.lods,
        compressed: export.compressed,
    };
    let Exported { files, triangles, repaired, notes } =
        exported(forge, mesh, options, export.via, None).await?;
    let files = guarded(move || put_all(&target, &files)).await?;
    Ok(ExportedMesh { files, triangles, repaired, notes })
}

/// Dropped before its end, it ends Blender.
async fn exported(
    forge: &Oreforge,
    mesh: Mesh,
    options: ExportOptions,
    via: ExportRoute,
    turn: Option<SemaphorePermit<'static>>,
) -> Result<Exported, ErrorReport> {
    match via {
        ExportRoute::Oreforge => {
            guarded(move || {
                // Over when the work is, whoever still waits for it.
                let _turn = turn;
                mesh.with_companions(|companion| {
                    meshes::export(&mesh.bytes, &mesh.file_name, companion, &options)
                })
            })
            .await
        }
        ExportRoute::Blender => {
            let handover = guarded(move || {
                mesh.with_companions(|companion| {
                    meshes::hand_over(&mesh.bytes, &mesh.file_name, companion, &options)
                })
            })
            .await?;
            let files = forge.blender().convert(&handover).await?;
            guarded(move || handover.accept(files)).await
        }
    }
}

/// How a mesh is handed over.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conversion {
    pub preset: Option<ExportPreset>,
    /// A GLB for the web.
    pub compressed: bool,
    pub via: ExportRoute,
}

/// A mesh in another format, not written anywhere.
#[derive(Debug, Clone)]
pub struct ConvertedMesh {
    /// The last is the one to open.
    pub files: Vec<NamedFile>,
    /// What was changed or cannot be carried, as sentences.
    pub notes: Vec<String>,
}

/// A mesh a job made as the files of another format, for a host that cannot be told a place to write to.
pub(crate) async fn converted(
    forge: &Oreforge,
    id: ArtifactId,
    file_name: &str,
    conversion: Conversion,
) -> Result<ConvertedMesh, ErrorReport> {
    let turn = CONVERSIONS.acquire().await.map_err(|closed| {
        ErrorReport::new(ErrorCode::Internal, "Oreforge is closing.").with_details(closed.to_string())
    })?;
    let mesh = open(forge, MeshRef::Artifact { id }).await?;
    let (stem, ending) = file_name.rsplit_once('.').unwrap_or((file_name, ""));
    let file_name = format!("{}.{ending}", safe_file_name(stem));
    let Conversion { preset, compressed, via } = conversion;
    let options = ExportOptions { file_name, preset, compressed, ..ExportOptions::default() };
    let Exported { files, notes, .. } = exported(forge, mesh, options, via, Some(turn)).await?;
    Ok(ConvertedMesh { files, notes })
}

pub(crate) async fn finish(forge: &Oreforge, finish: MeshFinish) -> Result<FinishedMesh, ErrorReport> {
    let mesh = open(forge, finish.mesh).await?;
    let mut views = BTreeMap::new();
    for (slot, source) in finish.views {
        views.insert(slot, pictures::read(forge, source).await?.bytes.into_owned());
    }
    let (target, file_name) = target(&finish.path)?;
    let MeshFinish { triangles, texture_px, size_m, detail_maps, .. } = finish;
    let options = FinishOptions { file_name, triangles, texture_px, size_m, detail_maps };
    guarded(move || {
        let finished = mesh.with_companions(|companion| {
            meshes::finish(&mesh.bytes, &mesh.file_name, companion, &views, &options)
        })?;
        Ok(FinishedMesh {
            files: put_all(&target, &finished.files)?,
            mesh: finished.stats,
            agreement: finished.agreement,
            notes: finished.notes,
        })
    })
    .await
}

pub(crate) async fn sprites(forge: &Oreforge, render: SpriteRender) -> Result<SpriteSheet, ErrorReport> {
    let mesh = open(forge, render.mesh).await?;
    let (target, _) = target(&render.path)?;
    let name = target.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if name.is_empty() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, "The sprites have no name.")
            .with_hint("Name a file, as duck.json."));
    }
    guarded(move || {
        let sprites = mesh.with_companions(|companion| {
            meshes::sprites(&mesh.bytes, &mesh.file_name, companion, &name, &render.options)
        })?;
        Ok(SpriteSheet {
            files: put_all(&target, &sprites.files)?,
            frames: sprites.frames,
            atlas_width_px: sprites.atlas_width_px,
            atlas_height_px: sprites.atlas_height_px,
        })
    })
    .await
}

/// A place to write to, and its file name.
fn target(path: &str) -> Result<(PathBuf, String), ErrorReport> {
    let target = PathBuf::from(path);
    if target.is_dir() {
        let folder = ErrorReport::new(ErrorCode::OutputUnwritable, format!("{path} is a folder."));
        return Err(folder.with_hint("Add a file name."));
    }
    let file_name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((target, file_name))
}

/// Writes files beside `target`. The one to open comes last, so that it is there when all are.
fn put_all(target: &Path, files: &[NamedFile]) -> Result<Vec<SavedFile>, ErrorReport> {
    files.iter().map(|file| put(target, file)).collect()
}

fn put(target: &Path, file: &NamedFile) -> Result<SavedFile, ErrorReport> {
    let path = target.with_file_name(&file.name);
    write_atomically(&path, &file.bytes, "oreforge").map_err(|error| save::unwritable(&path, &error))?;
    Ok(SavedFile { path: path.to_string_lossy().into_owned(), bytes: file.bytes.len() as u64 })
}

async fn open(forge: &Oreforge, mesh: MeshRef) -> Result<Mesh, ErrorReport> {
    match mesh {
        MeshRef::Path { path } => guarded(move || read_mesh(Path::new(&path))).await,
        MeshRef::Artifact { id } => {
            let (artifact, bytes) = forge
                .jobs
                .read(move |store| {
                    let artifact = store.artifact(id)?;
                    let bytes = store.artifact_bytes(&artifact)?;
                    Ok((artifact, bytes))
                })
                .await?;
            let name = Path::new(&artifact.path).file_name().unwrap_or_default();
            Ok(Mesh { file_name: name.to_string_lossy().into_owned(), bytes, folder: None })
        }
    }
}

fn read_mesh(path: &Path) -> Result<Mesh, ErrorReport> {
    let unreadable = |error: io::Error| {
        let message = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                format!("There is no file {}.", path.display())
            }
            _ => format!("{} cannot be read.", path.display()),
        };
        ErrorReport::new(ErrorCode::MeshMissing, message)
            .with_hint("Check the name, or choose the mesh again.")
            .with_details(error.to_string())
    };
    let meta = fs::metadata(path).map_err(unreadable)?;
    // Asked before opening: opening a pipe nobody writes to would wait for ever.
    if !meta.is_file() {
        return Err(ErrorReport::new(
            ErrorCode::MeshUnusable,
            format!("{} is no ordinary file.", path.display()),
        )
        .with_hint("Choose a GLB, glTF, OBJ, STL or PLY file."));
    }
    let bytes = read_bounded(path, MAX_MESH_BYTES).map_err(unreadable)?.ok_or_else(|| {
        let limit_mb = MAX_MESH_BYTES / 1_000_000;
        ErrorReport::new(ErrorCode::MeshTooLarge, format!("The mesh file is larger than {limit_mb} MB."))
            .with_hint("Thin it first in the program it came from.")
    })?;
    let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_owned));
    Ok(Mesh { file_name, bytes, folder })
}

impl Mesh {
    /// Calls `use_it` with what finds files beside the mesh: in its folder or below, and not without end.
    fn with_companions<T>(&self, use_it: impl FnOnce(meshes::Companion<'_>) -> T) -> T {
        let left = Cell::new(MAX_MESH_BYTES.saturating_sub(self.bytes.len() as u64));
        use_it(&|name| {
            let bytes = companion(self.folder.as_deref()?, name, left.get())?;
            left.set(left.get() - bytes.len() as u64);
            Some(bytes)
        })
    }
}

/// The file a mesh calls `name`; `None` when it is not there, not a file, too large, or leads out of the folder.
fn companion(folder: &Path, name: &str, max_bytes: u64) -> Option<Vec<u8>> {
    // Windows programs write their own separators.
    let relative = PathBuf::from(name.replace('\\', "/"));
    let stays = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let path = if stays { folder.join(&relative) } else { folder.join(relative.file_name()?) };
    // A link may lead anywhere.
    let path = path.canonicalize().ok().filter(|path| path.starts_with(folder))?;
    fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
    read_bounded(&path, max_bytes).ok().flatten()
}

/// `None` when there is more.
fn read_bounded(path: &Path, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > max_bytes {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // It may grow while it is read.
    file.take(max_bytes + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= max_bytes))
}
