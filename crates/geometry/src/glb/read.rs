use std::io::Cursor;

use glam::{Vec2, Vec3};
use image::{ImageFormat, ImageReader, Limits, RgbImage};
use serde::Deserialize;

use super::{
    BIN_CHUNK, FLOAT, GlbError, JSON_CHUNK, MAGIC, TRIANGLES, UNSIGNED_BYTE, UNSIGNED_INT, UNSIGNED_SHORT,
    VERSION,
};
use crate::{TexturedMesh, TriMesh};

const MAX_TEXTURE_SIDE_PX: u32 = 16_384;
const MAX_TEXTURE_BYTES: u64 = 1 << 30;

/// Reads a GLB of one textured mesh: one primitive of triangles with positions, normals and texture
/// coordinates as floats, its base colour texture embedded as PNG or JPEG, nodes without transforms. Safe for
/// files of any origin: memory stays in proportion to the file, the texture under 1 GiB. Maps of fine shape are
/// not read.
pub fn read(bytes: &[u8]) -> Result<TexturedMesh, GlbError> {
    let file = File::parse(bytes)?;
    let TriMesh { positions, triangles } = file.surface()?;
    let primitive = file.primitive()?;
    let normals = file.vectors(primitive.attributes.normal.ok_or(GlbError::Unsupported("no normals"))?)?;
    let uvs = primitive.attributes.texcoord_0.ok_or(GlbError::Unsupported("no texture coordinates"))?;
    let uvs: Vec<Vec2> = file.floats::<2>(uvs, "VEC2")?.into_iter().map(Vec2::from_array).collect();
    if normals.len() != positions.len() || uvs.len() != positions.len() {
        return Err(GlbError::UnequalAttributes);
    }
    let albedo = file.albedo(primitive)?;
    Ok(TexturedMesh { positions, normals, uvs, triangles, albedo, detail: None })
}

