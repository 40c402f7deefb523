use std::borrow::Cow;
use std::collections::BTreeMap;

use glam::Vec4;
use serde_json::{Value, json};

use super::gltf_packed::{self, Lattice};
use super::obj::{plain, texture_file};
use super::{NamedFile, WriteError, WriteOptions, level_name};
use crate::asset::{Asset, Format, Texture};
use crate::color::linear_from_srgb;
use crate::glb::write::{File, container};
use crate::tangents::{Tangents, tangents};

const REPEAT: u32 = 10497;
const LINEAR: u32 = 9729;
const LINEAR_MIPMAP_LINEAR: u32 = 9987;
pub const TRIANGLES: u32 = 4;
const WEBP: &str = "EXT_texture_webp";

/// glTF 2.0: one GLB, or a text with its buffer and textures beside. Further levels of detail are nodes of
/// MSFT_lod, so that a reader that does not know them shows the finest alone.
pub fn write(lods: &[Asset], format: Format, options: &WriteOptions) -> Result<Vec<NamedFile>, WriteError> {
    let failed = |e: crate::glb::GlbError| WriteError::Failed { format, reason: e.to_string() };
    let first = &lods[0];
    let mut file = File::default();
    let (mut meshes, mut nodes) = (Vec::new(), Vec::new());
    let (mut used, mut required) = (Vec::new(), Vec::new());
    let is_packed = options.compressed && format == Format::Glb;
    if is_packed {
        required.extend(gltf_packed::EXTENSIONS);
    }
    for (level, asset) in lods.iter().enumerate() {
        let name = level_name(options, lods, level);
        let mut node = json!({ "name": name, "mesh": level });
        let primitives = if is_packed {
            let lattice = Lattice::of(&asset.positions);
            lattice.place(&mut node);
            gltf_packed::primitives(&mut file, asset, &lattice)
        } else {
            primitives(&mut file, asset)
        };
        meshes.push(json!({ "name": name, "primitives": primitives.map_err(failed)? }));
        nodes.push(node);
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
        used.push("MSFT_lod");
    }
    document["nodes"] = nodes.into();
    document["meshes"] = meshes.into();
    let mut files = Vec::new();
    if !first.textures.is_empty() {
        let (mut images, mut textures) = (Vec::new(), Vec::new());
        for (i, texture) in first.textures.iter().enumerate() {
            let smaller = if is_packed { as_webp(texture) } else { None };
            textures.push(match smaller {
                Some(_) => json!({ "sampler": 0, "extensions": { WEBP: { "source": i } } }),
                None => json!({ "sampler": 0, "source": i }),
            });
            if smaller.is_some() && !required.contains(&WEBP) {
                required.push(WEBP);
            }
            if format == Format::Glb {
                let kind = if smaller.is_some() { "image/webp" } else { texture.encoding.media_type() };
                let view = file.view(smaller.as_ref().unwrap_or(&texture.bytes), None);
                images.push(json!({ "name": texture.name, "mimeType": kind, "bufferView": view }));
            } else {
                let name = texture_file(options, i, texture);
                files.push(NamedFile { name: name.clone(), bytes: texture.bytes.clone() });
                images.push(json!({ "name": texture.name, "uri": name }));
            }
        }
        document["images"] = images.into();
        document["textures"] = textures.into();
        document["samplers"] = json!([{
            "magFilter": LINEAR, "minFilter": LINEAR_MIPMAP_LINEAR, "wrapS": REPEAT, "wrapT": REPEAT,
        }]);
    }
    used.extend(&required);
    for (name, extensions) in [("extensionsUsed", used), ("extensionsRequired", required)] {
        if !extensions.is_empty() {
            document[name] = json!(extensions);
        }
    }
    let (binary, [buffers, views, accessors]) = file.into_parts();
    document["bufferViews"] = views.into();
    document["accessors"] = accessors.into();
    document["buffers"] = buffers.into();
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

/// The same pixels as WebP without loss, where that is smaller.
fn as_webp(texture: &Texture) -> Option<Vec<u8>> {
    let picture = image::load_from_memory(&texture.bytes).ok()?;
    let mut bytes = Vec::new();
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut bytes);
    if picture.color().has_alpha() {
        picture.to_rgba8().write_with_encoder(encoder).ok()?;
    } else {
        picture.to_rgb8().write_with_encoder(encoder).ok()?;
    }
    (bytes.len() < texture.bytes.len()).then_some(bytes)
}

/// One for each material that has triangles, over shared vertices.
fn primitives(file: &mut File, asset: &Asset) -> Result<Vec<Value>, crate::glb::GlbError> {
    let (asset, tangents) = with_tangents(asset);
    let mut attributes = json!({ "POSITION": file.positions(&asset.positions)? });
    if !tangents.is_empty() {
        attributes["TANGENT"] = file.tangents(&tangents).into();
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

/// With what normal maps are read with, where there is one; vertices where it differs are made several.
pub fn with_tangents(asset: &Asset) -> (Cow<'_, Asset>, Vec<Vec4>) {
    let bumpy = asset.materials.iter().any(|material| material.normal_texture.is_some());
    if !bumpy || asset.uvs.is_empty() || asset.normals.is_empty() {
        return (Cow::Borrowed(asset), Vec::new());
    }
    let mut split = asset.clone();
    let Tangents { tangents, copies } =
        tangents(&asset.positions, &asset.normals, &asset.uvs, &mut split.triangles);
    for v in copies.into_iter().map(|v| v as usize) {
        split.positions.push(asset.positions[v]);
        split.normals.push(asset.normals[v]);
        split.uvs.push(asset.uvs[v]);
        split.colors.extend(asset.colors.get(v));
    }
    (Cow::Owned(split), tangents)
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
