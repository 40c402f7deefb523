use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{
    Command, ErrorCode, ErrorReport, EventSeq, ForgeRequest, JobSnapshot, Reply, SourceRef, ViewSlot,
};

use crate::args::ForgeArgs;
use crate::exit::{self, Exit};
use crate::follow::{Place, follow, mismatch};
use crate::interrupt::Interrupt;
use crate::outputs;

/// Forges each picture in turn; the highest exit code counts, every result is kept.
pub async fn forge(args: ForgeArgs) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen();
    let views = check(&args)?;
    let is_new = outputs::prepare(&args.out)?;
    let ended = forge_all(&args, &views, &interrupt).await;
    outputs::tidy(&args.out, is_new);
    ended
}

async fn forge_all(
    args: &ForgeArgs,
    views: &BTreeMap<ViewSlot, SourceRef>,
    interrupt: &Interrupt,
) -> anyhow::Result<Exit> {
    let forge = Oreforge::open(Config { data_dir: args.data_dir.clone(), only_own_jobs: true })?;
    args.comfy.introduce(&forge)?;
    let mut exit = Exit::Done;
    for (picture, stem) in args.pictures.iter().zip(stems(&args.pictures)) {
        if interrupt.asked() {
            exit = Exit::Cancelled;
            break;
        }
        let ended = forge_one(&forge, args, views, picture, &stem, interrupt).await;
        exit = exit.max(ended.unwrap_or_else(|error| exit::of_error(&error)));
    }
    forge.shutdown().await;
    Ok(exit)
}

async fn forge_one(
    forge: &Oreforge,
    args: &ForgeArgs,
    views: &BTreeMap<ViewSlot, SourceRef>,
    picture: &Path,
    stem: &str,
    interrupt: &Interrupt,
) -> anyhow::Result<Exit> {
    let request = ForgeRequest {
        source: at(picture)?,
        views: views.clone(),
        mask: args.mask.as_deref().map(at).transpose()?,
        depth_map: args.depth_map.as_deref().map(at).transpose()?,
        params: args.params(),
        name: Some(stem.to_owned()),
        project: args.project.clone(),
    };
    let job: JobSnapshot = match forge.execute(Command::StartForge { request }).await? {
        Reply::StartForge(job) => job,
        _ => return Err(mismatch().into()),
    };
    let place = Place { dir: &args.out, stem };
    follow(forge, &job, EventSeq(0), Some(place), args.json, interrupt).await
}

fn check(args: &ForgeArgs) -> Result<BTreeMap<ViewSlot, SourceRef>, ErrorReport> {
    let usage = |message: String| ErrorReport::new(ErrorCode::BadRequest, message);
    let problems = args.params().problems();
    if !problems.is_empty() {
        return Err(usage(problems.join(" ")));
    }
    if args.pictures.len() > 1 && (args.mask.is_some() || args.depth_map.is_some() || !args.views.is_empty())
    {
        return Err(usage(
            "--view, --mask and --depth-map belong to one picture; forge the pictures one by one.".to_owned(),
        ));
    }
    let mut views = BTreeMap::new();
    for (slot, path) in &args.views {
        if views.insert(*slot, at(path)?).is_some() {
            return Err(usage(format!("The {slot} view is given twice.")));
        }
    }
    Ok(views)
}

pub fn at(path: &Path) -> Result<SourceRef, ErrorReport> {
    let path = path.to_str().ok_or_else(|| {
        ErrorReport::new(ErrorCode::PictureMissing, format!("{} is no readable name.", path.display()))
            .with_hint("Rename the file.")
    })?;
    let path = std::path::absolute(path).map_err(|e| {
        ErrorReport::new(ErrorCode::PictureMissing, format!("There is no file {path}."))
            .with_details(e.to_string())
    })?;
    Ok(SourceRef::Path { path: path.to_string_lossy().into_owned() })
}

/// Longest stem in bytes: endings are added to it, and file systems take 255 bytes.
const MAX_STEM_BYTES: usize = 200;

/// What each picture's results are called: pictures of one name in different folders get numbers.
fn stems(pictures: &[PathBuf]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    pictures
        .iter()
        .map(|picture| {
            let stem = picture.file_stem().map_or_else(|| "picture".into(), |stem| stem.to_string_lossy());
            let stem = &stem[..stem.floor_char_boundary(MAX_STEM_BYTES)];
            let numbered = (2..).map(|n| format!("{stem}-{n}"));
            let free = std::iter::once(stem.to_string())
                .chain(numbered)
                .find(|name| taken.insert(name.to_lowercase()));
            free.unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_one_name_get_numbers() {
        let pictures = ["a/duck.png", "b/Duck.jpg", "duck-2.png", "c/duck.webp"].map(PathBuf::from);
        assert_eq!(stems(&pictures), ["duck", "Duck-2", "duck-2-2", "duck-3"]);
        let long = ["鴨".repeat(82), "鴨".repeat(83)].map(PathBuf::from);
        assert_eq!(stems(&long), ["鴨".repeat(66), "鴨".repeat(66) + "-2"]);
    }
}
