//! The Gallery by its commands, over real forges.

#![allow(clippy::unwrap_used)]

use futures_util::StreamExt;
use oreforge_commands::{Config, Oreforge, Shown, ShownFile, page_policy};
use oreforge_protocol::{
    ArtifactId, Command, ErrorCode, EventSeq, ForgeParams, ForgeRequest, GalleryKind, GalleryPage,
    GalleryQuery, MarkChange, Reply, SourceRef,
};

/// One after the other, in a folder of their own.
async fn forge_samples(dir: &std::path::Path, names: &[&str]) -> Oreforge {
    let forge = Oreforge::open(Config { data_dir: Some(dir.join("data")), ..Config::default() }).unwrap();
    for name in names {
        let params = ForgeParams { triangles: 1000, texture_px: 256, ..ForgeParams::default() };
        let request = ForgeRequest {
            params,
            project: Some("Toy box".to_owned()),
            ..ForgeRequest::new(SourceRef::Sample { name: (*name).to_owned() })
        };
        let Reply::StartForge(job) = forge.execute(Command::StartForge { request }).await.unwrap() else {
            panic!()
        };
        forge.events(job.id, EventSeq(0)).for_each(|_| async {}).await;
    }
    forge
}

async fn list(forge: &Oreforge, query: GalleryQuery) -> GalleryPage {
    let Reply::ListGallery(page) =
        forge.execute(Command::ListGallery { query, offset: 0, limit: 100 }).await.unwrap()
    else {
        panic!()
    };
    page
}

fn meshes() -> GalleryQuery {
    GalleryQuery { kind: Some(GalleryKind::Mesh), ..GalleryQuery::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_is_found_marked_deleted_brought_back_and_copied_out() {
    let dir = tempfile::tempdir().unwrap();
    let forge = forge_samples(dir.path(), &["mushroom", "mushroom"]).await;
    let page = list(&forge, GalleryQuery { text: "toy mushroom".to_owned(), ..meshes() }).await;
    assert_eq!(page.entries.len(), 2);
    let mesh = &page.entries[0];
    assert!(
        mesh.triangles.is_some_and(|triangles| (500..=1000).contains(&triangles)),
        "{:?}",
        mesh.triangles
    );
    let all = list(&forge, GalleryQuery::default()).await;
    for entry in &all.entries {
        let shown = forge.shown(Shown::Thumbnail(entry.artifact.id)).await.unwrap();
        let ShownFile::OnDisk { path, media_type: "image/png" } = &shown else { panic!("{shown:?}") };
        let small = image::open(path).unwrap().to_rgba8();
        assert_eq!(small.width().max(small.height()), 320);
        assert_eq!(small.get_pixel(0, 0).0[3], 0, "on nothing");
        let made = std::fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(forge.shown(Shown::Thumbnail(entry.artifact.id)).await.unwrap(), shown);
        assert_eq!(std::fs::metadata(path).unwrap().modified().unwrap(), made, "made once");
    }
    let ids: Vec<ArtifactId> = all.entries.iter().map(|entry| entry.artifact.id).collect();

    let change = MarkChange {
        name: Some("  Fly / agaric ".to_owned()),
        add_tags: vec![" red   cap ".to_owned(), " ".to_owned()],
        ..MarkChange::default()
    };
    forge.execute(Command::MarkArtifacts { ids: vec![mesh.artifact.id], change }).await.unwrap();
    let found = list(&forge, GalleryQuery { tag: Some("red cap".to_owned()), ..meshes() }).await;
    assert_eq!(found.entries[0].name, "Fly / agaric");

    forge.execute(Command::TrashArtifacts { ids: vec![ids[0]] }).await.unwrap();
    assert_eq!(list(&forge, GalleryQuery::default()).await.entries.len(), all.entries.len() - 1);
    forge.execute(Command::RestoreArtifacts { ids: vec![ids[0]] }).await.unwrap();
    assert_eq!(list(&forge, GalleryQuery::default()).await, {
        let mut all = all.clone();
        for entry in all.entries.iter_mut().filter(|entry| entry.artifact.id == mesh.artifact.id) {
            entry.name = "Fly / agaric".to_owned();
            entry.tags = vec!["red cap".to_owned()];
        }
        all
    });

    let folder = dir.path().join("out");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("mushroom.glb"), b"mine").unwrap();
    let into = |folder: &std::path::Path| Command::SaveArtifacts {
        ids: ids.clone(),
        folder: folder.to_string_lossy().into_owned(),
    };
    let Reply::SaveArtifacts(saved) = forge.execute(into(&folder)).await.unwrap() else { panic!() };
    assert_eq!(saved.len(), ids.len());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), ids.len() + 1);
    assert_eq!(std::fs::read(folder.join("mushroom.glb")).unwrap(), b"mine");
    for (entry, copy) in all.entries.iter().zip(&saved) {
        assert!(std::fs::read(&entry.artifact.path).unwrap() == std::fs::read(&copy.path).unwrap());
    }
    assert!(folder.join("Fly _ agaric.glb").is_file() && folder.join("mushroom back (2).png").is_file());
    let refused = forge.execute(into(&dir.path().join("vanished"))).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::OutputUnwritable);

    forge.execute(Command::TrashArtifacts { ids }).await.unwrap();
    let Reply::EmptyTrash(emptied) = forge.execute(Command::EmptyTrash {}).await.unwrap() else { panic!() };
    assert!(emptied.files as usize > all.entries.len() && emptied.bytes > 0);
    assert!(all.entries.iter().all(|entry| !std::path::Path::new(&entry.artifact.path).exists()));
    forge.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let forge = forge_samples(dir.path(), &[]).await;
    let mark = |change| Command::MarkArtifacts { ids: vec![ArtifactId::new()], change };
    let long = GalleryQuery { text: "x".repeat(301), ..GalleryQuery::default() };
    let refused = [
        Command::ListGallery { query: long, offset: 0, limit: 1 },
        Command::GalleryOverview { query: GalleryQuery::default(), utc_offset_min: i32::MIN + 1 },
        Command::TrashArtifacts { ids: vec![ArtifactId::new(); 10_001] },
        mark(MarkChange { name: Some("n".repeat(201)), ..MarkChange::default() }),
        mark(MarkChange { add_tags: vec!["t".repeat(61)], ..MarkChange::default() }),
        mark(MarkChange { add_tags: vec![String::new(); 51], ..MarkChange::default() }),
    ];
    for command in refused {
        assert_eq!(forge.execute(command).await.unwrap_err().code, ErrorCode::BadRequest);
    }
    let save = Command::SaveArtifacts { ids: Vec::new(), folder: "/tmp".to_owned() };
    assert!(page_policy::check(&save).is_err(), "a page names no folder");
    forge.shutdown().await;
}
