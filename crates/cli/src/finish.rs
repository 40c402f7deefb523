use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{
    Command, ErrorCode, ErrorReport, ForgeParams, MeshFinish, MeshRef, Reply, SourceRef, ViewSlot,
};

use crate::exit::Exit;
use crate::follow::mismatch;
use crate::mesh::{show_repairs, text};
use crate::show::{json_line, out_line};

pub const FINISH_EXAMPLES: &str = "\
Examples:
  oreforge finish hunyuan.glb --views duck.views --out duck.glb
      closed, in budget, upright, unwrapped, painted from duck.views/front.png, right.png and so on
  oreforge finish scan.ply --views shots --triangles 5000 --texture 512 --size 0.3 --out scan.fbx
      another format, thirty centimetres large

The views are named front, right, back, left, top, bottom or three_quarter, and are PNG, JPEG or WebP; as `forge`
writes them: square, at one scale, the object in the middle. The mesh may be turned, of any scale and dirty.
Exit codes: 0 written, 2 usage or a place that cannot be written, 3 no mesh or no views that can be used.";

const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

#[derive(Debug, ClapArgs)]
pub struct FinishArgs {
    /// GLB, glTF, OBJ, STL or PLY.
    pub mesh: PathBuf,
    /// Folder with front.png, right.png and so on; at least one of them.
    #[arg(long, value_name = "DIR")]
    views: PathBuf,
    /// File to write; its ending chooses the format: glb, gltf, obj, stl, ply, usdz or fbx.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Triangle budget.
    #[arg(long, value_name = "N", default_value_t = ForgeParams::default().triangles)]
    triangles: u32,
    /// Side of the square texture in pixels.
    #[arg(long, value_name = "PX", default_value_t = ForgeParams::default().texture_px)]
    texture: u32,
    /// Largest dimension in metres.
    #[arg(long, value_name = "M", default_value_t = ForgeParams::default().size_m)]
    size: f32,
    /// No normal and occlusion maps of the dense surface.
    #[arg(long)]
    no_detail_maps: bool,
    /// JSON on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub async fn finish(args: FinishArgs) -> anyhow::Result<Exit> {
    let forge = Oreforge::open(Config { data_dir: args.data_dir, only_own_jobs: true })?;
    let finish = MeshFinish {
        mesh: MeshRef::Path { path: text(&args.mesh)? },
        views: views_in(&args.views)?,
        path: text(&args.out)?,
        triangles: args.triangles,
        texture_px: args.texture,
        size_m: args.size,
        detail_maps: !args.no_detail_maps,
    };
    let Reply::FinishMesh(finished) = forge.execute(Command::FinishMesh { finish }).await? else {
        return Err(mismatch().into());
    };
    if args.json {
        json_line(&finished);
        return Ok(Exit::Done);
    }
    for file in &finished.files {
        out_line(&file.path);
    }
    let (mesh, agreement) = (&finished.mesh, &finished.agreement);
    let shape = if mesh.watertight { "closed" } else { "open" };
    out_line(&format!("mesh       {} triangles, {} part(s), {shape}", mesh.triangles, mesh.components));
    show_repairs(&mesh.repaired);
    out_line(&format!(
        "turned     {} is up, {:.1}° about it; the outlines agree by {:.1} %",
        agreement.up_axis,
        agreement.azimuth_deg,
        agreement.iou * 100.0
    ));
    out_line(&format!(
        "painted    {:.0} % from the views, the rest from round about",
        agreement.seen_share * 100.0
    ));
    finished.notes.iter().for_each(|note| out_line(&format!("note       {note}")));
    Ok(Exit::Done)
}

fn views_in(dir: &Path) -> Result<BTreeMap<ViewSlot, SourceRef>, ErrorReport> {
    let mut views = BTreeMap::new();
    for slot in ViewSlot::ALL {
        let files = ENDINGS.map(|ending| dir.join(format!("{slot}.{ending}")));
        if let Some(file) = files.iter().find(|file| file.is_file()) {
            views.insert(slot, SourceRef::Path { path: text(file)? });
        }
    }
    if views.is_empty() {
        let message = format!("There is no view in {}.", dir.display());
        return Err(ErrorReport::new(ErrorCode::PictureMissing, message).with_hint(
            "Name the pictures front.png, right.png, back.png, left.png, top.png or bottom.png.",
        ));
    }
    Ok(views)
}
