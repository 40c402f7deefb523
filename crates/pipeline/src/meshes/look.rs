//! What a mesh from anywhere looks like without light: its textures, its colours, its materials.

use glam::Vec3;
use image::DynamicImage;
use oreforge_geometry::asset::{Asset, Material};
use oreforge_geometry::picture::{self, Limits};
use oreforge_geometry::raster::bilinear;
use oreforge_geometry::{TriMesh, color};

/// Its own, or those its triangles give.
pub(super) fn normals(asset: &Asset) -> Vec<Vec3> {
    match &asset.normals[..] {
        [] => TriMesh { positions: asset.positions.clone(), triangles: asset.triangles.clone() }
            .vertex_normals(),
        given => given.to_vec(),
    }
}

/// The textures of a mesh, decoded.
pub(super) struct Look {
    /// One per texture of the asset.
    textures: Vec<Option<image::RgbImage>>,
}

impl Look {
    pub fn of(asset: &Asset) -> Self {
        let used = |i: usize| asset.materials.iter().any(|m| m.base_color_texture == Some(i));
        let decoded = |(i, texture): (usize, &oreforge_geometry::asset::Texture)| {
            if !used(i) {
                return None;
            }
            // It was decoded once when the mesh was read.
            picture::decode(&texture.bytes, &Limits::default())
                .ok()
                .map(|p| DynamicImage::from(p).into_rgb8())
        };
        Self { textures: asset.textures.iter().enumerate().map(decoded).collect() }
    }

    /// Anything but plain white.
    pub fn is_coloured(&self, asset: &Asset) -> bool {
        let dyed = |material: &Material| material.base_color != [1.0; 4];
        !asset.colors.is_empty()
            || self.textures.iter().any(Option::is_some)
            || asset.materials.iter().any(dyed)
    }

    /// sRGB 0..=1 at a point of a triangle, without light.
    pub fn at(&self, asset: &Asset, triangle: u32, weights: Vec3) -> Vec3 {
        let corners = asset.triangles[triangle as usize].map(|v| v as usize);
        let material = &asset.materials[usize::from(asset.material_of[triangle as usize])];
        let texture = material.base_color_texture.and_then(|t| self.textures[t].as_ref());
        let [wa, wb, wc] = weights.to_array();
        let [a, b, c] = corners;
        let colour = match texture {
            Some(texture) if !asset.uvs.is_empty() => {
                let uv = asset.uvs[a] * wa + asset.uvs[b] * wb + asset.uvs[c] * wc;
                // Textures repeat beyond their square.
                bilinear(texture, uv - uv.floor())
            }
            _ if !asset.colors.is_empty() => {
                let of = |v: usize| Vec3::from_array(asset.colors[v].map(|c| f32::from(c) / 255.0));
                of(a) * wa + of(b) * wb + of(c) * wc
            }
            _ => Vec3::ONE,
        };
        tinted(colour, material.base_color)
    }
}

/// An sRGB colour times a linear one.
fn tinted(colour: Vec3, [r, g, b, _]: [f32; 4]) -> Vec3 {
    let tint = Vec3::new(r, g, b);
    if tint == Vec3::ONE {
        return colour;
    }
    let linear = colour.to_array().map(|c| color::linear_from_srgb((c * 255.0 + 0.5) as u8));
    let dyed = Vec3::from_array(linear) * tint;
    Vec3::from_array(dyed.to_array().map(|c| f32::from(color::srgb_from_linear(c)) / 255.0))
}
