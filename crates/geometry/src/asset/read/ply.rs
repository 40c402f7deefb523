use glam::{Vec2, Vec3};

use super::builder::{Builder, Primitive, bounded};
use super::ply_header::{Element, Layout, Scalar, parse};
use super::texture::texture;
use super::{Companion, Notes, tidy_name};
use crate::asset::{Asset, AssetError, Format, Material};

/// Stanford PLY, text or binary. Polygons are cut into fans.
pub fn read(bytes: &[u8], companion: Companion<'_>, notes: &mut Notes) -> Result<Asset, AssetError> {
    notes.add("PLY names no unit; it is taken as metres with Y up.");
    let header = parse(bytes)?;
    let mut data = Data { layout: header.layout, bytes: header.data };
    let mut made = Primitive::default();
    let mut has_vertices = false;
    for element in &header.elements {
        // Every row takes at least a byte of each property.
        if element.count > data.bytes.len() / element.properties.len() {
            return Err(damaged(format!(
                "it should hold {} of \"{}\" and is too short",
                element.count, element.name
            )));
        }
        match element.name.as_str() {
            "vertex" if !has_vertices => {
                has_vertices = true;
                bounded("vertices", element.count)?;
                vertices(element, &mut data, &mut made)?;
            }
            "face" => faces(element, &mut data, &mut made, notes)?,
            other => {
                notes.add(format!("Its \"{}\" are not read.", tidy_name(other, "other elements")));
                for _ in 0..element.count {
                    data.row(element, |_, _| ())?;
                }
            }
        }
    }
    let found = header.texture_file.filter(|_| made.uvs.is_some()).and_then(|name| {
        let found = companion(&name);
        if found.is_none() {
            let name = tidy_name(&name, "texture");
            notes.add(format!("The texture \"{name}\" is not beside the mesh; it is left out."));
        }
        texture(found?, "texture", notes)
    });
    let mut builder = Builder::default();
    builder.add(made, Format::Ply)?;
    let material = Material { base_color_texture: found.is_some().then_some(0), ..Material::default() };
    let mut asset = builder.finish("mesh".to_owned(), vec![material], notes)?;
    asset.textures.extend(found);
    Ok(asset)
}

pub fn damaged(reason: impl Into<String>) -> AssetError {
    AssetError::Damaged { format: Format::Ply, reason: reason.into() }
}

fn vertices(element: &Element, data: &mut Data<'_>, made: &mut Primitive) -> Result<(), AssetError> {
    let scalar = |names: &[&str]| element.property(names).filter(|&i| element.properties[i].list.is_none());
    let all = |names: [&[&str]; 3]| -> Option<[usize; 3]> {
        let [a, b, c] = names.map(scalar);
        Some([a?, b?, c?])
    };
    let place = all([&["x"], &["y"], &["z"]]).ok_or_else(|| damaged("its vertices have no x, y and z"))?;
    let normal = all([&["nx"], &["ny"], &["nz"]]);
    let color =
        all([&["red", "r", "diffuse_red"], &["green", "g", "diffuse_green"], &["blue", "b", "diffuse_blue"]]);
    let uv = scalar(&["s", "u", "texture_u"]).zip(scalar(&["t", "v", "texture_v"]));
    let white = color.map(|[r, ..]| element.properties[r].scalar.white());
    made.normals = normal.map(|_| Vec::new());
    made.uvs = uv.map(|_| Vec::new());
    made.colors = color.map(|_| Vec::new());
    let mut row = vec![0.0f64; element.properties.len()];
    for _ in 0..element.count {
        data.row(element, |property, value| row[property] = value)?;
        let vector = |[x, y, z]: [usize; 3]| Vec3::new(row[x] as f32, row[y] as f32, row[z] as f32);
        made.positions.push(vector(place));
        if let (Some(normals), Some(normal)) = (&mut made.normals, normal) {
            normals.push(vector(normal));
        }
        if let (Some(uvs), Some((u, v))) = (&mut made.uvs, uv) {
            uvs.push(Vec2::new(row[u] as f32, 1.0 - row[v] as f32));
        }
        if let (Some(colors), Some(color), Some(white)) = (&mut made.colors, color, white) {
            colors.push(color.map(|c| (row[c] / white * 255.0).round().clamp(0.0, 255.0) as u8));
        }
    }
    Ok(())
}

fn faces(
    element: &Element,
    data: &mut Data<'_>,
    made: &mut Primitive,
    notes: &mut Notes,
) -> Result<(), AssetError> {
    let corners = element
        .property(&["vertex_indices", "vertex_index"])
        .filter(|&i| element.properties[i].list.is_some())
        .ok_or_else(|| damaged("its faces have no vertices"))?;
    if element.property(&["texcoord"]).is_some() {
        notes
            .add("Texture coordinates stored with faces are not read; save the mesh with those of vertices.");
    }
    let mut polygon: Vec<u32> = Vec::new();
    for _ in 0..element.count {
        polygon.clear();
        data.row(element, |property, value| {
            if property == corners {
                // A negative or fractional index becomes one that is not there.
                polygon.push(if value >= 0.0 && value.fract() == 0.0 { value as u32 } else { u32::MAX });
            }
        })?;
        if let [first, rest @ ..] = polygon.as_slice() {
            made.triangles.extend(rest.windows(2).map(|pair| [*first, pair[0], pair[1]]));
        }
        bounded("triangles", made.triangles.len())?;
    }
    Ok(())
}

struct Data<'a> {
    layout: Layout,
    bytes: &'a [u8],
}

impl Data<'_> {
    /// Hands every value of one row over, with the place of its property.
    fn row(&mut self, element: &Element, mut value: impl FnMut(usize, f64)) -> Result<(), AssetError> {
        for (i, property) in element.properties.iter().enumerate() {
            let count = match property.list {
                Some(counter) => self.next(counter)?,
                None => 1.0,
            };
            // Values are read one by one, so that a count that lies ends with the file.
            for _ in 0..count as usize {
                value(i, self.next(property.scalar)?);
            }
        }
        Ok(())
    }

    fn next(&mut self, scalar: Scalar) -> Result<f64, AssetError> {
        const CUT: &str = "it ends too early";
        if self.layout == Layout::Text {
            self.bytes = self.bytes.trim_ascii_start();
            let end = self.bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(self.bytes.len());
            let (word, rest) = self.bytes.split_at(end);
            self.bytes = rest;
            if word.is_empty() {
                return Err(damaged(CUT));
            }
            let number = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
            return number.ok_or_else(|| damaged("a value is no number"));
        }
        let (bytes, rest) = self.bytes.split_at_checked(scalar.bytes()).ok_or_else(|| damaged(CUT))?;
        self.bytes = rest;
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        if self.layout == Layout::Big {
            word[..bytes.len()].reverse();
        }
        let [a, b, c, d, ..] = word;
        Ok(match scalar {
            Scalar::I8 => f64::from(a as i8),
            Scalar::U8 => f64::from(a),
            Scalar::I16 => f64::from(i16::from_le_bytes([a, b])),
            Scalar::U16 => f64::from(u16::from_le_bytes([a, b])),
            Scalar::I32 => f64::from(i32::from_le_bytes([a, b, c, d])),
            Scalar::U32 => f64::from(u32::from_le_bytes([a, b, c, d])),
            Scalar::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
            Scalar::F64 => f64::from_le_bytes(word),
        })
    }
}
