//! Which engines exist here, and which of them do a job.

mod choose;
mod models;
mod secrets;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use oreforge_engines::comfy::{
    Credentials, Desk, Limits, Prospector, Server, ServerAddress, Workflows, offers,
};
use oreforge_engines::draft::DraftEngine;
use oreforge_engines::{Engine, EngineName, guarded};
use oreforge_protocol::{
    EngineStatus, ErrorCode, ErrorReport, PromptNote, ProspectRequest, ServerAuth, Settings, WorkflowInfo,
};

pub use choose::ForgeEngines;
pub use models::PlannedModel;

/// Where another server can take over, none is waited for longer than this.
const UNREACHABLE_OF_SEVERAL: Duration = Duration::from_secs(30);

/// The engines of this program. Cheap to clone; clones share the settings.
#[derive(Clone)]
pub struct Engines {
    draft: Arc<dyn Engine>,
    comfy: Arc<Comfy>,
}

struct Comfy {
    settings: RwLock<Settings>,
    /// A person's own workflows, where the settings name no folder.
    workflows_folder: Option<PathBuf>,
    /// Where the settings name none.
    limits: Limits,
    /// Of addresses that were given with credentials; never written anywhere.
    remembered: Mutex<BTreeMap<String, Credentials>>,
    models: models::Models,
}

impl Engines {
    /// `workflows_folder` and `limits` are used where the settings name none.
    pub fn new(settings: Settings, workflows_folder: Option<PathBuf>, limits: Limits) -> Self {
        Self {
            draft: Arc::new(DraftEngine::new()),
            comfy: Arc::new(Comfy {
                settings: RwLock::new(settings),
                workflows_folder,
                limits,
                remembered: Mutex::default(),
                models: models::Models::default(),
            }),
        }
    }

