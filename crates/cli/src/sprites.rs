use std::path::PathBuf;

use clap::Args as ClapArgs;
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{Command, MeshRef, Reply, SpriteOptions, SpriteRender};

use crate::exit::Exit;
use crate::follow::mismatch;
use crate::mesh::text;
use crate::show::{json_line, out_line};

pub const SPRITES_EXAMPLES: &str = "\
Examples:
  oreforge sprites duck.glb --to duck.json
      duck.png, duck_normal.png and duck_depth.png: 8 frames of 256 px from 30 degrees above, and their list
  oreforge sprites duck.glb --to hero.json --directions 16 --size 128 --elevation 45 --outline 2

The list is JSON as TexturePacker writes it (hash): Phaser, PixiJS, Godot and Unity read it. Normals point right, up
and to the camera; depth is 16 bits, white near, black nothing. Exit codes: 0 written, 2 usage or a place that cannot
be written, 3 no mesh that can be read.";

#[derive(Debug, ClapArgs)]
pub struct SpritesArgs {
    /// GLB, glTF, OBJ, STL or PLY.
    pub mesh: PathBuf,
    /// JSON file to write; the atlases stand beside it.
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    /// Frames around the mesh, 1 to 72.
    #[arg(long, value_name = "N", default_value_t = SpriteOptions::default().directions)]
    directions: u32,
    /// Of the camera above the ground, in degrees.
    #[arg(long, value_name = "DEG", default_value_t = SpriteOptions::default().elevation_deg, allow_negative_numbers = true)]
    elevation: f32,
    /// Side of a frame in pixels, 16 to 1024.
    #[arg(long, value_name = "PX", default_value_t = SpriteOptions::default().size_px)]
    size: u32,
    /// Width of a dark outline; 0 draws none.
    #[arg(long, value_name = "PX", default_value_t = 0)]
    outline: u32,
    /// JSON on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub async fn sprites(args: SpritesArgs) -> anyhow::Result<Exit> {
    let forge = Oreforge::open(Config { data_dir: args.data_dir, only_own_jobs: true })?;
    let sprites = SpriteRender {
        mesh: MeshRef::Path { path: text(&args.mesh)? },
        path: text(&args.to)?,
        options: SpriteOptions {
            directions: args.directions,
            elevation_deg: args.elevation,
            size_px: args.size,
            outline_px: args.outline,
        },
    };
    let Reply::RenderSprites(sheet) = forge.execute(Command::RenderSprites { sprites }).await? else {
        return Err(mismatch().into());
    };
    if args.json {
        json_line(&sheet);
        return Ok(Exit::Done);
    }
    sheet.files.iter().for_each(|file| out_line(&file.path));
    out_line(&format!(
        "{} frames, atlas {} × {} px",
        sheet.frames, sheet.atlas_width_px, sheet.atlas_height_px
    ));
    Ok(Exit::Done)
}
