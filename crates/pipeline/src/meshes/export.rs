//! A mesh file in another format.

use glam::Vec3;
use oreforge_geometry::Cancel;
use oreforge_geometry::asset::{
    Asset, Companion, Format, Imported, NamedFile, WriteError, WriteOptions, Written, mend, thin, unfold,
    write,
};
use oreforge_protocol::{ErrorCode, ErrorReport, ExportPreset, MeshFix, RepairTicket};

use super::import;
use super::ticket::{self, counted};
use crate::run::{generator, internal};

const MAX_LODS: u32 = 7;
/// Of a mesh that has none yet.
const USUAL_TEXTURE_PX: u32 = 1024;
const LEAST_TRIANGLES: u32 = 4;

#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// Of the file to write: `name.ending`, without a folder.
    pub file_name: String,
    pub preset: Option<ExportPreset>,
    pub repair: bool,
    /// What the ticket names a fix for.
    pub fix: bool,
    pub triangles: Option<u32>,
    pub lods: u32,
    pub compressed: bool,
}

#[derive(Debug, Clone)]
pub struct Exported {
    /// The last is the one to open.
    pub files: Vec<NamedFile>,
    pub triangles: Vec<u32>,
    pub repaired: Option<RepairTicket>,
    pub notes: Vec<String>,
}

/// Reads a mesh, thins it when asked, and writes it as `options` say; the result was read back before it counts.
///
/// # Errors
/// When the bytes are no mesh, the options make no sense, or the format cannot hold the mesh.
pub fn export(
    bytes: &[u8],
    file_name: &str,
    companion: Companion<'_>,
    options: &ExportOptions,
) -> Result<Exported, ErrorReport> {
    let Prepared { lods, format, layout, repaired, mut notes } =
        prepare(bytes, file_name, companion, options)?;
    let Written { files, notes: losses } = write(&lods, format, &layout).map_err(|e| failure(&e))?;
    notes.extend(losses);
    let counts = lods.iter().map(|lod: &Asset| lod.triangles.len() as u32).collect();
    Ok(Exported { files, triangles: counts, repaired, notes })
}

/// What is to be written.
pub(super) struct Prepared {
    /// The finest first.
    pub lods: Vec<Asset>,
    pub format: Format,
    pub layout: WriteOptions,
    pub repaired: Option<RepairTicket>,
    pub notes: Vec<String>,
}

/// Nobody cancels this: it ends with its process.
pub(super) fn prepare(
    bytes: &[u8],
    file_name: &str,
    companion: Companion<'_>,
    options: &ExportOptions,
) -> Result<Prepared, ErrorReport> {
    let (format, name) = target(options)?;
    let (source_format, Imported { mut asset, mut notes }) = import(bytes, file_name, companion)?;
    let ticket = options.fix.then(|| ticket::of(&asset, source_format, Vec::new()));
    let asks_for = |fix| ticket.iter().flat_map(|ticket| &ticket.checks).any(|check| check.fix == Some(fix));
    let mut repaired = None;
    if options.repair || asks_for(MeshFix::Repair) {
        let mended = mend(&asset, Cancel::never()).map_err(|e| internal("repair the mesh", &e))?;
        repaired = Some(RepairTicket { before: counted(&mended.before), after: counted(&mended.after) });
        asset = mended.asset;
    }
    if options.preset.is_some() {
        stand(&mut asset.positions);
    }
    let object_name = match options.preset {
        Some(ExportPreset::Unreal) if !name.starts_with("SM_") => format!("SM_{name}"),
        _ => name.to_owned(),
    };
    let file_stem = name.to_owned();
    let to = |asset: &Asset, target: usize| {
        thin(asset, target, Cancel::never()).map_err(|e| internal("thin the mesh", &e))
    };
    let triangles = options.triangles.or(asks_for(MeshFix::Thin).then_some(ticket::BUDGET as u32));
    if let Some(budget) = triangles {
        asset = to(&asset, budget as usize)?;
    }
    if asks_for(MeshFix::Unfold) {
        let texture_px = texture_px(&asset);
        asset = unfold(&asset, texture_px, Cancel::never()).map_err(|e| internal("unfold the mesh", &e))?;
        notes.push(format!(
            "Unfolded anew and painted with its own colours: one material, one texture of {texture_px} px."
        ));
    }
    let finest = asset.triangles.len();
    let mut lods = vec![asset];
    for level in 1..=options.lods {
        let previous = &lods[lods.len() - 1];
        let thinned = to(previous, (finest >> level).max(LEAST_TRIANGLES as usize))?;
        if thinned.triangles.len() < previous.triangles.len() {
            lods.push(thinned);
        }
    }
    if triangles.is_some_and(|budget| finest > budget as usize) {
        notes.push(format!(
            "The shape keeps {} triangles; with fewer it would tear.",
            lods[0].triangles.len()
        ));
    }
    if lods.len() as u32 <= options.lods {
        notes.push(format!("There are only {} levels of detail; the shape has no more.", lods.len()));
    }
    notes.extend(preset_notes(options, format));
    let (z_up, units_per_metre) = axes_and_unit(options.preset, format);
    let layout = WriteOptions {
        file_stem,
        object_name,
        generator: generator(),
        z_up,
        units_per_metre,
        compressed: options.compressed,
        extras: None,
    };
    Ok(Prepared { lods, format, layout, repaired, notes })
}

