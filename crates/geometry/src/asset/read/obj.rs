use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use glam::{Vec2, Vec3};

use super::builder::{Builder, Primitive, bounded};
use super::{Companion, Notes, mtl, tidy_name};
use crate::asset::{Asset, AssetError, Format};

/// Most corners of one polygon.
const MAX_CORNERS: usize = 4096;

/// Wavefront OBJ with its material libraries and their textures; colours behind positions as many tools write
/// them. Polygons are cut into fans; points, lines and free-form surfaces are left out.
pub fn read(bytes: &[u8], companion: Companion<'_>, notes: &mut Notes) -> Result<Asset, AssetError> {
    notes.add("OBJ names no unit; it is taken as metres with Y up.");
    // Comments come in every encoding there is.
    let text = String::from_utf8_lossy(bytes);
    let mut reading = Reading::new(companion);
    let mut continued = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        // A backslash at the end joins the next line.
        let (joined, goes_on) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        if goes_on || !continued.is_empty() {
            continued.push_str(joined);
            continued.push(' ');
        }
        if goes_on {
            continue;
        }
        let whole = if continued.is_empty() { joined } else { &continued };
        reading.line(whole, notes).map_err(|wrong| match wrong {
            Wrong::Line => {
                AssetError::Damaged { format: Format::Obj, reason: format!("line {number} makes no sense") }
            }
            Wrong::File(error) => error,
        })?;
        continued.clear();
    }
    reading.finish(notes)
}

enum Wrong {
    Line,
    File(AssetError),
}

impl From<AssetError> for Wrong {
    fn from(error: AssetError) -> Self {
        Wrong::File(error)
    }
}

type Fixed = BuildHasherDefault<DefaultHasher>;

struct Reading<'a> {
    looks: mtl::Looks<'a>,
    name: Option<String>,
    positions: Vec<Vec3>,
    colors: Vec<[u8; 3]>,
    uvs: Vec<Vec2>,
    normals: Vec<Vec3>,
    /// One vertex for each combination of position, coordinate and normal that a corner names.
    vertex_of: HashMap<[u32; 3], u32, Fixed>,
    corners: Vec<[u32; 3]>,
    triangles: Vec<[u32; 3]>,
    material_of: Vec<u16>,
    material: u16,
}

/// Of a corner that names no coordinate or normal.
const NONE: u32 = u32::MAX;

impl<'a> Reading<'a> {
    fn new(companion: Companion<'a>) -> Self {
        Self {
            looks: mtl::Looks::new(companion),
            name: None,
            positions: Vec::new(),
            colors: Vec::new(),
            uvs: Vec::new(),
            normals: Vec::new(),
            vertex_of: HashMap::default(),
            corners: Vec::new(),
            triangles: Vec::new(),
            material_of: Vec::new(),
            material: 0,
        }
    }

    fn line(&mut self, line: &str, notes: &mut Notes) -> Result<(), Wrong> {
        let line = line.trim();
        let (statement, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match statement {
            "v" => {
                let (numbers, count) = numbers::<7>(rest)?;
                if count < 3 {
                    return Err(Wrong::Line);
                }
                self.positions.push(Vec3::new(numbers[0], numbers[1], numbers[2]));
                bounded("vertices", self.positions.len())?;
                if count >= 6 {
                    let rgb = [numbers[count - 3], numbers[count - 2], numbers[count - 1]];
                    self.colors.resize(self.positions.len() - 1, [255; 3]);
                    self.colors.push(rgb.map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8));
                }
            }
            "vt" => {
                let (numbers, _) = numbers::<3>(rest)?;
                self.uvs.push(Vec2::new(numbers[0], 1.0 - numbers[1]));
            }
            "vn" => self.normals.push(Vec3::from_array(numbers::<3>(rest)?.0)),
            "f" => self.face(rest)?,
            "o" | "g" if self.name.is_none() && !rest.trim().is_empty() => {
                self.name = Some(tidy_name(rest, "mesh"));
            }
            "mtllib" => self.looks.library(rest.trim(), notes)?,
            "usemtl" => self.material = self.looks.material(rest.trim())?,
            "l" | "p" | "curv" | "surf" => notes.add("Points, lines and curves are left out."),
            _ => {}
        }
        Ok(())
    }

