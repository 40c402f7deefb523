use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use oreforge_protocol::{
    BackChoice, ComfyChoices, EngineChoice, ForgeParams, JobId, ProfileChoice, QueueMove, StepName,
    SymmetryChoice, ViewSlot,
};

use crate::finish::{FINISH_EXAMPLES, FinishArgs};
use crate::mesh::{EXPORT_EXAMPLES, ExportArgs, INSPECT_EXAMPLES, InspectArgs};
use crate::models::{MODELS_EXAMPLES, ModelsArgs};
use crate::projects::{PROJECTS_EXAMPLES, ProjectsArgs};
use crate::prospect::{PROSPECT_EXAMPLES, ProspectArgs};
use crate::sprites::{SPRITES_EXAMPLES, SpritesArgs};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("OREFORGE_COMMIT"), ")");

/// A picture goes in, a clean, textured, game-ready mesh comes out.
#[derive(Debug, Parser)]
#[command(name = "oreforge", version = VERSION, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a mesh from each picture.
    #[command(after_help = FORGE_EXAMPLES)]
    Forge(ForgeArgs),
    /// Make pictures from a prompt on a ComfyUI server.
    #[command(after_help = PROSPECT_EXAMPLES)]
    Prospect(ProspectArgs),
    /// Say which model files the workflows need and which a ComfyUI server has, and fetch others.
    #[command(after_help = MODELS_EXAMPLES)]
    Models(ModelsArgs),
    /// Say what a mesh file is like.
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
    /// Write a mesh in another format, for an engine or a printer.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Make an asset of a bare mesh from elsewhere, painted from views of it.
    #[command(after_help = FINISH_EXAMPLES)]
    Finish(FinishArgs),
    /// Draw a mesh from all around as sprite atlases.
    #[command(after_help = SPRITES_EXAMPLES)]
    Sprites(SpritesArgs),
    /// Look at jobs, stop them, go on with them, run them again, put them in order.
    Jobs(JobsArgs),
    /// Look at projects, rename them, put them away.
    #[command(after_help = PROJECTS_EXAMPLES)]
    Projects(ProjectsArgs),
    /// Say what is there, what is missing, and what to do.
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),
    /// Open the front end in a browser, and the commands to other programs.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Print a completion script for a shell.
    Completions { shell: clap_complete::Shell },
}

const EXAMPLES: &str = "\
Examples:
  oreforge forge duck.png --out out     make out/duck.glb and what goes with it
  oreforge inspect duck.glb             what an engine would say to it
  oreforge export duck.glb --to duck.fbx --preset unity
  oreforge finish raw.glb --views duck.views --out duck.glb
  oreforge jobs list                    every job of the data folder, newest first
  oreforge jobs resume ID --out out     go on with a job that was interrupted or cancelled
  oreforge jobs retry ID --from mesh    run a job again from a step, with the same seed and settings
  oreforge serve                        the same forge in a browser
  oreforge completions bash             print what your shell needs to complete these words";

const FORGE_EXAMPLES: &str = "\
Examples:
  oreforge forge duck.png --out out
      out/duck.glb, out/duck.report.json, out/duck.preview.png and out/duck.views/
  oreforge forge crate.png --view right=crate_r.png --view back=crate_b.png --out out
      carve from three sides instead of guessing
  oreforge forge cup.jpg --mask cup_mask.png --triangles 5000 --texture 512 --out out
      say yourself what the object is; a small mesh
  oreforge forge duck.png --engine comfy --comfy http://127.0.0.1:8188 --out out
      views and mesh from a ComfyUI server; --views-workflow, --mesh-workflow and --set choose how
  oreforge forge *.png --out out --json > events.jsonl
      one job per picture, one event per line

Exit codes: 0 done, 2 usage or a place that cannot be written, 3 bad input or a mask is needed,
4 engine not available, 5 the quality gate refused, 6 the engine or the data folder failed,
130 cancelled. With several pictures every result is kept and the highest code is given.";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  oreforge doctor
  oreforge doctor --comfy http://127.0.0.1:8188
      also how a ComfyUI server is; https://user:password@host/path works too

Exit codes: 0 all is well, 2 usage, 4 something is not usable now, 6 the data folder cannot be opened.";

