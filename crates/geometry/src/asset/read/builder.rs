use glam::{Vec2, Vec3};

use super::{MAX_ELEMENTS, Notes};
use crate::TriMesh;
use crate::asset::{Asset, AssetError, Format, Material};

/// Some triangles of one material as a file gives them.
#[derive(Default)]
pub struct Primitive {
    pub positions: Vec<Vec3>,
    pub normals: Option<Vec<Vec3>>,
    pub uvs: Option<Vec<Vec2>>,
    pub colors: Option<Vec<[u8; 3]>>,
    pub triangles: Vec<[u32; 3]>,
    pub material: u16,
}

/// Vertices and triangles that are worth no question.
const SMALL: usize = 1 << 20;

/// An asset that grows by primitives which do not all have the same attributes.
pub struct Builder {
    asset: Asset,
    /// Vertices and triangles at the most, each.
    most: usize,
    mixed_uvs: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self::within(MAX_ELEMENTS)
    }
}

impl Builder {
    pub fn within(most: usize) -> Self {
        Self { asset: Asset::default(), most: most.clamp(SMALL, MAX_ELEMENTS), mixed_uvs: false }
    }

    pub fn add(&mut self, primitive: Primitive, format: Format) -> Result<(), AssetError> {
        let Primitive { positions, normals, uvs, colors, triangles, material } = primitive;
        let before = self.asset.positions.len();
        let after = before + positions.len();
        within("vertices", after, self.most)?;
        within("triangles", self.asset.triangles.len() + triangles.len(), self.most)?;
        let damaged = |reason: &str| AssetError::Damaged { format, reason: reason.to_owned() };
        if triangles.as_flattened().iter().any(|&v| v as usize >= positions.len()) {
            return Err(damaged("a triangle names a vertex that is not there"));
        }
        if !positions.iter().all(|p| p.is_finite()) {
            return Err(damaged("a position is not a finite number"));
        }
        let whole = |length: usize| length == positions.len();
        let normals = normals.filter(|n| whole(n.len())).map(|mut normals| {
            normals.iter_mut().for_each(|n| *n = n.try_normalize().unwrap_or(Vec3::Y));
            normals
        });
        let uvs = uvs.filter(|uvs| whole(uvs.len()) && uvs.iter().all(|uv| uv.is_finite()));
        let colors = colors.filter(|colors| whole(colors.len()));

        let asset = &mut self.asset;
        self.mixed_uvs |= before > 0 && asset.uvs.is_empty() == uvs.is_some();
        match normals {
            Some(normals) => {
                if asset.normals.is_empty() && before > 0 {
                    asset.normals = smooth_normals(&asset.positions, &asset.triangles);
                }
                asset.normals.extend(normals);
            }
            None if asset.normals.is_empty() => {}
            None => asset.normals.extend(smooth_normals(&positions, &triangles)),
        }
        extend(&mut asset.uvs, uvs, before, after, Vec2::ZERO);
        extend(&mut asset.colors, colors, before, after, [255; 3]);
        asset.material_of.resize(asset.triangles.len() + triangles.len(), material);
        let start = before as u32;
        asset.triangles.extend(triangles.iter().map(|t| t.map(|v| v + start)));
        asset.positions.extend(positions);
        Ok(())
    }

    /// `materials` are those the primitives name; one is made when there are none.
    pub fn finish(
        self,
        name: String,
        mut materials: Vec<Material>,
        notes: &mut Notes,
    ) -> Result<Asset, AssetError> {
        let mut asset = self.asset;
        if asset.triangles.is_empty() {
            return Err(AssetError::NoTriangles);
        }
        if self.mixed_uvs {
            notes.add("Only some parts have texture coordinates; the others get none of the picture.");
        }
        if materials.is_empty() {
            materials.push(Material::default());
        }
        let last = materials.len() as u16 - 1;
        asset.material_of.iter_mut().for_each(|m| *m = (*m).min(last));
        Ok(Asset { name, materials, ..asset })
    }
}

pub fn bounded(what: &'static str, count: usize) -> Result<(), AssetError> {
    within(what, count, MAX_ELEMENTS)
}

fn within(what: &'static str, count: usize, limit: usize) -> Result<(), AssetError> {
    if count > limit { Err(AssetError::TooLarge { what, limit }) } else { Ok(()) }
}

/// Appends `values`, or `filler` where only the other parts have any.
fn extend<T: Copy>(all: &mut Vec<T>, values: Option<Vec<T>>, before: usize, after: usize, filler: T) {
    if let Some(values) = values {
        all.resize(before, filler);
        all.extend(values);
    } else if !all.is_empty() {
        all.resize(after, filler);
    }
}

fn smooth_normals(positions: &[Vec3], triangles: &[[u32; 3]]) -> Vec<Vec3> {
    TriMesh { positions: positions.to_vec(), triangles: triangles.to_vec() }.vertex_normals()
}
