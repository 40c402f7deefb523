//! Blender as a second way to write a mesh: an installed program, asked for one file at a time.

mod run;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{self, Path, PathBuf};
use std::time::Duration;

use oreforge_jobs::guarded;
use oreforge_jobs::meshes::{Handover, NamedFile};
use oreforge_protocol::{BlenderStatus, ErrorCode, ErrorReport};
use tempfile::TempDir;
use tokio::process::Command;

use crate::Oreforge;
use run::{Ended, RunError, run};

const SCRIPT: &str = include_str!("convert.py");
/// Names the program for hosts that were told none.
const PROGRAM_VARIABLE: &str = "OREFORGE_BLENDER";
/// From its start to the file; Blender alone needs half a minute on a busy computer.
const CONVERT_LIMIT: Duration = Duration::from_secs(180);
const VERSION_LIMIT: Duration = Duration::from_secs(20);
/// Of all that it wrote.
const MAX_WRITTEN_BYTES: u64 = 2_000_000_000;
const MAX_WRITTEN_FILES: usize = 300;

/// Where Blender is.
#[derive(Debug, Clone)]
pub(crate) struct Blender {
    program: OsString,
}

impl Blender {
    /// The one named, else the one of the environment, else that of the settings, else the one on the path of programs.
    pub fn new(named: Option<PathBuf>, of_settings: Option<String>) -> Self {
        let of_environment = || std::env::var_os(PROGRAM_VARIABLE).filter(|program| !program.is_empty());
        let named = named.or_else(|| of_environment().map(PathBuf::from));
        let program = named.or_else(|| of_settings.map(PathBuf::from)).map(|program| {
            // It is started in another folder; a bare name is looked for on the path.
            let is_name = program.components().count() == 1;
            if is_name { program } else { path::absolute(&program).unwrap_or(program) }.into_os_string()
        });
        Self { program: program.unwrap_or_else(|| "blender".into()) }
    }

    /// One that somebody points to, before anything is started: a file that is to be run, and called Blender.
    ///
    /// # Errors
    /// When it is none.
    pub fn pointed_at(program: &Path) -> Result<Self, ErrorReport> {
        let refused = |what: &str| {
            let message = format!("{} {what}.", program.display());
            let hint = "Choose Blender's own program, the file called blender.";
            Err(ErrorReport::new(ErrorCode::EngineUnavailable, message).with_hint(hint))
        };
        let name = program.file_stem().unwrap_or_default().to_string_lossy();
        if !name.to_ascii_lowercase().starts_with("blender") {
            return refused("is not called Blender");
        }
        match fs::metadata(program) {
            Ok(meta) if meta.is_file() && is_run(&meta) => {
                Ok(Self { program: program.as_os_str().to_owned() })
            }
            Ok(_) => refused("is no program"),
            Err(_) => refused("is not there"),
        }
    }

    /// As it names itself: `Blender 3.4.1`.
    ///
    /// # Errors
    /// When it is not there, or says nothing of the kind.
    pub async fn version(&self) -> Result<String, ErrorReport> {
        let mut command = self.command();
        command.arg("--version");
        let ended = run(command, VERSION_LIMIT).await.map_err(|error| self.report(error, VERSION_LIMIT))?;
        let line = ended.said.lines().map(str::trim).find(|line| line.starts_with("Blender "));
        line.filter(|_| ended.succeeded).map(|line| line.chars().take(60).collect()).ok_or_else(|| {
            let message = format!("{} is not Blender.", Path::new(&self.program).display());
            ErrorReport::new(ErrorCode::EngineUnavailable, message).with_hint(WHERE).with_details(ended.said)
        })
    }

    /// The files that Blender makes of a mesh, the one to open last. Dropped before its end, it ends Blender.
    ///
    /// # Errors
    /// When Blender is not there, fails, takes too long or writes nothing.
    pub async fn convert(&self, handover: &Handover) -> Result<Vec<NamedFile>, ErrorReport> {
        let glb = handover.glb.clone();
        let room = guarded(move || Room::with(&glb).map_err(|error| no_room(&error))).await?;
        let mut command = self.command();
        command
            .args(["--background", "--factory-startup", "--python-exit-code", "1", "--python"])
            .arg(room.script())
            .arg("--")
            .arg(room.source())
            .arg(room.written().join(&handover.file_name))
            .arg(if handover.z_up { "Z" } else { "Y" })
            .arg(handover.units_per_metre.to_string())
            .current_dir(room.0.path())
            // What it leaves for later goes with the folder.
            .envs(["TMPDIR", "TEMP"].map(|name| (name, room.0.path())));
        let Ended { succeeded, said } =
            run(command, CONVERT_LIMIT).await.map_err(|error| self.report(error, CONVERT_LIMIT))?;
        if !succeeded {
            return Err(failed("Blender could not write the file.", said));
        }
        let main = handover.file_name.clone();
        let files = guarded(move || room.files(&main).map_err(|error| no_room(&error))).await?;
        match files.last() {
            Some(file) if file.name == handover.file_name && !file.bytes.is_empty() => Ok(files),
            _ => Err(failed("Blender ended without writing the file.", said)),
        }
    }

