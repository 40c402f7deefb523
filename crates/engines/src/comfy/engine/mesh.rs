//! A mesh from a server, read.

use oreforge_geometry::asset::{self, Format};
use oreforge_geometry::{TriMesh, topology};
use oreforge_protocol::{ErrorCode, ErrorReport};

use crate::comfy::Made;
use crate::engine::EngineError;

/// The surface in the file that this node made; faces wind so that it encloses a positive volume.
pub(super) fn read(made: &[Made], node: &str) -> Result<TriMesh, EngineError> {
    let unusable = |reason: String| {
        EngineError::Failed(
            ErrorReport::new(ErrorCode::EngineFailed, format!("The server's mesh cannot be used. {reason}"))
                .with_hint("Try another seed or other values for the mesh step."),
        )
    };
    let Some((made, format)) = made
        .iter()
        .filter(|made| made.file.node_id == node)
        .find_map(|made| Some((made, Format::of(&made.bytes, &made.file.file_name)?)))
    else {
        return Err(unusable("The workflow made no mesh file.".to_owned()));
    };
    let imported =
        asset::read(&made.bytes, format, &|_| None).map_err(|error| unusable(error.to_string()))?;
    let mut mesh = imported.asset.surface();
    if mesh.triangles.is_empty() {
        return Err(unusable("It is empty.".to_owned()));
    }
    if topology::inspect(&mesh).volume_m3 < 0.0 {
        mesh.triangles.iter_mut().for_each(|triangle| triangle.swap(1, 2));
    }
    Ok(mesh)
}
