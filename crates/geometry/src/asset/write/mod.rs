//! Meshes as other programs want them.

mod fbx;
mod gltf;
mod gltf_packed;
mod obj;
mod ply;
mod stl;
mod usdz;

use glam::Vec3;
use thiserror::Error;

use super::{Asset, AssetError, Format, read};

/// How a file is to be laid out; every format keeps to what its readers expect where it has no choice.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteOptions {
    /// Of the file, without its ending.
    pub file_stem: String,
    /// Of the mesh in it.
    pub object_name: String,
    /// The program that made it.
    pub generator: String,
    /// Z up instead of Y up, for formats that leave it open. STL always is.
    pub z_up: bool,
    /// Units of the file in a metre, for formats that name none: OBJ and PLY. STL is always in millimetres.
    pub units_per_metre: f32,
    /// GLB alone: meshopt compression, and textures as WebP.
    pub compressed: bool,
    /// `asset.extras` of glTF.
    pub extras: Option<serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Without a folder.
    pub name: String,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The last is the one to open; the others lie beside it.
    pub files: Vec<NamedFile>,
    /// What the format cannot carry, as sentences.
    pub notes: Vec<String>,
}

#[derive(Debug, Error)]
pub enum WriteError {
    #[error("the mesh has no triangles")]
    Empty,
    #[error("the mesh is too large for {0}")]
    TooLarge(Format),
    #[error("the {format} file could not be made: {reason}")]
    Failed { format: Format, reason: String },
    /// What was written does not read as what was meant.
    #[error("the {format} file did not survive its check: {reason}")]
    Check { format: Format, reason: String },
}

/// Writes levels of detail, the finest first, and reads the result back before it counts: the same triangles
/// and the same size, or an error.
pub fn write(lods: &[Asset], format: Format, options: &WriteOptions) -> Result<Written, WriteError> {
    if lods.is_empty() || lods.iter().any(|asset| asset.triangles.is_empty()) {
        return Err(WriteError::Empty);
    }
    let mut notes = losses(&lods[0], format);
    match (options.compressed, format) {
        (true, Format::Glb) => notes.push(
            "Compressed for the web: places are rounded to 1/65535 of the size, normals to half a degree, the \
             textures' pixels are the same. three.js and Babylon.js read it; Blender, Unity and Unreal do not \
             without a plug-in."
                .to_owned(),
        ),
        (true, _) => notes.push(format!("{format} is not compressed; GLB can be.")),
        (false, _) => {}
    }
    let files = match format {
        Format::Glb | Format::Gltf => gltf::write(lods, format, options)?,
        Format::Obj => obj::write(lods, options),
        Format::Fbx => fbx::write(lods, options)?,
        Format::Stl => per_level(lods, format, options, &mut notes, |asset, _| stl::write(asset))?,
        Format::Usdz => per_level(lods, format, options, &mut notes, usdz::write)?,
        Format::Ply => {
            let mut files = ply::texture(&lods[0], options);
            files.extend(per_level(lods, format, options, &mut notes, |asset, o| Ok(ply::write(asset, o)))?);
            files
        }
    };
    check(lods, format, &files)?;
    Ok(Written { files, notes })
}

/// A file for each level, the finest last.
fn per_level(
    lods: &[Asset],
    format: Format,
    options: &WriteOptions,
    notes: &mut Vec<String>,
    write: impl Fn(&Asset, &WriteOptions) -> Result<Vec<u8>, WriteError>,
) -> Result<Vec<NamedFile>, WriteError> {
    if lods.len() > 1 {
        notes.push(format!("{format} holds one mesh: each level of detail has its own file."));
    }
    let file = |(level, asset): (usize, &Asset)| {
        let ending = format.extension();
        let name = match level {
            0 => format!("{}.{ending}", options.file_stem),
            level => format!("{}_LOD{level}.{ending}", options.file_stem),
        };
        Ok(NamedFile { name, bytes: write(asset, options)? })
    };
    lods.iter().enumerate().rev().map(file).collect()
}

/// The name alone for a single level, else with `_LOD0` and so on.
fn level_name(options: &WriteOptions, lods: &[Asset], level: usize) -> String {
    let name = &options.object_name;
    if lods.len() == 1 { name.clone() } else { format!("{name}_LOD{level}") }
}

fn placed(p: Vec3, options: &WriteOptions) -> Vec3 {
    if options.z_up { Vec3::new(p.x, -p.z, p.y) } else { p }
}

fn losses(asset: &Asset, format: Format) -> Vec<String> {
    let mut notes = Vec::new();
    let occluded = asset.materials.iter().any(|material| material.occlusion_texture.is_some());
    let bumpy = asset.materials.iter().any(|material| material.normal_texture.is_some());
    if occluded && matches!(format, Format::Obj | Format::Fbx) {
        notes.push(format!("{format} has no place for an occlusion map: it lies with the textures, unused."));
    }
    if bumpy && format == Format::Ply {
        notes.push("PLY carries no normal map.".to_owned());
    }
    if bumpy && format == Format::Obj {
        notes
            .push("OBJ names the normal map as `norm`, which Blender and others do not look for.".to_owned());
    }
    match format {
        Format::Glb | Format::Gltf | Format::Obj => {}
        Format::Fbx if !asset.colors.is_empty() => {
            notes.push("Vertex colours are not written to FBX.".to_owned());
        }
        Format::Fbx | Format::Usdz => {}
        Format::Stl => {
            notes.push("STL carries the bare shape: no colours, textures or smooth shading.".to_owned())
        }
        Format::Ply if asset.materials.len() > 1 => {
            notes.push("PLY carries one look: what belongs to further materials is left out.".to_owned());
        }
        Format::Ply => {}
    }
    notes
}

/// Reads what was written, with a reader that shares no code with the writer.
fn check(lods: &[Asset], format: Format, files: &[NamedFile]) -> Result<(), WriteError> {
    let failed = |reason: String| WriteError::Check { format, reason };
    let Some(main) = files.last() else { return Err(failed("there is no file".to_owned())) };
    let (triangles, extent) = if format == Format::Fbx {
        fbx::reread(&main.bytes).map_err(failed)?
    } else if format == Format::Usdz {
        usdz::reread(&main.bytes).map_err(failed)?
    } else {
        let beside = |name: &str| files.iter().find(|file| file.name == name).map(|file| file.bytes.clone());
        let back = read(&main.bytes, format, &beside).map_err(|e: AssetError| failed(e.to_string()))?.asset;
        (back.triangles.len(), extent(&back.positions))
    };
    let one_mesh = !matches!(format, Format::Obj | Format::Fbx);
    let expected: usize =
        lods[..if one_mesh { 1 } else { lods.len() }].iter().map(|a| a.triangles.len()).sum();
    if triangles != expected {
        return Err(failed(format!("{triangles} triangles instead of {expected}")));
    }
    // Whatever its axes and unit: the proportions.
    let (got, wanted) = (sorted(extent), sorted(self::extent(&lods[0].positions)));
    let same = (0..3).all(|i| (got[i] / got[2] - wanted[i] / wanted[2]).abs() < 1e-3);
    if same { Ok(()) } else { Err(failed("its proportions are others".to_owned())) }
}

fn extent(positions: &[Vec3]) -> Vec3 {
    let (low, high) = positions
        .iter()
        .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &p| (low.min(p), high.max(p)));
    high - low
}

/// Ascending; never nothing.
fn sorted(extent: Vec3) -> [f32; 3] {
    let mut sides = extent.to_array().map(|side| side.max(f32::MIN_POSITIVE));
    sides.sort_by(f32::total_cmp);
    sides
}
