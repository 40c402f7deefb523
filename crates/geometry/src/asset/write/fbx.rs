//! FBX 7.4, binary: what Unity, Unreal, Blender and Maya read. Node names and their order follow what Autodesk's
//! own exporter writes, as far as readers are known to need it.

use std::io::Cursor;

use fbxcel::low::FbxVersion;
use fbxcel::low::v7400::ArrayAttributeEncoding::Zlib;
use fbxcel::writer::v7400::binary::{AttributesWriter, FbxFooter, Result, Writer};
use glam::Vec3;

use super::{NamedFile, WriteError, WriteOptions, level_name, obj::texture_file, placed};
use crate::asset::{Asset, Format};

/// The unit every reader agrees on.
const CENTIMETRES_PER_METRE: f64 = 100.0;
/// Autodesk's readers compare these with the time below; the values belong together.
const FILE_ID: [u8; 16] = *b"\x28\xb3\x2a\xeb\xb6\x24\xcc\xc2\xbf\xc8\xb0\x2a\xa9\x2b\xfc\xf1";
const CREATION_TIME: &str = "1970-01-01 10:00:00:000";
const FOOTER_ID: [u8; 16] = *b"\xfa\xbc\xab\x09\xd0\xc8\xd4\x66\xb1\x76\xfb\x83\x1c\xf7\x26\x7e";

/// One file with its textures inside; levels of detail as models side by side.
pub fn write(lods: &[Asset], options: &WriteOptions) -> std::result::Result<Vec<NamedFile>, WriteError> {
    let failed = |e: fbxcel::writer::v7400::binary::Error| WriteError::Failed {
        format: Format::Fbx,
        reason: e.to_string(),
    };
    let mut fbx = Fbx { writer: Writer::new(Cursor::new(Vec::new()), FbxVersion::V7_4).map_err(failed)? };
    fbx.document(lods, options).map_err(failed)?;
    let footer = FbxFooter { unknown1: Some(&FOOTER_ID), ..FbxFooter::default() };
    let bytes = fbx.writer.finalize(&footer).map_err(failed)?.into_inner();
    Ok(vec![NamedFile { name: format!("{}.fbx", options.file_stem), bytes }])
}

/// Triangles of all meshes and the extent of the first, as ufbx reads them.
pub fn reread(bytes: &[u8]) -> std::result::Result<(usize, Vec3), String> {
    let scene = ufbx::load_memory(bytes, ufbx::LoadOpts::default()).map_err(|e| e.description.to_string())?;
    let triangles = scene.meshes.iter().map(|mesh| mesh.num_triangles).sum();
    let first = scene.meshes.iter().next().ok_or("it holds no mesh")?;
    let places: Vec<Vec3> =
        first.vertices.iter().map(|p| Vec3::new(p.x as f32, p.y as f32, p.z as f32)).collect();
    Ok((triangles, super::extent(&places)))
}

/// Ids of a document's objects; the scene's root is 0.
fn geometry_id(level: usize) -> i64 {
    1_000_000 + level as i64
}
fn model_id(level: usize) -> i64 {
    2_000_000 + level as i64
}
fn material_id(index: usize) -> i64 {
    3_000_000 + index as i64
}
/// A texture is an object for each use.
fn texture_id(material: usize, is_normal: bool) -> i64 {
    4_000_000 + 2 * material as i64 + i64::from(is_normal)
}
fn video_id(index: usize) -> i64 {
    5_000_000 + index as i64
}

/// "name" of class "class" in the binary format.
fn class_name(name: &str, class: &str) -> String {
    format!("{name}\0\u{1}{class}")
}

