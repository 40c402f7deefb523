//! Which engines exist here, and which of them do a job.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use oreforge_engines::comfy::{
    ComfyEngine, Credentials, Desk, Limits, Prospector, Server, ServerAddress, Workflows, keep_secret,
    offers, secret_of,
};
use oreforge_engines::draft::DraftEngine;
use oreforge_engines::{Engine, EngineName};
use oreforge_protocol::{
    EngineChoice, EngineStatus, ErrorCode, ErrorReport, ForgeParams, PromptNote, ProspectRequest, Secret,
    SecretKept, ServerAuth, Settings, WorkflowInfo,
};
use tokio::time::timeout;

/// Where another server can take over, none is waited for longer than this.
const UNREACHABLE_OF_SEVERAL: Duration = Duration::from_secs(30);
/// The secret of a server, where there is no keyring.
const SECRET_VARIABLE: &str = "OREFORGE_COMFY_TOKEN";
/// Addresses whose credentials are remembered.
const MAX_REMEMBERED: usize = 64;
/// A keyring may ask a person; a job does not wait for one who is away.
const KEYRING_LIMIT: Duration = Duration::from_secs(10);

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
    /// Of addresses that were given with credentials; never written anywhere.
    remembered: Mutex<BTreeMap<String, Credentials>>,
}

/// The engines of one job, step by step.
pub struct ForgeEngines {
    pub views: Arc<dyn Engine>,
    pub mesh: Arc<dyn Engine>,
    /// Why they are not those that were hoped for.
    pub notes: Vec<String>,
}

impl ForgeEngines {
    /// `draft`, `comfy`, or both, the one of the views first.
    pub fn name(&self) -> String {
        let (views, mesh) = (self.views.name(), self.mesh.name());
        if views == mesh { views.to_string() } else { format!("{views}+{mesh}") }
    }
}

/// What makes a step.
#[derive(Clone, Copy)]
enum Part {
    Views,
    Mesh,
}

impl Engines {
    /// `workflows_folder` is used where the settings name none.
    pub fn new(settings: Settings, workflows_folder: Option<PathBuf>) -> Self {
        Self {
            draft: Arc::new(DraftEngine::new()),
            comfy: Arc::new(Comfy {
                settings: RwLock::new(settings),
                workflows_folder,
                remembered: Mutex::default(),
            }),
        }
    }

