//! Pictures on their way into the store.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use oreforge_jobs::{cutout, guarded};
use oreforge_protocol::{ErrorCode, ErrorReport, SourceInfo, SourceRef};

use crate::{Oreforge, samples};

/// Larger files are refused before they are read. The decoder has the same bound.
pub const MAX_PICTURE_BYTES: u64 = 64_000_000;

pub(crate) struct Picture {
    pub(crate) file_name: String,
    pub(crate) bytes: Cow<'static, [u8]>,
}

impl Picture {
    pub(crate) fn from_bytes(file_name: String, bytes: Vec<u8>) -> Result<Self, ErrorReport> {
        check_length(bytes.len() as u64)?;
        Ok(Self { file_name, bytes: Cow::Owned(bytes) })
    }
}

/// Reads a picture from wherever it is.
pub(crate) async fn read(forge: &Oreforge, source: SourceRef) -> Result<Picture, ErrorReport> {
    match source {
        SourceRef::Path { path } => guarded(move || read_file(Path::new(&path))).await,
        SourceRef::Imported { id, file_name } => {
            let bytes = forge.jobs.read(move |store| store.source_bytes(&id)).await?;
            Picture::from_bytes(file_name, bytes)
        }
        SourceRef::Artifact { id } => {
            let (file_name, bytes) = forge
                .jobs
                .read(move |store| {
                    let (artifact, name) = store.named_artifact(id)?;
                    let file_name = format!("{name}.{}", artifact.kind.extension());
                    Ok((file_name, store.artifact_bytes(&artifact)?))
                })
                .await?;
            Picture::from_bytes(file_name, bytes)
        }
        SourceRef::Sample { name } => {
            let (file_name, bytes) = samples::find(&name).ok_or_else(|| {
                ErrorReport::new(ErrorCode::PictureMissing, format!("There is no sample called \"{name}\"."))
            })?;
            Ok(Picture { file_name: file_name.to_owned(), bytes: Cow::Borrowed(bytes) })
        }
    }
}

/// Puts a picture into the store, once it is known to be one.
pub(crate) async fn import(forge: &Oreforge, picture: Picture) -> Result<SourceInfo, ErrorReport> {
    let (picture, (width_px, height_px)) = guarded(move || {
        let size_px = cutout::measure(&picture.bytes)?;
        Ok((picture, size_px))
    })
    .await?;
    let source = forge.jobs.import(picture.file_name, picture.bytes).await?;
    Ok(SourceInfo {
        id: source.id,
        file_name: source.file_name,
        width_px,
        height_px,
        path: source.path.to_string_lossy().into_owned(),
    })
}

/// A reference that stays good after the artist moved the file. The bytes are not looked at yet: the job that
/// uses them says what is wrong with them.
pub(crate) async fn keep(forge: &Oreforge, source: SourceRef) -> Result<SourceRef, ErrorReport> {
    if let SourceRef::Imported { id, .. } = &source {
        let id = id.clone();
        forge.jobs.read(move |store| store.source(&id)).await?;
        return Ok(source);
    }
    let picture = read(forge, source).await?;
    let stored = forge.jobs.import(picture.file_name, picture.bytes).await?;
    Ok(SourceRef::Imported { id: stored.id, file_name: stored.file_name })
}

fn read_file(path: &Path) -> Result<Picture, ErrorReport> {
    let unreadable = |error: io::Error| {
        let report = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                ErrorReport::new(ErrorCode::PictureMissing, format!("There is no file {}.", path.display()))
                    .with_hint("Check the name, or choose the picture again.")
            }
            _ => ErrorReport::new(ErrorCode::PictureMissing, format!("{} cannot be read.", path.display()))
                .with_hint("Check that you may read this file."),
        };
        report.with_details(error.to_string())
    };
    // Asked before opening: opening a pipe nobody writes to would wait for ever.
    let meta = fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        let what = if meta.is_dir() { "a folder" } else { "no ordinary file" };
        return Err(ErrorReport::new(ErrorCode::NotAPicture, format!("{} is {what}.", path.display()))
            .with_hint("Choose a picture: PNG, JPEG or WebP."));
    }
    check_length(meta.len())?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
    let file = File::open(path).map_err(unreadable)?;
    // The file may have grown since it was asked.
    file.take(MAX_PICTURE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Picture::from_bytes(file_name, bytes)
}

fn check_length(length: u64) -> Result<(), ErrorReport> {
    if length == 0 {
        return Err(ErrorReport::new(ErrorCode::PictureEmpty, "The picture file is empty (0 bytes).")
            .with_hint("Save or download it again."));
    }
    if length > MAX_PICTURE_BYTES {
        return Err(ErrorReport::new(
            ErrorCode::PictureTooLarge,
            format!(
                "The picture file has {} MB; the limit is {}.",
                length / 1_000_000,
                MAX_PICTURE_BYTES / 1_000_000
            ),
        )
        .with_hint("Scale it down: 2048 pixels on the longer side are plenty."));
    }
    Ok(())
}
