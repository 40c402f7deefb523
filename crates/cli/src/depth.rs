use std::path::PathBuf;

use clap::Args as ClapArgs;
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{Command, DepthRange, DepthRequest, ProfileChoice, Reply};

use crate::exit::Exit;
use crate::follow::mismatch;
use crate::forge::at;
use crate::mesh::text;
use crate::show::{json_line, out_line};

pub const DEPTH_EXAMPLES: &str = "\
Examples:
  oreforge depth duck.png --out duck_depth.png
      16 bits of grey: white near, black far and beside the object
  oreforge depth relief.png --out relief_depth.png --far 0.3 --gamma 1.5
      only the nearer part, its middle brighter
  oreforge forge duck.png --depth-map duck_depth.png --out out
      painted over, it is the draft's relief

Exit codes: 0 written, 2 usage or a place that cannot be written, 3 bad input or a mask is needed.";

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
    /// Nearness that is white: 1 is the nearest point of the object, 0 the farthest.
    #[arg(long, value_name = "F", default_value_t = DepthRange::default().near)]
    near: f32,
    /// Nearness that is black.
    #[arg(long, value_name = "F", default_value_t = DepthRange::default().far)]
    far: f32,
    /// Above 1 the middle is brighter, below darker; 0.1 to 10.
    #[arg(long, value_name = "F", default_value_t = DepthRange::default().gamma)]
    gamma: f32,
    /// JSON on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub async fn depth(args: DepthArgs) -> anyhow::Result<Exit> {
    let forge = Oreforge::open(Config { data_dir: args.data_dir, only_own_jobs: true })?;
    let depth = DepthRequest {
        source: at(&args.picture)?,
        mask: args.mask.as_deref().map(at).transpose()?,
        profile: ProfileChoice::Auto,
        range: DepthRange { near: args.near, far: args.far, gamma: args.gamma },
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
