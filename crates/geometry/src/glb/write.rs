use glam::{Vec2, Vec3, Vec4};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use serde_json::{Value, json};

use super::{
    BIN_CHUNK, FLOAT, GlbError, GlbOptions, JSON_CHUNK, MAGIC, TRIANGLES, UNSIGNED_INT, UNSIGNED_SHORT,
    VERSION,
};
use crate::{TexturedMesh, TriMesh};

pub(crate) const ARRAY_BUFFER: u32 = 34962;
pub(crate) const ELEMENT_ARRAY_BUFFER: u32 = 34963;
const LINEAR: u32 = 9729;
const LINEAR_MIPMAP_LINEAR: u32 = 9987;
const CLAMP_TO_EDGE: u32 = 33071;

/// A textured mesh as one GLB: positions, normals, texture coordinates, and the albedo as PNG in a matte,
/// single-sided material; with fine shape also tangents and its maps. The same mesh gives the same bytes.
pub fn write(mesh: &TexturedMesh, options: &GlbOptions) -> Result<Vec<u8>, GlbError> {
    if mesh.normals.len() != mesh.positions.len() || mesh.uvs.len() != mesh.positions.len() {
        return Err(GlbError::UnequalAttributes);
    }
    if !mesh.normals.iter().all(|n| n.is_finite()) || !mesh.uvs.iter().all(|uv| uv.is_finite()) {
        return Err(GlbError::NotFinite);
    }
    let mut file = File::default();
    let position = file.positions(&mesh.positions)?;
    let normal = file.vectors(&mesh.normals);
    let texcoord = file.texture_coordinates(&mesh.uvs);
    let indices = file.indices(&mesh.triangles, mesh.positions.len())?;
    let mut attributes = json!({ "POSITION": position, "NORMAL": normal, "TEXCOORD_0": texcoord });
    let mut material = json!({
        "name": options.name,
        "pbrMetallicRoughness": {
            "baseColorTexture": { "index": 0 },
            "metallicFactor": 0.0,
            "roughnessFactor": 0.85,
        },
    });
    let mut pictures =
        vec![("albedo", png(mesh.albedo.as_raw(), mesh.albedo.dimensions(), ExtendedColorType::Rgb8)?)];
    if let Some(detail) = &mesh.detail {
        if detail.tangents.len() != mesh.positions.len() {
            return Err(GlbError::UnequalAttributes);
        }
        attributes["TANGENT"] = file.tangents(&detail.tangents).into();
        let (normal, occlusion) = (&detail.normal, &detail.occlusion);
        pictures.push(("normal", png(normal.as_raw(), normal.dimensions(), ExtendedColorType::Rgb8)?));
        pictures.push(("occlusion", png(occlusion.as_raw(), occlusion.dimensions(), ExtendedColorType::L8)?));
        material["normalTexture"] = json!({ "index": 1 });
        material["occlusionTexture"] = json!({ "index": 2 });
    }
    let image = |(name, bytes): &(&str, Vec<u8>)| json!({ "name": name, "mimeType": "image/png", "bufferView": file.view(bytes, None) });
    let images: Vec<Value> = pictures.iter().map(image).collect();
    let textures: Vec<Value> = (0..images.len()).map(|i| json!({ "sampler": 0, "source": i })).collect();
    file.finish(
        options,
        attributes,
        indices,
        json!({
            "materials": [material],
            "textures": textures,
            "images": images,
            "samplers": [{
                "magFilter": LINEAR,
                "minFilter": LINEAR_MIPMAP_LINEAR,
                "wrapS": CLAMP_TO_EDGE,
                "wrapT": CLAMP_TO_EDGE,
            }],
        }),
    )
}

/// A surface without colour as one GLB, with vertex normals. [`super::read_raw`] gives the same bits back.
pub fn write_raw(mesh: &TriMesh, options: &GlbOptions) -> Result<Vec<u8>, GlbError> {
    let mut file = File::default();
    let position = file.positions(&mesh.positions)?;
    let indices = file.indices(&mesh.triangles, mesh.positions.len())?;
    let normal = file.vectors(&mesh.vertex_normals());
    let material = json!({
        "name": options.name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [0.6, 0.6, 0.6, 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.85,
        },
    });
    let attributes = json!({ "POSITION": position, "NORMAL": normal });
    file.finish(options, attributes, indices, json!({ "materials": [material] }))
}

