use std::collections::BTreeMap;

use glam::Vec4;
use serde_json::{Value, json};

use super::obj::{plain, texture_file};
use super::{NamedFile, WriteError, WriteOptions, level_name};
use crate::asset::{Asset, Format};
use crate::color::linear_from_srgb;
use crate::glb::write::{File, container};
use crate::tangents::{Tangents, tangents};

const REPEAT: u32 = 10497;
const LINEAR: u32 = 9729;
const LINEAR_MIPMAP_LINEAR: u32 = 9987;
const TRIANGLES: u32 = 4;

/// glTF 2.0: one GLB, or a text with its buffer and textures beside. Further levels of detail are nodes of
/// MSFT_lod, so that a reader that does not know them shows the finest alone.
pub fn write(lods: &[Asset], format: Format, options: &WriteOptions) -> Result<Vec<NamedFile>, WriteError> {
    let failed = |e: crate::glb::GlbError| WriteError::Failed { format, reason: e.to_string() };
    let first = &lods[0];
    let mut file = File::default();
    let (mut meshes, mut nodes) = (Vec::new(), Vec::new());
    for (level, asset) in lods.iter().enumerate() {
        let name = level_name(options, lods, level);
        meshes.push(json!({ "name": name, "primitives": primitives(&mut file, asset).map_err(failed)? }));
        nodes.push(json!({ "name": name, "mesh": level }));
    }
    let mut document = json!({
        "asset": { "version": "2.0", "generator": options.generator },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "materials": materials(first),
    });
    if let Some(extras) = &options.extras {
        document["asset"]["extras"] = extras.clone();
    }
    if lods.len() > 1 {
        nodes[0]["extensions"] = json!({ "MSFT_lod": { "ids": (1..lods.len()).collect::<Vec<_>>() } });
        document["extensionsUsed"] = json!(["MSFT_lod"]);
    }
    document["nodes"] = nodes.into();
    document["meshes"] = meshes.into();
    let mut files = Vec::new();
    if !first.textures.is_empty() {
        let images: Vec<Value> = first
            .textures
            .iter()
            .enumerate()
            .map(|(i, texture)| {
                if format == Format::Glb {
                    let view = file.view(&texture.bytes, None);
                    return json!({ "name": texture.name, "mimeType": texture.encoding.media_type(), "bufferView": view });
                }
                let name = texture_file(options, i, texture);
                files.push(NamedFile { name: name.clone(), bytes: texture.bytes.clone() });
                json!({ "name": texture.name, "uri": name })
            })
            .collect();
        document["images"] = images.into();
        document["textures"] =
            (0..first.textures.len()).map(|i| json!({ "sampler": 0, "source": i })).collect();
        document["samplers"] = json!([{
            "magFilter": LINEAR, "minFilter": LINEAR_MIPMAP_LINEAR, "wrapS": REPEAT, "wrapT": REPEAT,
        }]);
    }
    let (binary, views, accessors) = file.into_parts();
    document["bufferViews"] = views.into();
    document["accessors"] = accessors.into();
    document["buffers"] = json!([{ "byteLength": binary.len() }]);
    let main = format!("{}.{}", options.file_stem, format.extension());
    if format == Format::Glb {
        files.push(NamedFile { name: main, bytes: container(&document, binary).map_err(failed)? });
        return Ok(files);
    }
    let buffer = format!("{}.bin", plain(&options.file_stem));
    document["buffers"][0]["uri"] = buffer.clone().into();
    files.push(NamedFile { name: buffer, bytes: binary });
    let text = serde_json::to_vec_pretty(&document).map_err(|e| failed(e.into()))?;
    files.push(NamedFile { name: main, bytes: text });
    Ok(files)
}

/// One for each material that has triangles, over shared vertices.
fn primitives(file: &mut File, asset: &Asset) -> Result<Vec<Value>, crate::glb::GlbError> {
    let mut tangents = None;
    let split;
    let bumpy = asset.materials.iter().any(|material| material.normal_texture.is_some());
    let asset = if bumpy && !asset.uvs.is_empty() && !asset.normals.is_empty() {
        let made;
        (split, made) = with_tangents(asset);
        tangents = Some(made);
        &split
    } else {
        asset
    };
    let mut attributes = json!({ "POSITION": file.positions(&asset.positions)? });
    if let Some(tangents) = &tangents {
        attributes["TANGENT"] = file.tangents(tangents).into();
    }
    if !asset.normals.is_empty() {
        attributes["NORMAL"] = file.vectors(&asset.normals).into();
    }
    if !asset.uvs.is_empty() {
        attributes["TEXCOORD_0"] = file.texture_coordinates(&asset.uvs).into();
    }
    if !asset.colors.is_empty() {
        let linear: Vec<glam::Vec3> =
            asset.colors.iter().map(|c| glam::Vec3::from_array(c.map(linear_from_srgb))).collect();
        attributes["COLOR_0"] = file.vectors(&linear).into();
    }
    let mut by_material: BTreeMap<u16, Vec<[u32; 3]>> = BTreeMap::new();
    for (&triangle, &material) in asset.triangles.iter().zip(&asset.material_of) {
        by_material.entry(material).or_default().push(triangle);
    }
    by_material
        .into_iter()
        .map(|(material, triangles)| {
            let indices = file.indices(&triangles, asset.positions.len())?;
            Ok(json!({ "attributes": attributes, "indices": indices, "material": material, "mode": TRIANGLES }))
        })
        .collect()
}

/// What normal maps are read with; vertices where it differs are made several.
fn with_tangents(asset: &Asset) -> (Asset, Vec<Vec4>) {
    let mut split = asset.clone();
    let Tangents { tangents, copies } =
        tangents(&asset.positions, &asset.normals, &asset.uvs, &mut split.triangles);
    for v in copies.into_iter().map(|v| v as usize) {
        split.positions.push(asset.positions[v]);
        split.normals.push(asset.normals[v]);
        split.uvs.push(asset.uvs[v]);
        split.colors.extend(asset.colors.get(v));
    }
    (split, tangents)
}

fn materials(asset: &Asset) -> Vec<Value> {
    let one = |material: &crate::asset::Material| {
        let mut pbr = json!({
            "baseColorFactor": material.base_color,
            "metallicFactor": material.metallic,
            "roughnessFactor": material.roughness,
        });
        if let Some(texture) = material.base_color_texture {
            pbr["baseColorTexture"] = json!({ "index": texture });
        }
        let mut value = json!({ "name": material.name, "pbrMetallicRoughness": pbr });
        if let Some(texture) = material.normal_texture {
            value["normalTexture"] = json!({ "index": texture });
        }
        if let Some(texture) = material.occlusion_texture {
            value["occlusionTexture"] = json!({ "index": texture });
        }
        if material.base_color[3] < 1.0 {
            value["alphaMode"] = "BLEND".into();
        }
        value
    };
    asset.materials.iter().map(one).collect()
}