    pub fn settings(&self) -> Settings {
        self.comfy.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the secrets of servers that need one and are not known yet, from the keyring. What it does not give
    /// within some seconds is not waited for.
    pub async fn learn_secrets(&self) {
        let unknown: Vec<(String, ServerAuth)> = {
            let remembered = self.comfy.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            let servers = self.settings().servers.into_iter();
            let secret = servers.filter(|server| server.auth != ServerAuth::None);
            secret.map(|s| (s.url, s.auth)).filter(|(url, _)| !remembered.contains_key(url)).collect()
        };
        if unknown.is_empty() {
            return;
        }
        let reading = tokio::task::spawn_blocking(move || {
            let read = |(url, auth): (String, ServerAuth)| Some((secret_of(&url).ok()??, url, auth));
            unknown.into_iter().filter_map(read).collect::<Vec<_>>()
        });
        let Ok(Ok(known)) = timeout(KEYRING_LIMIT, reading).await else {
            tracing::warn!("the keyring does not answer");
            return;
        };
        for (secret, url, auth) in known {
            self.remember_credentials(url, credentials_of(&auth, secret));
        }
    }

    /// Keeps the secret of a server of the settings for as long as can be, or forgets it.
    ///
    /// # Errors
    /// `BadRequest` when the settings name no such server that takes a secret.
    pub async fn save_secret(&self, server: &str, secret: Option<Secret>) -> Result<SecretKept, ErrorReport> {
        let url = parse(server)?.to_string();
        let known = self.settings().servers.into_iter().find(|known| known.url == url);
        let auth = known.map(|known| known.auth).unwrap_or_default();
        if auth == ServerAuth::None {
            let message = format!("The settings name no server {url} that takes a token or a password.");
            return Err(ErrorReport::new(ErrorCode::BadRequest, message));
        }
        let credentials =
            secret.as_ref().map_or(Credentials::None, |secret| credentials_of(&auth, secret.0.clone()));
        self.remember_credentials(url.clone(), credentials);
        let forgotten = secret.is_none();
        let writing = tokio::task::spawn_blocking(move || {
            keep_secret(&url, secret.as_ref().map(|secret| secret.0.as_str()))
        });
        Ok(match timeout(KEYRING_LIMIT, writing).await {
            Ok(Ok(Ok(()))) if forgotten => SecretKept { kept: false, note: "It is forgotten.".to_owned() },
            Ok(Ok(Ok(()))) => SecretKept { kept: true, note: "It is in the system's keyring.".to_owned() },
            _ => SecretKept {
                kept: false,
                note: format!(
                    "This computer's keyring cannot be used, so it is known until Oreforge ends. Set \
                     {SECRET_VARIABLE} to have it at every start."
                ),
            },
        })
    }

    fn remember_credentials(&self, url: String, credentials: Credentials) {
        let mut remembered = self.comfy.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if credentials == Credentials::None {
            remembered.remove(&url);
        } else if remembered.len() < MAX_REMEMBERED || remembered.contains_key(&url) {
            remembered.insert(url, credentials);
        }
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
        Ok(settings)
    }

    /// For jobs that start from now on.
    pub fn configure(&self, settings: Settings) {
        *self.comfy.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// An address as it may be kept: its credentials are remembered by this process and taken out of it.
    ///
    /// # Errors
    /// `BadRequest` when it is no address.
    pub fn remember(&self, address: &str) -> Result<String, ErrorReport> {
        let address = parse(address)?;
        let kept = address.to_string();
        if *address.credentials() != Credentials::None {
            self.remember_credentials(kept.clone(), address.credentials().clone());
        }
        Ok(kept)
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
            ..Limits::default()
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

    /// The engines that a job with these parameters runs on now.
    ///
    /// # Errors
    /// `EngineUnavailable` with all that is in the way of a ComfyUI that was asked for; `BadRequest` for choices
    /// that no server could meet.
    pub async fn choose(&self, params: &ForgeParams) -> Result<ForgeEngines, ErrorReport> {
        let views = params.views_engine.unwrap_or(params.engine);
        let mesh = params.mesh_engine.unwrap_or(params.engine);
        let draft =
            |notes| ForgeEngines { views: Arc::clone(&self.draft), mesh: Arc::clone(&self.draft), notes };
        let asked_for = [views, mesh].contains(&EngineChoice::Comfy);
        if views == EngineChoice::Draft && mesh == EngineChoice::Draft {
            return Ok(draft(Vec::new()));
        }
        let desk = self.desk(params.comfy.server.as_deref())?;
        if desk.is_empty() && !asked_for {
            return Ok(draft(Vec::new()));
        }
        let workflows = self.read_workflows().await?;
        let comfy = Arc::new(ComfyEngine::new(desk, &workflows, params)?);
        let mut notes = Vec::new();
        let (views, mesh) = tokio::join!(
            self.engine_of(Part::Views, views, &comfy, params),
            self.engine_of(Part::Mesh, mesh, &comfy, params)
        );
        match (views, mesh) {
            (Ok((views, why_views)), Ok((mesh, why_mesh))) => {
                notes.extend(why_views);
                notes.extend(why_mesh.filter(|why| !notes.contains(why)));
                Ok(ForgeEngines { views, mesh, notes })
            }
            (Err(views), Err(mesh)) => Err(together(views, mesh)),
            (Err(report), Ok(_)) | (Ok(_), Err(report)) => Err(report),
        }
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
        let desk = self.desk(server)?;
        let workflows = self.read_workflows().await?;
        Ok(offers(&workflows, &desk.nodes().await))
    }

    async fn read_workflows(&self) -> Result<Workflows, ErrorReport> {
        let engines = self.clone();
        tokio::task::spawn_blocking(move || engines.workflows()).await.map_err(|ended| {
            ErrorReport::new(ErrorCode::Internal, "The workflows could not be read.")
                .with_details(ended.to_string())
        })
    }

    async fn engine_of(
        &self,
        part: Part,
        choice: EngineChoice,
        comfy: &Arc<ComfyEngine>,
        params: &ForgeParams,
    ) -> Result<(Arc<dyn Engine>, Option<String>), ErrorReport> {
        if choice == EngineChoice::Draft {
            return Ok((Arc::clone(&self.draft), None));
        }
        let ready = match part {
            Part::Views => comfy.ready_for_views(params).await,
            Part::Mesh => comfy.ready_for_mesh(params).await,
        };
        match (ready, choice) {
            (Ok(()), _) => Ok((Arc::clone(comfy) as Arc<dyn Engine>, None)),
            (Err(report), EngineChoice::Auto) if report.code == ErrorCode::EngineUnavailable => {
                let what = match part {
                    Part::Views => "views",
                    Part::Mesh => "mesh",
                };
                let why = format!("The draft engine makes the {what}. {}", report.message);
                Ok((Arc::clone(&self.draft), Some(why)))
            }
            (Err(report), _) => Err(report),
        }
    }

    pub fn draft_note(&self) -> String {
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
        format!("In the app, on {threads} CPU threads. Needs no network and no models.")
    }

    /// Takes a prompt that nobody waits for out of its server. False when the server does not say that it is gone.
    pub async fn take_back(&self, note: PromptNote) -> bool {
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

    fn credentials(&self, address: &ServerAddress, auth: &ServerAuth) -> Credentials {
        if *address.credentials() != Credentials::None {
            return address.credentials().clone();
        }
        let remembered = self.comfy.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = remembered.get(&address.to_string()) {
            return known.clone();
        }
        let secret = || std::env::var(SECRET_VARIABLE).ok().filter(|secret| !secret.is_empty());
        match auth {
            ServerAuth::None => Credentials::None,
            ServerAuth::Token | ServerAuth::Password { .. } => {
                secret().map_or(Credentials::None, |secret| credentials_of(auth, secret))
            }
        }
    }
}

fn credentials_of(auth: &ServerAuth, secret: String) -> Credentials {
    match auth {
        ServerAuth::None => Credentials::None,
        ServerAuth::Token => Credentials::Bearer(secret),
        ServerAuth::Password { user } => Credentials::Basic { user: user.clone(), password: secret },
    }
}

fn parse(address: &str) -> Result<ServerAddress, ErrorReport> {
    ServerAddress::parse(address).map_err(|error| {
        ErrorReport::new(ErrorCode::BadRequest, format!("{error}."))
            .with_hint("Write it like http://127.0.0.1:8188.")
    })
}

/// Two reports of one kind as one; what makes no sense comes before what is not there.
fn together(first: ErrorReport, second: ErrorReport) -> ErrorReport {
    if first == second || first.code == ErrorCode::BadRequest {
        return first;
    }
    if second.code == ErrorCode::BadRequest {
        return second;
    }
    let lines = |a: Option<&str>, b: Option<&str>| {
        let mut lines: Vec<&str> = Vec::new();
        for line in [a, b].into_iter().flatten().flat_map(str::lines) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines.join("\n")
    };
    let report = ErrorReport::new(first.code, lines(Some(&first.message), Some(&second.message)));
    let hint = lines(first.hint.as_deref(), second.hint.as_deref());
    if hint.is_empty() { report } else { report.with_hint(hint) }
}
