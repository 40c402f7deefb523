//! Mesh files that are looked at and handed over.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ArtifactId, ErrorReport, GateVerdict, MeshStats, SavedFile, SourceRef, ViewSlot};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum MeshRef {
    /// A file on this computer: GLB, glTF, OBJ, STL or PLY, with what lies beside it.
    Path { path: String },
    /// A mesh a job made.
    Artifact { id: ArtifactId },
}

/// Who the file is for: its axes, unit, pivot and names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportPreset {
    Unity,
    Unreal,
    Godot,
    Blender,
    Print,
}

impl ExportPreset {
    pub const ALL: [ExportPreset; 5] = [
        ExportPreset::Unity,
        ExportPreset::Unreal,
        ExportPreset::Godot,
        ExportPreset::Blender,
        ExportPreset::Print,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ExportPreset::Unity => "unity",
            ExportPreset::Unreal => "unreal",
            ExportPreset::Godot => "godot",
            ExportPreset::Blender => "blender",
            ExportPreset::Print => "print",
        }
    }
}

impl FromStr for ExportPreset {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        ExportPreset::ALL
            .into_iter()
            .find(|preset| preset.as_str() == text)
            .ok_or_else(|| format!("\"{text}\" is no preset; use unity, unreal, godot, blender or print"))
    }
}

/// Which program writes the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportRoute {
    #[default]
    Oreforge,
    /// An installed Blender, for programs that want exactly what it writes.
    Blender,
}

impl FromStr for ExportRoute {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "oreforge" => Ok(ExportRoute::Oreforge),
            "blender" => Ok(ExportRoute::Blender),
            _ => Err(format!("\"{text}\" writes no meshes here; use oreforge or blender")),
        }
    }
}

/// An installed Blender, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BlenderStatus {
    /// As it names itself: `Blender 3.4.1`.
    pub version: Option<String>,
    pub problem: Option<ErrorReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeshExport {
    pub mesh: MeshRef,
    /// The ending chooses the format: glb, gltf, obj, stl, ply, usdz or fbx. What belongs beside it is written beside it.
    pub path: String,
    #[serde(default)]
    pub via: ExportRoute,
    #[serde(default)]
    pub preset: Option<ExportPreset>,
    /// Make it closed, manifold and outward first.
    #[serde(default)]
    pub repair: bool,
    /// Make right first what its ticket names a fix for.
    #[serde(default)]
    pub fix: bool,
    /// At most so many, 4 or more.
    #[serde(default)]
    pub triangles: Option<u32>,
    /// Levels of detail beyond the first, each of half the triangles; 0..=7.
    #[serde(default)]
    pub lods: u32,
    /// GLB alone, for the web: meshopt compression, and textures as WebP without loss.
    #[serde(default)]
    pub compressed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedMesh {
    /// The last is the one to open.
    pub files: Vec<SavedFile>,
    /// Of each level of detail.
    pub triangles: Vec<u32>,
    /// What was wrong, and what still is, when it was to be repaired.
    pub repaired: Option<RepairTicket>,
    /// What was assumed, changed or cannot be carried, as sentences.
    pub notes: Vec<String>,
}

/// A bare mesh and views of it, to be made an asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeshFinish {
    pub mesh: MeshRef,
    /// Square, at one scale, the middle of the object in the middle of each; at least one.
    pub views: BTreeMap<ViewSlot, SourceRef>,
    /// The ending chooses the format, as in `MeshExport`.
    pub path: String,
    /// Budgets and size as in `ForgeParams`.
    pub triangles: u32,
    pub texture_px: u32,
    pub size_m: f32,
    /// As in `ForgeParams`.
    pub detail_maps: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FinishedMesh {
    /// The last is the one to open.
    pub files: Vec<SavedFile>,
    pub mesh: MeshStats,
    pub agreement: ViewAgreement,
    /// What was assumed, changed or cannot be carried, as sentences.
    pub notes: Vec<String>,
}

/// Defects before and after repair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepairTicket {
    pub before: MeshDefects,
    pub after: MeshDefects,
}

