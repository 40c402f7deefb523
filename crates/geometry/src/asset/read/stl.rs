use glam::Vec3;

use super::builder::{Builder, Primitive, bounded};
use super::{Notes, tidy_name};
use crate::asset::{Asset, AssetError, Format};

const HEADER: usize = 80;
const RECORD: usize = 50;
const METRES_PER_MILLIMETRE: f32 = 1e-3;

/// Binary or text STL; corners at the same place become one vertex. Many binary files begin with "solid" like
/// text, so the length decides.
pub fn read(bytes: &[u8], notes: &mut Notes) -> Result<Asset, AssetError> {
    notes.add("STL names no unit and no direction; it is taken as millimetres with Z up.");
    let claimed = bytes.get(HEADER..HEADER + 4).and_then(|count| count.first_chunk());
    let claimed = claimed.map(|count| u32::from_le_bytes(*count) as usize);
    let records = bytes.get(HEADER + 4..).unwrap_or_default();
    let fits = claimed.is_some_and(|count| count.checked_mul(RECORD) == Some(records.len()));
    let is_text = !fits && bytes.trim_ascii_start().starts_with(b"solid");
    let (name, corners) = if is_text { text(bytes)? } else { (String::new(), binary(records, claimed)?) };
    let corners: Vec<Vec3> =
        corners.into_iter().map(|p| Vec3::new(p.x, p.z, -p.y) * METRES_PER_MILLIMETRE).collect();
    let triangles: Vec<[u32; 3]> =
        (0..corners.len() as u32 / 3).map(|t| [3 * t, 3 * t + 1, 3 * t + 2]).collect();
    let welded = crate::topology::weld(&corners, &triangles);
    let mut builder = Builder::default();
    let primitive =
        Primitive { positions: welded.positions, triangles: welded.triangles, ..Primitive::default() };
    builder.add(primitive, Format::Stl)?;
    builder.finish(tidy_name(&name, "mesh"), Vec::new(), notes)
}

fn damaged(reason: impl Into<String>) -> AssetError {
    AssetError::Damaged { format: Format::Stl, reason: reason.into() }
}

fn binary(records: &[u8], claimed: Option<usize>) -> Result<Vec<Vec3>, AssetError> {
    let claimed = claimed.ok_or(AssetError::NotAMesh)?;
    let there = records.len() / RECORD;
    // What follows the triangles is somebody's own.
    if claimed > there {
        return Err(damaged(format!("it should hold {claimed} triangles and ends after {there}")));
    }
    bounded("triangles", claimed)?;
    let float = |word: &[u8; 4]| f32::from_le_bytes(*word);
    // A record is a normal, which is not used, three corners and two bytes of attributes.
    let corners = records.as_chunks::<RECORD>().0[..claimed].iter().flat_map(|record| {
        let words = record[12..48].as_chunks::<4>().0;
        std::array::from_fn::<Vec3, 3, _>(|corner| {
            Vec3::new(float(&words[3 * corner]), float(&words[3 * corner + 1]), float(&words[3 * corner + 2]))
        })
    });
    Ok(corners.collect())
}

fn text(bytes: &[u8]) -> Result<(String, Vec<Vec3>), AssetError> {
    let text = String::from_utf8_lossy(bytes);
    let mut corners = Vec::new();
    let mut name = String::new();
    let mut ended = false;
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = line.split_whitespace();
        match words.next().map(str::to_ascii_lowercase).as_deref() {
            Some("vertex") => {
                let mut number_of = || words.next().and_then(|word| word.parse().ok());
                let (Some(x), Some(y), Some(z)) = (number_of(), number_of(), number_of()) else {
                    return Err(damaged(format!("line {number} is no vertex")));
                };
                corners.push(Vec3::new(x, y, z));
            }
            Some("endloop") if corners.len() % 3 != 0 => {
                return Err(damaged(format!("the facet that ends in line {number} is no triangle")));
            }
            Some("solid") if name.is_empty() => name = words.collect::<Vec<_>>().join(" "),
            Some("endsolid") => ended = true,
            _ => {}
        }
    }
    if corners.len() % 3 != 0 || !ended {
        return Err(damaged("it ends in the middle"));
    }
    Ok((name, corners))
}
