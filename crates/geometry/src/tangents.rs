//! Tangents that normal maps are read with: MikkTSpace (Mikkelsen 2008, "Simulation of Wrinkled Surfaces
//! Revisited"), as glTF wants it.

use std::collections::HashMap;

use bevy_mikktspace::{Geometry, TangentSpace, generate_tangents};
use glam::{Vec2, Vec3, Vec4};

/// Tangents of a mesh that may have more vertices than before.
pub struct Tangents {
    /// One per vertex, further ones last: unit length, and in w the side of the bitangent, which points up the
    /// texture.
    pub tangents: Vec<Vec4>,
    /// The vertices that the further ones are copies of.
    pub copies: Vec<u32>,
}

/// Vertices where the tangents of triangles disagree are made several: `triangles` name the new ones then, which
/// follow the old ones.
///
/// # Panics
/// When the attributes are not all of one length, or a triangle names a vertex that is not there.
pub fn tangents(positions: &[Vec3], normals: &[Vec3], uvs: &[Vec2], triangles: &mut [[u32; 3]]) -> Tangents {
    assert!(positions.len() == normals.len() && positions.len() == uvs.len(), "attributes are per vertex");
    let mut corners = Corners { positions, normals, uvs, triangles, found: vec![None; triangles.len() * 3] };
    // An error is a type without values.
    let _ = generate_tangents(&mut corners);
    let found = corners.found;
    let mut made: Vec<Option<Vec4>> = vec![None; positions.len()];
    let mut others: HashMap<(u32, [u32; 4]), u32> = HashMap::new();
    let mut further: Vec<Vec4> = Vec::new();
    let mut copies = Vec::new();
    for (v, found) in triangles.as_flattened_mut().iter_mut().zip(found) {
        let tangent = found.unwrap_or_else(|| normals[*v as usize].any_orthonormal_vector().extend(1.0));
        let first = *made[*v as usize].get_or_insert(tangent);
        if first != tangent {
            let key = (*v, tangent.to_array().map(f32::to_bits));
            *v = *others.entry(key).or_insert_with(|| {
                copies.push(*v);
                further.push(tangent);
                (positions.len() + further.len() - 1) as u32
            });
        }
    }
    let unused = |(v, tangent): (usize, Option<Vec4>)| {
        tangent.unwrap_or_else(|| normals[v].any_orthonormal_vector().extend(1.0))
    };
    let mut tangents: Vec<Vec4> = made.into_iter().enumerate().map(unused).collect();
    tangents.append(&mut further);
    Tangents { tangents, copies }
}

struct Corners<'a> {
    positions: &'a [Vec3],
    normals: &'a [Vec3],
    uvs: &'a [Vec2],
    triangles: &'a [[u32; 3]],
    found: Vec<Option<Vec4>>,
}

impl Corners<'_> {
    fn vertex(&self, face: usize, corner: usize) -> usize {
        self.triangles[face][corner] as usize
    }
}

impl Geometry for Corners<'_> {
    fn num_faces(&self) -> usize {
        self.triangles.len()
    }

    fn num_vertices_of_face(&self, _: usize) -> usize {
        3
    }

    fn position(&self, face: usize, corner: usize) -> [f32; 3] {
        self.positions[self.vertex(face, corner)].to_array()
    }

    fn normal(&self, face: usize, corner: usize) -> [f32; 3] {
        self.normals[self.vertex(face, corner)].to_array()
    }

    fn tex_coord(&self, face: usize, corner: usize) -> [f32; 2] {
        // glTF counts from the top; the bitangent of its normal maps points up.
        let uv = self.uvs[self.vertex(face, corner)];
        [uv.x, 1.0 - uv.y]
    }

    fn set_tangent(&mut self, space: Option<TangentSpace>, face: usize, corner: usize) {
        let normal = self.normals[self.vertex(face, corner)];
        self.found[3 * face + corner] = space.and_then(|space| {
            let [x, y, z, side] = space.tangent_encoded();
            let tangent = Vec3::new(x, y, z).try_normalize()?;
            // One along the normal is none.
            (tangent.dot(normal).abs() < 0.99).then(|| tangent.extend(side))
        });
    }
}