/// Reads the positions and triangles of a GLB of one mesh, bit for bit; see [`read`].
pub fn read_raw(bytes: &[u8]) -> Result<TriMesh, GlbError> {
    File::parse(bytes)?.surface()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Document {
    nodes: Vec<Node>,
    meshes: Vec<Mesh>,
    buffers: Vec<Buffer>,
    buffer_views: Vec<View>,
    accessors: Vec<Accessor>,
    materials: Vec<Material>,
    textures: Vec<TextureSource>,
    images: Vec<Image>,
    extensions_required: Vec<String>,
}

#[derive(Deserialize)]
struct Node {
    matrix: Option<serde::de::IgnoredAny>,
    translation: Option<serde::de::IgnoredAny>,
    rotation: Option<serde::de::IgnoredAny>,
    scale: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Mesh {
    primitives: Vec<Primitive>,
}

#[derive(Deserialize)]
struct Primitive {
    attributes: Attributes,
    indices: Option<usize>,
    material: Option<usize>,
    mode: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Attributes {
    position: usize,
    normal: Option<usize>,
    texcoord_0: Option<usize>,
}

#[derive(Deserialize)]
struct Buffer {
    uri: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct View {
    buffer: usize,
    #[serde(default)]
    byte_offset: usize,
    byte_length: usize,
    byte_stride: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accessor {
    buffer_view: Option<usize>,
    #[serde(default)]
    byte_offset: usize,
    component_type: u32,
    count: usize,
    #[serde(rename = "type")]
    shape: String,
    sparse: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    pbr_metallic_roughness: Option<MetallicRoughness>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetallicRoughness {
    base_color_texture: Option<TextureIndex>,
}

#[derive(Deserialize)]
struct TextureIndex {
    index: usize,
}

#[derive(Deserialize)]
struct TextureSource {
    source: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    buffer_view: Option<usize>,
}

struct File<'a> {
    document: Document,
    binary: &'a [u8],
}

fn word(bytes: &[u8], at: usize) -> Result<u32, GlbError> {
    let word =
        bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(GlbError::Damaged("it ends too early"))?;
    Ok(u32::from_le_bytes(*word))
}

/// The content of the chunk at `at` and where the next begins.
fn chunk(bytes: &[u8], at: usize, kind: u32) -> Result<(&[u8], usize), GlbError> {
    let length = word(bytes, at)? as usize;
    if word(bytes, at + 4)? != kind {
        return Err(GlbError::Damaged("a chunk is of another kind than expected"));
    }
    let start = at + 8;
    let end = start.checked_add(length).ok_or(GlbError::Damaged("a chunk is longer than the file"))?;
    let content = bytes.get(start..end).ok_or(GlbError::Damaged("a chunk is longer than the file"))?;
    Ok((content, end))
}

impl<'a> File<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, GlbError> {
        if word(bytes, 0)? != MAGIC {
            return Err(GlbError::Damaged("it is no GLB"));
        }
        if word(bytes, 4)? != VERSION {
            return Err(GlbError::Unsupported("a version of glTF other than 2"));
        }
        let (text, next) = chunk(bytes, 12, JSON_CHUNK)?;
        let (binary, _) = chunk(bytes, next, BIN_CHUNK)?;
        let document: Document = serde_json::from_slice(text)?;
        if !document.extensions_required.is_empty() {
            return Err(GlbError::Unsupported("a required extension"));
        }
        let moved = |n: &Node| {
            n.matrix.is_some() || n.translation.is_some() || n.rotation.is_some() || n.scale.is_some()
        };
        if document.nodes.iter().any(moved) {
            return Err(GlbError::Unsupported("a transform"));
        }
        if document.buffers.first().is_none_or(|buffer| buffer.uri.is_some()) {
            return Err(GlbError::Unsupported("data outside the file"));
        }
        Ok(Self { document, binary })
    }

    fn primitive(&self) -> Result<&Primitive, GlbError> {
        match self.document.meshes.as_slice() {
            [mesh] => match mesh.primitives.as_slice() {
                [primitive] if primitive.mode.is_none_or(|mode| mode == TRIANGLES) => Ok(primitive),
                [_] => Err(GlbError::Unsupported("something other than triangles")),
                _ => Err(GlbError::Unsupported("more or fewer than one primitive")),
            },
            _ => Err(GlbError::Unsupported("more or fewer than one mesh")),
        }
    }

    fn surface(&self) -> Result<TriMesh, GlbError> {
        let primitive = self.primitive()?;
        let positions = self.vectors(primitive.attributes.position)?;
        let indices = primitive.indices.ok_or(GlbError::Unsupported("triangles without indices"))?;
        let indices = self.indices(indices)?;
        let (triangles, rest) = indices.as_chunks::<3>();
        if triangles.is_empty() {
            return Err(GlbError::Empty);
        }
        if !rest.is_empty() {
            return Err(GlbError::Damaged("the last triangle is not whole"));
        }
        if indices.iter().any(|&v| v as usize >= positions.len()) {
            return Err(GlbError::IndexOutOfRange);
        }
        Ok(TriMesh { positions, triangles: triangles.to_vec() })
    }

    fn vectors(&self, accessor: usize) -> Result<Vec<Vec3>, GlbError> {
        Ok(self.floats::<3>(accessor, "VEC3")?.into_iter().map(Vec3::from_array).collect())
    }

    fn floats<const N: usize>(&self, accessor: usize, shape: &str) -> Result<Vec<[f32; N]>, GlbError> {
        let accessor = self.accessor(accessor, shape)?;
        if accessor.component_type != FLOAT {
            return Err(GlbError::Unsupported("coordinates that are not floats"));
        }
        let read = |element: &[u8]| -> [f32; N] {
            let words = element.as_chunks::<4>().0;
            std::array::from_fn(|i| words.get(i).map_or(0.0, |&word| f32::from_le_bytes(word)))
        };
        let values: Vec<[f32; N]> = self.elements(accessor, N * 4)?.map(read).collect();
        if values.as_flattened().iter().all(|v| v.is_finite()) {
            Ok(values)
        } else {
            Err(GlbError::NotFinite)
        }
    }

    fn indices(&self, accessor: usize) -> Result<Vec<u32>, GlbError> {
        let accessor = self.accessor(accessor, "SCALAR")?;
        let size = match accessor.component_type {
            UNSIGNED_BYTE => 1,
            UNSIGNED_SHORT => 2,
            UNSIGNED_INT => 4,
            _ => return Err(GlbError::Damaged("indices of an impossible type")),
        };
        let little_endian =
            |element: &[u8]| element.iter().rev().fold(0, |index, &byte| index << 8 | u32::from(byte));
        Ok(self.elements(accessor, size)?.map(little_endian).collect())
    }

    fn accessor(&self, index: usize, shape: &str) -> Result<&Accessor, GlbError> {
        let accessor =
            self.document.accessors.get(index).ok_or(GlbError::Damaged("an accessor is not there"))?;
        if accessor.sparse.is_some() {
            return Err(GlbError::Unsupported("a sparse accessor"));
        }
        if accessor.shape != shape {
            return Err(GlbError::Damaged("an accessor is of another type than expected"));
        }
        Ok(accessor)
    }

    /// The accessor's elements of `size` bytes each; every one of them lies in the file.
    fn elements(&self, accessor: &Accessor, size: usize) -> Result<impl Iterator<Item = &'a [u8]>, GlbError> {
        const OUTSIDE: GlbError = GlbError::Damaged("an accessor reaches beyond its data");
        let view = accessor.buffer_view.ok_or(GlbError::Unsupported("an accessor without data"))?;
        let (bytes, stride) = self.view(view)?;
        let stride = stride.unwrap_or(size);
        if stride < size {
            return Err(GlbError::Damaged("elements overlap"));
        }
        let bytes = bytes.get(accessor.byte_offset..).ok_or(OUTSIDE)?;
        let needed = match accessor.count.checked_sub(1) {
            Some(last) => {
                last.checked_mul(stride).and_then(|start| start.checked_add(size)).ok_or(OUTSIDE)?
            }
            None => 0,
        };
        let bytes = bytes.get(..needed).ok_or(OUTSIDE)?;
        Ok(bytes.chunks(stride).map(move |element| &element[..size]))
    }

    fn view(&self, index: usize) -> Result<(&'a [u8], Option<usize>), GlbError> {
        const OUTSIDE: GlbError = GlbError::Damaged("a buffer view reaches beyond the file");
        let view =
            self.document.buffer_views.get(index).ok_or(GlbError::Damaged("a buffer view is not there"))?;
        if view.buffer != 0 {
            return Err(GlbError::Unsupported("data outside the file"));
        }
        let end = view.byte_offset.checked_add(view.byte_length).ok_or(OUTSIDE)?;
        Ok((self.binary.get(view.byte_offset..end).ok_or(OUTSIDE)?, view.byte_stride))
    }

    fn albedo(&self, primitive: &Primitive) -> Result<RgbImage, GlbError> {
        const MISSING: GlbError = GlbError::Unsupported("no texture");
        let document = &self.document;
        let material = primitive.material.and_then(|i| document.materials.get(i)).ok_or(MISSING)?;
        let texture =
            material.pbr_metallic_roughness.as_ref().and_then(|pbr| pbr.base_color_texture.as_ref());
        let texture = texture.and_then(|texture| document.textures.get(texture.index)).ok_or(MISSING)?;
        let image = texture.source.and_then(|i| document.images.get(i)).ok_or(MISSING)?;
        let (bytes, _) =
            self.view(image.buffer_view.ok_or(GlbError::Unsupported("data outside the file"))?)?;
        let mut reader =
            ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(image::ImageError::from)?;
        if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
            return Err(GlbError::Unsupported("a texture that is neither PNG nor JPEG"));
        }
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_TEXTURE_SIDE_PX);
        limits.max_image_height = Some(MAX_TEXTURE_SIDE_PX);
        limits.max_alloc = Some(MAX_TEXTURE_BYTES);
        reader.limits(limits);
        Ok(reader.decode()?.into_rgb8())
    }
}
