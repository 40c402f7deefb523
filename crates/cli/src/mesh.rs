use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{
    Command, ErrorCode, ErrorReport, ExportPreset, ExportRoute, GateVerdict, MeshExport, MeshFix, MeshRef,
    MeshTicket, RepairTicket, Reply, SourceRef,
};

use crate::exit::Exit;
use crate::follow::mismatch;
use crate::interrupt::Interrupt;
use crate::show::{json_line, out_line};

pub const INSPECT_EXAMPLES: &str = "\
Examples:
  oreforge inspect duck.glb             what it is made of, and what an engine would say
  oreforge inspect scan.ply --json      the same as JSON
  oreforge inspect duck.glb --reference duck.png
      and whether its front shows what the picture shows

Reads GLB, glTF, OBJ with its materials, STL and PLY. Exit codes: 0 it is read, whatever is found, 2 usage, 3 no
mesh that can be read.";

pub const EXPORT_EXAMPLES: &str = "\
Examples:
  oreforge export duck.glb --to duck.fbx --preset unity
      axes, unit and pivot as Unity wants them, the texture inside
  oreforge export statue.glb --to statue.stl --preset print
      millimetres, Z up, on the bed
  oreforge export raw.ply --to clean.glb --repair
      closed, manifold, outward; says what was wrong, before and after
  oreforge export found.glb --to sound.glb --fix
      everything that `oreforge inspect` names a fix for; the file it came from stays
  oreforge export duck.glb --to duck-web.glb --compress
      meshopt compression and WebP textures
  oreforge export scan.obj --to scan.glb --triangles 20000 --lods 3
      thinned, seams and texture kept, with three more levels of detail
  oreforge export duck.glb --to duck.fbx --via blender
      written by an installed Blender, and read back before it counts

Writes GLB, glTF, OBJ, STL, PLY, USDZ and FBX, chosen by the ending; reads GLB, glTF, OBJ, STL and PLY. What a format
cannot carry is said. Exit codes: 0 written, 2 usage or a place that cannot be written, 3 no mesh that can be read, 4 no
Blender, 6 Blender failed, 130 cancelled.";

