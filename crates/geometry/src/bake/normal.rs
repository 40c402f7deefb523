use glam::{Mat3, Vec3, Vec4, Vec4Swizzles};
use image::RgbImage;

use super::{Point, texture};
use crate::bvh::Bvh;
use crate::unwrap::Unwrapped;
use crate::{Cancel, Cancelled, TriMesh};

/// How far the dense surface may be from the coarse one, relative to the diagonal of its box.
const REACH: f32 = 0.02;

/// Texels for each vertex of the dense surface beyond which there is nothing more to show.
const MOST_TEXELS_PER_VERTEX: f32 = 5.0;

/// Side of a normal map that shows all there is of `dense`: that of the other textures, or halves of it.
pub fn normal_map_px(mesh: &Unwrapped, dense: &TriMesh, texture_px: u32) -> u32 {
    let mut side = texture_px;
    let texels = |side: u32| mesh.coverage * (side as f32).powi(2);
    while side > 64 && texels(side) > MOST_TEXELS_PER_VERTEX * dense.positions.len() as f32 {
        side /= 2;
    }
    side
}

/// The normals of `dense`, that lies where `mesh` does, as a map in the tangent space of `mesh`, green up.
/// `tangents` are one per vertex, as [`crate::tangents`] gives them. Where `dense` is not near, or turns away, the
/// map is flat.
///
/// # Panics
/// When a triangle names a vertex that is not there, or tangents are missing.
pub fn normal_map(
    mesh: &Unwrapped,
    tangents: &[Vec4],
    dense: &TriMesh,
    texture_px: u32,
    cancel: Cancel<'_>,
) -> Result<RgbImage, Cancelled> {
    let reach = dense.bounds().map_or(0.0, |(low, high)| low.distance(high)) * REACH;
    let normals = dense.vertex_normals();
    cancel.check()?;
    let bvh = Bvh::new(dense);
    let fine_normal = |point: &Point<'_>| -> Option<Vec3> {
        let hit = bvh.nearest(point.position, reach)?;
        let [a, b, c] = dense.triangles[hit.triangle as usize].map(|v| normals[v as usize]);
        let [v, w] = hit.weights;
        (a * (1.0 - v - w) + b * v + c * w).try_normalize().filter(|n| n.dot(point.normal) > 0.0)
    };
    texture(mesh, texture_px, cancel, |point| {
        let flat = Vec3::Z;
        let local = fine_normal(point).map_or(flat, |fine| {
            let frame = tangent_frame(point, tangents);
            // The frame is nearly a rotation, so its inverse is there.
            (frame.inverse() * fine).try_normalize().filter(|n| n.is_finite()).unwrap_or(flat)
        });
        (local * 127.5 + 128.0).to_array().map(|c| c.clamp(0.0, 255.0) as u8)
    })
}

/// Tangent, bitangent and normal, as a shader has them between vertices.
fn tangent_frame(point: &Point<'_>, tangents: &[Vec4]) -> Mat3 {
    let [a, b, c] = point.triangle.map(|v| tangents[v as usize]);
    let between = a.xyz() + (b - a).xyz() * point.weights[0] + (c - a).xyz() * point.weights[1];
    let tangent = between.try_normalize().unwrap_or(a.xyz());
    Mat3::from_cols(tangent, point.normal.cross(tangent) * a.w, point.normal)
}
