//! Untrusted mesh files. Memory stays in proportion to the bytes given; every count is checked against them
//! before memory is taken for it.

mod builder;
mod gltf;
mod gltf_data;
mod gltf_looks;
mod gltf_packed;
mod mtl;
mod obj;
mod ply;
mod ply_header;
mod stl;
mod texture;

use super::{Asset, AssetError, Format};

/// Vertices and triangles of one mesh, each.
const MAX_ELEMENTS: usize = 32_000_000;
const MAX_MATERIALS: usize = 1024;
const MAX_TEXTURES: usize = 256;
const MAX_NAME_CHARS: usize = 120;
const MAX_NOTES: usize = 20;

/// Gives the bytes of a file beside the mesh by the relative name the mesh calls it, or `None` when it is not
/// there, too large or outside of the mesh's folder. The name is untrusted.
pub type Companion<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// A mesh from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub asset: Asset,
    /// What was assumed or left out, as sentences.
    pub notes: Vec<String>,
}

/// Reads a mesh as metres, Y up: glTF transforms applied; STL taken as millimetres with Z up, as printers do;
/// OBJ and PLY as metres with Y up.
pub fn read(bytes: &[u8], format: Format, companion: Companion<'_>) -> Result<Imported, AssetError> {
    if bytes.is_empty() {
        return Err(AssetError::Empty);
    }
    let mut notes = Notes::default();
    let asset = match format {
        Format::Glb | Format::Gltf => gltf::read(bytes, format, companion, &mut notes),
        Format::Obj => obj::read(bytes, companion, &mut notes),
        Format::Stl => stl::read(bytes, &mut notes),
        Format::Ply => ply::read(bytes, companion, &mut notes),
        Format::Fbx | Format::Usdz => {
            Err(AssetError::Unsupported { format, what: format!("{format} is written here, not read") })
        }
    }?;
    Ok(Imported { asset, notes: notes.0 })
}

/// Each sentence once, and not without end.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.0.len() < MAX_NOTES && !self.0.contains(&note) {
            self.0.push(note);
        }
    }
}

/// A name from a file, without what could be mistaken for a path or a control sequence.
fn tidy_name(name: &str, otherwise: &str) -> String {
    let tidy: String = name
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '/' | '\\' | ':' | '"' | '<' | '>' | '|' | '?' | '*'))
        .take(MAX_NAME_CHARS)
        .collect();
    let tidy = tidy.trim().trim_matches('.');
    if tidy.is_empty() { otherwise.to_owned() } else { tidy.to_owned() }
}
