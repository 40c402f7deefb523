//! Depth maps outside of a job: looked at, kept in the store, written to a place.

use oreforge_jobs::depth;
use oreforge_protocol::{DepthPreview, DepthRequest, ErrorReport, SavedFile, SourceInfo};

use crate::pictures::{self, Picture, blocking};
use crate::{Oreforge, requests, save};

pub(crate) async fn preview(forge: &Oreforge, wanted: DepthRequest) -> Result<DepthPreview, ErrorReport> {
    let (source, mask) = read(forge, &wanted).await?;
    blocking(move || depth::preview(&source.bytes, mask.as_ref().map(|mask| &*mask.bytes), wanted.profile))
        .await
}

pub(crate) async fn keep(forge: &Oreforge, wanted: DepthRequest) -> Result<SourceInfo, ErrorReport> {
    let (file_name, bytes) = make(forge, wanted).await?;
    pictures::import(forge, Picture::from_bytes(file_name, bytes)?).await
}

pub(crate) async fn save(
    forge: &Oreforge,
    wanted: DepthRequest,
    path: String,
) -> Result<SavedFile, ErrorReport> {
    let (_, bytes) = make(forge, wanted).await?;
    blocking(move || save::put(path, &bytes)).await
}

/// The PNG, and what it is called.
async fn make(forge: &Oreforge, wanted: DepthRequest) -> Result<(String, Vec<u8>), ErrorReport> {
    let (source, mask) = read(forge, &wanted).await?;
    let file_name = format!("{}.depth.png", requests::stem(&source.file_name));
    let bytes = blocking(move || {
        let mask = mask.as_ref().map(|mask| &*mask.bytes);
        depth::depth_png(&source.bytes, mask, wanted.profile, &wanted.range)
    })
    .await?;
    Ok((file_name, bytes))
}

async fn read(forge: &Oreforge, wanted: &DepthRequest) -> Result<(Picture, Option<Picture>), ErrorReport> {
    let source = pictures::read(forge, wanted.source.clone()).await?;
    let mask = match wanted.mask.clone() {
        Some(mask) => Some(pictures::read(forge, mask).await?),
        None => None,
    };
    Ok((source, mask))
}