fn png(pixels: &[u8], (width, height): (u32, u32), color: ExtendedColorType) -> Result<Vec<u8>, GlbError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
        .write_image(pixels, width, height, color)?;
    Ok(bytes)
}

/// What EXT_meshopt_compression says of a view.
pub(crate) struct Packed {
    /// Bytes of an element.
    pub stride: usize,
    pub count: usize,
    pub mode: &'static str,
    pub filter: &'static str,
}

/// A growing binary part and what describes it.
#[derive(Default)]
pub(crate) struct File {
    binary: Vec<u8>,
    /// Bytes of the buffer that is not there: the one packed views are unpacked into.
    unpacked: usize,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl File {
    pub(crate) fn view(&mut self, bytes: &[u8], target: Option<u32>) -> usize {
        self.binary.resize(self.binary.len().next_multiple_of(4), 0);
        let mut view = json!({ "buffer": 0, "byteOffset": self.binary.len(), "byteLength": bytes.len() });
        if let Some(target) = target {
            view["target"] = target.into();
        }
        self.binary.extend_from_slice(bytes);
        self.views.push(view);
        self.views.len() - 1
    }

    pub(crate) fn packed_view(&mut self, packed: &[u8], described: &Packed, target: u32) -> usize {
        self.binary.resize(self.binary.len().next_multiple_of(4), 0);
        let Packed { stride, count, mode, filter } = *described;
        let mut view = json!({
            "buffer": 1, "byteOffset": self.unpacked, "byteLength": count * stride, "target": target,
            "extensions": { "EXT_meshopt_compression": {
                "buffer": 0, "byteOffset": self.binary.len(), "byteLength": packed.len(),
                "byteStride": stride, "count": count, "mode": mode, "filter": filter,
            }},
        });
        if target == ARRAY_BUFFER {
            view["byteStride"] = stride.into();
        }
        self.unpacked = (self.unpacked + count * stride).next_multiple_of(4);
        self.binary.extend_from_slice(packed);
        self.views.push(view);
        self.views.len() - 1
    }

    pub(crate) fn accessor(&mut self, accessor: Value) -> usize {
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    pub(crate) fn positions(&mut self, positions: &[Vec3]) -> Result<usize, GlbError> {
        if !positions.iter().all(|p| p.is_finite()) {
            return Err(GlbError::NotFinite);
        }
        let first = *positions.first().ok_or(GlbError::Empty)?;
        let (low, high) = positions.iter().fold((first, first), |(low, high), &p| (low.min(p), high.max(p)));
        let accessor = self.vectors(positions);
        self.accessors[accessor]["min"] = json!(low.to_array());
        self.accessors[accessor]["max"] = json!(high.to_array());
        Ok(accessor)
    }

    pub(crate) fn vectors(&mut self, vectors: &[Vec3]) -> usize {
        let bytes: Vec<u8> = vectors.iter().flat_map(|v| v.to_array()).flat_map(f32::to_le_bytes).collect();
        let view = self.view(&bytes, Some(ARRAY_BUFFER));
        self.accessor(
            json!({ "bufferView": view, "componentType": FLOAT, "count": vectors.len(), "type": "VEC3" }),
        )
    }

    pub(crate) fn tangents(&mut self, tangents: &[Vec4]) -> usize {
        let bytes: Vec<u8> = tangents.iter().flat_map(|t| t.to_array()).flat_map(f32::to_le_bytes).collect();
        let view = self.view(&bytes, Some(ARRAY_BUFFER));
        self.accessor(
            json!({ "bufferView": view, "componentType": FLOAT, "count": tangents.len(), "type": "VEC4" }),
        )
    }

    pub(crate) fn texture_coordinates(&mut self, uvs: &[Vec2]) -> usize {
        let bytes: Vec<u8> = uvs.iter().flat_map(|uv| uv.to_array()).flat_map(f32::to_le_bytes).collect();
        let view = self.view(&bytes, Some(ARRAY_BUFFER));
        self.accessor(
            json!({ "bufferView": view, "componentType": FLOAT, "count": uvs.len(), "type": "VEC2" }),
        )
    }

    pub(crate) fn indices(&mut self, triangles: &[[u32; 3]], vertices: usize) -> Result<usize, GlbError> {
        if triangles.is_empty() {
            return Err(GlbError::Empty);
        }
        let indices = triangles.as_flattened();
        if indices.iter().any(|&v| v as usize >= vertices) {
            return Err(GlbError::IndexOutOfRange);
        }
        // The largest value of a type is no index: it restarts strips.
        let short = vertices <= usize::from(u16::MAX);
        let bytes: Vec<u8> = if short {
            indices.iter().flat_map(|&v| (v as u16).to_le_bytes()).collect()
        } else {
            indices.iter().flat_map(|v| v.to_le_bytes()).collect()
        };
        let view = self.view(&bytes, Some(ELEMENT_ARRAY_BUFFER));
        let component = if short { UNSIGNED_SHORT } else { UNSIGNED_INT };
        Ok(self.accessor(
            json!({ "bufferView": view, "componentType": component, "count": indices.len(), "type": "SCALAR" }),
        ))
    }

    fn finish(
        mut self,
        options: &GlbOptions,
        attributes: Value,
        indices: usize,
        look: Value,
    ) -> Result<Vec<u8>, GlbError> {
        self.binary.resize(self.binary.len().next_multiple_of(4), 0);
        let mut asset = json!({ "version": "2.0", "generator": options.generator });
        if let Some(extras) = &options.extras {
            asset["extras"] = extras.clone();
        }
        let mut document = json!({
            "asset": asset,
            "scene": 0,
            "scenes": [{ "nodes": [0] }],
            "nodes": [{ "name": options.name, "mesh": 0 }],
            "meshes": [{
                "name": options.name,
                "primitives": [{
                    "attributes": attributes, "indices": indices, "material": 0, "mode": TRIANGLES,
                }],
            }],
            "buffers": [{ "byteLength": self.binary.len() }],
            "bufferViews": self.views,
            "accessors": self.accessors,
        });
        if let (Value::Object(document), Value::Object(look)) = (&mut document, look) {
            document.extend(look);
        }
        container(&document, self.binary)
    }

    /// The binary part, and buffers, buffer views and accessors.
    pub(crate) fn into_parts(mut self) -> (Vec<u8>, [Vec<Value>; 3]) {
        self.binary.resize(self.binary.len().next_multiple_of(4), 0);
        let mut buffers = vec![json!({ "byteLength": self.binary.len() })];
        if self.unpacked > 0 {
            buffers.push(json!({
                "byteLength": self.unpacked,
                "extensions": { "EXT_meshopt_compression": { "fallback": true } },
            }));
        }
        (self.binary, [buffers, self.views, self.accessors])
    }
}

/// A document and its binary part, of a length that is a multiple of 4, as a GLB.
pub(crate) fn container(document: &Value, mut binary: Vec<u8>) -> Result<Vec<u8>, GlbError> {
    let mut text = serde_json::to_vec(document)?;
    text.resize(text.len().next_multiple_of(4), b' ');

    let length = 12 + 8 + text.len() + 8 + binary.len();
    let length = u32::try_from(length).map_err(|_| GlbError::TooLarge)?;
    let mut bytes = Vec::with_capacity(length as usize);
    // The chunks are parts of a file whose length fits in 32 bits.
    let header = [MAGIC, VERSION, length, text.len() as u32, JSON_CHUNK];
    bytes.extend(header.into_iter().flat_map(u32::to_le_bytes));
    bytes.append(&mut text);
    bytes.extend([binary.len() as u32, BIN_CHUNK].into_iter().flat_map(u32::to_le_bytes));
    bytes.append(&mut binary);
    Ok(bytes)
}