    fn face(&mut self, rest: &str) -> Result<(), Wrong> {
        let mut polygon: [u32; 2] = [0; 2];
        for (count, word) in rest.split_ascii_whitespace().enumerate() {
            let mut parts = word.split('/');
            let mut index = |length: usize| place(parts.next().unwrap_or_default(), length);
            let position = index(self.positions.len())?;
            let (uv, normal) = (index(self.uvs.len())?, index(self.normals.len())?);
            if position == NONE || count == MAX_CORNERS {
                return Err(Wrong::Line);
            }
            let corners = &mut self.corners;
            let vertex = *self.vertex_of.entry([position, uv, normal]).or_insert_with(|| {
                corners.push([position, uv, normal]);
                corners.len() as u32 - 1
            });
            if count >= 2 {
                self.triangles.push([polygon[0], polygon[1], vertex]);
                self.material_of.push(self.material);
                bounded("triangles", self.triangles.len())?;
            }
            polygon[usize::from(count > 0)] = vertex;
        }
        Ok(())
    }

    fn finish(self, notes: &mut Notes) -> Result<Asset, AssetError> {
        let named = |slot: usize| self.corners.iter().any(|corner| corner[slot] != NONE);
        let (has_uvs, has_normals) = (named(1), self.corners.iter().all(|corner| corner[2] != NONE));
        let value = |index: u32| index as usize;
        let primitive = Primitive {
            positions: self.corners.iter().map(|c| self.positions[value(c[0])]).collect(),
            uvs: has_uvs.then(|| {
                self.corners.iter().map(|c| self.uvs.get(value(c[1])).copied().unwrap_or_default()).collect()
            }),
            // A file with normals here and there is smoothed as a whole.
            normals: has_normals.then(|| self.corners.iter().map(|c| self.normals[value(c[2])]).collect()),
            colors: (!self.colors.is_empty()).then(|| {
                let color = |c: &[u32; 3]| self.colors.get(value(c[0])).copied().unwrap_or([255; 3]);
                self.corners.iter().map(color).collect()
            }),
            triangles: self.triangles,
            material: 0,
        };
        let mut builder = Builder::default();
        builder.add(primitive, Format::Obj)?;
        let (materials, textures) = self.looks.finish();
        let mut asset = builder.finish(self.name.unwrap_or_else(|| "mesh".to_owned()), materials, notes)?;
        let last = asset.materials.len() as u16 - 1;
        asset.material_of = self.material_of.into_iter().map(|material| material.min(last)).collect();
        asset.textures = textures;
        Ok(asset)
    }
}

/// The numbers of a statement, at most `N` of them, and how many there were; absent ones are 0.
fn numbers<const N: usize>(rest: &str) -> Result<([f32; N], usize), Wrong> {
    let mut numbers = [0.0; N];
    let mut count = 0;
    for word in rest.split_ascii_whitespace().take(N) {
        numbers[count] = word.parse().map_err(|_| Wrong::Line)?;
        count += 1;
    }
    if count == 0 { Err(Wrong::Line) } else { Ok((numbers, count)) }
}

/// From 1, or backwards from -1; [`NONE`] for nothing.
fn place(word: &str, length: usize) -> Result<u32, Wrong> {
    if word.is_empty() {
        return Ok(NONE);
    }
    let index: i64 = word.parse().map_err(|_| Wrong::Line)?;
    let from_zero = if index < 0 { length as i64 + index } else { index - 1 };
    match u32::try_from(from_zero) {
        Ok(place) if (place as usize) < length => Ok(place),
        _ => Err(Wrong::Line),
    }
}
