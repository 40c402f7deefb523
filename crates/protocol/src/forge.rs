use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ArtifactId, ComfyChoices, SourceId, ViewSlot};

/// Where a picture comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum SourceRef {
    /// A file on this computer. It is copied into the store when the job is made, so that the artist may move
    /// or delete it afterwards.
    Path { path: String },
    /// A picture imported before.
    Imported { id: SourceId, file_name: String },
    /// One of the pictures that come with the app.
    Sample { name: String },
    /// A picture that a job made.
    Artifact { id: ArtifactId },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EngineChoice {
    #[default]
    Auto,
    Draft,
    Comfy,
}

/// How a silhouette becomes a solid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProfileChoice {
    #[default]
    Auto,
    /// Round all over: creatures, fruit, toys.
    Organic,
    /// A body of revolution: vases, bottles.
    Lathe,
    /// Flat faces and bevelled rims: houses, crates.
    Hard,
}

/// What the unseen back looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BackChoice {
    #[default]
    Auto,
    /// Colours grown in from the rim: no second face.
    Fill,
    /// The front again, seen through.
    Mirror,
}

/// Whether the left of a drafted object is the right in a mirror.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SymmetryChoice {
    /// As the pictures show it.
    #[default]
    Off,
    /// Where the picture is nearly its own mirror image.
    Auto,
    On,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ForgeParams {
    pub engine: EngineChoice,
    /// Of the views; `engine` when absent.
    pub views_engine: Option<EngineChoice>,
    /// Of the mesh; `engine` when absent.
    pub mesh_engine: Option<EngineChoice>,
    pub comfy: ComfyChoices,
    /// Go on with views that the gate refuses.
    pub accept_views: bool,
    pub profile: ProfileChoice,
    pub back: BackChoice,
    pub symmetry: SymmetryChoice,
    /// Factor on the depth the profile gives, 0.1..=4; `None` is 1.
    pub depth: Option<f32>,
    /// Triangle budget, 100..=500 000.
    pub triangles: u32,
    /// Side of the square texture in pixels, 64..=4096.
    pub texture_px: u32,
    /// At most 2⁵³ − 1, so that JavaScript keeps every digit.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seed: u64,
    /// Largest dimension in metres, 0.001..=1000.
    pub size_m: f32,
    /// Write engine, seed, versions and source into the asset.
    pub provenance: bool,
    /// Bake normals and occlusion of the raw surface, so that few triangles look like many; where absent, with at
    /// most 10 000 triangles.
    pub detail_maps: Option<bool>,
}

impl Default for ForgeParams {
    fn default() -> Self {
        Self {
            engine: EngineChoice::Auto,
            views_engine: None,
            mesh_engine: None,
            comfy: ComfyChoices::default(),
            accept_views: false,
            profile: ProfileChoice::Auto,
            back: BackChoice::Auto,
            symmetry: SymmetryChoice::Off,
            depth: None,
            triangles: 20_000,
            texture_px: 1024,
            seed: 0,
            size_m: 1.0,
            provenance: true,
            detail_maps: None,
        }
    }
}

/// With more triangles the surface shows by itself what the maps would.
const MAX_TRIANGLES_THAT_NEED_MAPS: u32 = 10_000;

impl ForgeParams {
    /// Whether normals and occlusion are baked.
    pub fn bakes_detail(&self) -> bool {
        self.detail_maps.unwrap_or(self.triangles <= MAX_TRIANGLES_THAT_NEED_MAPS)
    }

    /// Every field that is out of its range, as sentences for the person who chose it.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(depth) = self.depth
            && !(0.1..=4.0).contains(&depth)
        {
            problems.push(format!("Depth is {depth}; it goes from 0.1 to 4."));
        }
        if !(100..=500_000).contains(&self.triangles) {
            problems.push(format!("The budget is {} triangles; it goes from 100 to 500000.", self.triangles));
        }
        if !(64..=4096).contains(&self.texture_px) {
            problems.push(format!("The texture is {} px; it goes from 64 to 4096.", self.texture_px));
        }
        if !(0.001..=1000.0).contains(&self.size_m) {
            problems.push(format!("The size is {} m; it goes from 0.001 to 1000.", self.size_m));
        }
        if self.seed > (1 << 53) - 1 {
            problems.push(format!("The seed is {}; the largest is 9007199254740991.", self.seed));
        }
        problems
    }
}

/// Everything a forge job needs to run, and to run again with the same result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForgeRequest {
    pub source: SourceRef,
    /// Pictures of other sides; the draft engine carves from them instead of guessing.
    #[serde(default)]
    pub views: BTreeMap<ViewSlot, SourceRef>,
    /// White where the object is, black elsewhere; same proportions as the source.
    #[serde(default)]
    pub mask: Option<SourceRef>,
    /// How near what the picture shows is: white near, black far, 8 or 16 bits; same proportions as the source. The
    /// draft engine makes a relief of it.
    #[serde(default)]
    pub depth_map: Option<SourceRef>,
    #[serde(default)]
    pub params: ForgeParams,
    /// Called after the source's file name when absent.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub project: Option<String>,
}

impl ForgeRequest {
    /// One picture with default parameters, and nothing else said.
    pub fn new(source: SourceRef) -> Self {
        Self {
            source,
            views: BTreeMap::new(),
            mask: None,
            depth_map: None,
            params: ForgeParams::default(),
            name: None,
            project: None,
        }
    }
}
