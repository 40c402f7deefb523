use std::collections::BTreeMap;
use std::sync::Arc;

use ::image::RgbImage;
use ::image::imageops::{self, FilterType};
use glam::Vec3;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, TriMesh};
use serde_json::{Value, json};

use super::super::files;
use super::latent::Recipe;
use super::save::metadata;
use super::{Call, Data, Given, Raised, Shown};

/// The finest grid worth the time in a test; real servers take up to 512.
const MAX_CELLS: usize = 64;

/// The solid all sides agree on, as a field of -1 outside to 1 inside.
pub(super) fn decode(call: &Call) -> Result<Given, Raised> {
    let Data::Latent(latent) = call.data("samples") else {
        return Err(Raised::runtime_error("samples is no latent"));
    };
    let empty = BTreeMap::new();
    let sides = match &latent.recipe {
        Some(Recipe::Solid(sides)) => sides,
        _ => &empty,
    };
    let cells = (call.integer("octree_resolution").unwrap_or(256) as usize).clamp(16, MAX_CELLS);
    Ok(Given::outputs(vec![Data::Voxel(Arc::new(blurred(&solid(sides, cells))))]))
}

fn solid(sides: &BTreeMap<String, RgbImage>, cells: usize) -> Volume {
    let silhouette = |names: [&str; 2], mirrored: bool| {
        let (name, picture) = names.iter().find_map(|&name| sides.get_key_value(name))?;
        let small = imageops::resize(picture, cells as u32, cells as u32, FilterType::Triangle);
        let flip = mirrored == (name != names[1]);
        Some(move |across: usize, down: usize| {
            let across = if flip { cells - 1 - across } else { across };
            let difference = |channel: usize| {
                small.get_pixel(across as u32, down as u32)[channel].abs_diff(small.get_pixel(0, 0)[channel])
            };
            (0..3).any(|channel| difference(channel) > 24)
        })
    };
    let front = silhouette(["front", "back"], false);
    let side = silhouette(["left", "right"], false);
    let mut volume = Volume::filled([cells; 3], -1.0);
    let margin = 1..cells - 1;
    for down in margin.clone() {
        let row: Vec<usize> = match &front {
            Some(front) => margin.clone().filter(|&x| front(x, down)).collect(),
            None => (cells / 4..cells * 3 / 4).collect(),
        };
        let (Some(&first), Some(&last)) = (row.first(), row.last()) else { continue };
        let middle = (first + last) as f32 / 2.0;
        let radius = (last - first) as f32 / 2.0 + 0.5;
        for &x in &row {
            let depth = (radius.powi(2) - (x as f32 - middle).powi(2)).max(0.0).sqrt();
            for z in margin.clone() {
                let inside = match &side {
                    Some(side) => side(z, down),
                    None => (z as f32 - cells as f32 / 2.0).abs() <= depth,
                };
                if inside {
                    let index = volume.index(x, cells - 1 - down, z);
                    volume.values[index] = 1.0;
                }
            }
        }
    }
    volume
}

/// Takes the steps of the cells off, so that the surface is smooth.
fn blurred(volume: &Volume) -> Volume {
    let mut blurred = volume.clone();
    for axis in 0..3 {
        let before = blurred.clone();
        let [width, height, depth] = volume.size;
        for z in 0..depth {
            for y in 0..height {
                for x in 0..width {
                    let at = |offset: isize| {
                        let mut place: [usize; 3] = [x, y, z];
                        place[axis] = place[axis].saturating_add_signed(offset).min(volume.size[axis] - 1);
                        before.values[before.index(place[0], place[1], place[2])]
                    };
                    let index = blurred.index(x, y, z);
                    blurred.values[index] = (at(-1) + 2.0 * at(0) + at(1)) / 4.0;
                }
            }
        }
    }
    blurred
}

