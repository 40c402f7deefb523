//! Real file systems: one that is full, one that turned read-only.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

use crate::desk::{Desk, FORGE};
use crate::judge::Found;
use crate::kills::{start_again, undisturbed};

/// Takes the file system away again, whatever happens.
struct Mount(PathBuf);

impl Mount {
    /// `None` where this process may not mount.
    fn small(at: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={size}");
        let mounted = mount(&["-t", "tmpfs", "-o", &size, "tmpfs", at.to_str().unwrap()]);
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

fn mount(args: &[&str]) -> bool {
    Command::new("mount").args(args).output().is_ok_and(|output| output.status.success())
}

/// Bytes of a disk that is roomy for one small job.
const ROOMY: &str = "128m";

/// The disk fills up at some moment of the job; room is made, and the job goes on.
pub fn full() -> Result<(), Failed> {
    let (reference, _) = undisturbed();
    let moments = [
        "file create#1",
        "file create#2",
        "file create#5",
        "transaction open#2",
        "transaction open#7",
        "transaction open#14",
        "step staged#1",
        "step staged#5",
        "step start#6",
    ];
    for moment in moments {
        let desk = Desk::new();
        let Some(_disk) = Mount::small(&desk.data(), ROOMY) else { return skipped() };
        let mut running = desk.start(&FORGE, &format!("stop@{moment}"));
        assert!(running.stops(), "{moment}");
        let filler = desk.data().join("filler");
        fill(&filler);
        running.go_on();
        let ended = running.end();
        assert_eq!(ended.code, Some(6), "{moment}: {}", ended.stderr);
        let says_so =
            ["The disk is full", "are free", "no room"].iter().any(|words| ended.stderr.contains(words));
        assert!(says_so, "{moment}: {}", ended.stderr);
        fs::remove_file(filler).unwrap();
        let found = Found::read(&desk);
        found.must_stand(&desk, &reference);
        found.must_hold(&ended.lines());
        start_again(&desk, &reference, &found);
    }
    println!("moments at which a real disk was full: {}", moments.len());
    Ok(())
}

/// Takes every byte that is left.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    let mut chunk = vec![0_u8; 1 << 20];
    while !chunk.is_empty() {
        if file.write_all(&chunk).is_err() {
            chunk.truncate(chunk.len() / 2);
        }
    }
}

/// The disk turns read-only in the middle of a job, and back.
pub fn read_only() -> Result<(), Failed> {
    let (reference, _) = undisturbed();
    let desk = Desk::new();
    let Some(disk) = Mount::small(&desk.data(), ROOMY) else { return skipped() };
    let mut running = desk.start(&FORGE, "stop@step start#4");
    assert!(running.stops());
    // Files open for writing forbid to remount: what is above the disk is made read-only instead.
    let place = disk.0.to_str().unwrap();
    assert!(mount(&["--bind", place, place]) && mount(&["-o", "remount,ro,bind", place]));
    let above = Mount(disk.0.clone());
    running.go_on();
    let ended = running.end();
    assert!(!matches!(ended.code, Some(0) | None), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot be"), "{}", ended.stderr);
    drop(above);
    let found = Found::read(&desk);
    found.must_stand(&desk, &reference);
    found.must_hold(&ended.lines());
    start_again(&desk, &reference, &found);
    Ok(())
}

fn skipped() -> Result<(), Failed> {
    println!("skipped: this process may not mount file systems");
    Ok(())
}
