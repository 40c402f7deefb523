//! Files of the store as a page shows them: by id only, in a form that every web view knows.

use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use oreforge_jobs::guarded;
use oreforge_protocol::{ArtifactId, ErrorCode, ErrorReport, SourceId};

use crate::{Oreforge, thumbnails};

/// What a page asks to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    Artifact(ArtifactId),
    /// A small picture of an artifact, on nothing.
    Thumbnail(ArtifactId),
    Source(SourceId),
}

impl Shown {
    /// `artifact/<id>`, `thumbnail/<id>` or `source/<id>`, as both hosts write it in their addresses.
    pub fn parse(path: &str) -> Option<Self> {
        match path.split_once('/')? {
            ("artifact", id) => id.parse().ok().map(Self::Artifact),
            ("thumbnail", id) => id.parse().ok().map(Self::Thumbnail),
            ("source", id) => id.parse().ok().map(Self::Source),
            _ => None,
        }
    }
}

/// Ids are never used twice, so what is behind one may be cached for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownFile {
    OnDisk { path: PathBuf, media_type: &'static str },
    Png(Vec<u8>),
}

pub(crate) async fn find(forge: &Oreforge, what: Shown) -> Result<ShownFile, ErrorReport> {
    match what {
        Shown::Artifact(id) => {
            let artifact = forge.jobs.read(move |store| store.artifact(id)).await?;
            Ok(ShownFile::OnDisk { path: artifact.path.into(), media_type: artifact.kind.media_type() })
        }
        Shown::Thumbnail(id) => {
            let path = thumbnails::find(forge, id).await?;
            Ok(ShownFile::OnDisk { path, media_type: "image/png" })
        }
        Shown::Source(id) => {
            let source = forge.jobs.read(move |store| store.source(&id)).await?;
            match picture_type(&source.path) {
                Some(media_type) => Ok(ShownFile::OnDisk { path: source.path, media_type }),
                None => guarded(move || as_png(&source.path).map(ShownFile::Png)).await,
            }
        }
    }
}

/// By the ending that the store gave its copy; `None` for what web views do not show.
fn picture_type(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        "bmp" => Some("image/bmp"),
        "gif" => Some("image/gif"),
        _ => None,
    }
}

/// It was checked when it was imported; the decoder's own limits hold all the same.
fn as_png(path: &Path) -> Result<Vec<u8>, ErrorReport> {
    let damaged = |details: String| {
        ErrorReport::new(ErrorCode::PictureDamaged, "The picture can no longer be read.")
            .with_details(details)
    };
    let reader = image::ImageReader::open(path).map_err(|e| damaged(e.to_string()))?;
    let picture = reader
        .with_guessed_format()
        .map_err(image::ImageError::from)
        .and_then(image::ImageReader::decode)
        .map_err(|e| damaged(e.to_string()))?;
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Sub);
    picture.to_rgba8().write_with_encoder(encoder).map_err(|e| damaged(e.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tiff_is_shown_as_png() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scan.tiff");
        image::RgbaImage::from_pixel(5, 3, image::Rgba([9, 8, 7, 255])).save(&path).unwrap();
        assert_eq!(picture_type(&path), None);
        let shown = image::load_from_memory(&as_png(&path).unwrap()).unwrap().to_rgba8();
        assert_eq!((shown.dimensions(), shown.get_pixel(4, 2).0), ((5, 3), [9, 8, 7, 255]));
    }

    #[test]
    fn an_address_names_a_kind_and_an_id_and_nothing_else() {
        let id = ArtifactId::new();
        assert_eq!(Shown::parse(&format!("artifact/{id}")), Some(Shown::Artifact(id)));
        for hostile in ["artifact/../x", "artifact", "source/zz", "other/1", "", "artifact/"] {
            assert_eq!(Shown::parse(hostile), None, "{hostile}");
        }
    }
}