const SERVE_EXAMPLES: &str = "\
Examples:
  oreforge serve
      prints an address to open in a browser of this computer
  oreforge serve --port 0 --json
      takes a free port; the first line is {\"url\": …, \"token\": …}
  curl -H \"Authorization: Bearer $TOKEN\" $URL/api/openapi.json
      every command, for your own programs";

#[derive(Debug, ClapArgs)]
pub struct ServeArgs {
    /// 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 4170)]
    pub port: u16,
    /// Address to listen on. Beyond this computer it needs --token.
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub bind: IpAddr,
    /// What a program has to know to come in, at least 16 characters; made up when absent.
    #[arg(long, value_name = "T", env = "OREFORGE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The address and the token as one line of JSON on stdout, nothing else there.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ForgeArgs {
    /// Pictures: PNG, JPEG, WebP, BMP, GIF, TGA or TIFF.
    #[arg(required = true, value_name = "PICTURE")]
    pub pictures: Vec<PathBuf>,
    /// A picture of another side: right, back, left, top or bottom.
    #[arg(long = "view", value_name = "SLOT=PATH", value_parser = parse_view)]
    pub views: Vec<(ViewSlot, PathBuf)>,
    /// White where the object is, black elsewhere.
    #[arg(long, value_name = "PATH")]
    pub mask: Option<PathBuf>,
    /// Folder for the results; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What makes views and mesh: `auto` takes a ComfyUI server that is ready, else the draft engine.
    #[arg(long, value_enum, default_value = "auto")]
    engine: Engine,
    /// What makes the views, where it is not what makes the mesh.
    #[arg(long, value_enum, value_name = "ENGINE")]
    views_engine: Option<Engine>,
    /// What makes the mesh, where it is not what makes the views.
    #[arg(long, value_enum, value_name = "ENGINE")]
    mesh_engine: Option<Engine>,
    /// Address of the ComfyUI server; those of the settings when absent.
    #[arg(long, value_name = "URL")]
    comfy: Option<String>,
    /// Workflow that makes the views: a built-in one, or a file of the workflows folder.
    #[arg(long, value_name = "NAME")]
    views_workflow: Option<String>,
    /// Workflow that makes the mesh.
    #[arg(long, value_name = "NAME")]
    mesh_workflow: Option<String>,
    /// Set an input of a workflow, as views.steps=20 or mesh.cfg=5.5.
    #[arg(long = "set", value_name = "STEP.INPUT=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
    /// Go on with views that the quality gate refuses.
    #[arg(long)]
    accept_views: bool,
    /// How the silhouette becomes a solid.
    #[arg(long, value_enum, default_value = "auto")]
    profile: Profile,
    /// Factor on the depth, 0.1 to 4.
    #[arg(long, value_name = "F")]
    depth: Option<f32>,
    /// What the unseen back looks like.
    #[arg(long, value_enum, default_value = "auto")]
    back: Back,
    /// Mirror the fuller half of what the draft engine makes to the other side; `auto` where the picture is nearly
    /// its own mirror image.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "off")]
    symmetry: Symmetry,
    /// Triangle budget.
    #[arg(long, value_name = "N", default_value_t = ForgeParams::default().triangles)]
    triangles: u32,
    /// Side of the square texture in pixels.
    #[arg(long, value_name = "PX", default_value_t = ForgeParams::default().texture_px)]
    texture: u32,
    #[arg(long, value_name = "N", default_value_t = ForgeParams::default().seed)]
    seed: u64,
    /// One event per line on stdout, nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Folder of the data folder that the job goes into.
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Normal and occlusion maps of the raw surface: auto bakes them with 10000 triangles or fewer.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    detail_maps: DetailMaps,
    /// Leave engine, seed, versions and source out of the asset.
    #[arg(long)]
    no_provenance: bool,
}

impl ForgeArgs {
    pub fn params(&self) -> ForgeParams {
        ForgeParams {
            engine: self.engine.into(),
            views_engine: self.views_engine.map(EngineChoice::from),
            mesh_engine: self.mesh_engine.map(EngineChoice::from),
            comfy: ComfyChoices {
                server: self.comfy.clone(),
                views_workflow: self.views_workflow.clone(),
                mesh_workflow: self.mesh_workflow.clone(),
                set: self.set.iter().cloned().collect(),
            },
            accept_views: self.accept_views,
            profile: match self.profile {
                Profile::Auto => ProfileChoice::Auto,
                Profile::Organic => ProfileChoice::Organic,
                Profile::Lathe => ProfileChoice::Lathe,
                Profile::Hard => ProfileChoice::Hard,
            },
            back: match self.back {
                Back::Auto => BackChoice::Auto,
                Back::Fill => BackChoice::Fill,
                Back::Mirror => BackChoice::Mirror,
            },
            symmetry: match self.symmetry {
                Symmetry::Off => SymmetryChoice::Off,
                Symmetry::Auto => SymmetryChoice::Auto,
                Symmetry::On => SymmetryChoice::On,
            },
            depth: self.depth,
            triangles: self.triangles,
            texture_px: self.texture,
            seed: self.seed,
            provenance: !self.no_provenance,
            detail_maps: match self.detail_maps {
                DetailMaps::Auto => None,
                DetailMaps::On => Some(true),
                DetailMaps::Off => Some(false),
            },
            ..ForgeParams::default()
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Engine {
    Auto,
    Draft,
    Comfy,
}

impl From<Engine> for EngineChoice {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Auto => EngineChoice::Auto,
            Engine::Draft => EngineChoice::Draft,
            Engine::Comfy => EngineChoice::Comfy,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profile {
    Auto,
    /// Round all over: creatures, fruit, toys.
    Organic,
    /// A body of revolution: vases, bottles.
    Lathe,
    /// Flat faces and bevelled rims: houses, crates.
    Hard,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DetailMaps {
    Auto,
    On,
    Off,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Symmetry {
    Off,
    Auto,
    On,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Back {
    Auto,
    /// Colours grown in from the rim.
    Fill,
    /// The front again, seen through.
    Mirror,
}

#[derive(Debug, ClapArgs)]
pub struct JobsArgs {
    #[command(subcommand)]
    pub verb: JobsVerb,
}

#[derive(Debug, Subcommand)]
pub enum JobsVerb {
    /// Newest first.
    List {
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[command(flatten)]
        common: Common,
    },
    Show {
        id: JobId,
        #[command(flatten)]
        common: Common,
    },
    /// What happened to a job, oldest first.
    Events {
        id: JobId,
        /// Only what came after this sequence number.
        #[arg(long, value_name = "SEQ", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        after: i64,
        /// Wait for more until the job is over.
        #[arg(long)]
        follow: bool,
        #[command(flatten)]
        common: Common,
    },
    Cancel {
        id: JobId,
        #[command(flatten)]
        common: Common,
    },
    /// Go on after the last finished step.
    Resume {
        id: JobId,
        /// Folder for the results.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Go on with views that the quality gate refused.
        #[arg(long)]
        accept_views: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Change the turn of a job that waits.
    Move {
        id: JobId,
        #[command(flatten)]
        to: MoveTo,
        #[command(flatten)]
        common: Common,
    },
    /// Hold up the jobs that wait in windows and servers; what runs goes on.
    Pause {
        #[command(flatten)]
        common: Common,
    },
    /// Let the jobs that wait go on.
    Unpause {
        #[command(flatten)]
        common: Common,
    },
    /// Run again from a step, a finished job too; the older result stays until the new one is complete.
    Retry {
        id: JobId,
        /// prepare, views, gate, mesh, finish or export, or pictures; at most the step after the last finished one.
        #[arg(long, value_name = "STEP")]
        from: StepName,
        /// Another engine for what comes, from views or mesh.
        #[arg(long, value_enum)]
        engine: Option<Engine>,
        /// Address of the ComfyUI server.
        #[arg(long, value_name = "URL", requires = "engine")]
        comfy: Option<String>,
        /// Folder for the results.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct MoveTo {
    /// Before all that wait.
    #[arg(long)]
    to_front: bool,
    /// Before the one that waits before it.
    #[arg(long)]
    up: bool,
    /// Behind the one that waits behind it.
    #[arg(long)]
    down: bool,
    /// Behind all that wait.
    #[arg(long)]
    to_back: bool,
}

impl From<MoveTo> for QueueMove {
    fn from(MoveTo { to_front, up, down, .. }: MoveTo) -> Self {
        match (to_front, up, down) {
            (true, _, _) => QueueMove::Front,
            (_, true, _) => QueueMove::Up,
            (_, _, true) => QueueMove::Down,
            _ => QueueMove::Back,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {
    /// Address of a ComfyUI server.
    #[arg(long, value_name = "URL")]
    pub comfy: Option<String>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, ClapArgs)]
pub struct Common {
    /// JSON on stdout, nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as STEP.INPUT=VALUE, like views.steps=20")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

fn parse_view(text: &str) -> Result<(ViewSlot, PathBuf), String> {
    let (slot, path) = text.split_once('=').ok_or("write it as SLOT=PATH, like back=duck_back.png")?;
    let slot: ViewSlot = slot.parse()?;
    match slot {
        ViewSlot::Front => Err("the PICTURE itself is the front view".to_owned()),
        ViewSlot::ThreeQuarter => Err("use right, back, left, top or bottom".to_owned()),
        ViewSlot::Right | ViewSlot::Back | ViewSlot::Left | ViewSlot::Top | ViewSlot::Bottom => {
            Ok((slot, PathBuf::from(path)))
        }
    }
}
