//! Everything ever made, found again, marked and put aside.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{commit, files_below, forged, new_job, picture, run_one, run_through};
use oreforge_protocol::{
    ArtifactKind, GalleryEntry, GalleryKind, GalleryQuery, MarkChange, Settings, StepName,
};
use oreforge_store::{ArtifactBytes, Begun, Store};

fn found(store: &Store, query: &GalleryQuery) -> Vec<GalleryEntry> {
    let entries = store.gallery(query, 0, 100).unwrap().entries;
    let days = store.gallery_overview(query, 0).unwrap().days;
    assert_eq!(days.iter().map(|day| day.entries as usize).sum::<usize>(), entries.len());
    entries
}

fn names(store: &Store, query: &GalleryQuery) -> Vec<String> {
    found(store, query).into_iter().map(|entry| format!("{} {:?}", entry.name, entry.kind)).collect()
}

fn all() -> GalleryQuery {
    GalleryQuery::default()
}

fn words(text: &str) -> GalleryQuery {
    GalleryQuery { text: text.to_owned(), ..all() }
}

fn meshes() -> GalleryQuery {
    GalleryQuery { kind: Some(GalleryKind::Mesh), ..all() }
}

#[test]
fn entries_are_listed_newest_first_without_what_only_serves_them_and_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for name in ["one", "two", "three"] {
        forged(&store, name, None);
    }
    let whole = found(&store, &all());
    let shown: Vec<_> = whole.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    let of = |name| [(name, GalleryKind::Mesh), (name, GalleryKind::View), (name, GalleryKind::Picture)];
    assert_eq!(shown, [of("three"), of("two"), of("one")].concat());
    let mut paged = Vec::new();
    for offset in (0..).step_by(2) {
        let page = store.gallery(&all(), offset, 2).unwrap();
        if page.entries.is_empty() {
            break;
        }
        paged.extend(page.entries);
    }
    assert_eq!(paged, whole);
    assert!(whole.iter().all(|entry| Path::new(&entry.artifact.path).is_file() && entry.engine.is_some()));
}

#[test]
fn a_search_needs_every_word_and_takes_no_wildcards() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    forged(&store, "Blue beetle", Some("Bestiary"));
    forged(&store, "Blue 100% cup", None);
    assert_eq!(found(&store, &words("blue")).len(), 6);
    assert_eq!(found(&store, &words("BEETLE blue")).len(), 3);
    assert_eq!(found(&store, &words("bestiary draft")).len(), 3);
    assert_eq!(found(&store, &words("beetle cup")).len(), 0);
    assert_eq!(found(&store, &words("0%")).len(), 3);
    assert_eq!(found(&store, &words("b%e")).len(), 0);
    assert_eq!(found(&store, &words("_")).len(), 0);
    assert_eq!(found(&store, &GalleryQuery { project: Some("Bestiary".to_owned()), ..all() }).len(), 3);
    let at = found(&store, &all())[0].created_at;
    assert_eq!(found(&store, &GalleryQuery { since: Some(at + 1), ..all() }).len(), 0);
    assert!(!found(&store, &GalleryQuery { since: Some(at), until: Some(at + 1), ..all() }).is_empty());
    assert_eq!(found(&store, &GalleryQuery { until: Some(0), ..all() }).len(), 0);
}

