//! `oreforge models get`, `downloads` and `token`: model files fetched into a ComfyUI's models folder.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{
    Command, DownloadState, ErrorCode, ErrorReport, ModelDownload, ModelRequest, ModelsFolder, Reply, Secret,
    WorkflowModel,
};

use crate::args::ComfyArgs;
use crate::exit::Exit;
use crate::follow::mismatch;
use crate::interrupt::Interrupt;
use crate::show;

/// Between two looks at a download.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

#[derive(Debug, ClapArgs)]
pub struct GetArgs {
    /// A model that a workflow names, or the address of a file.
    #[arg(value_name = "NAME|URL")]
    what: String,
    /// Where the file itself is; the address that the workflow names when absent.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Folder below the models folder, as checkpoints or loras; that of the workflow's model when absent.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<String>,
    /// What the file is called there; as in the address when absent.
    #[arg(long, value_name = "FILE")]
    name: Option<String>,
    /// Checksum that the file must have.
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// ComfyUI's models folder; that of the settings, or of a server on this computer, when absent.
    #[arg(long, value_name = "DIR")]
    models_folder: Option<PathBuf>,
    #[command(flatten)]
    comfy: ComfyArgs,
    /// Also take .ckpt, .pt, .pth and .bin files, which can hold a program that ComfyUI may run.
    #[arg(long)]
    may_run_code: bool,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    /// One state of the download per line of JSON on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct DownloadsArgs {
    /// Take those that are over off the list, and what came of unfinished ones off the disk.
    #[arg(long)]
    clear: bool,
    /// One download per line of JSON on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct TokenArgs {
    /// Host of the site.
    site: String,
    /// Forget it instead.
    #[arg(long)]
    forget: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub async fn get(args: GetArgs) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen();
    let forge = Oreforge::open(Config { data_dir: args.data_dir.clone(), only_own_jobs: true })?;
    let ended = get_with(&forge, &args, &interrupt).await;
    forge.shutdown().await;
    ended
}

async fn get_with(forge: &Oreforge, args: &GetArgs, interrupt: &Interrupt) -> anyhow::Result<Exit> {
    args.comfy.introduce(forge)?;
    let request = match request(forge, args).await? {
        Wanted::Request(request) => request,
        Wanted::Installed(name) => {
            show::error_line(&format!("The server has it: {name}"));
            return Ok(Exit::Done);
        }
    };
    if !args.yes && !confirmed(forge, &request).await? {
        return Ok(Exit::Cancelled);
    }
    match forge.execute(Command::DownloadModel { request }).await? {
        Reply::DownloadModel(download) => follow(forge, download, args.json, interrupt).await,
        _ => Err(mismatch().into()),
    }
}

enum Wanted {
    Request(ModelRequest),
    /// As the server lists it.
    Installed(String),
}

async fn request(forge: &Oreforge, args: &GetArgs) -> Result<Wanted, ErrorReport> {
    let bad =
        |message: String, hint: String| ErrorReport::new(ErrorCode::BadRequest, message).with_hint(hint);
    let models_folder =
        args.models_folder.as_deref().map(std::path::absolute).transpose().map_err(|error| {
            bad("The models folder is no path.".to_owned(), "Name it with --models-folder DIR.".to_owned())
                .with_details(error.to_string())
        })?;
    let asked = ModelRequest {
        sha256: args.sha256.clone(),
        may_run_code: args.may_run_code,
        models_folder: models_folder.map(|folder| folder.display().to_string()),
        server: args.comfy.comfy.clone(),
        ..ModelRequest::default()
    };
    if args.what.contains("://") {
        let Some(folder) = args.folder.clone() else {
            let message = "Which folder of models does it go into?".to_owned();
            return Err(bad(message, "Name it with --folder, like checkpoints or loras.".to_owned()));
        };
        let request = ModelRequest { url: args.what.clone(), folder, file_name: args.name.clone(), ..asked };
        return Ok(Wanted::Request(request));
    }
    let model = model_named(forge, args).await?;
    if let (Some(installed), None) = (model.installed, &args.url) {
        return Ok(Wanted::Installed(installed));
    }
    // The known address is that of the best name.
    let known = model.url.filter(|_| model.names.first().is_some_and(|best| *best == args.what));
    let Some(url) = args.url.clone().or(known) else {
        let message = format!("No address is known for {}.", args.what);
        let hint = format!("Copy that of its download button on {} and name it with --url.", model.page);
        return Err(bad(message, hint));
    };
    let folder = args.folder.clone().unwrap_or(model.folder);
    let file_name = Some(args.name.clone().unwrap_or_else(|| args.what.clone()));
    Ok(Wanted::Request(ModelRequest { url, folder, file_name, ..asked }))
}

async fn model_named(forge: &Oreforge, args: &GetArgs) -> Result<WorkflowModel, ErrorReport> {
    let Reply::Workflows(workflows) =
        forge.execute(Command::Workflows { comfy: args.comfy.comfy.clone() }).await?
    else {
        return Err(mismatch());
    };
    let models = workflows.into_iter().flat_map(|workflow| workflow.models);
    models.into_iter().find(|model| model.names.contains(&args.what)).ok_or_else(|| {
        ErrorReport::new(ErrorCode::BadRequest, format!("No workflow names a model {}.", args.what))
            .with_hint(
                "`oreforge models list` names them all; any other is fetched by its address, with --folder.",
            )
    })
}

