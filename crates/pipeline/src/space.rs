//! How much a step writes, before it runs.

use oreforge_protocol::StepName;

use crate::contract::ForgeSpec;
use crate::prepare::MAX_WORK_SIDE_PX;

/// A PNG of a picture with an object on clear ground: half of its bytes, measured on the samples and rounded up.
const BYTES_PER_PX: u64 = 2;
const VIEWS: u64 = 5;
const VIEW_SIDE_PX: u64 = 1024;
/// The largest raw surface of the draft engine, rounded up: 0.5 million triangles.
const RAW_MESH_BYTES: u64 = 24_000_000;
/// Positions, normals, tangents, UVs and indices, with the vertices split at seams.
const BYTES_PER_TRIANGLE: u64 = 80;
/// The contact sheet and the report.
const EXPORT_BYTES: u64 = 2_000_000;

/// Bytes, rather too many than too few.
pub(crate) fn written_bytes(spec: &ForgeSpec, step: StepName) -> u64 {
    match step {
        StepName::Prepare => {
            let cutouts = 1 + spec.given_views.len() as u64;
            cutouts * u64::from(MAX_WORK_SIDE_PX).pow(2) * BYTES_PER_PX
        }
        StepName::Views => VIEWS * VIEW_SIDE_PX.pow(2) * BYTES_PER_PX,
        StepName::Gate | StepName::Pictures => 0,
        StepName::Mesh => RAW_MESH_BYTES,
        StepName::Finish => {
            // The colours and the normals, and a quarter of that for the occlusion.
            let texture = u64::from(spec.params.texture_px).pow(2) * BYTES_PER_PX * 9 / 4;
            texture + u64::from(spec.params.triangles) * BYTES_PER_TRIANGLE
        }
        StepName::Export => EXPORT_BYTES,
    }
}
