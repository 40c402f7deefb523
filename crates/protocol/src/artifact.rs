use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ArtifactId, JobId, StepName};

/// A direction an object is seen from. The camera stands in direction
/// `(cos e · sin a, sin e, cos e · cos a)` of the object, a = azimuth, e = elevation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ViewSlot {
    Front,
    Right,
    Back,
    Left,
    Top,
    Bottom,
    ThreeQuarter,
}

impl ViewSlot {
    pub const ALL: [ViewSlot; 7] = [
        ViewSlot::Front,
        ViewSlot::Right,
        ViewSlot::Back,
        ViewSlot::Left,
        ViewSlot::Top,
        ViewSlot::Bottom,
        ViewSlot::ThreeQuarter,
    ];

    /// Degrees from +Z (front) towards +X (the viewer's right).
    pub fn azimuth_deg(self) -> f32 {
        match self {
            ViewSlot::Front | ViewSlot::Top | ViewSlot::Bottom => 0.0,
            ViewSlot::Right => 90.0,
            ViewSlot::Back => 180.0,
            ViewSlot::Left => 270.0,
            ViewSlot::ThreeQuarter => 35.0,
        }
    }

    /// Degrees above the ground plane.
    pub fn elevation_deg(self) -> f32 {
        match self {
            ViewSlot::Front | ViewSlot::Right | ViewSlot::Back | ViewSlot::Left => 0.0,
            ViewSlot::Top => 90.0,
            ViewSlot::Bottom => -90.0,
            ViewSlot::ThreeQuarter => 15.0,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            ViewSlot::Front => "front",
            ViewSlot::Right => "right",
            ViewSlot::Back => "back",
            ViewSlot::Left => "left",
            ViewSlot::Top => "top",
            ViewSlot::Bottom => "bottom",
            ViewSlot::ThreeQuarter => "three_quarter",
        }
    }
}

impl fmt::Display for ViewSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ViewSlot {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        ViewSlot::ALL
            .into_iter()
            .find(|slot| slot.as_str() == text)
            .ok_or_else(|| format!("\"{text}\" is no view; use front, right, back, left, top or bottom"))
    }
}

/// What a file made by a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// The object without its background, RGBA PNG, straight alpha.
    Cutout,
    /// One direction, RGBA PNG.
    View,
    /// Untextured surface as the engine made it, GLB.
    RawMesh,
    /// Clean, budgeted, unwrapped and textured, GLB: what an artist saves.
    Mesh,
    /// Contact sheet, PNG.
    Preview,
    /// `Report` as JSON.
    Report,
    /// Made from a prompt, PNG as the server sent it.
    Picture,
}

impl ArtifactKind {
    pub fn as_str(self) -> &'static str {
        match self {
            ArtifactKind::Cutout => "cutout",
            ArtifactKind::View => "view",
            ArtifactKind::RawMesh => "raw_mesh",
            ArtifactKind::Mesh => "mesh",
            ArtifactKind::Preview => "preview",
            ArtifactKind::Report => "report",
            ArtifactKind::Picture => "picture",
        }
    }

    /// File name ending, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            ArtifactKind::Cutout | ArtifactKind::View | ArtifactKind::Preview | ArtifactKind::Picture => {
                "png"
            }
            ArtifactKind::RawMesh | ArtifactKind::Mesh => "glb",
            ArtifactKind::Report => "json",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            ArtifactKind::Cutout | ArtifactKind::View | ArtifactKind::Preview | ArtifactKind::Picture => {
                "image/png"
            }
            ArtifactKind::RawMesh | ArtifactKind::Mesh => "model/gltf-binary",
            ArtifactKind::Report => "application/json",
        }
    }
}

/// A file a job made. It exists under `path` with exactly these bytes for as long as the row does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Artifact {
    pub id: ArtifactId,
    pub job_id: JobId,
    pub step: StepName,
    pub kind: ArtifactKind,
    pub slot: Option<ViewSlot>,
    /// Which of a prompt's pictures, from 0.
    pub number: Option<u32>,
    /// Absolute.
    pub path: String,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// 64 lower-case hex digits.
    pub sha256: String,
}
