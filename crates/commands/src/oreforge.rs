use std::path::{Path, PathBuf};
use std::sync::Arc;

use directories::ProjectDirs;
use futures_util::Stream;
use oreforge_jobs::{Downloads, Engines, HostKind, Jobs, Limits, News, PipelineRuns, Store};
use oreforge_protocol::{
    ArtifactId, Check, Command, ErrorCode, ErrorReport, Event, EventSeq, JobId, Reply, Secret, SourceInfo,
};
use tokio::runtime::Handle;

use crate::blender::Blender;
use crate::logs::{self, LogGuard};
use crate::mesh_files::{Conversion, ConvertedMesh};
use crate::shown::{self, Shown, ShownFile};
use crate::thumbnails::Thumbnails;
use crate::{dispatch, doctor, mesh_files, pictures};

/// How to open Oreforge.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where jobs, pictures and files are kept; the system's place for application data when absent.
    pub data_dir: Option<PathBuf>,
    /// Leave alone what programs that died had queued, and heed no pause: for a host that runs one task and ends.
    pub only_own_jobs: bool,
}

/// The forge. Cheap to clone; when the last clone goes, running work is told to stop.
#[derive(Clone)]
pub struct Oreforge {
    pub(crate) jobs: Jobs,
    pub(crate) engines: Engines,
    pub(crate) downloads: Downloads,
    pub(crate) thumbnails: Arc<Thumbnails>,
    /// The one that the host was told of.
    named_blender: Option<PathBuf>,
    data_folder: Arc<Path>,
    _logs: Arc<LogGuard>,
}

impl Oreforge {
    /// Opens the data folder and starts the queue on the Tokio runtime this is called in.
    ///
    /// # Errors
    /// When the data folder cannot be opened, or there is no runtime.
    pub fn open(config: Config) -> Result<Self, ErrorReport> {
        Self::open_within(config, Limits::default())
    }

    /// [`Oreforge::open`], with other limits for what ComfyUI servers may take, where the settings name none.
    ///
    /// # Errors
    /// As [`Oreforge::open`].
    pub fn open_within(config: Config, comfy_limits: Limits) -> Result<Self, ErrorReport> {
        if Handle::try_current().is_err() {
            return Err(ErrorReport::new(ErrorCode::Internal, "Oreforge was opened outside of its runtime."));
        }
        let root = match config.data_dir {
            Some(dir) => dir,
            None => default_data_dir()?,
        };
        let store = Store::open(&root)?;
        let logs = logs::start(store.root());
        if !config.only_own_jobs {
            store.adopt_queued()?;
        }
        tracing::info!(owner = store.is_owner(), version = env!("CARGO_PKG_VERSION"), "opened");
        let engines = Engines::new(store.settings()?, Some(store.root().join("workflows")), comfy_limits);
        let thumbnails = Thumbnails::new(store.root());
        let data_folder = store.root().into();
        let host = if config.only_own_jobs { HostKind::Errand } else { HostKind::Resident };
        let jobs = Jobs::start(Arc::new(store), Arc::new(PipelineRuns::new(engines.clone())), host);
        let downloads = Downloads::start(&jobs, engines.clone());
        Ok(Self {
            jobs,
            engines,
            downloads,
            thumbnails,
            named_blender: None,
            data_folder,
            _logs: Arc::new(logs),
        })
    }

    /// With this Blender, not the one of the environment variable `OREFORGE_BLENDER`, of the settings or of the path of
    /// programs.
    #[must_use]
    pub fn with_blender(mut self, program: PathBuf) -> Self {
        self.named_blender = Some(program);
        self
    }

    pub(crate) fn blender(&self) -> Blender {
        Blender::new(self.named_blender.clone(), self.engines.settings().blender)
    }

    /// Whether Blender is there, as a line of the doctor's; it is started for that, which a page does not wait for.
    pub async fn check_blender(&self) -> Check {
        doctor::blender(self).await
    }

    /// Where everything is kept. Absolute.
    pub fn data_folder(&self) -> &Path {
        &self.data_folder
    }

    /// Answers a command with the reply of the same name.
    pub async fn execute(&self, command: Command) -> Result<Reply, ErrorReport> {
        dispatch::execute(self, command).await
    }

    /// A job's events after a cursor: first those in the log, then those to come, none lost, none twice. Ends
    /// after the event that ends the job, at once for an unknown job, and at shutdown.
    pub fn events(&self, id: JobId, after: EventSeq) -> impl Stream<Item = Event> + Send + 'static + use<> {
        self.jobs.events(id, after)
    }

    /// [`Oreforge::events`], and between them what the running step is about to bring.
    pub fn follow(&self, id: JobId, after: EventSeq) -> impl Stream<Item = News> + Send + 'static + use<> {
        self.jobs.follow(id, after)
    }

    /// The token of a ComfyUI server, for as long as this program runs; written nowhere.
    ///
    /// # Errors
    /// `BadRequest` when it is no address.
    pub fn use_token(&self, server: &str, token: Secret) -> Result<(), ErrorReport> {
        self.engines.use_token(server, token)
    }

    /// Keeps a picture that came as bytes: from the clipboard, or dropped.
    pub async fn import_bytes(&self, file_name: String, bytes: Vec<u8>) -> Result<SourceInfo, ErrorReport> {
        pictures::import(self, pictures::Picture::from_bytes(file_name, bytes)?).await
    }

    /// A file of the store as a page shows it.
    ///
    /// # Errors
    /// When it is not there, or is a picture that no longer decodes.
    pub async fn shown(&self, what: Shown) -> Result<ShownFile, ErrorReport> {
        shown::find(self, what).await
    }

    /// A mesh that a job made, in the format that the ending of `file_name` says, and not written anywhere.
    ///
    /// # Errors
    /// When there is no such mesh, or it cannot be written in that format.
    pub async fn converted(
        &self,
        id: ArtifactId,
        file_name: &str,
        conversion: Conversion,
    ) -> Result<ConvertedMesh, ErrorReport> {
        mesh_files::converted(self, id, file_name, conversion).await
    }

    /// Resolves, with the reason, when the end of a job has waited for long for a data folder that does not take it.
    pub async fn stuck(&self) -> ErrorReport {
        self.jobs.stuck().await
    }

    /// Ends running work; its jobs become interrupted and can be resumed. Then every stream of events ends.
    pub async fn shutdown(&self) {
        self.jobs.shutdown().await;
    }
}

fn default_data_dir() -> Result<PathBuf, ErrorReport> {
    ProjectDirs::from("", "", "oreforge").map(|dirs| dirs.data_dir().to_owned()).ok_or_else(|| {
        ErrorReport::new(ErrorCode::StoreUnavailable, "This system has no home folder to keep data in.")
            .with_hint("Name a data folder.")
    })
}