/// Side of a texture that keeps what the mesh shows.
fn texture_px(asset: &Asset) -> u32 {
    let sides = asset.textures.iter().map(|texture| texture.width_px.max(texture.height_px));
    sides.max().map_or(USUAL_TEXTURE_PX, |side| side.next_power_of_two().clamp(256, 4096))
}

/// The format and the name without its ending.
fn target(options: &ExportOptions) -> Result<(Format, &str), ErrorReport> {
    let bad = |message: String| ErrorReport::new(ErrorCode::BadRequest, message);
    let hint = "Give the file an ending: glb, gltf, obj, stl, ply, usdz or fbx.";
    let (name, ending) =
        options.file_name.rsplit_once('.').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            bad(format!("{} has no ending that names a format.", options.file_name)).with_hint(hint)
        })?;
    let format: Format = ending.to_ascii_lowercase().parse().map_err(|()| {
        let what = format!("Meshes cannot be written as .{ending}.");
        bad(what).with_hint(hint)
    })?;
    if options.triangles.is_some_and(|n| n < LEAST_TRIANGLES) {
        return Err(bad(format!("A mesh needs at least {LEAST_TRIANGLES} triangles.")));
    }
    if options.lods > MAX_LODS {
        return Err(bad(format!("There can be at most {MAX_LODS} further levels of detail.")));
    }
    Ok((format, name))
}

/// Whether Z is up, and the units in a metre, for formats that leave it open.
fn axes_and_unit(preset: Option<ExportPreset>, format: Format) -> (bool, f32) {
    match preset {
        None | Some(ExportPreset::Unity | ExportPreset::Godot) => (false, 1.0),
        // Its PLY importer takes the file's axes as they are; the others turn them.
        Some(ExportPreset::Blender) => (format == Format::Ply, 1.0),
        Some(ExportPreset::Unreal) => (true, 100.0),
        Some(ExportPreset::Print) => (true, 1000.0),
    }
}

fn preset_notes(options: &ExportOptions, format: Format) -> Option<String> {
    let note = match (options.preset?, format) {
        (ExportPreset::Godot, _) if options.lods > 0 => {
            "Godot makes levels of detail itself; the ones in the file are not needed there."
        }
        (ExportPreset::Godot | ExportPreset::Unity, Format::Stl | Format::Ply | Format::Usdz) => {
            "This engine reads GLB or FBX rather."
        }
        (ExportPreset::Unreal, Format::Stl | Format::Ply) => {
            "Unreal does not read this format; FBX or GLB it does."
        }
        (ExportPreset::Print, Format::Glb | Format::Gltf | Format::Fbx | Format::Usdz) => {
            "Slicers want STL; this format keeps its own unit and axes."
        }
        _ => return None,
    };
    Some(note.to_owned())
}

/// The pivot: in the middle of the underside.
fn stand(positions: &mut [Vec3]) {
    let (low, high) = positions
        .iter()
        .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &p| (low.min(p), high.max(p)));
    let feet = Vec3::new((low.x + high.x) / 2.0, low.y, (low.z + high.z) / 2.0);
    positions.iter_mut().for_each(|p| *p -= feet);
}

pub(super) fn failure(error: &WriteError) -> ErrorReport {
    match error {
        WriteError::Empty | WriteError::TooLarge(_) => {
            ErrorReport::new(ErrorCode::MeshTooLarge, format!("It cannot be written: {error}."))
                .with_hint("Thin it with --triangles, or choose another format.")
        }
        WriteError::Failed { .. } | WriteError::Check { .. } => internal("write the mesh", error),
    }
}
