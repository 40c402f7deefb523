//! Real file systems: one that is full, one that turned read-only.

use std::fs;
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
    fn small(at: &Path, kilobytes: u32) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={kilobytes}k");
        let mounted = mount(&["-t", "tmpfs", "-o", &size, "tmpfs", at.to_str().unwrap()]);
        mounted.then(|| Self(at.to_owned()))
    }

    fn change(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}"), self.0.to_str().unwrap()]), "{options}");
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

/// The disk is too small by less and less; room is made, and the job goes on.
pub fn full() -> Result<(), Failed> {
    let (reference, _) = undisturbed();
    let mut met = 0;
    for kilobytes in (64..).step_by(64) {
        let desk = Desk::new();
        let Some(disk) = Mount::small(&desk.data(), kilobytes) else { return skipped() };
        let ended = desk.forge("");
        if ended.code == Some(0) {
            break;
        }
        assert_eq!(ended.code, Some(6), "{kilobytes} KB: {}", ended.stderr);
        assert!(
            ended.stderr.contains("The disk is full") || ended.stderr.contains("space"),
            "{}",
            ended.stderr
        );
        met += 1;
        disk.change("size=16m");
        let found = Found::read(&desk);
        found.must_stand(&desk, &reference);
        start_again(&desk, &reference, &found);
    }
    println!("sizes of a real disk that was full: {met}");
    if met > 0 { Ok(()) } else { Err("no disk was too small".into()) }
}

/// The disk turns read-only in the middle of a job, and back.
pub fn read_only() -> Result<(), Failed> {
    let (reference, _) = undisturbed();
    let desk = Desk::new();
    let Some(disk) = Mount::small(&desk.data(), 16_384) else { return skipped() };
    let mut running = desk.start(&FORGE, "stop@step start#4");
    running.until_stopped();
    // Files open for writing forbid to remount: what is above the disk is made read-only instead.
    let place = disk.0.to_str().unwrap();
    assert!(mount(&["--bind", place, place]) && mount(&["-o", "remount,ro,bind", place]));
    let _above = Mount(disk.0.clone());
    running.go_on();
    let ended = running.end();
    assert!(!matches!(ended.code, Some(0) | None), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot be read or written"), "{}", ended.stderr);
    drop(_above);
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