#[test]
fn marks_stay_with_a_mesh_that_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let job = forged(&store, "duck", None);
    let old = found(&store, &meshes()).remove(0);
    let change = MarkChange {
        favourite: Some(true),
        name: Some("Sir Quack".to_owned()),
        add_tags: vec!["hero".to_owned(), "Hero".to_owned(), "print".to_owned()],
        ..MarkChange::default()
    };
    assert_eq!(store.mark(&[old.artifact.id], &change).unwrap(), 1);
    assert_eq!(store.mark(&[oreforge_protocol::ArtifactId::new()], &change).unwrap(), 0);
    store.retry(job, StepName::Finish, None).unwrap();
    assert!(matches!(store.begin(job, "draft").unwrap(), Begun::Step(StepName::Finish)));
    let step = run_one(&store, job, StepName::Finish, "again").unwrap();
    assert_eq!(found(&store, &all()).len(), 3, "what a retry makes is listed when it is complete");
    run_one(&store, job, step, "again");
    let new =
        found(&store, &GalleryQuery { favourite: true, tag: Some("HERO".to_owned()), ..words("quack") });
    assert_eq!(new.len(), 1);
    assert_ne!(new[0].artifact.id, old.artifact.id);
    assert_eq!(
        (new[0].name.as_str(), &new[0].tags[..]),
        ("Sir Quack", &["hero", "print"].map(str::to_owned)[..])
    );
    let back = MarkChange {
        rejected: Some(true),
        name: Some(String::new()),
        remove_tags: vec!["print".to_owned()],
        ..MarkChange::default()
    };
    store.mark(&[new[0].artifact.id], &back).unwrap();
    let entry = found(&store, &meshes()).remove(0);
    assert_eq!((entry.favourite, entry.rejected, entry.name.as_str()), (false, true, "duck"));
    assert_eq!(entry.tags, ["hero"]);
}

#[test]
fn what_is_deleted_can_be_brought_back_until_the_trash_is_emptied() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    forged(&store, "duck", None);
    let job = forged(&store, "cup", None);
    let of_cup: Vec<_> = found(&store, &words("cup")).into_iter().map(|entry| entry.artifact.id).collect();
    let trashed = GalleryQuery { trashed: true, ..all() };
    assert_eq!((store.trash(&of_cup).unwrap(), store.trash(&of_cup).unwrap()), (3, 0));
    assert_eq!((found(&store, &all()).len(), found(&store, &trashed).len()), (3, 3));
    assert!(found(&store, &trashed).iter().all(|entry| Path::new(&entry.artifact.path).is_file()));
    assert_eq!(store.restore(&of_cup[..1]).unwrap(), 1);
    let before = files_below(&dir.path().join("projects"));
    let emptied = store.empty_trash().unwrap();
    assert_eq!((emptied.files, before.len() - files_below(&dir.path().join("projects")).len()), (2, 2));
    // With the last entry goes what only served it: raw mesh, sheet and report.
    store.trash(&of_cup[..1]).unwrap();
    assert_eq!(store.empty_trash().unwrap().files, 4);
    assert!(store.artifacts(job).unwrap().is_empty());
    assert_eq!(names(&store, &all()).len(), 3);
    assert_eq!(store.empty_trash().unwrap().files, 0);
}

#[test]
fn what_lay_in_the_trash_for_the_days_of_the_settings_goes_and_nothing_else() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let old = forged(&store, "duck", None);
    forged(&store, "cup", None);
    let of_duck: Vec<_> = found(&store, &words("duck")).into_iter().map(|entry| entry.artifact.id).collect();
    store.trash(&of_duck).unwrap();
    let trashed = found(&store, &GalleryQuery { trashed: true, ..all() });
    let now_ms = i64::try_from(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis(),
    )
    .unwrap();
    let in_days = |days: i64| store.expire_trash(now_ms + days * DAY_MS).unwrap().files;
    assert_eq!(in_days(4000), 0, "for ever, unless somebody says otherwise");
    store.save_settings(&Settings { trash_days: Some(7), ..Settings::default() }).unwrap();
    assert_eq!(in_days(6), 0);
    assert_eq!(found(&store, &GalleryQuery { trashed: true, ..all() }), trashed);
    assert!(in_days(8) > 0);
    assert!(store.artifacts(old).unwrap().is_empty());
    assert_eq!(names(&store, &all()).len(), 3);
}