#[derive(Debug, ClapArgs)]
pub struct InspectArgs {
    /// GLB, glTF, OBJ, STL or PLY.
    pub mesh: PathBuf,
    /// A picture of its front, to hold it against: outline, colours, likeness.
    #[arg(long, value_name = "PICTURE")]
    reference: Option<PathBuf>,
    /// JSON on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct ExportArgs {
    /// GLB, glTF, OBJ, STL or PLY.
    pub mesh: PathBuf,
    /// File to write; its ending chooses the format: glb, gltf, obj, stl, ply, usdz or fbx.
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    /// Who it is for: unity, unreal, godot, blender or print.
    #[arg(long, value_name = "NAME")]
    preset: Option<ExportPreset>,
    /// Who writes the file: oreforge, or an installed blender (glb, fbx, obj, stl, ply).
    #[arg(long, value_name = "NAME", default_value = "oreforge")]
    via: ExportRoute,
    /// The Blender to use, 3.4 or newer; else that of OREFORGE_BLENDER, else the one that the system finds.
    #[arg(long, value_name = "PROGRAM")]
    blender: Option<PathBuf>,
    /// Close holes, turn triangles outward, make it manifold, drop floaters and inner shells; says what was wrong.
    #[arg(long)]
    repair: bool,
    /// Make right all that `inspect` names a fix for: repair, thin to 100,000 triangles, unfold anew.
    #[arg(long)]
    fix: bool,
    /// At most so many.
    #[arg(long, value_name = "N")]
    triangles: Option<u32>,
    /// Further levels of detail, each of half the triangles.
    #[arg(long, value_name = "N", default_value_t = 0)]
    lods: u32,
    /// GLB alone, for the web: meshopt compression, and textures as WebP without loss.
    #[arg(long)]
    compress: bool,
    /// JSON on stdout, nothing else there.
    #[arg(long)]
    json: bool,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub async fn inspect(args: InspectArgs) -> anyhow::Result<Exit> {
    let forge = Oreforge::open(Config { data_dir: args.data_dir, only_own_jobs: true })?;
    let mesh = MeshRef::Path { path: text(&args.mesh)? };
    let reference = args.reference.as_deref().map(text).transpose()?;
    let reference = reference.map(|path| SourceRef::Path { path });
    let Reply::InspectMesh(ticket) = forge.execute(Command::InspectMesh { mesh, reference }).await? else {
        return Err(mismatch().into());
    };
    if args.json {
        json_line(&ticket)
    } else {
        show(&ticket)
    }
    Ok(Exit::Done)
}

pub async fn export(args: ExportArgs) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen();
    let forge = Oreforge::open(Config { data_dir: args.data_dir, only_own_jobs: true })?;
    let forge = match args.blender {
        Some(program) => forge.with_blender(program),
        None => forge,
    };
    let export = MeshExport {
        mesh: MeshRef::Path { path: text(&args.mesh)? },
        path: text(&args.to)?,
        via: args.via,
        preset: args.preset,
        repair: args.repair,
        fix: args.fix,
        triangles: args.triangles,
        lods: args.lods,
        compressed: args.compress,
    };
    let reply = tokio::select! {
        reply = forge.execute(Command::ExportMesh { export }) => reply?,
        // Blender ends with whoever waits for it.
        () = interrupt.wait() => return Ok(Exit::Cancelled),
    };
    let Reply::ExportMesh(exported) = reply else { return Err(mismatch().into()) };
    if args.json {
        json_line(&exported);
        return Ok(Exit::Done);
    }
    for file in &exported.files {
        out_line(&file.path);
    }
    let counts: Vec<String> = exported.triangles.iter().map(u32::to_string).collect();
    out_line(&format!("triangles  {}", counts.join(", ")));
    exported.repaired.iter().for_each(show_repairs);
    exported.notes.iter().for_each(|note| out_line(&format!("note       {note}")));
    Ok(Exit::Done)
}

pub fn show_repairs(ticket: &RepairTicket) {
    for (what, before, after) in ticket.lines() {
        out_line(&format!("repaired   {what}: {before} before, {after} after"));
    }
}

fn show(ticket: &MeshTicket) {
    let [low, high] = [ticket.bounds_min_m, ticket.bounds_max_m];
    let [x, y, z] = std::array::from_fn(|i| high[i] - low[i]);
    let shape = if ticket.watertight { "closed" } else { "open" };
    out_line(&format!(
        "{}, {} triangles, {} vertices, {} part(s), {shape}",
        ticket.format, ticket.triangles, ticket.vertices, ticket.components
    ));
    out_line(&format!("{x:.3} × {y:.3} × {z:.3} m, {} material(s)", ticket.materials));
    for texture in &ticket.textures {
        out_line(&format!("texture \"{}\" {} × {} px", texture.name, texture.width_px, texture.height_px));
    }
    for check in &ticket.checks {
        let mark = if check.verdict == GateVerdict::Pass { "ok" } else { "look" };
        let fix = check.fix.map_or(String::new(), |fix| format!(" [--fix {}]", fixes(fix)));
        out_line(&format!("{mark:<5} {:<14} {}{fix}", check.name, check.says));
    }
    if ticket.checks.iter().any(|check| check.fix.is_some()) {
        out_line("mend  `oreforge export MESH --to NEW.glb --fix` makes right what has [--fix …] behind it");
    }
    ticket.notes.iter().for_each(|note| out_line(&format!("note  {note}")));
}

fn fixes(fix: MeshFix) -> &'static str {
    match fix {
        MeshFix::Repair => "repairs it",
        MeshFix::Thin => "thins it",
        MeshFix::Unfold => "unfolds it anew, with the colours it has",
    }
}

/// The core takes places as text.
pub fn text(path: &Path) -> Result<String, ErrorReport> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        ErrorReport::new(ErrorCode::BadRequest, format!("{} is no readable name.", path.display()))
            .with_hint("Give the file another name.")
    })
}
