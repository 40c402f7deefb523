//! A mesh drawn from all around, for games that show pictures of it.

use serde::{Deserialize, Serialize};

use crate::{MeshRef, SavedFile};

/// A turntable of a mesh as sprite atlases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpriteRender {
    pub mesh: MeshRef,
    /// Of the JSON file, or of the atlas: the others stand beside it and share its name.
    pub path: String,
    #[serde(default)]
    pub options: SpriteOptions,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SpriteOptions {
    /// Frames around the mesh, from its front towards its right side, 1..=72.
    pub directions: u32,
    /// Of the camera above the ground, -90..=90.
    pub elevation_deg: f32,
    /// Side of a frame in pixels, 16..=1024.
    pub size_px: u32,
    /// Width of a dark outline, 0..=16 and at most an eighth of the frame; 0 draws none.
    pub outline_px: u32,
}

impl Default for SpriteOptions {
    fn default() -> Self {
        Self { directions: 8, elevation_deg: 30.0, size_px: 256, outline_px: 0 }
    }
}

impl SpriteOptions {
    /// Every field that is out of its range, as sentences for the person who chose it.
    pub fn problems(&self) -> Vec<String> {
        let Self { directions, elevation_deg, size_px, outline_px } = self;
        let mut problems = Vec::new();
        if !(1..=72).contains(directions) {
            problems.push(format!("There are {directions} directions; it goes from 1 to 72."));
        }
        if !(-90.0..=90.0).contains(elevation_deg) {
            problems.push(format!("The elevation is {elevation_deg}; it goes from -90 to 90 degrees."));
        }
        if !(16..=1024).contains(size_px) {
            problems.push(format!("The frames are {size_px} px; it goes from 16 to 1024."));
        } else if *outline_px > 16.min(size_px / 8) {
            let most = 16.min(size_px / 8);
            problems.push(format!("The outline is {outline_px} px; with these frames it goes to {most}."));
        }
        problems
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpriteSheet {
    /// Atlases of colour, normals and depth; the last is the JSON that names the frames.
    pub files: Vec<SavedFile>,
    pub frames: u32,
    pub atlas_width_px: u32,
    pub atlas_height_px: u32,
}