#[test]
fn the_trash_keeps_what_a_job_at_work_may_read_and_a_mesh_made_anew_leaves_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let job = forged(&store, "duck", None);
    let everything: Vec<_> = found(&store, &all()).into_iter().map(|entry| entry.artifact.id).collect();
    store.trash(&everything).unwrap();
    store.retry(job, StepName::Finish, None).unwrap();
    assert_eq!(store.empty_trash().unwrap().files, 0);
    store.begin(job, "draft").unwrap();
    run_one(&store, job, StepName::Finish, "again");
    run_one(&store, job, StepName::Export, "again");
    assert_eq!(names(&store, &all()), ["duck Mesh"]);
    assert_eq!(store.empty_trash().unwrap().files, 2);
}

#[test]
fn the_overview_counts_what_the_gallery_shows() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    forged(&store, "duck", Some("Pond"));
    forged(&store, "cup", None);
    // A job at work shows what it has made so far.
    let running = new_job(&store);
    store.begin(running, "draft").unwrap();
    let items = vec![
        ArtifactBytes { slot: None, ..picture(ArtifactKind::Cutout, b"whole").remove(0) },
        ArtifactBytes {
            slot: Some(oreforge_protocol::ViewSlot::Back),
            ..picture(ArtifactKind::Cutout, b"back").remove(0)
        },
    ];
    let staged = store.stage(running, StepName::Prepare, items).unwrap();
    store.commit_step(running, commit(StepName::Prepare, staged)).unwrap();
    let mesh = found(&store, &meshes()).remove(0).artifact.id;
    let change =
        MarkChange { favourite: Some(true), add_tags: vec!["hero".to_owned()], ..MarkChange::default() };
    store.mark(&[mesh], &change).unwrap();
    let view = found(&store, &GalleryQuery { kind: Some(GalleryKind::View), ..all() }).remove(0).artifact.id;
    store.trash(&[view]).unwrap();

    let overview = store.gallery_overview(&meshes(), 120).unwrap();
    assert_eq!((overview.pictures, overview.views, overview.meshes), (3, 1, 2));
    assert_eq!((overview.favourites, overview.trashed), (1, 1));
    let tags: Vec<(&str, u32)> = overview.tags.iter().map(|tag| (&*tag.name, tag.entries)).collect();
    assert_eq!(tags, [("hero", 1)]);
    let projects = store.projects().unwrap();
    assert_eq!(projects.iter().map(|p| (&*p.name, p.jobs, p.entries)).collect::<Vec<_>>(), [("Pond", 1, 3)]);
    assert_eq!(overview.days.iter().map(|day| day.entries).sum::<u32>(), 2);
    let made = found(&store, &meshes())[0].created_at;
    assert!(overview.days.iter().any(|day| (day.start..day.start + 86_400_000).contains(&made)));
    assert!(overview.days.iter().all(|day| (day.start + 120 * 60_000) % 86_400_000 == 0));
    let shown: u64 = found(&store, &all()).iter().map(|entry| entry.artifact.bytes).sum();
    assert_eq!(overview.bytes, shown);
}

#[test]
fn a_bare_surface_is_an_entry_when_its_job_came_to_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    forged(&store, "whole", None);
    let id = common::queued(&store, "bare", None);
    let Begun::Step(mut step) = store.begin(id, "draft").unwrap() else { panic!("nothing to do") };
    while step != StepName::Finish {
        step = run_one(&store, id, step, "bare").unwrap();
    }
    let surfaces = || names(&store, &meshes());
    assert_eq!(surfaces(), ["whole Mesh"], "it may still become more");
    store.fail(id, Some((StepName::Finish, 1)), common::error()).unwrap();
    assert_eq!(surfaces(), ["bare Mesh", "whole Mesh"]);
    assert_eq!(store.gallery_overview(&all(), 0).unwrap().meshes, 2);
    store.resume(id, None).unwrap();
    run_through(&store, id, "bare");
    assert_eq!(surfaces(), ["bare Mesh", "whole Mesh"], "the finished mesh stands in its place");
    assert!(found(&store, &meshes()).iter().all(|entry| entry.artifact.kind == ArtifactKind::Mesh));
}