enum Value<'a> {
    Int(i32),
    Long(i64),
    Number(f64),
    Truth(bool),
    Text(&'a str),
    Bytes(&'a [u8]),
}
use Value::{Bytes, Int, Long, Number, Text, Truth};

struct Fbx {
    writer: Writer<Cursor<Vec<u8>>>,
}

impl Fbx {
    fn open(&mut self, name: &str, values: &[Value<'_>]) -> Result<()> {
        let mut attributes = self.writer.new_node(name)?;
        values.iter().try_for_each(|value| append(&mut attributes, value))
    }

    fn close(&mut self) -> Result<()> {
        self.writer.close_node()
    }

    fn leaf(&mut self, name: &str, values: &[Value<'_>]) -> Result<()> {
        self.open(name, values)?;
        self.close()
    }

    fn node(
        &mut self,
        name: &str,
        values: &[Value<'_>],
        within: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.open(name, values)?;
        within(self)?;
        self.close()
    }

    fn numbers(&mut self, name: &str, values: impl IntoIterator<Item = f64>) -> Result<()> {
        self.writer.new_node(name)?.append_arr_f64_from_iter(Zlib, values)?;
        self.close()
    }

    fn integers(&mut self, name: &str, values: impl IntoIterator<Item = i32>) -> Result<()> {
        self.writer.new_node(name)?.append_arr_i32_from_iter(Zlib, values)?;
        self.close()
    }

    /// A row of `Properties70`.
    fn property(
        &mut self,
        name: &str,
        kind: &str,
        label: &str,
        flags: &str,
        values: &[Value<'_>],
    ) -> Result<()> {
        let mut attributes = self.writer.new_node("P")?;
        for text in [name, kind, label, flags] {
            attributes.append_string_direct(text)?;
        }
        values.iter().try_for_each(|value| append(&mut attributes, value))?;
        self.close()
    }

    fn document(&mut self, lods: &[Asset], options: &WriteOptions) -> Result<()> {
        self.node("FBXHeaderExtension", &[], |fbx| {
            fbx.leaf("FBXHeaderVersion", &[Int(1003)])?;
            fbx.leaf("FBXVersion", &[Int(7400)])?;
            fbx.leaf("EncryptionType", &[Int(0)])?;
            fbx.leaf("Creator", &[Text(&options.generator)])
        })?;
        self.leaf("FileId", &[Bytes(&FILE_ID)])?;
        self.leaf("CreationTime", &[Text(CREATION_TIME)])?;
        self.leaf("Creator", &[Text(&options.generator)])?;
        self.settings(options)?;
        self.node("Documents", &[], |fbx| {
            fbx.leaf("Count", &[Int(1)])?;
            fbx.node("Document", &[Long(6_000_000), Text("Scene"), Text("Scene")], |fbx| {
                fbx.leaf("RootNode", &[Long(0)])
            })
        })?;
        self.leaf("References", &[])?;
        let first = &lods[0];
        self.definitions(lods.len(), first)?;
        self.node("Objects", &[], |fbx| {
            for (level, asset) in lods.iter().enumerate() {
                fbx.geometry(asset, level, &level_name(options, lods, level), options)?;
                fbx.model(level, &level_name(options, lods, level))?;
            }
            fbx.materials(first, options)
        })?;
        self.node("Connections", &[], |fbx| fbx.connections(lods))
    }

    fn settings(&mut self, options: &WriteOptions) -> Result<()> {
        // Axis numbers and signs: up, towards the viewer of the front, to the right.
        let (up, front, front_sign) = if options.z_up { (2, 1, -1) } else { (1, 2, 1) };
        self.node("GlobalSettings", &[], |fbx| {
            fbx.leaf("Version", &[Int(1000)])?;
            fbx.node("Properties70", &[], |fbx| {
                for (name, value) in [
                    ("UpAxis", up),
                    ("UpAxisSign", 1),
                    ("FrontAxis", front),
                    ("FrontAxisSign", front_sign),
                    ("CoordAxis", 0),
                    ("CoordAxisSign", 1),
                    ("OriginalUpAxis", up),
                    ("OriginalUpAxisSign", 1),
                ] {
                    fbx.property(name, "int", "Integer", "", &[Int(value)])?;
                }
                // Centimetres in a unit of the file.
                fbx.property("UnitScaleFactor", "double", "Number", "", &[Number(1.0)])?;
                fbx.property("OriginalUnitScaleFactor", "double", "Number", "", &[Number(1.0)])
            })
        })
    }

    fn definitions(&mut self, levels: usize, asset: &Asset) -> Result<()> {
        let uses = |texture: fn(&crate::asset::Material) -> Option<usize>| {
            asset.materials.iter().filter(|m| texture(m).is_some()).count()
        };
        let textures = uses(|m| m.base_color_texture) + uses(|m| m.normal_texture);
        let kinds = [
            ("GlobalSettings", 1),
            ("Geometry", levels),
            ("Model", levels),
            ("Material", asset.materials.len()),
            ("Texture", textures),
            ("Video", asset.textures.len()),
        ];
        self.node("Definitions", &[], |fbx| {
            fbx.leaf("Version", &[Int(100)])?;
            fbx.leaf("Count", &[Int(kinds.iter().map(|(_, count)| *count as i32).sum())])?;
            for (kind, count) in kinds.into_iter().filter(|(_, count)| *count > 0) {
                fbx.node("ObjectType", &[Text(kind)], |fbx| fbx.leaf("Count", &[Int(count as i32)]))?;
            }
            Ok(())
        })
    }

    /// Positions are shared; normals and texture coordinates belong to corners.
    fn geometry(&mut self, asset: &Asset, level: usize, name: &str, options: &WriteOptions) -> Result<()> {
        let welded = asset.surface();
        let corners = || asset.triangles.as_flattened().iter().map(|&v| v as usize);
        let layers = [
            ("LayerElementNormal", !asset.normals.is_empty()),
            ("LayerElementUV", !asset.uvs.is_empty()),
            ("LayerElementMaterial", true),
        ];
        let id = [Long(geometry_id(level)), Text(&class_name(name, "Geometry")), Text("Mesh")];
        self.node("Geometry", &id, |fbx| {
            fbx.leaf("Properties70", &[])?;
            fbx.leaf("GeometryVersion", &[Int(124)])?;
            let places =
                welded.positions.iter().map(|&p| placed(p, options).as_dvec3() * CENTIMETRES_PER_METRE);
            fbx.numbers("Vertices", places.flat_map(|p| p.to_array()))?;
            // The last corner of a polygon is marked by its complement.
            let marked = welded.triangles.iter().flat_map(|&[a, b, c]| [a as i32, b as i32, !(c as i32)]);
            fbx.integers("PolygonVertexIndex", marked)?;
            if !asset.normals.is_empty() {
                fbx.layer("LayerElementNormal", "", "ByPolygonVertex", "Direct", |fbx| {
                    let normals = corners().map(|v| placed(asset.normals[v], options));
                    fbx.numbers("Normals", normals.flat_map(|n| n.as_dvec3().to_array()))
                })?;
            }
            if !asset.uvs.is_empty() {
                fbx.layer("LayerElementUV", "UVMap", "ByPolygonVertex", "IndexToDirect", |fbx| {
                    let uvs = asset.uvs.iter().flat_map(|uv| [f64::from(uv.x), 1.0 - f64::from(uv.y)]);
                    fbx.numbers("UV", uvs)?;
                    fbx.integers("UVIndex", corners().map(|v| v as i32))
                })?;
            }
            fbx.layer("LayerElementMaterial", "", "ByPolygon", "IndexToDirect", |fbx| {
                fbx.integers("Materials", asset.material_of.iter().map(|&m| i32::from(m)))
            })?;
            fbx.node("Layer", &[Int(0)], |fbx| {
                fbx.leaf("Version", &[Int(100)])?;
                for (kind, _) in layers.into_iter().filter(|(_, there)| *there) {
                    fbx.node("LayerElement", &[], |fbx| {
                        fbx.leaf("Type", &[Text(kind)])?;
                        fbx.leaf("TypedIndex", &[Int(0)])
                    })?;
                }
                Ok(())
            })
        })
    }

    fn layer(
        &mut self,
        kind: &str,
        name: &str,
        mapping: &str,
        reference: &str,
        data: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.node(kind, &[Int(0)], |fbx| {
            fbx.leaf("Version", &[Int(101)])?;
            fbx.leaf("Name", &[Text(name)])?;
            fbx.leaf("MappingInformationType", &[Text(mapping)])?;
            fbx.leaf("ReferenceInformationType", &[Text(reference)])?;
            data(fbx)
        })
    }

    fn model(&mut self, level: usize, name: &str) -> Result<()> {
        let id = [Long(model_id(level)), Text(&class_name(name, "Model")), Text("Mesh")];
        self.node("Model", &id, |fbx| {
            fbx.leaf("Version", &[Int(232)])?;
            fbx.node("Properties70", &[], |fbx| {
                fbx.property("DefaultAttributeIndex", "int", "Integer", "", &[Int(0)])?;
                let one = [Number(1.0), Number(1.0), Number(1.0)];
                fbx.property("Lcl Scaling", "Lcl Scaling", "", "A", &one)
            })?;
            fbx.leaf("Shading", &[Truth(true)])?;
            fbx.leaf("Culling", &[Text("CullingOff")])
        })
    }

    fn materials(&mut self, asset: &Asset, options: &WriteOptions) -> Result<()> {
        for (index, material) in asset.materials.iter().enumerate() {
            let id = [Long(material_id(index)), Text(&class_name(&material.name, "Material")), Text("")];
            self.node("Material", &id, |fbx| {
                fbx.leaf("Version", &[Int(102)])?;
                fbx.leaf("ShadingModel", &[Text("phong")])?;
                fbx.leaf("MultiLayer", &[Int(0)])?;
                fbx.node("Properties70", &[], |fbx| {
                    let [r, g, b, alpha] = material.base_color.map(f64::from);
                    let rgb = [Number(r), Number(g), Number(b)];
                    fbx.property("DiffuseColor", "Color", "", "A", &rgb)?;
                    fbx.property("DiffuseFactor", "Number", "", "A", &[Number(1.0)])?;
                    fbx.property("Opacity", "double", "Number", "", &[Number(alpha)])?;
                    fbx.property("TransparencyFactor", "Number", "", "A", &[Number(1.0 - alpha)])?;
                    // What readers make a roughness of again.
                    let shine = (1.0 - f64::from(material.roughness)).powi(2) * 100.0;
                    fbx.property("Shininess", "Number", "", "A", &[Number(shine)])?;
                    fbx.property("SpecularFactor", "Number", "", "A", &[Number(0.25)])?;
                    fbx.property(
                        "ReflectionFactor",
                        "Number",
                        "",
                        "A",
                        &[Number(f64::from(material.metallic))],
                    )
                })
            })?;
            for (texture, is_normal) in uses(material) {
                let name = texture_file(options, texture, &asset.textures[texture]);
                let label = class_name(&asset.textures[texture].name, "Texture");
                self.node("Texture", &[Long(texture_id(index, is_normal)), Text(&label), Text("")], |fbx| {
                    fbx.leaf("Type", &[Text("TextureVideoClip")])?;
                    fbx.leaf("Version", &[Int(202)])?;
                    fbx.leaf("TextureName", &[Text(&label)])?;
                    fbx.leaf("Media", &[Text(&class_name(&asset.textures[texture].name, "Video"))])?;
                    fbx.leaf("FileName", &[Text(&name)])?;
                    fbx.leaf("RelativeFilename", &[Text(&name)])?;
                    fbx.leaf("Texture_Alpha_Source", &[Text("None")])?;
                    fbx.node("Properties70", &[], |fbx| {
                        fbx.property("UVSet", "KString", "", "", &[Text("UVMap")])?;
                        fbx.property("UseMaterial", "bool", "", "", &[Int(1)])
                    })
                })?;
            }
        }
        for (index, texture) in asset.textures.iter().enumerate() {
            let name = texture_file(options, index, texture);
            let id = [Long(video_id(index)), Text(&class_name(&texture.name, "Video")), Text("Clip")];
            self.node("Video", &id, |fbx| {
                fbx.leaf("Type", &[Text("Clip")])?;
                fbx.node("Properties70", &[], |fbx| {
                    fbx.property("Path", "KString", "XRefUrl", "", &[Text(&name)])
                })?;
                fbx.leaf("UseMipMap", &[Int(0)])?;
                fbx.leaf("Filename", &[Text(&name)])?;
                fbx.leaf("RelativeFilename", &[Text(&name)])?;
                fbx.leaf("Content", &[Bytes(&texture.bytes)])
            })?;
        }
        Ok(())
    }

    fn connections(&mut self, lods: &[Asset]) -> Result<()> {
        let first = &lods[0];
        for level in 0..lods.len() {
            self.leaf("C", &[Text("OO"), Long(model_id(level)), Long(0)])?;
            self.leaf("C", &[Text("OO"), Long(geometry_id(level)), Long(model_id(level))])?;
            for index in 0..first.materials.len() {
                self.leaf("C", &[Text("OO"), Long(material_id(index)), Long(model_id(level))])?;
            }
        }
        for (index, material) in first.materials.iter().enumerate() {
            for (texture, is_normal) in uses(material) {
                let slot = if is_normal { "NormalMap" } else { "DiffuseColor" };
                let id = texture_id(index, is_normal);
                self.leaf("C", &[Text("OP"), Long(id), Long(material_id(index)), Text(slot)])?;
                self.leaf("C", &[Text("OO"), Long(video_id(texture)), Long(id)])?;
            }
        }
        Ok(())
    }
}

/// Textures of a material, and whether each is its normal map.
fn uses(material: &crate::asset::Material) -> impl Iterator<Item = (usize, bool)> {
    let color = material.base_color_texture.map(|texture| (texture, false));
    color.into_iter().chain(material.normal_texture.map(|texture| (texture, true)))
}

fn append(attributes: &mut AttributesWriter<'_, Cursor<Vec<u8>>>, value: &Value<'_>) -> Result<()> {
    match *value {
        Int(value) => attributes.append_i32(value),
        Long(value) => attributes.append_i64(value),
        Number(value) => attributes.append_f64(value),
        Truth(value) => attributes.append_bool(value),
        Text(value) => attributes.append_string_direct(value),
        Bytes(value) => attributes.append_binary_direct(value),
    }
}
