//! Repair of a mesh that has more than a shape.

use std::collections::HashMap;

use glam::{Vec2, Vec3};

use super::Asset;
use crate::bvh::{Bvh, Hit, nearest_point};
use crate::repair::{Defects, Repaired, repair};
use crate::{Cancel, Cancelled, TriMesh};

/// How far from its corner, towards its middle, a new triangle asks the old surface what it looks like: so that
/// the corners of one triangle ask on one side of a seam.
const INWARD: f32 = 0.05;
/// Distance from the old surface, relative to the triangle, up to which a new triangle is a piece of an old one.
const ON_SURFACE: f32 = 0.01;

#[derive(Debug, Clone, PartialEq)]
pub struct Mended {
    pub asset: Asset,
    pub before: Defects,
    /// Not always clean.
    pub after: Defects,
}

/// Bits of a corner's place, coordinate and normal, and its colour: what makes it one vertex with others.
type Corner = ([u32; 3], [u32; 2], [u32; 3], [u8; 3]);

/// As [`repair`]. Triangles that stay keep their normals, coordinates, colours and material; those that close
/// holes and cracks get what the surface nearest to them has.
pub fn mend(asset: &Asset, cancel: Cancel<'_>) -> Result<Mended, Cancelled> {
    let old = TriMesh { positions: asset.positions.clone(), triangles: asset.triangles.clone() };
    let Repaired { mesh, before, after } = repair(old.clone(), cancel)?;
    if before.is_clean() {
        return Ok(Mended { asset: asset.clone(), before, after });
    }
    let bits = |p: Vec3| (p + 0.0).to_array().map(f32::to_bits);
    let key = |mesh: &TriMesh, t: [u32; 3]| {
        let mut corners = t.map(|v| bits(mesh.positions[v as usize]));
        corners.sort_unstable();
        corners
    };
    let known: HashMap<_, u32> = old.triangles.iter().zip(0..).map(|(&t, i)| (key(&old, t), i)).collect();
    let bvh = Bvh::new(&old);
    let mut made = Asset {
        name: asset.name.clone(),
        materials: asset.materials.clone(),
        textures: asset.textures.clone(),
        ..Asset::default()
    };
    let mut vertex_of: HashMap<Corner, u32> = HashMap::new();
    for (i, &triangle) in mesh.triangles.iter().enumerate() {
        if i % 4096 == 0 {
            cancel.check()?;
        }
        let places = triangle.map(|v| mesh.positions[v as usize]);
        let middle = (places[0] + places[1] + places[2]) / 3.0;
        let kept = known.get(&key(&mesh, triangle)).copied();
        let mut material = 0;
        let corners = places.map(|place| {
            let (hit, is_old) = match kept {
                Some(triangle) => (at_corner(&old, triangle, place), true),
                None => nearest(&old, &bvh, place, middle),
            };
            material = asset.material_of[hit.triangle as usize];
            let face = (places[1] - places[0]).cross(places[2] - places[0]);
            let look = Look::of(asset, &hit, face, is_old);
            *vertex_of.entry((bits(place), bits2(look.uv), bits(look.normal), look.color)).or_insert_with(
                || {
                    made.positions.push(place);
                    made.normals.extend((!asset.normals.is_empty()).then_some(look.normal));
                    made.uvs.extend((!asset.uvs.is_empty()).then_some(look.uv));
                    made.colors.extend((!asset.colors.is_empty()).then_some(look.color));
                    made.positions.len() as u32 - 1
                },
            )
        });
        made.triangles.push(corners);
        made.material_of.push(material);
    }
    Ok(Mended { asset: made, before, after })
}

fn bits2(uv: Vec2) -> [u32; 2] {
    uv.to_array().map(f32::to_bits)
}

fn corners(old: &TriMesh, triangle: u32) -> [Vec3; 3] {
    old.triangles[triangle as usize].map(|v| old.positions[v as usize])
}

fn at_corner(old: &TriMesh, triangle: u32, place: Vec3) -> Hit {
    let corner = corners(old, triangle).iter().position(|&corner| corner == place);
    let weight = |i: usize| f32::from(u8::from(corner == Some(i)));
    Hit { triangle, point: place, weights: [weight(1), weight(2)], distance_m: 0.0 }
}

/// The old surface's point nearest to a corner, on the triangle nearest to the new one, and whether the new
/// triangle lies on the old surface there.
fn nearest(old: &TriMesh, bvh: &Bvh<&TriMesh>, place: Vec3, middle: Vec3) -> (Hit, bool) {
    let inner = place.lerp(middle, INWARD);
    // Only coordinates beyond what numbers hold are near nothing.
    let triangle = bvh.nearest(inner, f32::INFINITY).map_or(0, |hit| hit.triangle);
    let (point, weights) = nearest_point(corners(old, triangle), place);
    let (on_old, _) = nearest_point(corners(old, triangle), inner);
    let lies_on = on_old.distance(inner) < ON_SURFACE * place.distance(middle);
    (Hit { triangle, point, weights, distance_m: point.distance(place) }, lies_on)
}

/// What a point of the old surface looks like.
struct Look {
    normal: Vec3,
    uv: Vec2,
    color: [u8; 3],
}

impl Look {
    /// `face` is the triangle's normal: turned triangles turn what they had, new surface shades flat.
    fn of(asset: &Asset, hit: &Hit, face: Vec3, is_old: bool) -> Self {
        let triangle = asset.triangles[hit.triangle as usize].map(|v| v as usize);
        let [v, w] = hit.weights;
        let weights = [1.0 - v - w, v, w];
        let mut look = Self { normal: Vec3::ZERO, uv: Vec2::ZERO, color: [0; 3] };
        let mut color = Vec3::ZERO;
        for (corner, weight) in triangle.into_iter().zip(weights) {
            look.normal += asset.normals.get(corner).copied().unwrap_or(Vec3::ZERO) * weight;
            look.uv += asset.uvs.get(corner).copied().unwrap_or(Vec2::ZERO) * weight;
            color +=
                asset.colors.get(corner).map_or(Vec3::ZERO, |c| Vec3::from_array(c.map(f32::from))) * weight;
        }
        look.color = color.to_array().map(|c| c.round() as u8);
        if !is_old {
            look.normal = face;
        } else if look.normal.dot(face) < 0.0 {
            look.normal = -look.normal;
        }
        look.normal = look.normal.try_normalize().unwrap_or(Vec3::Y);
        look
    }
}
