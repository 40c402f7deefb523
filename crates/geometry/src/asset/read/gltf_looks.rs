//! Materials and textures of a glTF file.

use std::collections::HashMap;

use ::gltf::texture::Texture as GltfTexture;

use super::gltf_data::Data;
use super::texture::texture;
use super::{Companion, MAX_MATERIALS, MAX_TEXTURES, Notes, tidy_name};
use crate::asset::{AssetError, Material, Texture};

pub struct Looks {
    /// The file's own, then one for what has none.
    pub materials: Vec<Material>,
    pub textures: Vec<Texture>,
}

pub fn read(data: &Data, companion: Companion<'_>, notes: &mut Notes) -> Result<Looks, AssetError> {
    if data.document.materials().len() >= MAX_MATERIALS {
        return Err(AssetError::TooLarge { what: "materials", limit: MAX_MATERIALS });
    }
    let mut textures = Vec::new();
    let mut place: HashMap<usize, Option<usize>> = HashMap::new();
    let mut find = |wanted: &GltfTexture<'_>, notes: &mut Notes| -> Option<usize> {
        let image = image_of(data, wanted)?;
        if let Some(known) = place.get(&image.index()) {
            return *known;
        }
        let room = textures.len() < MAX_TEXTURES;
        let bytes = room.then(|| data.picture(&image.source(), companion)).flatten();
        if bytes.is_none() {
            notes.add("A texture is not beside the mesh or cannot be read; it is left out.");
        }
        let otherwise = format!("texture {}", image.index());
        let read = bytes.and_then(|bytes| texture(bytes, image.name().unwrap_or(&otherwise), notes));
        let found = read.map(|texture| {
            textures.push(texture);
            textures.len() - 1
        });
        place.insert(image.index(), found);
        found
    };
    let mut materials: Vec<Material> = Vec::new();
    for material in data.document.materials() {
        let pbr = material.pbr_metallic_roughness();
        let dropped = pbr.metallic_roughness_texture().is_some() || material.emissive_texture().is_some();
        if dropped {
            notes.add(
                "Metal, roughness and glow textures are left out; colour, normal and occlusion maps stay.",
            );
        }
        let base_color_texture = pbr.base_color_texture().and_then(|info| find(&info.texture(), notes));
        let normal_texture = material.normal_texture().and_then(|info| find(&info.texture(), notes));
        let occlusion_texture = material.occlusion_texture().and_then(|info| find(&info.texture(), notes));
        let sane = |value: f32| if value.is_finite() { value.clamp(0.0, 1.0) } else { 1.0 };
        materials.push(Material {
            name: tidy_name(material.name().unwrap_or_default(), &format!("material {}", materials.len())),
            base_color: pbr.base_color_factor().map(sane),
            metallic: sane(pbr.metallic_factor()),
            roughness: sane(pbr.roughness_factor()),
            base_color_texture,
            normal_texture,
            occlusion_texture,
        });
    }
    materials.push(Material::default());
    Ok(Looks { materials, textures })
}

/// The picture of a texture: WebP where it is offered, else the plain one.
fn image_of<'a>(data: &'a Data, texture: &GltfTexture<'a>) -> Option<::gltf::Image<'a>> {
    let webp = texture.extension_value("EXT_texture_webp").and_then(|webp| webp.get("source")?.as_u64());
    let webp = webp.and_then(|index| data.document.images().nth(usize::try_from(index).ok()?));
    webp.or_else(|| texture.source())
}
