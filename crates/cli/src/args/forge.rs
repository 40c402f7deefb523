use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use oreforge_protocol::{
    BackChoice, ComfyChoices, EngineChoice, ForgeParams, ProfileChoice, SymmetryChoice, ViewSlot,
};

use super::{ComfyArgs, Engine};

pub(super) const FORGE_EXAMPLES: &str = "\
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
    /// How near what the picture shows is: white near, black far, 8 or 16 bits; the draft's relief.
    #[arg(long, value_name = "PATH")]
    pub depth_map: Option<PathBuf>,
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
    #[command(flatten)]
    pub comfy: ComfyArgs,
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
                server: self.comfy.comfy.clone(),
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
