//! Meshes as other programs hand them over, in and out: several materials, textures, files beside the file.

mod format;
mod measure;
mod mend;
mod read;
mod thin;
mod unfold;
mod write;

use glam::{Vec2, Vec3};
use thiserror::Error;

use crate::TriMesh;

pub use format::Format;
pub use measure::{Measured, measure};
pub use mend::{Mended, mend};
pub use read::{Companion, Imported, read};
pub use thin::thin;
pub use unfold::unfold;
pub use write::{NamedFile, WriteError, WriteOptions, Written, write};

/// A mesh with what an artist sees on it. Attributes are per position, so vertices are split at seams.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asset {
    pub name: String,
    /// Metres, Y up, +Z towards the viewer of the front.
    pub positions: Vec<Vec3>,
    /// Unit length, one per position; empty when there are none.
    pub normals: Vec<Vec3>,
    /// Origin at the texture's top left, one per position; empty when there are none.
    pub uvs: Vec<Vec2>,
    /// sRGB, one per position; empty when there are none.
    pub colors: Vec<[u8; 3]>,
    pub triangles: Vec<[u32; 3]>,
    /// For each triangle its place in `materials`.
    pub material_of: Vec<u16>,
    /// At least one.
    pub materials: Vec<Material>,
    pub textures: Vec<Texture>,
}

/// How a surface looks, as far as every format can say it.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    pub name: String,
    /// Linear, as in glTF; multiplied with the texture.
    pub base_color: [f32; 4],
    pub metallic: f32,
    pub roughness: f32,
    /// Place in `Asset::textures`, sRGB.
    pub base_color_texture: Option<usize>,
    /// Place in `Asset::textures`, tangent space, green up.
    pub normal_texture: Option<usize>,
    /// Place in `Asset::textures`: in red, how much of the sky a point sees.
    pub occlusion_texture: Option<usize>,
}

impl Default for Material {
    fn default() -> Self {
        Self {
            name: "material".to_owned(),
            base_color: [1.0; 4],
            metallic: 0.0,
            roughness: 0.85,
            base_color_texture: None,
            normal_texture: None,
            occlusion_texture: None,
        }
    }
}

/// A picture as it is stored in files: PNG or JPEG that was decoded once.
#[derive(Debug, Clone, PartialEq)]
pub struct Texture {
    pub name: String,
    pub encoding: Encoding,
    pub bytes: Vec<u8>,
    pub width_px: u32,
    pub height_px: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Png,
    Jpeg,
}

impl Encoding {
    pub fn media_type(self) -> &'static str {
        match self {
            Encoding::Png => "image/png",
            Encoding::Jpeg => "image/jpeg",
        }
    }

    /// File name ending, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Encoding::Png => "png",
            Encoding::Jpeg => "jpg",
        }
    }
}

impl Asset {
    /// The bare surface, vertices at the same place made one; its triangles are the asset's, in their order.
    pub fn surface(&self) -> TriMesh {
        crate::topology::weld(&self.positions, &self.triangles)
    }
}

/// Why bytes are of no use as a mesh, in an artist's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssetError {
    #[error("The file is empty.")]
    Empty,
    #[error("This is no mesh that can be read here.")]
    NotAMesh,
    #[error("The {format} file is damaged or incomplete: {reason}.")]
    Damaged { format: Format, reason: String },
    #[error("The {format} file needs something that is not read here: {what}.")]
    Unsupported { format: Format, what: String },
    /// A file that the mesh cannot do without.
    #[error("The mesh needs the file \"{name}\", which is not beside it.")]
    CompanionMissing { name: String },
    #[error("The mesh has too much of something: {what}; the limit is {limit}.")]
    TooLarge { what: &'static str, limit: usize },
    #[error("There are no triangles in the file.")]
    NoTriangles,
}
