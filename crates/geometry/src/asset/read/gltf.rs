use ::gltf::mesh::{Mode, Primitive as GltfPrimitive, Semantic};
use ::gltf::{Node, Scene};
use glam::{Mat3, Mat4, Vec2, Vec3};

use super::builder::{Builder, Primitive, bounded};
use super::gltf_data::Data;
use super::{Companion, Notes, gltf_looks, tidy_name};
use crate::asset::{Asset, AssetError, Format};
use crate::color::srgb_from_linear;

/// Meshes in a deep tree are somebody's mistake or trap.
const MAX_DEPTH: usize = 256;
/// Nodes and primitives may share data, but not so that a small file fills the memory.
const MOST_VERTICES_PER_BYTE: usize = 4;

/// glTF 2.0, text or binary: every mesh of the default scene where its nodes put it, at rest.
pub fn read(
    bytes: &[u8],
    format: Format,
    companion: Companion<'_>,
    notes: &mut Notes,
) -> Result<Asset, AssetError> {
    let data = Data::parse(bytes, format, companion)?;
    let document = &data.document;
    if document.animations().len() > 0 || document.skins().len() > 0 {
        notes.add("Bones and animation are left out; the mesh stays as it rests.");
    }
    let looks = gltf_looks::read(&data, companion, notes)?;
    let mut reading = Reading {
        data: &data,
        builder: Builder::within(data.bytes().saturating_mul(MOST_VERTICES_PER_BYTE)),
        plain: looks.materials.len() as u16 - 1,
        seen: vec![false; document.nodes().len()],
        name: None,
        notes,
        format,
    };
    match document.default_scene().or_else(|| document.scenes().next()) {
        Some(scene) => reading.scene(&scene)?,
        None => {
            for mesh in document.meshes() {
                reading.mesh(&mesh, Mat4::IDENTITY)?;
            }
        }
    }
    let Reading { builder, name, notes, .. } = reading;
    let mut asset = builder.finish(tidy_name(&name.unwrap_or_default(), "mesh"), looks.materials, notes)?;
    asset.textures = looks.textures;
    let plain = asset.materials.len() as u16 - 1;
    if plain > 0 && !asset.material_of.contains(&plain) {
        asset.materials.pop();
    }
    Ok(asset)
}

struct Reading<'a> {
    data: &'a Data,
    builder: Builder,
    /// The material of primitives without one.
    plain: u16,
    seen: Vec<bool>,
    name: Option<String>,
    notes: &'a mut Notes,
    format: Format,
}

