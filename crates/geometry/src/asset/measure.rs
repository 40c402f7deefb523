//! What a file of any format holds, whoever wrote it.

use glam::Vec3;

use super::{AssetError, Companion, Format, read};

/// Triangles of all meshes of a file, and the box about them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub triangles: usize,
    pub low: Vec3,
    pub high: Vec3,
    /// Those in the file or found beside it.
    pub textures: usize,
}

/// Reads a file to the end and measures it as [`read`] places it; FBX by ufbx, in metres with Y up.
///
/// # Errors
/// When it cannot be read, or holds no triangles.
pub fn measure(bytes: &[u8], format: Format, companion: Companion<'_>) -> Result<Measured, AssetError> {
    if bytes.is_empty() {
        return Err(AssetError::Empty);
    }
    let (triangles, textures, places) = match format {
        Format::Fbx => fbx(bytes)?,
        _ => {
            let asset = read(bytes, format, companion)?.asset;
            (asset.triangles.len(), asset.textures.len(), asset.positions)
        }
    };
    if triangles == 0 || places.is_empty() {
        return Err(AssetError::NoTriangles);
    }
    let (low, high) =
        places.iter().fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &p| (low.min(p), high.max(p)));
    Ok(Measured { triangles, low, high, textures })
}

/// Every mesh wherever a node of the scene puts it.
fn fbx(bytes: &[u8]) -> Result<(usize, usize, Vec<Vec3>), AssetError> {
    let options = ufbx::LoadOpts {
        target_axes: ufbx::CoordinateAxes::right_handed_y_up(),
        target_unit_meters: 1.0,
        ..Default::default()
    };
    let scene = ufbx::load_memory(bytes, options)
        .map_err(|e| AssetError::Damaged { format: Format::Fbx, reason: e.description.to_string() })?;
    let (mut triangles, mut places) = (0, Vec::new());
    for mesh in &scene.meshes {
        for node in &mesh.element.instances {
            triangles += mesh.num_triangles;
            places.extend(mesh.vertices.iter().map(|&p| {
                let p = ufbx::transform_position(&node.geometry_to_world, p);
                Vec3::new(p.x as f32, p.y as f32, p.z as f32)
            }));
        }
    }
    let textures = scene.texture_files.iter().filter(|file| !file.content.is_empty()).count();
    Ok((triangles, textures, places))
}
