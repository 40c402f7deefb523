//! `oreforge models`: which model files the workflows need, which of them a server has, and how to get the others.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{Command, ErrorCode, ErrorReport, Reply, WorkflowInfo};
use serde::Serialize;

use crate::args::ComfyArgs;
use crate::exit::Exit;
use crate::follow::mismatch;
use crate::model_files::{self, DownloadsArgs, GetArgs, TokenArgs};
use crate::show;

pub const MODELS_EXAMPLES: &str = "\
Examples:
  oreforge models list --comfy http://127.0.0.1:8188
  oreforge models missing --json
      the servers of the settings; one model per line
  oreforge models get hunyuan3d-dit-v2_fp16.safetensors
      into the models folder of the ComfyUI on this computer; asks first; run again, it goes on where it stopped
  oreforge models get https://host/style.safetensors --folder loras --models-folder ~/ComfyUI/models --yes
  oreforge models downloads --clear
  oreforge models token huggingface.co < token.txt
      kept in the system's keyring; without one set OREFORGE_SITE_TOKENS to HOST=TOKEN

Exit codes: 0 nothing is missing, or it is here, 2 usage or a place that cannot be written, 4 a model is missing
or no server answers, 6 the download or the data folder failed, 130 cancelled.";

#[derive(Debug, ClapArgs)]
pub struct ModelsArgs {
    #[command(subcommand)]
    verb: ModelsVerb,
}

#[derive(Debug, Subcommand)]
enum ModelsVerb {
    /// Every model the workflows use.
    List(Which),
    /// Those that the server lacks.
    Missing(Which),
    /// Fetch a model file into ComfyUI's models folder.
    Get(GetArgs),
    /// What was fetched, is on its way, or failed.
    Downloads(DownloadsArgs),
    /// Keep the access token of a site that model files come from; read from stdin.
    Token(TokenArgs),
}

#[derive(Debug, ClapArgs)]
struct Which {
    #[command(flatten)]
    comfy: ComfyArgs,
    /// Only what this workflow uses.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// One model per line of JSON on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Serialize)]
struct Model {
    folder: String,
    /// Any of these does, best first.
    names: Vec<String>,
    page: String,
    /// Of the first name.
    url: Option<String>,
    /// As the server lists it.
    installed: Option<String>,
    workflows: Vec<String>,
}

pub async fn models(args: ModelsArgs) -> anyhow::Result<Exit> {
    let (which, only_missing) = match args.verb {
        ModelsVerb::List(which) => (which, false),
        ModelsVerb::Missing(which) => (which, true),
        ModelsVerb::Get(args) => return model_files::get(args).await,
        ModelsVerb::Downloads(args) => return model_files::downloads(args).await,
        ModelsVerb::Token(args) => return model_files::token(args).await,
    };
    let forge = Oreforge::open(Config { data_dir: which.data_dir, only_own_jobs: true })?;
    let answer = match which.comfy.introduce(&forge) {
        Ok(()) => forge.execute(Command::Workflows { comfy: which.comfy.comfy }).await,
        Err(report) => Err(report),
    };
    forge.shutdown().await;
    let Reply::Workflows(workflows) = answer? else { return Err(mismatch().into()) };
    if workflows.iter().all(|workflow| workflow.server.is_none()) {
        let report = ErrorReport::new(ErrorCode::EngineUnavailable, "No ComfyUI server answers.");
        show::report(
            &report.with_hint("Start it, or name another with --comfy URL; `oreforge doctor` says more."),
        );
    }
    let models = models_of(&workflows, which.workflow.as_deref())?;
    let missing = models.iter().filter(|model| model.installed.is_none()).count();
    for model in models.iter().filter(|model| !only_missing || model.installed.is_none()) {
        if which.json { show::json_line(model) } else { print(model) }
    }
    Ok(if missing == 0 { Exit::Done } else { Exit::EngineUnavailable })
}

/// Each model once, with all that use it.
fn models_of(workflows: &[WorkflowInfo], only: Option<&str>) -> Result<Vec<Model>, ErrorReport> {
    if let Some(name) = only
        && workflows.iter().all(|workflow| workflow.name != name)
    {
        return Err(ErrorReport::new(ErrorCode::BadRequest, format!("There is no workflow \"{name}\".")));
    }
    let mut models: BTreeMap<(String, Vec<String>), Model> = BTreeMap::new();
    for workflow in workflows.iter().filter(|workflow| only.is_none_or(|name| workflow.name == name)) {
        for model in &workflow.models {
            let known = models.entry((model.folder.clone(), model.names.clone())).or_insert_with(|| Model {
                folder: model.folder.clone(),
                names: model.names.clone(),
                page: model.page.clone(),
                url: model.url.clone(),
                installed: model.installed.clone(),
                workflows: Vec::new(),
            });
            known.workflows.push(workflow.name.clone());
        }
    }
    Ok(models.into_values().collect())
}

fn print(model: &Model) {
    let state = if model.installed.is_some() { "ok     " } else { "missing" };
    let name = model.installed.as_ref().or(model.names.first()).map_or("", String::as_str);
    show::out_line(&format!("{state}  {}/{name}", model.folder));
    if model.installed.is_none() {
        show::out_line(&format!("         from {}", model.page));
        if model.url.is_some() {
            show::out_line(&format!("         oreforge models get {name}"));
        }
    }
    show::out_line(&format!("         for {}", model.workflows.join(", ")));
}
