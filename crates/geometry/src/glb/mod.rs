//! Binary glTF 2.0: the file a surface is stored and handed over in.

mod read;
pub(crate) mod write;

use thiserror::Error;

pub use read::{read, read_raw};
pub use write::{write, write_raw};

/// What is told about a mesh beside its shape.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GlbOptions {
    /// Of node, mesh and material.
    pub name: String,
    /// The program that made it.
    pub generator: String,
    /// Where it came from; `asset.extras`.
    pub extras: Option<serde_json::Value>,
}

#[derive(Debug, Error)]
pub enum GlbError {
    #[error("the mesh has no triangles")]
    Empty,
    #[error("a position, normal or texture coordinate is not a finite number")]
    NotFinite,
    #[error("a triangle names a vertex that is not there")]
    IndexOutOfRange,
    #[error("the mesh has another number of normals or texture coordinates than of positions")]
    UnequalAttributes,
    #[error("the mesh does not fit in 4 GiB")]
    TooLarge,
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    #[error("the file's description cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the file holds something that is not read here: {0}")]
    Unsupported(&'static str),
    #[error("the texture cannot be used: {0}")]
    Texture(#[from] image::ImageError),
}

const MAGIC: u32 = 0x4654_6C67;
const VERSION: u32 = 2;
const JSON_CHUNK: u32 = 0x4E4F_534A;
const BIN_CHUNK: u32 = 0x004E_4942;

const UNSIGNED_BYTE: u32 = 5121;
const UNSIGNED_SHORT: u32 = 5123;
const UNSIGNED_INT: u32 = 5125;
pub(crate) const FLOAT: u32 = 5126;
const TRIANGLES: u32 = 4;