pub(super) fn from_voxel(call: &Call) -> Result<Given, Raised> {
    let Data::Voxel(volume) = call.data("voxel") else {
        return Err(Raised::runtime_error("voxel is no voxel grid"));
    };
    let mut mesh = surface_nets(volume, Cancel::never()).expect("nobody cancels it");
    let half = (volume.size[0] - 1) as f32 / 2.0;
    for position in &mut mesh.positions {
        *position = *position / half - Vec3::ONE;
    }
    let mut given = Given::outputs(vec![Data::Mesh(Arc::new(mesh))]);
    // Only this one tells its progress.
    if call.class == "VoxelToMesh" && call.string("algorithm") == "surface net" {
        given.steps = (1..=100).chain([100]).map(|step| (step, Shown::Nothing)).collect();
        given.max_step = 100;
    }
    Ok(given)
}

pub(super) fn save(call: &Call) -> Result<Given, Raised> {
    let Data::Mesh(mesh) = call.data("mesh") else {
        return Err(Raised::runtime_error("mesh is no mesh"));
    };
    let (folder, counter, subfolder, name) =
        files::save_place(&call.root.join("output"), call.string("filename_prefix"))
            .map_err(|message| Raised::new("Exception", &message))?;
    let file = format!("{name}_{counter:05}_.glb");
    std::fs::write(folder.join(&file), glb(mesh, &metadata(call)))
        .map_err(|error| Raised::new("OSError", &error.to_string()))?;
    let ui = json!({ "3d": [{ "filename": file, "subfolder": subfolder, "type": "output" }] });
    Ok(Given { ui: Some(ui), ..Given::default() })
}

/// Positions and u32 indices, nothing else; the graph in `asset.extras`. Byte for byte the layout of save_glb.
fn glb(mesh: &TriMesh, metadata: &[(String, String)]) -> Vec<u8> {
    let bounds = |fold: fn(Vec3, Vec3) -> Vec3, start| mesh.positions.iter().fold(start, |a, &b| fold(a, b));
    let (min, max) = (bounds(Vec3::min, Vec3::INFINITY), bounds(Vec3::max, Vec3::NEG_INFINITY));
    let vertices: Vec<u8> =
        mesh.positions.iter().flat_map(|position| position.to_array()).flat_map(f32::to_le_bytes).collect();
    let indices: Vec<u8> = mesh.triangles.iter().flatten().flat_map(|index| index.to_le_bytes()).collect();
    let extras: serde_json::Map<String, Value> =
        metadata.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let (vertex_bytes, index_bytes) = (vertices.len(), indices.len());
    let json = json!({
        "asset": { "version": "2.0", "generator": "ComfyUI", "extras": extras },
        "buffers": [{ "byteLength": vertex_bytes + index_bytes }],
        "bufferViews": [
            { "buffer": 0, "byteOffset": 0, "byteLength": vertex_bytes, "target": 34962 },
            { "buffer": 0, "byteOffset": vertex_bytes, "byteLength": index_bytes, "target": 34963 },
        ],
        "accessors": [
            {
                "bufferView": 0, "byteOffset": 0, "componentType": 5126, "count": mesh.positions.len(),
                "type": "VEC3", "max": max.to_array(), "min": min.to_array(),
            },
            {
                "bufferView": 1, "byteOffset": 0, "componentType": 5125,
                "count": mesh.triangles.len() * 3, "type": "SCALAR",
            },
        ],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1, "mode": 4 }] }],
        "nodes": [{ "mesh": 0 }],
        "scenes": [{ "nodes": [0] }],
        "scene": 0,
    });
    let mut json = json.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let length = 12 + 8 + json.len() + 8 + vertex_bytes + index_bytes;
    let word = |number: usize| (number as u32).to_le_bytes();
    [
        b"glTF".as_slice(),
        &word(2),
        &word(length),
        &word(json.len()),
        b"JSON",
        &json,
        &word(vertex_bytes + index_bytes),
        b"BIN\0",
        &vertices,
        &indices,
    ]
    .concat()
}