    /// Without what is meant for Oreforge alone: tokens of servers among it.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OREFORGE_") {
                command.env_remove(name);
            }
        }
        command
    }

    fn report(&self, error: RunError, limit: Duration) -> ErrorReport {
        match error {
            RunError::NotStarted(error) => {
                let program = Path::new(&self.program).display();
                let message = match error.kind() {
                    io::ErrorKind::NotFound => format!("Blender is not there: no program {program}."),
                    _ => format!("Blender cannot be started: {program}."),
                };
                ErrorReport::new(ErrorCode::EngineUnavailable, message)
                    .with_hint(WHERE)
                    .with_details(error.to_string())
            }
            RunError::TookTooLong { said } => {
                let message = format!("Blender took longer than {} s and was ended.", limit.as_secs_f32());
                failed(&message, said)
            }
            RunError::Lost(error) => failed("Blender was lost while it ran.", error.to_string()),
        }
    }
}

const WHERE: &str = "Install Blender 3.4 or newer, point to it in the settings, with --blender or with OREFORGE_BLENDER, or \
    export without it.";

#[cfg(unix)]
fn is_run(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_run(_: &fs::Metadata) -> bool {
    true
}

/// Whether Blender is there; a page asks once somebody has a mesh to save.
pub(crate) async fn find(forge: &Oreforge) -> BlenderStatus {
    match forge.blender().version().await {
        Ok(version) => BlenderStatus { version: Some(version), problem: None },
        Err(problem) => BlenderStatus { version: None, problem: Some(problem) },
    }
}

/// With the last line of what it said, where a Python error stands.
fn failed(message: &str, said: String) -> ErrorReport {
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).map(|line| {
        let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
        format!("{message} It said last: {line}")
    });
    ErrorReport::new(ErrorCode::EngineFailed, last.unwrap_or_else(|| message.to_owned()))
        .with_hint("Nothing was saved. Export without Blender, or try a smaller mesh.")
        .with_details(said)
}

fn no_room(error: &io::Error) -> ErrorReport {
    let code = if error.kind() == io::ErrorKind::StorageFull {
        ErrorCode::DiskFull
    } else {
        ErrorCode::EngineFailed
    };
    ErrorReport::new(code, "The files for Blender cannot be kept in the folder for temporary files.")
        .with_hint("Free some space there, or export without Blender.")
        .with_details(error.to_string())
}

/// A private folder for one run, gone with it.
struct Room(TempDir);

impl Room {
    fn with(glb: &[u8]) -> io::Result<Self> {
        let room = Self(tempfile::Builder::new().prefix("oreforge-blender-").tempdir()?);
        fs::write(room.script(), SCRIPT)?;
        fs::write(room.source(), glb)?;
        fs::create_dir(room.written())?;
        Ok(room)
    }

    fn script(&self) -> PathBuf {
        self.0.path().join("convert.py")
    }

    fn source(&self) -> PathBuf {
        self.0.path().join("mesh.glb")
    }

    fn written(&self) -> PathBuf {
        self.0.path().join("written")
    }

    /// What was written, `main` last.
    fn files(self, main: &str) -> io::Result<Vec<NamedFile>> {
        let mut left = MAX_WRITTEN_BYTES;
        let mut files = Vec::new();
        for entry in fs::read_dir(self.written())? {
            let entry = entry?;
            // A link is none, wherever it leads.
            if !entry.file_type()?.is_file() {
                continue;
            }
            let Ok(name) = entry.file_name().into_string() else { continue };
            let mut bytes = Vec::new();
            File::open(entry.path())?.take(left + 1).read_to_end(&mut bytes)?;
            left =
                left.checked_sub(bytes.len() as u64).filter(|_| files.len() < MAX_WRITTEN_FILES).ok_or_else(
                    || io::Error::new(io::ErrorKind::FileTooLarge, "Blender wrote more than can be kept"),
                )?;
            files.push(NamedFile { name, bytes });
        }
        files.sort_by(|a, b| (a.name == main, &a.name).cmp(&(b.name == main, &b.name)));
        Ok(files)
    }
}
