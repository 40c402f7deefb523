//! Commands as a host gives them, without any host.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use futures_util::StreamExt;
use oreforge_commands::{Config, Oreforge, Shown, ShownFile};
use oreforge_protocol::{
    ArtifactKind, Command, ErrorCode, EventBody, EventSeq, ForgeParams, ForgeRequest, JobSnapshot, JobState,
    Reply, SourceRef,
};

fn open(dir: &Path) -> Oreforge {
    Oreforge::open(Config { data_dir: Some(dir.join("data")), ..Config::default() }).unwrap()
}

fn request(source: SourceRef) -> ForgeRequest {
    let params = ForgeParams { triangles: 2000, texture_px: 256, ..ForgeParams::default() };
    ForgeRequest { params, ..ForgeRequest::new(source) }
}

async fn start(forge: &Oreforge, source: SourceRef) -> JobSnapshot {
    let Reply::StartForge(job) =
        forge.execute(Command::StartForge { request: request(source) }).await.unwrap()
    else {
        panic!("another reply");
    };
    job
}

async fn end_of(forge: &Oreforge, job: &JobSnapshot, after: EventSeq) -> (EventBody, JobSnapshot) {
    let last = forge.events(job.id, after).map(|event| event.body).collect::<Vec<_>>().await.pop().unwrap();
    let Reply::GetJob(job) = forge.execute(Command::GetJob { id: job.id }).await.unwrap() else { panic!() };
    (last, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_was_missing_is_forged_once_it_is_there_and_saved_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let forge = open(dir.path());
    let picture = dir.path().join("late.png");
    let job = start(&forge, SourceRef::Path { path: picture.to_string_lossy().into_owned() }).await;
    assert_eq!((job.state, job.error.map(|e| e.code)), (JobState::Failed, Some(ErrorCode::PictureMissing)));
    assert_eq!(job.name, "late");

    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples/robot.png"), &picture)
        .unwrap();
    let Reply::ResumeJob(job) = forge.execute(Command::ResumeJob { id: job.id }).await.unwrap() else {
        panic!()
    };
    // The store has its own copy by now.
    std::fs::remove_file(&picture).unwrap();
    let (last, job) = end_of(&forge, &job, EventSeq(0)).await;
    assert!(matches!(last, EventBody::Done { .. }), "{last:?}");

    let mesh = job.artifacts.iter().find(|a| a.kind == ArtifactKind::Mesh).unwrap();
    let save = |path: &Path| Command::SaveArtifact { id: mesh.id, path: path.to_string_lossy().into_owned() };
    let target = dir.path().join("saved.glb");
    forge.execute(save(&target)).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == std::fs::read(&mesh.path).unwrap());
    for bad in [dir.path().join("vanished/saved.glb"), dir.path().to_owned()] {
        assert_eq!(
            forge.execute(save(&bad)).await.unwrap_err().code,
            ErrorCode::OutputUnwritable,
            "{}",
            bad.display()
        );
    }
    forge.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_come_in_by_path_by_bytes_and_as_samples_and_bad_ones_stay_out() {
    let dir = tempfile::tempdir().unwrap();
    let forge = open(dir.path());
    let Reply::ListSamples(samples) = forge.execute(Command::ListSamples {}).await.unwrap() else { panic!() };
    assert!(samples.len() >= 9);
    let import = |source| forge.execute(Command::ImportPicture { source });
    let sample = SourceRef::Sample { name: samples[0].name.clone() };
    let Reply::ImportPicture(by_name) = import(sample).await.unwrap() else { panic!() };
    let bytes = std::fs::read(&by_name.path).unwrap();
    let by_bytes = forge.import_bytes("pasted.png".to_owned(), bytes).await.unwrap();
    assert_eq!((by_name.id.clone(), by_bytes.width_px, by_bytes.height_px), (by_bytes.id, 1024, 1024));
    assert_eq!(
        forge.shown(Shown::Source(by_name.id)).await.unwrap(),
        ShownFile::OnDisk { path: by_name.path.into(), media_type: "image/png" }
    );
    let text = forge.import_bytes("letter.png".to_owned(), b"dear friend, this is no picture".to_vec()).await;
    assert_eq!(text.unwrap_err().code, ErrorCode::NotAPicture);
    let empty = forge.import_bytes("empty.png".to_owned(), Vec::new()).await;
    assert_eq!(empty.unwrap_err().code, ErrorCode::PictureEmpty);
    let folder = import(SourceRef::Path { path: dir.path().to_string_lossy().into_owned() }).await;
    assert_eq!(folder.unwrap_err().code, ErrorCode::NotAPicture);
    let unknown = import(SourceRef::Sample { name: "dragon".to_owned() }).await;
    assert_eq!(unknown.unwrap_err().code, ErrorCode::PictureMissing);
    let Reply::SaveMask(mask) = forge
        .execute(Command::SaveMask {
            source: SourceRef::Sample { name: "duck".to_owned() },
            strokes: Vec::new(),
            feather_px: None,
        })
        .await
        .unwrap()
    else {
        panic!()
    };
    assert_eq!((mask.file_name.as_str(), mask.width_px), ("duck.mask.png", 1024));
}

#[test]
fn it_needs_a_runtime_and_a_writable_folder() {
    let dir = tempfile::tempdir().unwrap();
    let config = |data_dir: &Path| Config { data_dir: Some(data_dir.to_owned()), ..Config::default() };
    assert_eq!(Oreforge::open(config(dir.path())).err().unwrap().code, ErrorCode::Internal);
    let file = dir.path().join("file");
    std::fs::write(&file, b"x").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(async { Oreforge::open(config(&file.join("data"))).err().unwrap() });
    assert_eq!(refused.code, ErrorCode::StoreUnavailable);
}
