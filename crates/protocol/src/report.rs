use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ForgeParams, RepairTicket, StepName, ViewSlot};

/// Measured on the exported mesh, with the vertices split at UV seams welded again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeshStats {
    /// As stored, seams split.
    pub vertices: u32,
    pub triangles: u32,
    /// Every edge has exactly two faces.
    pub watertight: bool,
    /// Watertight, and the faces round every vertex form one fan.
    pub manifold: bool,
    /// Neighbouring faces agree on which side is out, and the enclosed volume is positive.
    pub consistently_wound: bool,
    pub components: u32,
    pub degenerate_triangles: u32,
    pub texture_px: u32,
    /// Share of the texture covered by charts, 0..=1.
    pub uv_coverage: f32,
    pub charts: u32,
    /// Share of the covered texels that more than one triangle claims, 0..=1.
    pub uv_overlap: f32,
    /// Texels per metre at a tenth, half and nine tenths of the surface; 0 where an older version did not measure.
    #[serde(default)]
    pub texels_per_m: [f32; 3],
    /// How much longer a texel is one way than the other, on average; 1 is square, 0 not measured.
    #[serde(default)]
    pub uv_stretch: f32,
    /// It has a normal map and an occlusion map of the raw surface.
    #[serde(default)]
    pub detail_maps: bool,
    /// What was wrong with the raw surface, and what still is.
    #[serde(default)]
    pub repaired: RepairTicket,
    /// Its front beside the picture it was made of; `None` where there is none, or an older version did not look.
    #[serde(default)]
    pub resemblance: Option<Resemblance>,
    /// Metres, Y up.
    pub bounds_min_m: [f32; 3],
    pub bounds_max_m: [f32; 3],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GateVerdict {
    Pass,
    /// Usable, with something to look at.
    Doubtful,
    Refuse,
}

/// How one view compares with the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ViewScore {
    pub slot: ViewSlot,
    /// 0..=100.
    pub score: u8,
    pub verdict: GateVerdict,
    /// Sentences; empty for a clean pass.
    pub reasons: Vec<String>,
    /// What the score is made of; `None` for a view that cannot be read, and where an older version did not say.
    #[serde(default)]
    pub resemblance: Option<Resemblance>,
}

/// How a picture of the object compares with the reference, each 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resemblance {
    /// How well the outline fits what the reference says about it.
    pub silhouette: f32,
    /// Share of the colours that the reference has too.
    pub colour: f32,
    /// Structural similarity within the outline; of the side that the reference shows.
    pub likeness: Option<f32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GateReport {
    pub verdict: GateVerdict,
    pub views: Vec<ViewScore>,
    pub reasons: Vec<String>,
    /// Pairs of views whose pictures fit the others better when exchanged.
    #[serde(default)]
    pub swapped: Vec<[ViewSlot; 2]>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepReport {
    pub name: StepName,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub elapsed_ms: u64,
    /// What the step decided and measured, by name.
    pub facts: BTreeMap<String, serde_json::Value>,
}

/// Where an asset came from; written into `asset.extras`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Provenance {
    pub generator: String,
    pub engine: String,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seed: u64,
    pub source_name: String,
    pub source_sha256: String,
    pub params: ForgeParams,
    /// What was wrong with the raw surface, and what still is.
    pub repaired: RepairTicket,
}

/// `<stem>.report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    pub engine: String,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seed: u64,
    pub params: ForgeParams,
    pub source_name: String,
    pub source_sha256: String,
    pub version: String,
    pub steps: Vec<StepReport>,
    pub gate: GateReport,
    pub mesh: MeshStats,
}
