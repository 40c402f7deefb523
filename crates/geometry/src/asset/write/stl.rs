use glam::Vec3;

use super::WriteError;
use crate::asset::{Asset, Format};

const MILLIMETRES_PER_METRE: f32 = 1000.0;

/// Binary, millimetres, Z up, as slicers take it.
pub fn write(asset: &Asset) -> Result<Vec<u8>, WriteError> {
    let count = u32::try_from(asset.triangles.len()).map_err(|_| WriteError::TooLarge(Format::Stl))?;
    let mut bytes = Vec::with_capacity(84 + asset.triangles.len() * 50);
    bytes.extend([b' '; 80]);
    // Not "solid": that is how text begins.
    bytes[..17].copy_from_slice(b"Oreforge, mm, Z+ ");
    bytes.extend(count.to_le_bytes());
    for triangle in &asset.triangles {
        let [p, q, r] = triangle.map(|v| {
            let p = asset.positions[v as usize] * MILLIMETRES_PER_METRE;
            Vec3::new(p.x, -p.z, p.y)
        });
        let normal = (q - p).cross(r - p).normalize_or_zero();
        for v in [normal, p, q, r] {
            bytes.extend(v.to_array().map(f32::to_le_bytes).as_flattened());
        }
        bytes.extend([0, 0]);
    }
    Ok(bytes)
}
