//! Vertices and triangles as small as KHR_mesh_quantization and EXT_meshopt_compression make them.

use std::collections::BTreeMap;

use glam::{Vec2, Vec3};
use meshopt::encoding::{encode_filter_oct, encode_index_buffer, encode_vertex_buffer_level};
use meshopt::optimize_vertex_cache;
use serde_json::{Value, json};

use super::gltf::{TRIANGLES, with_tangents};
use crate::asset::Asset;
use crate::color::linear_from_srgb;
use crate::glb::GlbError;
use crate::glb::write::{ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, File, Packed};

pub const EXTENSIONS: [&str; 2] = ["KHR_mesh_quantization", "EXT_meshopt_compression"];

const BYTE: u32 = 5120;
const UNSIGNED_BYTE: u32 = 5121;
const UNSIGNED_SHORT: u32 = 5123;
const UNSIGNED_INT: u32 = 5125;
/// The only version the extension knows.
const VERTEX_CODEC: i32 = 0;
const LEVEL: i32 = 2;

/// Whole numbers for places; a node puts them back.
pub struct Lattice {
    low: Vec3,
    step: f32,
}

impl Lattice {
    pub fn of(positions: &[Vec3]) -> Self {
        let first = positions.first().copied().unwrap_or(Vec3::ZERO);
        let (low, high) = positions.iter().fold((first, first), |(low, high), &p| (low.min(p), high.max(p)));
        let step = (high - low).max_element() / f32::from(u16::MAX);
        Self { low, step: if step > 0.0 { step } else { 1.0 } }
    }

    /// Into a node: what turns whole numbers into metres.
    pub fn place(&self, node: &mut Value) {
        node["translation"] = json!(self.low.to_array());
        node["scale"] = json!([self.step, self.step, self.step]);
    }

    fn number(&self, p: Vec3) -> [u16; 3] {
        ((p - self.low) / self.step).to_array().map(|x| x.round() as u16)
    }
}

/// One for each material that has triangles, over shared vertices.
pub fn primitives(file: &mut File, asset: &Asset, lattice: &Lattice) -> Result<Vec<Value>, GlbError> {
    if !asset.positions.iter().all(|p| p.is_finite()) {
        return Err(GlbError::NotFinite);
    }
    let (asset, tangents) = with_tangents(asset);
    let mut by_material: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
    for (triangle, &material) in asset.triangles.iter().zip(&asset.material_of) {
        by_material.entry(material).or_default().extend(triangle);
    }
    // Both codecs remember what came last.
    for indices in by_material.values_mut() {
        *indices = optimize_vertex_cache(indices, asset.positions.len());
    }
    // Vertices as they are first met; those that nobody names are left out.
    let (mut place, mut order) = (vec![u32::MAX; asset.positions.len()], Vec::new());
    for v in by_material.values().flatten().map(|&v| v as usize) {
        if place[v] == u32::MAX {
            place[v] = order.len() as u32;
            order.push(v);
        }
    }
    let count = order.len();

    let positions: Vec<[u16; 3]> = order.iter().map(|&v| lattice.number(asset.positions[v])).collect();
    let mut attributes = json!({ "POSITION": places(file, &positions)? });
    if !asset.normals.is_empty() {
        let normals = order.iter().map(|&v| asset.normals[v].extend(0.0).to_array()).collect();
        attributes["NORMAL"] = directions(file, normals, "VEC3")?.into();
    }
    if !tangents.is_empty() {
        let tangents = order.iter().map(|&v| tangents[v].to_array()).collect();
        attributes["TANGENT"] = directions(file, tangents, "VEC4")?.into();
    }
    if !asset.uvs.is_empty() {
        let uvs: Vec<Vec2> = order.iter().map(|&v| asset.uvs[v]).collect();
        attributes["TEXCOORD_0"] = texture_coordinates(file, &uvs)?.into();
    }
    if !asset.colors.is_empty() {
        let linear = |c: [u8; 3]| c.map(|c| (linear_from_srgb(c) * 255.0).round() as u8);
        let colors: Vec<[u8; 4]> =
            order.iter().map(|&v| linear(asset.colors[v])).map(|[r, g, b]| [r, g, b, u8::MAX]).collect();
        let view = attribute(file, &colors, "NONE")?;
        attributes["COLOR_0"] = file
            .accessor(json!({
                "bufferView": view, "componentType": UNSIGNED_BYTE, "normalized": true, "count": count, "type": "VEC4",
            }))
            .into();
    }
    by_material
        .into_iter()
        .map(|(material, indices)| {
            let indices: Vec<u32> = indices.into_iter().map(|v| place[v as usize]).collect();
            let indices = triangles(file, &indices, count)?;
            Ok(json!({ "attributes": attributes, "indices": indices, "material": material, "mode": TRIANGLES }))
        })
        .collect()
}