    pub fn settings(&self) -> Settings {
        self.comfy.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Settings as they are kept: addresses in one form and without credentials, folders as they were where the new
    /// ones name none.
    ///
    /// # Errors
    /// `BadRequest` with all that is wrong with them.
    pub fn tidy_settings(&self, mut settings: Settings) -> Result<Settings, ErrorReport> {
        let mut problems = settings.problems();
        for server in &mut settings.servers {
            match self.remember(&server.url) {
                Ok(url) => server.url = url,
                Err(report) => problems.push(report.message),
            }
        }
        if !problems.is_empty() {
            return Err(ErrorReport::new(ErrorCode::BadRequest, problems.join(" ")));
        }
        let before = self.settings();
        let kept = |new: Option<String>, old: Option<String>| new.or(old).filter(|folder| !folder.is_empty());
        settings.workflows_folder = kept(settings.workflows_folder, before.workflows_folder);
        settings.models_folder = kept(settings.models_folder, before.models_folder);
        settings.save_folder = kept(settings.save_folder, before.save_folder);
        settings.blender = kept(settings.blender, before.blender);
        Ok(settings)
    }

    /// For jobs that start from now on.
    pub fn configure(&self, settings: Settings) {
        *self.comfy.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// The servers a job may use: the one it names, or those of the settings.
    ///
    /// # Errors
    /// `BadRequest` for what is no address, `EngineUnavailable` when a connection cannot be set up at all.
    pub fn desk(&self, server: Option<&str>) -> Result<Desk, ErrorReport> {
        let settings = self.settings();
        let named: Vec<(ServerAddress, ServerAuth)> = match server {
            Some(address) => {
                let address = parse(address)?;
                let url = address.to_string();
                let known = settings.servers.iter().find(|known| known.url == url);
                // One that only the job names gets the token of the environment, if there is one.
                vec![(address, known.map_or(ServerAuth::Token, |known| known.auth.clone()))]
            }
            None => settings
                .servers
                .iter()
                .map(|server| Ok((parse(&server.url)?, server.auth.clone())))
                .collect::<Result<_, ErrorReport>>()?,
        };
        let mut limits = Limits {
            silence: Duration::from_secs(settings.silence_s.into()),
            unreachable: Duration::from_secs(settings.unreachable_s.into()),
            ..self.comfy.limits.clone()
        };
        if named.len() > 1 {
            limits.unreachable = limits.unreachable.min(UNREACHABLE_OF_SEVERAL);
        }
        let open = |(address, auth): (ServerAddress, ServerAuth)| {
            let credentials = self.credentials(&address, &auth);
            Server::open(address.with_credentials(credentials), limits.clone())
                .map_err(|error| ErrorReport::new(ErrorCode::EngineUnavailable, format!("{error}.")))
        };
        Ok(Desk::new(named.into_iter().map(open).collect::<Result<_, _>>()?))
    }

    /// The built-in workflows and a person's own. Blocks on files.
    pub fn workflows(&self) -> Workflows {
        let chosen = self.settings().workflows_folder.map(PathBuf::from);
        Workflows::load(chosen.or_else(|| self.comfy.workflows_folder.clone()).as_deref())
    }

    /// What makes the pictures of a prompt now.
    ///
    /// # Errors
    /// `EngineUnavailable` with all that is in the way; `BadRequest` for choices that no server could meet.
    pub async fn prospector(&self, request: &ProspectRequest) -> Result<Prospector, ErrorReport> {
        let desk = self.desk(request.server.as_deref())?;
        let workflows = self.read_workflows().await?;
        Prospector::choose(desk, &workflows, request).await
    }

    /// The workflows as the servers of the settings, or the one at an address, have them.
    ///
    /// # Errors
    /// When it is no address.
    pub async fn offers(&self, server: Option<&str>) -> Result<Vec<WorkflowInfo>, ErrorReport> {
        self.learn_secrets().await;
        let desk = self.desk(server)?;
        let workflows = self.read_workflows().await?;
        Ok(offers(&workflows, &desk.nodes().await))
    }

    async fn read_workflows(&self) -> Result<Workflows, ErrorReport> {
        let engines = self.clone();
        guarded(move || Ok(engines.workflows())).await
    }

    pub fn draft_note(&self) -> String {
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
        format!("In the app, on {threads} CPU threads. Needs no network and no models.")
    }

    /// Takes a prompt that nobody waits for out of its server. False when the server does not say that it is gone.
    pub async fn take_back(&self, note: PromptNote) -> bool {
        self.learn_secrets().await;
        match self.desk(Some(&note.server)) {
            Ok(desk) => desk.withdraw(note).await,
            Err(error) => {
                tracing::warn!(%error, server = note.server, "a prompt cannot be taken back");
                false
            }
        }
    }

    /// How every engine is now; asks the servers of the settings.
    pub async fn status(&self) -> Vec<EngineStatus> {
        self.learn_secrets().await;
        let draft =
            EngineStatus { engine: self.draft.name().to_string(), ready: true, note: self.draft_note() };
        let status = |ready, note| EngineStatus { engine: EngineName::Comfy.to_string(), ready, note };
        let comfy = match self.desk(None) {
            Err(report) => status(false, report.message),
            Ok(desk) if desk.is_empty() => {
                status(false, "No ComfyUI server is named in the settings.".to_owned())
            }
            Ok(desk) => {
                let described = desk.healths().await;
                let ready = described.iter().any(|(_, health)| health.queued().is_some());
                let words: Vec<String> =
                    described.iter().map(|(address, health)| format!("{address} is {health}.")).collect();
                status(ready, words.join(" "))
            }
        };
        vec![draft, comfy]
    }
}

fn parse(address: &str) -> Result<ServerAddress, ErrorReport> {
    ServerAddress::parse(address).map_err(|error| {
        ErrorReport::new(ErrorCode::BadRequest, format!("{error}."))
            .with_hint("Write it like http://127.0.0.1:8188.")
    })
}