impl RepairTicket {
    /// What was found, in words, with how many of it before and after; what was never there is left out.
    pub fn lines(&self) -> Vec<(&'static str, u32, u32)> {
        let (b, a) = (&self.before, &self.after);
        [
            ("split vertices", b.split_vertices, a.split_vertices),
            ("triangles without area", b.degenerate_triangles, a.degenerate_triangles),
            ("doubled triangles", b.duplicate_triangles, a.duplicate_triangles),
            ("holes and cracks", b.holes, a.holes),
            ("edges of too many triangles", b.crowded_edges, a.crowded_edges),
            ("vertices that join bodies", b.pinched_vertices, a.pinched_vertices),
            ("triangles facing inward", b.turned, a.turned),
            ("floating parts", b.islands, a.islands),
            ("hidden inner shells", b.inner_shells, a.inner_shells),
        ]
        .into_iter()
        .filter(|&(_, before, after)| before + after > 0)
        .collect()
    }
}

/// How a mesh from elsewhere fits the views it is painted from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ViewAgreement {
    /// Mean over the views of the intersection over union of the outlines, 0..=1.
    pub iou: f32,
    /// Of each view; 0 for one that shows nothing.
    pub views: BTreeMap<ViewSlot, f32>,
    /// The axis that was up in the mesh as it came: `+y`, `-z` and so on.
    pub up_axis: String,
    /// Turned by so much about the upright axis.
    pub azimuth_deg: f32,
    /// Share of the surface that a view shows, 0..=1; the rest gets the colours round about.
    pub seen_share: f32,
}

/// What the asset gate says of a mesh file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeshTicket {
    pub format: String,
    pub vertices: u32,
    pub triangles: u32,
    /// Vertices at the same place counted once, here and below.
    pub watertight: bool,
    pub manifold: bool,
    pub consistently_wound: bool,
    pub components: u32,
    pub defects: MeshDefects,
    pub materials: u32,
    pub textures: Vec<TextureInfo>,
    pub has_normals: bool,
    pub has_uvs: bool,
    pub uv: Option<UvReport>,
    /// Metres, Y up.
    pub bounds_min_m: [f32; 3],
    pub bounds_max_m: [f32; 3],
    pub area_m2: f64,
    /// Of a watertight mesh.
    pub volume_m3: Option<f64>,
    pub verdict: GateVerdict,
    pub checks: Vec<TicketCheck>,
    /// What was assumed or left out when reading.
    pub notes: Vec<String>,
}

/// Counts of what can be repaired; all 0 is clean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeshDefects {
    /// Vertices a hair beside the one they are meant to be.
    pub split_vertices: u32,
    pub degenerate_triangles: u32,
    pub duplicate_triangles: u32,
    pub holes: u32,
    /// Edges of more than two triangles.
    pub crowded_edges: u32,
    /// Bodies joined by a single vertex.
    pub pinched_vertices: u32,
    /// Edges whose triangles disagree on which side is out, and parts that are inside out.
    pub turned: u32,
    /// Floaters.
    pub islands: u32,
    pub inner_shells: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextureInfo {
    pub name: String,
    pub width_px: u32,
    pub height_px: u32,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UvReport {
    /// Share of the texture's square covered, 0..=1.
    pub coverage: f32,
    /// Share of the covered texels that more than one triangle claims, 0..=1.
    pub overlap: f32,
    /// Share of the triangles that leave the square: tiled textures do, on purpose.
    pub outside: f32,
    /// Texels per metre over the surface: at a tenth, half and nine tenths of its area. `None` without a texture.
    pub texels_per_m: Option<[f32; 3]>,
    /// How much longer a texel is one way than the other, on average; 1 is square. `None` without a texture.
    pub stretch: Option<f32>,
}

/// What makes a line of the ticket right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MeshFix {
    /// Closed, manifold, outward, without floaters and inner shells.
    Repair,
    /// To the budget.
    Thin,
    /// New texture coordinates, and a texture with the colours it has.
    Unfold,
}

/// One line of the ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TicketCheck {
    /// A short word, the same in every ticket.
    pub name: String,
    pub verdict: GateVerdict,
    /// A sentence.
    pub says: String,
    /// Of a line that does not pass, where it can be made right without asking.
    pub fix: Option<MeshFix>,
}