fn places(file: &mut File, positions: &[[u16; 3]]) -> Result<usize, GlbError> {
    let corner = |pick: fn(u16, u16) -> u16, from: u16| -> [u16; 3] {
        positions.iter().fold([from; 3], |corner, p| std::array::from_fn(|i| pick(corner[i], p[i])))
    };
    let (low, high) = (corner(u16::min, u16::MAX), corner(u16::max, 0));
    let padded: Vec<[u8; 8]> = positions.iter().map(|&[x, y, z]| bytes([x, y, z, 0])).collect();
    let view = attribute(file, &padded, "NONE")?;
    Ok(file.accessor(json!({
        "bufferView": view, "componentType": UNSIGNED_SHORT, "count": positions.len(), "type": "VEC3",
        "min": low, "max": high,
    })))
}

/// Unit vectors; the fourth number is kept as a sign.
fn directions(file: &mut File, vectors: Vec<[f32; 4]>, kind: &str) -> Result<usize, GlbError> {
    let count = vectors.len();
    let packed: Vec<[i8; 4]> = encode_filter_oct(&vectors, 8);
    let packed: Vec<[u8; 4]> = packed.into_iter().map(|vector| vector.map(|c| c as u8)).collect();
    let view = attribute(file, &packed, "OCTAHEDRAL")?;
    Ok(file.accessor(json!({
        "bufferView": view, "componentType": BYTE, "normalized": true, "count": count, "type": kind,
    })))
}

/// Sixteen bits where they stay within the texture.
fn texture_coordinates(file: &mut File, uvs: &[Vec2]) -> Result<usize, GlbError> {
    let within = uvs.iter().all(|uv| uv.cmpge(Vec2::ZERO).all() && uv.cmple(Vec2::ONE).all());
    if within {
        let whole = |c: f32| ((c * f32::from(u16::MAX)).round() as u16).to_le_bytes();
        let packed: Vec<[u8; 4]> = uvs
            .iter()
            .map(|uv| {
                let ([a, b], [c, d]) = (whole(uv.x), whole(uv.y));
                [a, b, c, d]
            })
            .collect();
        let view = attribute(file, &packed, "NONE")?;
        return Ok(file.accessor(json!({
            "bufferView": view, "componentType": UNSIGNED_SHORT, "normalized": true, "count": uvs.len(), "type": "VEC2",
        })));
    }
    let packed: Vec<[u8; 8]> = uvs
        .iter()
        .map(|uv| {
            let (x, y) = (uv.x.to_bits(), uv.y.to_bits());
            bytes([x as u16, (x >> 16) as u16, y as u16, (y >> 16) as u16])
        })
        .collect();
    let view = attribute(file, &packed, "NONE")?;
    Ok(file.accessor(json!({
        "bufferView": view, "componentType": crate::glb::FLOAT, "count": uvs.len(), "type": "VEC2",
    })))
}

fn triangles(file: &mut File, indices: &[u32], vertices: usize) -> Result<usize, GlbError> {
    if indices.is_empty() {
        return Err(GlbError::Empty);
    }
    let packed = encode_index_buffer(indices, vertices).map_err(|_| GlbError::TooLarge)?;
    let (stride, component) =
        if vertices <= usize::from(u16::MAX) { (2, UNSIGNED_SHORT) } else { (4, UNSIGNED_INT) };
    let described = Packed { stride, count: indices.len(), mode: "TRIANGLES", filter: "NONE" };
    let view = file.packed_view(&packed, &described, ELEMENT_ARRAY_BUFFER);
    Ok(file.accessor(json!({
        "bufferView": view, "componentType": component, "count": indices.len(), "type": "SCALAR",
    })))
}

fn attribute<const N: usize>(
    file: &mut File,
    elements: &[[u8; N]],
    filter: &'static str,
) -> Result<usize, GlbError> {
    let packed =
        encode_vertex_buffer_level(elements, LEVEL, Some(VERTEX_CODEC)).map_err(|_| GlbError::TooLarge)?;
    let described = Packed { stride: N, count: elements.len(), mode: "ATTRIBUTES", filter };
    Ok(file.packed_view(&packed, &described, ARRAY_BUFFER))
}

fn bytes(words: [u16; 4]) -> [u8; 8] {
    let [[a, b], [c, d], [e, f], [g, h]] = words.map(u16::to_le_bytes);
    [a, b, c, d, e, f, g, h]
}
