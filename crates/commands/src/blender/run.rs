//! A program run to its end: in a group of processes of its own, within limits of time, memory and output.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// Of what it said, kept of each of its two streams.
const TAIL_BYTES: usize = 4096;
/// Address space. Blender takes 0.8 GB of it before it reads anything, and more for every core.
#[cfg(target_os = "linux")]
const MAX_MEMORY_BYTES: u64 = 8 << 30;
/// Of one file it writes.
#[cfg(target_os = "linux")]
const MAX_FILE_BYTES: u64 = 2 << 30;

pub(super) struct Ended {
    pub succeeded: bool,
    /// The last of it.
    pub said: String,
}

pub(super) enum RunError {
    NotStarted(io::Error),
    TookTooLong { said: String },
    Lost(io::Error),
}

/// Runs a program that reads nothing. When it ends, takes too long, or nobody waits any more, all that it started ends
/// with it. Its memory is bounded on Linux alone.
pub(super) async fn run(mut command: Command, limit: Duration) -> Result<Ended, RunError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(RunError::NotStarted)?;
    let mut group = Group::of(&child);
    group.bound().map_err(RunError::Lost)?;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ended = tokio::time::timeout(limit, async {
        let status = async {
            let status = child.wait().await;
            // One left behind would hold the streams open.
            group.end();
            status
        };
        tokio::join!(status, drain(stdout, &mut out), drain(stderr, &mut err)).0
    })
    .await;
    drop(group);
    out.extend(err);
    let said = String::from_utf8_lossy(&out).into_owned();
    match ended {
        Ok(Ok(status)) => Ok(Ended { succeeded: status.success(), said }),
        Ok(Err(error)) => Err(RunError::Lost(error)),
        Err(_) => Err(RunError::TookTooLong { said }),
    }
}

/// Reads to the end and keeps the last of it.
async fn drain(stream: Option<impl AsyncRead + Unpin>, tail: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    let mut chunk = [0; TAIL_BYTES];
    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
        tail.extend_from_slice(&chunk[..count]);
        tail.drain(..tail.len().saturating_sub(TAIL_BYTES));
    }
}

/// A program and all that it started; ended when dropped.
#[cfg(unix)]
struct Group(Option<rustix::process::Pid>);

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw))
    }

    #[cfg(target_os = "linux")]
    fn bound(&self) -> io::Result<()> {
        use rustix::process::{Resource, Rlimit, prlimit};
        let at_most = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
        for (what, bytes) in [(Resource::As, MAX_MEMORY_BYTES), (Resource::Fsize, MAX_FILE_BYTES)] {
            match prlimit(self.0, what, at_most(bytes)) {
                // It has ended, or its own limit is lower still.
                Ok(_) | Err(rustix::io::Errno::SRCH | rustix::io::Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn bound(&self) -> io::Result<()> {
        Ok(())
    }

    /// Once: another group may get the number of one that has ended.
    fn end(&mut self) {
        if let Some(group) = self.0.take() {
            // It fails when none of the group is left.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// Elsewhere the program alone is ended, by Tokio.
#[cfg(not(unix))]
struct Group;

#[cfg(not(unix))]
impl Group {
    fn of(_: &Child) -> Self {
        Self
    }

    fn bound(&self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self) {}
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs::File;
    use std::io::Read;

    use super::*;

    #[tokio::test]
    async fn one_that_takes_too_long_ends_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("alive");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let alive = tokio::task::spawn_blocking({
            let fifo = fifo.clone();
            move || {
                let mut rest = String::new();
                File::open(fifo).unwrap().read_to_string(&mut rest).unwrap();
                rest
            }
        });
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec 3> \"$0\"; echo words; (sleep 60; echo survived >&3) & sleep 60"])
            .arg(&fifo);
        let limit = Duration::from_millis(500);
        assert!(matches!(run(command, limit).await, Err(RunError::TookTooLong { .. })));
        // Opened once more, in case it was ended before it came to that; at its end nobody holds it.
        drop(File::options().read(true).write(true).open(&fifo).unwrap());
        assert_eq!(alive.await.unwrap(), "");
    }

    /// What a program leaves running does not hold up its end.
    #[tokio::test]
    async fn one_left_behind_ends_with_the_program() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo done"]);
        let ended = run(command, Duration::from_secs(300)).await.ok().unwrap();
        assert!(ended.succeeded && ended.said == "done\n", "{}", ended.said);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn memory_and_files_are_bounded() {
        let mut command = Command::new("sh");
        // The limits are set beside its start: it waits for them.
        command.args(["-c", "while [ \"$(ulimit -v)\" = unlimited ]; do :; done; ulimit -v"]);
        let ended = run(command, Duration::from_secs(60)).await.ok().unwrap();
        assert_eq!(ended.said.trim(), (MAX_MEMORY_BYTES / 1024).to_string());
    }
}
