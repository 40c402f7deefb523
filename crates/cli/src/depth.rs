use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{
    ArtifactKind, Command, DepthRange, DepthRequest, ErrorCode, ErrorReport, EventSeq, ProfileChoice,
    ProspectRequest, Reply, SourceRef,
};

use crate::args::ComfyArgs;
use crate::exit::Exit;
use crate::follow::{follow, mismatch, snapshot};
use crate::forge::at;
use crate::interrupt::Interrupt;
use crate::mesh::text;
use crate::show::{json_line, out_line};

pub const DEPTH_EXAMPLES: &str = "\
Examples:
  oreforge depth duck.png --out duck_depth.png
      16 bits of grey: white near, black far and beside the object
  oreforge depth relief.png --out relief_depth.png --far 0.3 --gamma 1.5
      only the nearer part, its middle brighter
  oreforge depth duck.png --out duck_depth.png --engine comfy --comfy http://127.0.0.1:8188
      by a depth workflow of that server
  oreforge forge duck.png --depth-map duck_depth.png --out out
      painted over, it is the draft's relief

Exit codes: 0 written, 2 usage or a place that cannot be written, 3 bad input or a mask is needed,
4 no server that can do it, 6 the server or the data folder failed, 130 cancelled.";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DepthEngine {
    Draft,
    Comfy,
}

#[derive(Debug, ClapArgs)]
pub struct DepthArgs {
    /// PNG, JPEG, WebP, BMP, GIF, TIFF or TGA.
    pub picture: PathBuf,
    /// PNG file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// White where the object is, black elsewhere.
    #[arg(long, value_name = "PATH")]
    mask: Option<PathBuf>,
    /// What tells how near things are: inflation by the draft engine, or a ComfyUI server.
    #[arg(long, value_enum, value_name = "ENGINE", default_value = "draft")]
    engine: DepthEngine,
    #[command(flatten)]
    comfy: ComfyArgs,
    /// A built-in depth workflow, or a file of the workflows folder.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Nearness that is white: 1 is the nearest point of the object, 0 the farthest.
    #[arg(long, value_name = "F", default_value_t = DepthRange::default().near)]
    near: f32,
    /// Nearness that is black.
    #[arg(long, value_name = "F", default_value_t = DepthRange::default().far)]
    far: f32,
    /// Above 1 the middle is brighter, below darker; 0.1 to 10.
    #[arg(long, value_name = "F", default_value_t = DepthRange::default().gamma)]
    gamma: f32,
    /// JSON on stdout, nothing else there; the events of a server's work come first, one per line.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub async fn depth(args: DepthArgs) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen();
    let forge = Oreforge::open(Config { data_dir: args.data_dir.clone(), only_own_jobs: true })?;
    let ended = depth_with(&forge, &args, &interrupt).await;
    forge.shutdown().await;
    ended
}

async fn depth_with(forge: &Oreforge, args: &DepthArgs, interrupt: &Interrupt) -> anyhow::Result<Exit> {
    args.comfy.introduce(forge)?;
    let range = DepthRange { near: args.near, far: args.far, gamma: args.gamma };
    let problems = range.problems();
    if !problems.is_empty() {
        return Err(ErrorReport::new(ErrorCode::BadRequest, problems.join(" ")).into());
    }
    let map = match args.engine {
        DepthEngine::Draft => None,
        DepthEngine::Comfy => match from_server(forge, args, interrupt).await? {
            Ok(map) => Some(map),
            Err(exit) => return Ok(exit),
        },
    };
    let depth = DepthRequest {
        source: at(&args.picture)?,
        mask: args.mask.as_deref().map(at).transpose()?,
        profile: ProfileChoice::Auto,
        range,
        map,
    };
    let command = Command::SaveDepth { depth, path: text(&args.out)? };
    let Reply::SaveDepth(saved) = forge.execute(command).await? else {
        return Err(mismatch().into());
    };
    if args.json {
        json_line(&saved)
    } else {
        out_line(&saved.path)
    }
    Ok(Exit::Done)
}

/// The map that a server makes, or how its job ended without one.
async fn from_server(
    forge: &Oreforge,
    args: &DepthArgs,
    interrupt: &Interrupt,
) -> anyhow::Result<Result<SourceRef, Exit>> {
    let request = ProspectRequest {
        workflow: args.workflow.clone(),
        server: args.comfy.comfy.clone(),
        ..ProspectRequest::depth_map(at(&args.picture)?)
    };
    let command = Command::StartProspect { request, in_front: false };
    let Reply::StartProspect(job) = forge.execute(command).await? else {
        return Err(mismatch().into());
    };
    match follow(forge, &job, EventSeq(0), None, args.json, interrupt).await? {
        Exit::Done => {}
        other => return Ok(Err(other)),
    }
    let job = snapshot(forge, job.id).await?;
    let map = job
        .artifacts
        .iter()
        .find(|artifact| artifact.kind == ArtifactKind::Picture)
        .ok_or_else(|| ErrorReport::new(ErrorCode::Internal, "The job is done and has no depth map."))?;
    Ok(Ok(SourceRef::Artifact { id: map.id }))
}