async fn confirmed(forge: &Oreforge, request: &ModelRequest) -> Result<bool, ErrorReport> {
    let folder = match &request.models_folder {
        Some(folder) => folder.clone(),
        None => match forge.execute(Command::FindModelsFolder { server: request.server.clone() }).await? {
            Reply::FindModelsFolder(ModelsFolder { path: Some(path), .. }) => path,
            Reply::FindModelsFolder(ModelsFolder { problem: Some(problem), .. }) => return Err(problem),
            _ => return Err(mismatch()),
        },
    };
    if !io::stdin().is_terminal() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, "Nobody is here to say whether to fetch it.")
            .with_hint("Say --yes if it is what you want."));
    }
    show::error_line(&format!("from  {}", request.url));
    show::error_line(&format!("into  {folder}, {}", request.folder));
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let _ = write!(io::stderr(), "Fetch it? [y/N] ");
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let answer = answer.await.ok().and_then(Result::ok).unwrap_or_default();
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

async fn follow(
    forge: &Oreforge,
    download: ModelDownload,
    json: bool,
    interrupt: &Interrupt,
) -> anyhow::Result<Exit> {
    let bar = bar(json);
    let id = download.id;
    let mut seen = download;
    let mut stop = std::pin::pin!(interrupt.wait());
    let mut stopping = false;
    say(&seen, json, bar.as_ref());
    while !seen.state.is_over() {
        tokio::select! {
            () = &mut stop, if !stopping => {
                stopping = true;
                forge.execute(Command::CancelDownload { id }).await?;
            }
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
        }
        let Reply::ListDownloads(all) = forge.execute(Command::ListDownloads {}).await? else {
            return Err(mismatch().into());
        };
        let Some(now) = all.into_iter().find(|download| download.id == id) else {
            return Err(ErrorReport::new(ErrorCode::Cancelled, "The download was cleared elsewhere.").into());
        };
        if now != seen {
            say(&now, json, bar.as_ref());
        }
        seen = now;
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    match (seen.state, seen.error) {
        (DownloadState::Done, _) => {
            if !json {
                show::out_line(&seen.path);
            }
            Ok(Exit::Done)
        }
        (_, Some(error)) => Err(error.into()),
        (_, None) => {
            show::error_line("Stopped. The same command goes on where it was.");
            Ok(Exit::Cancelled)
        }
    }
}

fn bar(json: bool) -> Option<ProgressBar> {
    let bar = (!json && io::stderr().is_terminal()).then(ProgressBar::no_length)?;
    let style = "{prefix} {bar:30} {bytes}/{total_bytes} {msg}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    Some(bar)
}

fn say(download: &ModelDownload, json: bool, bar: Option<&ProgressBar>) {
    if json {
        show::json_line(download);
    }
    let Some(bar) = bar else { return };
    bar.set_prefix(download.file_name.clone());
    bar.set_length(download.total_bytes.unwrap_or(download.bytes));
    bar.set_position(download.bytes);
    bar.set_message(match (download.state, download.bytes_per_s, download.total_bytes) {
        (DownloadState::Waiting, ..) => "waiting for its turn".to_owned(),
        (_, Some(speed @ 1..), Some(total)) => {
            format!("{:.1} MB/s, {} s left", speed as f64 / 1e6, total.saturating_sub(download.bytes) / speed)
        }
        _ => String::new(),
    });
}

pub async fn downloads(args: DownloadsArgs) -> anyhow::Result<Exit> {
    let forge = Oreforge::open(Config { data_dir: args.data_dir, only_own_jobs: true })?;
    let cleared =
        if args.clear { forge.execute(Command::ClearDownloads { id: None }).await.map(drop) } else { Ok(()) };
    let answer = forge.execute(Command::ListDownloads {}).await;
    forge.shutdown().await;
    cleared?;
    let Reply::ListDownloads(all) = answer? else { return Err(mismatch().into()) };
    for download in &all {
        if args.json { show::json_line(download) } else { print(download) }
    }
    Ok(Exit::Done)
}

fn print(download: &ModelDownload) {
    let state = match download.state {
        DownloadState::Waiting => "waiting",
        DownloadState::Running => "running",
        DownloadState::Interrupted => "interrupted",
        DownloadState::Done => "done",
        DownloadState::Failed => "failed",
        DownloadState::Cancelled => "cancelled",
    };
    let mb = |bytes: u64| bytes / 1_000_000;
    let of = download.total_bytes.map(|total| format!(" of {}", mb(total))).unwrap_or_default();
    show::out_line(&format!("{state:11}  {}  {}{of} MB", download.path, mb(download.bytes)));
    if let Some(error) = &download.error {
        show::out_line(&format!("             {}", error.message));
    }
}

pub async fn token(args: TokenArgs) -> anyhow::Result<Exit> {
    let token = if args.forget {
        None
    } else {
        if io::stdin().is_terminal() {
            show::error_line("Paste the token and press Enter; it is shown as you do.");
        }
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        if line.trim().is_empty() {
            return Err(ErrorReport::new(ErrorCode::BadRequest, "No token came on stdin.").into());
        }
        Some(Secret(line.trim().to_owned()))
    };
    let forge = Oreforge::open(Config { data_dir: args.data_dir, only_own_jobs: true })?;
    let (site, forget) = (args.site, token.is_none());
    let answer = forge.execute(Command::SaveSiteToken { site, token }).await;
    forge.shutdown().await;
    let Reply::SaveSiteToken(kept) = answer? else { return Err(mismatch().into()) };
    show::error_line(&kept.note);
    // This program ends now, and with it what only it knows.
    Ok(if kept.kept || forget { Exit::Done } else { Exit::Failed })
}
