//! What the command line takes; a verb that shares nothing with others declares its own beside what it does.

mod comfy;
mod doctor;
mod forge;
mod jobs;
mod serve;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

pub use comfy::{ComfyArgs, Engine};
pub use doctor::DoctorArgs;
pub use forge::ForgeArgs;
pub use jobs::{JobsArgs, JobsVerb};
pub use serve::ServeArgs;

use crate::depth::{DEPTH_EXAMPLES, DepthArgs};
use crate::finish::{FINISH_EXAMPLES, FinishArgs};
use crate::mesh::{EXPORT_EXAMPLES, ExportArgs, INSPECT_EXAMPLES, InspectArgs};
use crate::models::{MODELS_EXAMPLES, ModelsArgs};
use crate::projects::{PROJECTS_EXAMPLES, ProjectsArgs};
use crate::prospect::{PROSPECT_EXAMPLES, ProspectArgs};
use crate::sprites::{SPRITES_EXAMPLES, SpritesArgs};
use doctor::DOCTOR_EXAMPLES;
use forge::FORGE_EXAMPLES;
use serve::SERVE_EXAMPLES;

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
    /// Write the depth map of a picture: 16 bits of grey, white near.
    #[command(after_help = DEPTH_EXAMPLES)]
    Depth(DepthArgs),
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

#[derive(Debug, ClapArgs)]
pub struct Common {
    /// JSON on stdout, nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}
