//! Triangle meshes.

use glam::{Vec2, Vec3, Vec4};
use image::{GrayImage, RgbImage};

/// A surface without colour. Faces wind counter-clockwise seen from outside; vertices are shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TriMesh {
    /// Metres.
    pub positions: Vec<Vec3>,
    pub triangles: Vec<[u32; 3]>,
}

/// A surface ready for export: vertices are split where UV charts meet.
#[derive(Debug, Clone, PartialEq)]
pub struct TexturedMesh {
    /// Metres.
    pub positions: Vec<Vec3>,
    /// Unit length.
    pub normals: Vec<Vec3>,
    /// 0..=1, origin at the texture's top left, as in glTF.
    pub uvs: Vec<Vec2>,
    pub triangles: Vec<[u32; 3]>,
    /// sRGB.
    pub albedo: RgbImage,
    /// The fine shape that the triangles do not have.
    pub detail: Option<Detail>,
}

/// Maps of a denser surface, in the texture coordinates of a coarser one.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// MikkTSpace, one per position: unit length, and in w the side of the bitangent, which points up the texture.
    pub tangents: Vec<Vec4>,
    /// In tangent space, green up.
    pub normal: RgbImage,
    /// How much of the sky a point sees; 255 is all of it.
    pub occlusion: GrayImage,
}

impl TriMesh {
    /// Smallest and largest corner, or `None` without vertices.
    pub fn bounds(&self) -> Option<(Vec3, Vec3)> {
        let first = *self.positions.first()?;
        Some(self.positions.iter().fold((first, first), |(low, high), &p| (low.min(p), high.max(p))))
    }

    /// Outward, as long as twice the triangle's area.
    ///
    /// # Panics
    /// When the triangle names a vertex that is not there.
    pub fn area_normal(&self, triangle: [u32; 3]) -> Vec3 {
        let [p, q, r] = triangle.map(|v| self.positions[v as usize]);
        (q - p).cross(r - p)
    }

    /// Area-weighted unit normals, one per vertex.
    pub fn vertex_normals(&self) -> Vec<Vec3> {
        let mut normals = vec![Vec3::ZERO; self.positions.len()];
        for &[a, b, c] in &self.triangles {
            let area_normal = self.area_normal([a, b, c]);
            for i in [a, b, c] {
                normals[i as usize] += area_normal;
            }
        }
        for normal in &mut normals {
            *normal = normal.try_normalize().unwrap_or(Vec3::Y);
        }
        normals
    }
}
