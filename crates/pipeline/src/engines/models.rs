//! Model files: where they go, where they come from, and what lets us in there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use oreforge_engines::comfy::secret_of;
use oreforge_engines::guarded;
use oreforge_engines::models::{
    Checkpoint, Fetch, FetchLedger, FetchLimits, Fetcher, Tokens, UrlError, download_url, file_name_of,
    may_run_code, model_file_name, model_folder, site_name, site_of,
};
use oreforge_protocol::{ErrorCode, ErrorReport, ModelRequest, ModelSite, ModelsFolder, Secret, SecretKept};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Engines;
use super::secrets::{KEYRING_LIMIT, keep};

/// Tokens where there is no keyring: `HOST=TOKEN`, several with a space between.
const TOKENS_VARIABLE: &str = "OREFORGE_SITE_TOKENS";
const MAX_REMEMBERED: usize = 64;
const HINT_FOLDER: &str =
    "Name ComfyUI's models folder in the settings, or with --models-folder on the command line.";

/// What fetching model files keeps in this process.
#[derive(Default)]
pub(super) struct Models {
    fetcher: OnceCell<Fetcher>,
    /// Tokens that were given to this process, and `None` where it was told to forget one.
    tokens: Mutex<BTreeMap<String, Option<String>>>,
}

/// A request that can be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedModel {
    pub url: String,
    pub folder: String,
    pub path: PathBuf,
    pub sha256: Option<String>,
}

impl Engines {
    /// Holds a request against what is allowed, and finds its place; the folder is there afterwards.
    ///
    /// # Errors
    /// `BadRequest` for what makes no sense or is not safe, `OutputUnwritable` when there is no place for it.
    pub async fn plan_model(&self, request: ModelRequest) -> Result<PlannedModel, ErrorReport> {
        let url = download_url(&request.url).map_err(of_url)?;
        let bad = |message: String| ErrorReport::new(ErrorCode::BadRequest, message);
        let folder = model_folder(&request.folder).map_err(|error| bad(format!("{error}.")))?;
        let file_name = model_file_name(&request.file_name.unwrap_or_else(|| file_name_of(&url)))
            .map_err(|error| bad(format!("{error}.")))?;
        if may_run_code(&file_name) && !request.may_run_code {
            return Err(bad(format!("{file_name} is of a kind that can hold a program.")).with_hint(
                "ComfyUI may run it as it loads the file. Take a .safetensors file where there is one; if you trust \
                 who made this one, say so: --may-run-code on the command line.",
            ));
        }
        let sha256 = request.sha256.map(|sum| sum.trim().to_ascii_lowercase());
        if sha256.as_ref().is_some_and(|sum| sum.len() != 64 || !sum.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(bad("A SHA-256 checksum has 64 digits from 0 to 9 and a to f.".to_owned()));
        }
        let folders = match request.models_folder {
            Some(path) => ModelFolders::Below(PathBuf::from(path)),
            None => self.model_folders(request.server.as_deref()).await?,
        };
        let kind = folder.clone();
        let path = guarded(move || folders.ready(&kind)).await?.join(file_name);
        Ok(PlannedModel { url: url.into(), folder, path, sha256 })
    }

    /// Where model files go, in words.
    pub async fn models_folder(&self, server: Option<&str>) -> ModelsFolder {
        match self.model_folders(server).await {
            Ok(folders) => ModelsFolder { path: Some(folders.shown()), problem: None },
            Err(report) => ModelsFolder { path: None, problem: Some(report) },
        }
    }

    async fn model_folders(&self, server: Option<&str>) -> Result<ModelFolders, ErrorReport> {
        if server.is_none()
            && let Some(folder) = self.settings().models_folder
        {
            return Ok(ModelFolders::Below(PathBuf::from(folder)));
        }
        self.learn_secrets().await;
        let desk = self.desk(server)?;
        for server in desk.servers().iter().filter(|server| server.address().is_this_computer()) {
            if let Ok(folders) = server.model_folders().await {
                return Ok(ModelFolders::Each(folders));
            }
        }
        let message = match server {
            Some(server) => format!("Where {server} keeps its models is not known on this computer."),
            None => {
                "No ComfyUI on this computer answers, so there is no models folder to put it into.".to_owned()
            }
        };
        Err(ErrorReport::new(ErrorCode::OutputUnwritable, message).with_hint(HINT_FOLDER))
    }

    /// Fetches a planned model; answers its bytes.
    ///
    /// # Errors
    /// In a person's words; what has come is kept for another try unless it is no good.
    pub async fn fetch_model(
        &self,
        model: PlannedModel,
        from: Checkpoint,
        ledger: &dyn FetchLedger,
        cancel: &CancellationToken,
    ) -> Result<u64, ErrorReport> {
        let url = download_url(&model.url).map_err(of_url)?;
        let open = || guarded(|| Ok(Fetcher::new(FetchLimits::default())?));
        let fetcher = self.comfy.models.fetcher.get_or_try_init(open).await?;
        let site = site_of(&url);
        let token = self.site_token(&site).await;
        let tokens: Tokens = token.map(|token| (site, token)).into_iter().collect();
        let work = Fetch { url, target: model.path, sha256: model.sha256 };
        Ok(fetcher.fetch(&work, from, &tokens, ledger, cancel).await?)
    }

