//! Depth maps outside of a job: looked at, kept in the store, written to a place.

use oreforge_jobs::depth::{self, DepthSources};
use oreforge_jobs::guarded;
use oreforge_protocol::{
    DepthPreview, DepthRequest, ErrorReport, ProfileChoice, SavedFile, SourceInfo, SourceRef,
};

use crate::pictures::{self, Picture};
use crate::{Oreforge, requests, save};

pub(crate) async fn preview(forge: &Oreforge, wanted: DepthRequest) -> Result<DepthPreview, ErrorReport> {
    let read = Read::of(forge, &wanted).await?;
    guarded(move || depth::preview(&read.sources(wanted.profile))).await
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
    guarded(move || save::put(path, &bytes)).await
}

/// The PNG, and what it is called.
async fn make(forge: &Oreforge, wanted: DepthRequest) -> Result<(String, Vec<u8>), ErrorReport> {
    let read = Read::of(forge, &wanted).await?;
    let file_name = format!("{}.depth.png", requests::stem(&read.picture.file_name));
    let bytes = guarded(move || depth::depth_png(&read.sources(wanted.profile), &wanted.range)).await?;
    Ok((file_name, bytes))
}

/// What a request names.
struct Read {
    picture: Picture,
    mask: Option<Picture>,
    map: Option<Picture>,
}

impl Read {
    async fn of(forge: &Oreforge, wanted: &DepthRequest) -> Result<Self, ErrorReport> {
        let optional = async |source: &Option<SourceRef>| match source.clone() {
            Some(source) => pictures::read(forge, source).await.map(Some),
            None => Ok(None),
        };
        Ok(Self {
            picture: pictures::read(forge, wanted.source.clone()).await?,
            mask: optional(&wanted.mask).await?,
            map: optional(&wanted.map).await?,
        })
    }

    fn sources(&self, profile: ProfileChoice) -> DepthSources<'_> {
        fn bytes(picture: &Option<Picture>) -> Option<&[u8]> {
            picture.as_ref().map(|picture| &*picture.bytes)
        }
        DepthSources { picture: &self.picture.bytes, mask: bytes(&self.mask), map: bytes(&self.map), profile }
    }
}
