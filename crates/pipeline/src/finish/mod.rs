//! `finish`: a raw surface becomes an asset.

mod dress;
mod foreign;

use std::collections::BTreeMap;
use std::sync::Arc;

use image::RgbaImage;
use oreforge_geometry::glb::{self, GlbOptions};
use oreforge_geometry::{Cancel, TexturedMesh, TriMesh};
use oreforge_protocol::{ArtifactKind, ForgeParams, LogLevel, Provenance};

use crate::contract::{ForgeSpec, NewArtifact, StepError, StepOutput, StepSink};
use crate::resemblance;
use crate::run::{generator, internal, to_value};
pub(crate) use dress::{Colours, Dressed, Wish, dress};
pub(crate) use foreign::doubt;

/// Share of the step until the GLB is written.
const UNTIL_WRITING: f32 = 0.85;

/// An asset goes out into the world; the names of an artist's servers stay at home.
fn without_server(params: &ForgeParams) -> ForgeParams {
    let mut params = params.clone();
    params.comfy.server = None;
    params
}

pub(crate) fn finish(
    spec: &ForgeSpec,
    engine: &str,
    raw: Arc<TriMesh>,
    colours: Colours,
    reference: &RgbaImage,
    sink: &dyn StepSink,
    cancel: Cancel<'_>,
) -> Result<(StepOutput, TexturedMesh), StepError> {
    let raw_triangles = raw.triangles.len();
    let raw = Arc::try_unwrap(raw).unwrap_or_else(|shared| (*shared).clone());
    let params = &spec.params;
    let wish = Wish {
        triangles: params.triangles,
        texture_px: params.texture_px,
        size_m: params.size_m,
        detail_maps: params.bakes_detail(),
    };
    let progress = |fraction: f32, doing: &str| sink.progress(fraction * UNTIL_WRITING, doing);
    let Dressed { mesh, mut stats, agreement } = dress(raw, colours, &wish, &progress, cancel)?;
    stats.resemblance = resemblance::of_front(&mesh, reference, cancel)?;
    if let Some(doubt) = agreement.as_ref().and_then(doubt) {
        sink.log(LogLevel::Warn, doubt);
    }

    sink.progress(UNTIL_WRITING, "writing the GLB");
    cancel.check()?;
    let extras = if params.provenance {
        Some(to_value(&Provenance {
            generator: generator(),
            engine: engine.to_owned(),
            seed: params.seed,
            source_name: spec.source_name.clone(),
            source_sha256: spec.source_id.to_string(),
            params: without_server(params),
            repaired: stats.repaired,
        })?)
    } else {
        None
    };
    let bytes = glb::write(&mesh, &GlbOptions { name: spec.name.clone(), generator: generator(), extras })
        .map_err(|e| internal("write the GLB", &e))?;

    let mut facts = BTreeMap::from([
        ("raw_triangles".to_owned(), raw_triangles.into()),
        ("mesh".to_owned(), to_value(&stats)?),
        ("glb_bytes".to_owned(), bytes.len().into()),
    ]);
    if let Some(agreement) = agreement {
        facts.insert("views".to_owned(), to_value(&agreement)?);
    }
    let artifact =
        NewArtifact { kind: ArtifactKind::Mesh, slot: None, number: None, bytes, stats: Some(stats) };
    Ok((StepOutput { artifacts: vec![artifact], facts }, mesh))
}