    /// Which of the sites of the workflows' models, and of `others`, have a token.
    ///
    /// # Errors
    /// When the workflows cannot be read.
    pub async fn model_sites(&self, others: Vec<String>) -> Result<Vec<ModelSite>, ErrorReport> {
        let workflows = self.read_workflows().await?;
        let models = workflows.known().iter().flat_map(|workflow| &workflow.manifest.models);
        let named = models.flat_map(|model| model.url.iter().chain([&model.page]).cloned());
        let mut sites: BTreeSet<String> =
            named.chain(others).filter_map(|url| download_url(&url).ok()).map(|url| site_of(&url)).collect();
        sites.extend(self.remembered_tokens().keys().cloned());
        let mut all = Vec::new();
        for site in sites {
            let has_token = self.site_token(&site).await.is_some();
            all.push(ModelSite { site, has_token });
        }
        Ok(all)
    }

    /// Keeps the token of a site for as long as can be, or forgets it.
    ///
    /// # Errors
    /// `BadRequest` when that is no site.
    pub async fn save_site_token(
        &self,
        site: &str,
        token: Option<Secret>,
    ) -> Result<SecretKept, ErrorReport> {
        let site = site_name(site).map_err(of_url)?;
        {
            let mut remembered = self.comfy.models.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            if remembered.len() < MAX_REMEMBERED || remembered.contains_key(&site) {
                remembered.insert(site.clone(), token.as_ref().map(|token| token.0.trim().to_owned()));
            }
        }
        let token = token.map(|token| token.0.trim().to_owned());
        Ok(keep(keyring_name(&site), token, &format!("Set {TOKENS_VARIABLE} to HOST=TOKEN")).await)
    }

    async fn site_token(&self, site: &str) -> Option<String> {
        if let Some(given) = self.remembered_tokens().get(site) {
            return given.clone();
        }
        if let Some(token) = in_environment(site) {
            return Some(token);
        }
        let key = keyring_name(site);
        match timeout(KEYRING_LIMIT, spawn_blocking(move || secret_of(&key))).await {
            Ok(Ok(Ok(token))) => token,
            _ => None,
        }
    }

    fn remembered_tokens(&self) -> BTreeMap<String, Option<String>> {
        self.comfy.models.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Not the address of a ComfyUI server, whose secrets are kept beside these.
fn keyring_name(site: &str) -> String {
    format!("models from {site}")
}

fn in_environment(site: &str) -> Option<String> {
    let all = std::env::var(TOKENS_VARIABLE).ok()?;
    all.split_whitespace().find_map(|pair| {
        let (named, token) = pair.split_once('=')?;
        (site_name(named).ok()? == site).then(|| token.to_owned())
    })
}

/// Where each kind of model goes.
enum ModelFolders {
    Below(PathBuf),
    /// As a server says, by the first part of the folder's name.
    Each(BTreeMap<String, Vec<String>>),
}

impl ModelFolders {
    fn shown(&self) -> String {
        match self {
            ModelFolders::Below(folder) => folder.display().to_string(),
            ModelFolders::Each(folders) => {
                let of = |kind: &str| folders.get(kind).and_then(|folders| folders.first());
                let checkpoints = of("checkpoints").or_else(|| folders.values().find_map(|all| all.first()));
                let folder = checkpoints.and_then(|folder| Path::new(folder).parent());
                folder.map_or_else(String::new, |folder| folder.display().to_string())
            }
        }
    }

    /// The folder for a kind of model, made where its models folder is there. Blocks on the disk.
    fn ready(&self, folder: &str) -> Result<PathBuf, ErrorReport> {
        let no_place =
            |message: String| ErrorReport::new(ErrorCode::OutputUnwritable, message).with_hint(HINT_FOLDER);
        let (kind, rest) = folder.split_once('/').unwrap_or((folder, ""));
        let place = match self {
            ModelFolders::Below(models) => {
                if !models.is_absolute() || !models.is_dir() {
                    return Err(no_place(format!("The models folder {} is not there.", models.display())));
                }
                models.join(kind)
            }
            ModelFolders::Each(folders) => {
                let known = folders.get(kind).ok_or_else(|| {
                    no_place(format!("The server has no kind of models that is called {kind}."))
                })?;
                let here =
                    known.iter().map(PathBuf::from).find(|folder| folder.is_absolute() && folder.is_dir());
                here.ok_or_else(|| {
                    no_place(format!("The server's folder for {kind} is not there on this computer."))
                })?
            }
        };
        let place =
            rest.split('/').filter(|part| !part.is_empty()).fold(place, |place, part| place.join(part));
        std::fs::create_dir_all(&place).map_err(|error| {
            no_place(format!("{} cannot be made.", place.display())).with_details(error.to_string())
        })?;
        Ok(place)
    }
}

fn of_url(error: UrlError) -> ErrorReport {
    let hint = match error {
        UrlError::Unreadable | UrlError::Scheme(_) => "Copy the address of the download button.",
        UrlError::HoldsSecret => {
            "Take it out, and store it as the token of that site: it goes into the keyring."
        }
    };
    let mut message = error.to_string();
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    ErrorReport::new(ErrorCode::BadRequest, format!("{message}.")).with_hint(hint)
}
