use std::fmt::Write;

use super::obj::texture_file;
use super::{NamedFile, WriteOptions, placed};
use crate::asset::Asset;

/// The colour texture that lies beside: that of the first material.
pub fn texture(asset: &Asset, options: &WriteOptions) -> Vec<NamedFile> {
    let index = asset.materials.first().and_then(|material| material.base_color_texture);
    let file = index.map(|index| {
        let texture = &asset.textures[index];
        NamedFile { name: texture_file(options, index, texture), bytes: texture.bytes.clone() }
    });
    file.into_iter().collect()
}

/// Binary little endian, with normals, texture coordinates and colours where there are any.
pub fn write(asset: &Asset, options: &WriteOptions) -> Vec<u8> {
    let mut header = format!("ply\nformat binary_little_endian 1.0\ncomment {}\n", options.generator);
    if let [NamedFile { name, .. }] = texture(asset, options).as_slice() {
        header.push_str(&format!("comment TextureFile {name}\n"));
    }
    header.push_str(&format!("element vertex {}\n", asset.positions.len()));
    let mut property = |kind: &str, names: &[&str]| {
        for name in names {
            // Writing to a string cannot fail.
            let _ = writeln!(header, "property {kind} {name}");
        }
    };
    property("float", &["x", "y", "z"]);
    if !asset.normals.is_empty() {
        property("float", &["nx", "ny", "nz"]);
    }
    if !asset.uvs.is_empty() {
        property("float", &["s", "t"]);
    }
    if !asset.colors.is_empty() {
        property("uchar", &["red", "green", "blue"]);
    }
    let mut bytes = header.into_bytes();
    let faces = format!(
        "element face {}\nproperty list uchar int vertex_indices\nend_header\n",
        asset.triangles.len()
    );
    bytes.extend(faces.into_bytes());
    for (v, &p) in asset.positions.iter().enumerate() {
        let mut floats = |values: &[f32]| values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        floats(&(placed(p, options) * options.units_per_metre).to_array());
        if let Some(&n) = asset.normals.get(v) {
            floats(&placed(n, options).to_array());
        }
        if let Some(uv) = asset.uvs.get(v) {
            floats(&[uv.x, 1.0 - uv.y]);
        }
        if let Some(color) = asset.colors.get(v) {
            bytes.extend(color);
        }
    }
    for triangle in &asset.triangles {
        bytes.push(3);
        bytes.extend(triangle.map(|v| v as i32).map(i32::to_le_bytes).as_flattened());
    }
    bytes
}
