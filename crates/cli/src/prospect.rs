//! `oreforge prospect`: a prompt in, pictures out.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{
    Command, ErrorCode, ErrorReport, EventSeq, JobSnapshot, ProspectRequest, Reply, SourceRef,
};

use crate::args::ComfyArgs;
use crate::exit::Exit;
use crate::follow::{Place, follow, mismatch};
use crate::forge::at;
use crate::interrupt::Interrupt;
use crate::outputs;

pub const PROSPECT_EXAMPLES: &str = "\
Examples:
  oreforge prospect \"a rubber duck, full body, plain background\" --out out --comfy http://127.0.0.1:8188
      out/a rubber duck-SEED.png, as soon as it is there
  oreforge prospect \"a rubber duck\" --count 4 --seed 7 --set steps=30 --set model=sd_xl_base_1.0.safetensors --out out
      four pictures with the seeds 7 to 10; what can be set is in the workflow's manifest
  oreforge prospect \"a golden duck\" --from duck.png --set strength=0.5 --out out
      variations of a picture

Exit codes: 0 done, 2 usage or a place that cannot be written, 3 the picture cannot be used, 4 no server
that can do it, 6 the server or the data folder failed, 130 cancelled. Pictures that were done are kept.";

#[derive(Debug, ClapArgs)]
pub struct ProspectArgs {
    /// What the pictures show.
    pub prompt: String,
    /// Folder for the pictures; made when it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    comfy: ComfyArgs,
    /// How many pictures; they are made one after the other.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// Of the first picture; each further one has the next. Drawn when absent.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// A built-in workflow, or a file of the workflows folder; the first that suits the server when absent.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Set an input of the workflow, as steps=30 or negative_prompt=text.
    #[arg(long = "set", value_name = "INPUT=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
    /// A picture to vary.
    #[arg(long, value_name = "PICTURE")]
    from: Option<PathBuf>,
    /// One event per line on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Folder of the data folder that the job goes into.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
}

pub async fn prospect(args: ProspectArgs) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen();
    let request = request(&args)?;
    let is_new = outputs::prepare(&args.out)?;
    let ended = prospect_into(&args, request, &interrupt).await;
    outputs::tidy(&args.out, is_new);
    ended
}

async fn prospect_into(
    args: &ProspectArgs,
    request: ProspectRequest,
    interrupt: &Interrupt,
) -> anyhow::Result<Exit> {
    let forge = Oreforge::open(Config { data_dir: args.data_dir.clone(), only_own_jobs: true })?;
    let ended = async {
        args.comfy.introduce(&forge)?;
        let job: JobSnapshot =
            match forge.execute(Command::StartProspect { request, in_front: false }).await? {
                Reply::StartProspect(job) => job,
                _ => return Err(mismatch().into()),
            };
        let stem = Path::new(&job.name).file_name().unwrap_or_default().to_string_lossy();
        let place = Place { dir: &args.out, stem: &stem };
        follow(&forge, &job, EventSeq(0), Some(place), args.json, interrupt).await
    }
    .await;
    forge.shutdown().await;
    ended
}

fn request(args: &ProspectArgs) -> Result<ProspectRequest, ErrorReport> {
    let source: Option<SourceRef> = args.from.as_deref().map(at).transpose()?;
    let request = ProspectRequest {
        count: args.count,
        seed: args.seed,
        workflow: args.workflow.clone(),
        inputs: args.set.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect(),
        server: args.comfy.comfy.clone(),
        source,
        project: args.project.clone(),
        ..ProspectRequest::new(args.prompt.clone())
    };
    let problems = request.problems();
    if problems.is_empty() {
        Ok(request)
    } else {
        Err(ErrorReport::new(ErrorCode::BadRequest, problems.join(" ")))
    }
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as INPUT=VALUE, like steps=30")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}
