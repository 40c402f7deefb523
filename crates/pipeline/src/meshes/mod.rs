//! Mesh files from anywhere: looked at, handed over in another format, and
//! finished.

mod beside;
mod blender;
mod export;
mod finish;
mod look;
mod sprites;
mod ticket;

pub use blender::{Handover, hand_over};
pub use export::{ExportOptions, Exported, export};
pub use finish::{FinishOptions, Finished, finish};
pub use oreforge_geometry::asset::{Companion, NamedFile};
pub use sprites::{Sprites, sprites};
pub(crate) use ticket::counted;
pub use ticket::inspect;

use oreforge_geometry::asset::{AssetError, Format, Imported, read};
use oreforge_protocol::{ErrorCode, ErrorReport};

const KINDS: &str = "Choose a GLB, glTF, OBJ, STL or PLY file.";

fn import(
    bytes: &[u8],
    file_name: &str,
    companion: Companion<'_>,
) -> Result<(Format, Imported), ErrorReport> {
    let Some(format) = Format::of(bytes, file_name) else {
        return Err(report(&AssetError::NotAMesh));
    };
    Ok((format, read(bytes, format, companion).map_err(|error| report(&error))?))
}

fn report(error: &AssetError) -> ErrorReport {
    let (code, hint) = match error {
        AssetError::Empty => {
            (ErrorCode::MeshUnusable, "Export or copy it again; the copy may have been cut off.")
        }
        AssetError::NotAMesh => (ErrorCode::MeshUnusable, KINDS),
        AssetError::Damaged { .. } => {
            (ErrorCode::MeshUnusable, "Export it again from the program it came from.")
        }
        AssetError::Unsupported { .. } => {
            (ErrorCode::MeshUnusable, "Export it again without that, or as another of GLB, OBJ, STL or PLY.")
        }
        AssetError::CompanionMissing { .. } => {
            (ErrorCode::MeshMissing, "Put the file beside the mesh, or export it as one GLB.")
        }
        AssetError::TooLarge { .. } => {
            (ErrorCode::MeshTooLarge, "Thin it first in the program it came from.")
        }
        AssetError::NoTriangles => {
            (ErrorCode::MeshUnusable, "Points and lines alone are no mesh; choose another.")
        }
    };
    ErrorReport::new(code, error.to_string()).with_hint(hint)
}
