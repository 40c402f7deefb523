//! A mesh that Blender writes: what it is handed, and what its file is held against.

use oreforge_geometry::asset::{
    Asset, AssetError, Companion, Format, Measured, NamedFile, WriteOptions, measure, write,
};
use oreforge_protocol::{ErrorCode, ErrorReport};

use super::export::{ExportOptions, Exported, Prepared, failure, prepare};
use crate::run::internal;

/// Of the diagonal: Blender counts in 32 bits, and writes text with six digits.
const NEAR: f32 = 1e-3;

/// A mesh on its way through Blender.
#[derive(Debug)]
pub struct Handover {
    /// Metres, Y up, one mesh.
    pub glb: Vec<u8>,
    /// Of the file that Blender is to write, its ending in small letters.
    pub file_name: String,
    /// Of that file: Z up instead of Y up. GLB has no choice.
    pub z_up: bool,
    /// Of that file, where it names no unit: OBJ, PLY, STL.
    pub units_per_metre: f32,
    format: Format,
    wanted: Measured,
    exported: Exported,
}

/// Prepares a mesh as [`super::export`] does.
///
/// # Errors
/// As [`super::export`], and when it is asked for what Blender is not used for.
pub fn hand_over(
    bytes: &[u8],
    file_name: &str,
    companion: Companion<'_>,
    options: &ExportOptions,
) -> Result<Handover, ErrorReport> {
    let refused = |what: &str, hint: &str| {
        let message = format!("By way of Blender there is no {what}.");
        Err(ErrorReport::new(ErrorCode::BadRequest, message).with_hint(hint))
    };
    if options.lods > 0 {
        return refused("chain of levels of detail", "Leave them out, or export without Blender.");
    }
    if options.compressed {
        return refused("packing for the web", "Leave it out, or export without Blender.");
    }
    let Prepared { lods, format, layout, repaired, mut notes } =
        prepare(bytes, file_name, companion, options)?;
    if matches!(format, Format::Gltf | Format::Usdz) {
        let hint = "Choose glb, fbx, obj, stl or ply, or export without Blender.";
        return refused(&format.to_string(), hint);
    }
    if format == Format::Stl {
        notes.push("STL carries the bare shape: no colours, textures or smooth shading.".to_owned());
    }
    // Our own file of the format says where everything lies in it, in its axes and its unit.
    let ours = written(&lods, format, &layout)?;
    let wanted = measured(&ours, format).map_err(|error| internal("measure the mesh", &error))?;
    let glb = if format == Format::Glb { ours } else { written(&lods, Format::Glb, &layout)? };
    let Some(glb) = glb.into_iter().next_back() else {
        return Err(ErrorReport::new(ErrorCode::Internal, "There is nothing to hand to Blender."));
    };
    let (z_up, units_per_metre) = match format {
        Format::Stl => (true, 1000.0),
        _ => (layout.z_up, layout.units_per_metre),
    };
    let file_name = format!("{}.{}", layout.file_stem, format.extension());
    let triangles = vec![lods[0].triangles.len() as u32];
    let wanted = Measured { textures: lods[0].textures.len(), ..wanted };
    let exported = Exported { files: Vec::new(), triangles, repaired, notes };
    Ok(Handover { glb: glb.bytes, file_name, z_up, units_per_metre, format, wanted, exported })
}

impl Handover {
    /// Reads the files that Blender wrote, the one to open last: the same triangles in the same place, or an error.
    ///
    /// # Errors
    /// When they are not the mesh that was handed over.
    pub fn accept(self, files: Vec<NamedFile>) -> Result<Exported, ErrorReport> {
        let Self { format, wanted, mut exported, .. } = self;
        let found = measured(&files, format).map_err(|error| wrong(&error.to_string()))?;
        if found.triangles != wanted.triangles {
            let counts = format!("it has {} triangles instead of {}", found.triangles, wanted.triangles);
            return Err(wrong(&counts));
        }
        let near = NEAR * wanted.low.distance(wanted.high);
        // Said so that a coordinate that is no number is not near.
        let same = found.low.distance(wanted.low) <= near && found.high.distance(wanted.high) <= near;
        if !same {
            return Err(wrong("its size, its place or its axes are others"));
        }
        if found.textures < wanted.textures && format != Format::Stl {
            let note =
                format!("Blender's {format} carries {} of {} textures.", found.textures, wanted.textures);
            exported.notes.push(note);
        }
        Ok(Exported { files, ..exported })
    }
}

fn written(lods: &[Asset], format: Format, layout: &WriteOptions) -> Result<Vec<NamedFile>, ErrorReport> {
    write(lods, format, layout).map(|written| written.files).map_err(|e| failure(&e))
}

fn measured(files: &[NamedFile], format: Format) -> Result<Measured, AssetError> {
    let main = files.last().map_or(&[][..], |file| &file.bytes);
    let beside = |name: &str| files.iter().find(|file| file.name == name).map(|file| file.bytes.clone());
    measure(main, format, &beside)
}

fn wrong(reason: &str) -> ErrorReport {
    let message =
        format!("What Blender wrote is not the mesh it was given: {}.", reason.trim_end_matches('.'));
    ErrorReport::new(ErrorCode::EngineFailed, message)
        .with_hint("Nothing was saved. Try it with --repair, or export without Blender.")
}
