//! Fewer triangles of a mesh that has more than a shape.

use glam::Vec3;

use super::Asset;
use crate::decimate::decimate;
use crate::{Cancel, Cancelled};

/// How much a texture coordinate that is off by the whole texture weighs against a vertex that is off by the
/// mesh's size.
const UV_WEIGHT: f32 = 0.5;
const NORMAL_WEIGHT: f32 = 0.1;
const COLOR_WEIGHT: f32 = 0.1;
/// Attributes of a vertex: normal, texture coordinate, colour.
const ATTRIBUTES: usize = 8;

/// At most `target` triangles, as far as the shape allows. A bare shape is thinned as [`decimate`] does. One
/// with texture coordinates, colours or several materials keeps their seams: its vertices are a choice of the
/// old ones, so nothing slides over the surface (meshoptimizer's simplifier).
pub fn thin(asset: &Asset, target: usize, cancel: Cancel<'_>) -> Result<Asset, Cancelled> {
    if asset.triangles.len() <= target {
        return Ok(asset.clone());
    }
    if asset.uvs.is_empty() && asset.colors.is_empty() && asset.materials.len() == 1 {
        let mesh = decimate(asset.surface(), target, cancel)?;
        let normals = if asset.normals.is_empty() { Vec::new() } else { mesh.vertex_normals() };
        let material_of = vec![0; mesh.triangles.len()];
        let (positions, triangles) = (mesh.positions, mesh.triangles);
        return Ok(Asset { positions, normals, triangles, material_of, ..asset.clone() });
    }
    cancel.check()?;
    let split = by_material(asset);
    let attributes: Vec<[f32; ATTRIBUTES]> = (0..split.positions.len())
        .map(|v| {
            let n = split.normals.get(v).copied().unwrap_or(Vec3::ZERO);
            let uv = split.uvs.get(v).copied().unwrap_or_default();
            let [r, g, b] = split.colors.get(v).map_or([0.0; 3], |c| c.map(|c| f32::from(c) / 255.0));
            [n.x, n.y, n.z, uv.x, uv.y, r, g, b]
        })
        .collect();
    let weights: [f32; ATTRIBUTES] = std::array::from_fn(|i| match i {
        0..3 => NORMAL_WEIGHT,
        3..5 => UV_WEIGHT,
        _ => COLOR_WEIGHT,
    });
    let places: Vec<[f32; 3]> = split.positions.iter().map(|p| p.to_array()).collect();
    let kept = meshopt::simplify_with_attributes_and_locks_decoder(
        split.triangles.as_flattened(),
        &places,
        attributes.as_flattened(),
        &weights,
        size_of::<[f32; ATTRIBUTES]>(),
        &vec![false; places.len()],
        target * 3,
        f32::MAX,
        meshopt::SimplifyOptions::None,
        None,
    );
    cancel.check()?;
    let material = material_of_vertex(&split);
    let triangles: Vec<[u32; 3]> = kept.as_chunks::<3>().0.to_vec();
    let material_of = triangles.iter().map(|t| material[t[0] as usize]).collect();
    Ok(compact(&Asset { triangles, material_of, ..split }))
}

/// Vertices are of one material each.
fn by_material(asset: &Asset) -> Asset {
    let mut split = asset.clone();
    let mut owner: Vec<Option<(u16, u32)>> = vec![None; asset.positions.len()];
    let mut other = std::collections::HashMap::new();
    for (triangle, &material) in split.triangles.iter_mut().zip(&asset.material_of) {
        for v in triangle {
            let old = *v;
            let (first, vertex) = *owner[old as usize].get_or_insert((material, old));
            if first == material {
                *v = vertex;
                continue;
            }
            *v = *other.entry((old, material)).or_insert_with(|| {
                let i = old as usize;
                split.positions.push(asset.positions[i]);
                split.normals.extend(asset.normals.get(i));
                split.uvs.extend(asset.uvs.get(i));
                split.colors.extend(asset.colors.get(i));
                split.positions.len() as u32 - 1
            });
        }
    }
    split
}

fn material_of_vertex(asset: &Asset) -> Vec<u16> {
    let mut material = vec![0; asset.positions.len()];
    for (triangle, &of) in asset.triangles.iter().zip(&asset.material_of) {
        triangle.iter().for_each(|&v| material[v as usize] = of);
    }
    material
}

/// Without the vertices that no triangle uses.
pub fn compact(asset: &Asset) -> Asset {
    let mut new_index = vec![u32::MAX; asset.positions.len()];
    let mut used: Vec<usize> = Vec::new();
    let triangles = asset.triangles.iter().map(|t| {
        t.map(|v| {
            let index = &mut new_index[v as usize];
            if *index == u32::MAX {
                *index = used.len() as u32;
                used.push(v as usize);
            }
            *index
        })
    });
    let triangles = triangles.collect();
    fn chosen<T: Copy>(values: &[T], used: &[usize]) -> Vec<T> {
        if values.is_empty() { Vec::new() } else { used.iter().map(|&v| values[v]).collect() }
    }
    Asset {
        positions: chosen(&asset.positions, &used),
        normals: chosen(&asset.normals, &used),
        uvs: chosen(&asset.uvs, &used),
        colors: chosen(&asset.colors, &used),
        triangles,
        ..asset.clone()
    }
}
