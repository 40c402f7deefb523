//! New texture coordinates for a mesh that has its looks already.

use std::collections::BTreeMap;
use std::io::Cursor;

use glam::{Vec2, Vec3};
use image::{ImageFormat, RgbImage};

use super::{Asset, Encoding, Material, Texture};
use crate::bake::bake;
use crate::bvh::Bvh;
use crate::color::{linear_from_srgb, srgb_from_linear};
use crate::unwrap::{UnwrapOptions, unwrap};
use crate::{Cancel, Cancelled, Painter, TriMesh};

/// So far outside of the surface, relative to its box, the nearest place is asked for: the inner side of a thin
/// wall has other colours.
const OUTWARD: f32 = 1e-5;

/// Unfolds the surface anew, without overlap and with even texels, and paints a texture of `texture_px` with the
/// colours it had. All of it becomes one material; maps other than of colour belonged to the old coordinates and
/// are let go.
///
/// # Panics
/// When a triangle names a vertex that is not there.
pub fn unfold(asset: &Asset, texture_px: u32, cancel: Cancel<'_>) -> Result<Asset, Cancelled> {
    let surface = asset.surface();
    let options = UnwrapOptions { texture_px, margin_px: (texture_px / 256).max(2), favoured: None };
    let unwrapped = unwrap(&surface, &options, cancel)?;
    let albedo = bake(&unwrapped, texture_px, &OwnLooks::new(asset, &surface), cancel)?;
    let mut bytes = Vec::new();
    albedo.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).expect("memory takes every picture");
    let texture = Texture {
        name: "albedo".to_owned(),
        encoding: Encoding::Png,
        bytes,
        width_px: texture_px,
        height_px: texture_px,
    };
    let most = most_used(asset);
    let material = Material {
        name: asset.name.clone(),
        base_color: [1.0; 4],
        base_color_texture: Some(0),
        normal_texture: None,
        occlusion_texture: None,
        ..asset.materials[most].clone()
    };
    Ok(Asset {
        name: asset.name.clone(),
        material_of: vec![0; unwrapped.triangles.len()],
        positions: unwrapped.positions,
        normals: unwrapped.normals,
        uvs: unwrapped.uvs,
        colors: Vec::new(),
        triangles: unwrapped.triangles,
        materials: vec![material],
        textures: vec![texture],
    })
}

fn most_used(asset: &Asset) -> usize {
    let mut uses: BTreeMap<u16, usize> = BTreeMap::new();
    asset.material_of.iter().for_each(|&material| *uses.entry(material).or_default() += 1);
    uses.into_iter().max_by_key(|&(_, count)| count).map_or(0, |(material, _)| usize::from(material))
}

/// The colours an asset has, at any place of its surface.
struct OwnLooks<'a> {
    asset: &'a Asset,
    /// Its triangles are the asset's, in their order.
    surface: Bvh<&'a TriMesh>,
    outward_m: f32,
    textures: Vec<Option<RgbImage>>,
}

impl<'a> OwnLooks<'a> {
    fn new(asset: &'a Asset, surface: &'a TriMesh) -> Self {
        let diagonal = surface.bounds().map_or(0.0, |(low, high)| low.distance(high));
        let used = |i: usize| asset.materials.iter().any(|m| m.base_color_texture == Some(i));
        let decoded = |(i, texture): (usize, &Texture)| {
            used(i).then(|| image::load_from_memory(&texture.bytes).ok().map(|p| p.to_rgb8())).flatten()
        };
        Self {
            asset,
            surface: Bvh::new(surface),
            outward_m: diagonal * OUTWARD,
            textures: asset.textures.iter().enumerate().map(decoded).collect(),
        }
    }
}

impl Painter for OwnLooks<'_> {
    fn albedo(&self, position_m: Vec3, normal: Vec3, _footprint_m: f32) -> [f32; 3] {
        let Some(hit) = self.surface.nearest(position_m + normal * self.outward_m, f32::INFINITY) else {
            return [0.5; 3];
        };
        let corners = self.asset.triangles[hit.triangle as usize].map(|v| v as usize);
        let [v, w] = hit.weights;
        let weights = [1.0 - v - w, v, w];
        let material = &self.asset.materials[usize::from(self.asset.material_of[hit.triangle as usize])];
        let [r, g, b, _] = material.base_color;
        let mut linear = Vec3::new(r, g, b);
        if !self.asset.colors.is_empty() {
            linear *= corners
                .into_iter()
                .zip(weights)
                .map(|(corner, weight)| {
                    Vec3::from_array(self.asset.colors[corner].map(linear_from_srgb)) * weight
                })
                .sum::<Vec3>();
        }
        let picture = material.base_color_texture.and_then(|texture| self.textures[texture].as_ref());
        if let Some(picture) = picture.filter(|_| !self.asset.uvs.is_empty()) {
            let uv = corners.into_iter().zip(weights).map(|(v, weight)| self.asset.uvs[v] * weight).sum();
            linear *= texel(picture, uv);
        }
        linear.to_array().map(|c| f32::from(srgb_from_linear(c)) / 255.0)
    }
}

/// Linear, between the four nearest texels; the picture repeats.
fn texel(picture: &RgbImage, uv: Vec2) -> Vec3 {
    let size = Vec2::new(picture.width() as f32, picture.height() as f32);
    let at = (uv - uv.floor()) * size - 0.5;
    let share = at - at.floor();
    let pixel = |dx: i64, dy: i64| {
        let x = (at.x.floor() as i64 + dx).rem_euclid(i64::from(picture.width()));
        let y = (at.y.floor() as i64 + dy).rem_euclid(i64::from(picture.height()));
        Vec3::from_array(picture.get_pixel(x as u32, y as u32).0.map(linear_from_srgb))
    };
    let upper = pixel(0, 0).lerp(pixel(1, 0), share.x);
    let lower = pixel(0, 1).lerp(pixel(1, 1), share.x);
    upper.lerp(lower, share.y)
}