impl<'a> Reading<'a> {
    fn scene(&mut self, scene: &Scene<'a>) -> Result<(), AssetError> {
        let mut open: Vec<(Node<'a>, Mat4, usize)> =
            scene.nodes().map(|node| (node, Mat4::IDENTITY, 0)).collect();
        open.reverse();
        while let Some((node, parent, depth)) = open.pop() {
            // A node has one parent: without this a small file could name a large mesh without end.
            if std::mem::replace(&mut self.seen[node.index()], true) || depth > MAX_DEPTH {
                return Err(self.data.damaged("its nodes are no tree"));
            }
            let here = parent * Mat4::from_cols_array_2d(&node.transform().matrix());
            if let Some(mesh) = node.mesh() {
                if self.name.is_none() {
                    self.name = node.name().or(mesh.name()).map(str::to_owned);
                }
                self.mesh(&mesh, here)?;
            }
            let first = open.len();
            open.extend(node.children().map(|child| (child, here, depth + 1)));
            open[first..].reverse();
        }
        Ok(())
    }

    fn mesh(&mut self, mesh: &::gltf::Mesh<'a>, place: Mat4) -> Result<(), AssetError> {
        for primitive in mesh.primitives() {
            if primitive.morph_targets().len() > 0 {
                self.notes.add("Shape keys are left out; the mesh stays in its first shape.");
            }
            if let Some(read) = self.primitive(&primitive, place)? {
                self.builder.add(read, self.format)?;
            }
        }
        Ok(())
    }

    fn primitive(
        &mut self,
        primitive: &GltfPrimitive<'a>,
        place: Mat4,
    ) -> Result<Option<Primitive>, AssetError> {
        let data = self.data;
        let Some(positions) = primitive.get(&Semantic::Positions) else { return Ok(None) };
        let mut positions: Vec<Vec3> =
            data.vectors::<3>(&positions)?.into_iter().map(Vec3::from_array).collect();
        positions.iter_mut().for_each(|p| *p = place.transform_point3(*p));
        let linear = Mat3::from_mat4(place);
        let is_mirrored = linear.determinant() < 0.0;
        let turn = |normals: Vec<[f32; 3]>| -> Vec<Vec3> {
            // The cofactors turn normals as the inverse transpose does, and exist for every matrix.
            let [x, y, z] = [linear.x_axis, linear.y_axis, linear.z_axis];
            let cofactors = Mat3::from_cols(y.cross(z), z.cross(x), x.cross(y));
            let sign = if is_mirrored { -1.0 } else { 1.0 };
            normals.into_iter().map(|n| cofactors * Vec3::from_array(n) * sign).collect()
        };
        let optional = |semantic: Semantic| primitive.get(&semantic);
        let normals = optional(Semantic::Normals).map(|a| data.vectors::<3>(&a)).transpose()?.map(turn);
        let pbr = primitive.material().pbr_metallic_roughness();
        let info = pbr.base_color_texture();
        let set = info.as_ref().map_or(0, ::gltf::texture::Info::tex_coord);
        let uvs = optional(Semantic::TexCoords(set)).map(|a| data.vectors::<2>(&a)).transpose()?;
        let transform = info.and_then(|info| {
            let transform = info.texture_transform()?;
            Some((
                Vec2::from_array(transform.offset()),
                transform.rotation(),
                Vec2::from_array(transform.scale()),
            ))
        });
        let uvs = uvs.map(|uvs| {
            let moved = |uv: Vec2| match transform {
                // As the extension defines it: scale, then turn, then shift.
                Some((offset, angle, scale)) => offset + Vec2::from_angle(-angle).rotate(uv * scale),
                None => uv,
            };
            uvs.into_iter().map(|uv| moved(Vec2::from_array(uv))).collect()
        });
        let colors = optional(Semantic::Colors(0)).map(|a| data.vectors::<3>(&a)).transpose()?;
        let colors = colors.map(|colors| colors.into_iter().map(|c| c.map(srgb_from_linear)).collect());

        let indices = match primitive.indices() {
            Some(indices) => data.indices(&indices)?,
            None => (0..positions.len() as u32).collect(),
        };
        bounded("triangles", indices.len() / 3)?;
        let mut triangles = match primitive.mode() {
            Mode::Triangles => indices.as_chunks::<3>().0.to_vec(),
            Mode::TriangleStrip => strip(&indices),
            Mode::TriangleFan => indices
                .split_first()
                .map(|(&first, rest)| rest.windows(2).map(|pair| [first, pair[0], pair[1]]).collect())
                .unwrap_or_default(),
            Mode::Points | Mode::Lines | Mode::LineLoop | Mode::LineStrip => {
                self.notes.add("Points and lines are left out.");
                return Ok(None);
            }
        };
        if is_mirrored {
            triangles.iter_mut().for_each(|t| t.swap(1, 2));
        }
        let material = primitive.material().index().map_or(self.plain, |index| index as u16);
        Ok(Some(Primitive { positions, normals, uvs, colors, triangles, material }))
    }
}

fn strip(indices: &[u32]) -> Vec<[u32; 3]> {
    let turned = |(i, corners): (usize, &[u32])| {
        if i % 2 == 0 { [corners[0], corners[1], corners[2]] } else { [corners[1], corners[0], corners[2]] }
    };
    indices.windows(3).enumerate().map(turned).collect()
}
