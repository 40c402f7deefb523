//! Which Blender the settings name.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{Command, ErrorReport, Reply, Settings};

async fn save(forge: &Oreforge, blender: Option<&Path>) -> Result<Option<String>, ErrorReport> {
    let blender = blender.map(|program| program.to_str().unwrap().to_owned());
    let settings = Settings { blender, ..Settings::default() };
    let Reply::SaveSettings(saved) = forge.execute(Command::SaveSettings { settings }).await? else {
        panic!()
    };
    Ok(saved.blender)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blender_is_kept_once_it_has_said_that_it_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let forge =
        Oreforge::open(Config { data_dir: Some(dir.path().join("data")), ..Config::default() }).unwrap();
    let program = |name: &str, mode: u32, says: &str| {
        let place = dir.path().join(name);
        fs::write(&place, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        place
    };
    let folder = dir.path().join("blender-4.2");
    fs::create_dir(&folder).unwrap();
    let others = [
        (program("editor", 0o755, "Blender 4.2.0"), "is not called Blender"),
        (program("blender-notes.txt", 0o644, "Blender 4.2.0"), "is no program"),
        (folder, "is no program"),
        (dir.path().join("blender-gone"), "is not there"),
        (program("blender-liar", 0o755, "hello"), "is not Blender"),
        (Path::new("blender").to_owned(), "is not an absolute path"),
    ];
    for (place, why) in others {
        let refused = save(&forge, Some(&place)).await.unwrap_err();
        assert!(refused.message.contains(why), "{}: {}", place.display(), refused.message);
    }
    assert_eq!(save(&forge, None).await.unwrap(), None);

    let blender = program("blender", 0o755, "Blender 4.2.0");
    let kept = Some(blender.to_str().unwrap().to_owned());
    assert_eq!(save(&forge, Some(&blender)).await.unwrap(), kept);
    assert_eq!(save(&forge, None).await.unwrap(), kept, "what is not named stays");
    let Reply::FindBlender(found) = forge.execute(Command::FindBlender {}).await.unwrap() else { panic!() };
    assert_eq!((found.version.as_deref(), found.problem), (Some("Blender 4.2.0"), None));
    assert_eq!(save(&forge, Some(Path::new(""))).await.unwrap(), None);
    forge.shutdown().await;
}
