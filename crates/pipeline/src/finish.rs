//! `finish`: a raw surface becomes an asset: budget, UV, texture, measurements.

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::Vec3;
use oreforge_geometry::glb::{self, GlbOptions};
use oreforge_geometry::unwrap::{UnwrapOptions, Unwrapped, unwrap};
use oreforge_geometry::{Cancel, Painter, TexturedMesh, TriMesh, bake, decimate, topology};
use oreforge_protocol::{ArtifactKind, MeshStats, Provenance};

use crate::contract::{ForgeSpec, NewArtifact, StepError, StepOutput, StepSink};
use crate::run::{generator, internal, to_value};

/// The front keeps this much more texels per metre than sides and back: it is the side the artist knows.
const FRONT_DENSITY: f32 = 1.6;

pub(crate) fn finish(
    spec: &ForgeSpec,
    engine: &str,
    raw: Arc<TriMesh>,
    painter: &dyn Painter,
    sink: &dyn StepSink,
    cancel: Cancel<'_>,
) -> Result<(StepOutput, TexturedMesh), StepError> {
    let raw_triangles = raw.triangles.len();
    sink.progress(0.0, "meeting the triangle budget");
    let raw = Arc::try_unwrap(raw).unwrap_or_else(|shared| (*shared).clone());
    let budgeted = decimate::decimate(raw, spec.params.triangles as usize, cancel)?;

    sink.progress(0.35, "unfolding the surface");
    let texture_px = spec.params.texture_px;
    let options = UnwrapOptions {
        texture_px,
        margin_px: (texture_px / 256).max(2),
        favoured: Some((Vec3::Z, FRONT_DENSITY)),
    };
    let mut unwrapped = unwrap(&budgeted, &options, cancel)?;

    sink.progress(0.55, "painting the texture");
    let albedo = bake::bake(&unwrapped, texture_px, painter, cancel)?;
    // Painted first: the painter knows the surface as the engine placed it.
    stand(&mut unwrapped.positions, spec.params.size_m);
    let stats = measure(&budgeted, &unwrapped, texture_px);
    let finished = TexturedMesh {
        positions: unwrapped.positions,
        normals: unwrapped.normals,
        uvs: unwrapped.uvs,
        triangles: unwrapped.triangles,
        albedo,
    };

    sink.progress(0.85, "writing the GLB");
    cancel.check()?;
    let extras = if spec.params.provenance {
        Some(to_value(&Provenance {
            generator: generator(),
            engine: engine.to_owned(),
            seed: spec.params.seed,
            source_name: spec.source_name.clone(),
            source_sha256: spec.source_id.to_string(),
            params: spec.params.clone(),
        })?)
    } else {
        None
    };
    let bytes =
        glb::write(&finished, &GlbOptions { name: spec.name.clone(), generator: generator(), extras })
            .map_err(|e| internal("write the GLB", &e))?;

    let facts = BTreeMap::from([
        ("raw_triangles".to_owned(), raw_triangles.into()),
        ("mesh".to_owned(), to_value(&stats)?),
        ("glb_bytes".to_owned(), bytes.len().into()),
    ]);
    let mesh = NewArtifact { kind: ArtifactKind::Mesh, slot: None, number: None, bytes, stats: Some(stats) };
    Ok((StepOutput { artifacts: vec![mesh], facts }, finished))
}

/// Puts the feet on the ground, the middle over the origin, and makes the largest dimension exactly `size_m`;
/// smoothing and thinning have moved all three by a hair.
fn stand(positions: &mut [Vec3], size_m: f32) {
    let (low, high) = bounds(positions);
    let largest = (high - low).max_element();
    if largest > 0.0 {
        let feet = Vec3::new((low.x + high.x) / 2.0, low.y, (low.z + high.z) / 2.0);
        positions.iter_mut().for_each(|p| *p = (*p - feet) * (size_m / largest));
    }
}

fn bounds(positions: &[Vec3]) -> (Vec3, Vec3) {
    let Some(&first) = positions.first() else { return (Vec3::ZERO, Vec3::ZERO) };
    positions.iter().fold((first, first), |(low, high), &p| (low.min(p), high.max(p)))
}

fn measure(mesh: &TriMesh, unwrapped: &Unwrapped, texture_px: u32) -> MeshStats {
    let topology = topology::inspect(mesh);
    let (low, high) = bounds(&unwrapped.positions);
    MeshStats {
        vertices: unwrapped.positions.len() as u32,
        triangles: unwrapped.triangles.len() as u32,
        watertight: topology.watertight,
        manifold: topology.manifold,
        consistently_wound: topology.consistently_wound && topology.volume_m3 > 0.0,
        components: topology.components as u32,
        degenerate_triangles: topology.degenerate_triangles as u32,
        texture_px,
        uv_coverage: unwrapped.coverage,
        charts: unwrapped.charts,
        uv_overlap: unwrapped.overlap,
        bounds_min_m: low.to_array(),
        bounds_max_m: high.to_array(),
    }
}
