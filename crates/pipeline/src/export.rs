//! `export`: the contact sheet and the report beside the finished mesh.

use std::collections::BTreeMap;
use std::time::Instant;

use oreforge_geometry::{Cancel, TexturedMesh, picture};
use oreforge_protocol::{
    ArtifactKind, ErrorCode, ErrorReport, GateReport, MeshStats, Report, StepName, StepReport,
};
use serde::de::DeserializeOwned;

use crate::contract::{ForgeSpec, NewArtifact, StepError, StepInputs, StepOutput, StepSink};
use crate::run::{internal, unreadable};
use crate::sheet;

pub(crate) fn export(
    spec: &ForgeSpec,
    engine: &str,
    inputs: &dyn StepInputs,
    finished: &TexturedMesh,
    sink: &dyn StepSink,
    cancel: Cancel<'_>,
) -> Result<StepOutput, StepError> {
    let started = Instant::now();
    sink.progress(0.0, "drawing the contact sheet");
    let sheet = sheet::contact_sheet(finished, cancel)?;
    let sheet = picture::encode_png(&sheet);

    sink.progress(0.9, "writing the report");
    let mut steps = inputs.reports()?;
    let gate: GateReport = fact(&steps, StepName::Gate, "report")?;
    let mesh: MeshStats = fact(&steps, StepName::Finish, "mesh")?;
    steps.push(StepReport {
        name: StepName::Export,
        elapsed_ms: started.elapsed().as_millis() as u64,
        facts: BTreeMap::new(),
    });
    let report = Report {
        engine: engine.to_owned(),
        seed: spec.params.seed,
        params: spec.params.clone(),
        source_name: spec.source_name.clone(),
        source_sha256: spec.source_id.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        steps,
        gate,
        mesh,
    };
    let report = serde_json::to_vec_pretty(&report).map_err(|e| internal("write the report", &e))?;
    let artifact = |kind, bytes| NewArtifact { kind, slot: None, number: None, bytes, stats: None };
    Ok(StepOutput {
        artifacts: vec![artifact(ArtifactKind::Preview, sheet), artifact(ArtifactKind::Report, report)],
        facts: BTreeMap::new(),
    })
}

fn fact<T: DeserializeOwned>(steps: &[StepReport], step: StepName, name: &str) -> Result<T, ErrorReport> {
    let value = steps
        .iter()
        .find(|report| report.name == step)
        .and_then(|report| report.facts.get(name))
        .ok_or_else(|| {
            ErrorReport::new(ErrorCode::Internal, format!("The record of the {step} step is missing."))
                .with_hint("Forge the picture again; its source is kept.")
        })?;
    T::deserialize(value).map_err(|e| unreadable("A step record", &e))
}
