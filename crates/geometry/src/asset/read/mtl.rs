//! Material libraries of OBJ files.

use std::collections::HashMap;

use super::texture::texture;
use super::{Companion, MAX_MATERIALS, MAX_TEXTURES, Notes, tidy_name};
use crate::asset::{AssetError, Material, Texture};

const MAX_LIBRARIES: usize = 16;

/// The materials that were named so far, known or not.
pub struct Looks<'a> {
    companion: Companion<'a>,
    libraries: Vec<String>,
    materials: Vec<Material>,
    by_name: HashMap<String, u16>,
    textures: Vec<Texture>,
    texture_by_name: HashMap<String, Option<usize>>,
}

impl<'a> Looks<'a> {
    pub fn new(companion: Companion<'a>) -> Self {
        Self {
            companion,
            libraries: Vec::new(),
            materials: Vec::new(),
            by_name: HashMap::new(),
            textures: Vec::new(),
            texture_by_name: HashMap::new(),
        }
    }

    /// Reads the library of this name, once.
    pub fn library(&mut self, name: &str, notes: &mut Notes) -> Result<(), AssetError> {
        if self.libraries.iter().any(|known| known == name) || self.libraries.len() == MAX_LIBRARIES {
            return Ok(());
        }
        self.libraries.push(name.to_owned());
        let Some(bytes) = (self.companion)(name) else {
            let name = tidy_name(name, "material library");
            notes.add(format!("\"{name}\" is not beside the mesh; its materials are left out."));
            return Ok(());
        };
        let mut at = None;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim();
            let (statement, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let rest = rest.trim();
            if statement == "newmtl" {
                at = Some(usize::from(self.material(rest)?));
                continue;
            }
            let Some(at) = at else { continue };
            match statement {
                "Kd" => {
                    if let Some([r, g, b]) = rgb(rest) {
                        let [_, _, _, alpha] = self.materials[at].base_color;
                        self.materials[at].base_color = [r, g, b, alpha];
                    }
                }
                "d" => self.materials[at].base_color[3] = fraction(rest).unwrap_or(1.0),
                "Tr" => self.materials[at].base_color[3] = 1.0 - fraction(rest).unwrap_or(0.0),
                "Pr" => self.materials[at].roughness = fraction(rest).unwrap_or(0.85),
                "Pm" => self.materials[at].metallic = fraction(rest).unwrap_or(0.0),
                "map_Kd" => self.materials[at].base_color_texture = self.texture(rest, notes),
                "map_Bump" | "map_bump" | "bump" | "norm" => {
                    self.materials[at].normal_texture = self.texture(rest, notes);
                }
                _ => {}
            }
        }
        for material in self.materials.iter_mut().filter(|m| m.base_color_texture.is_some()) {
            // Many exporters write black or grey beside a texture that stands for itself.
            material.base_color = [1.0, 1.0, 1.0, material.base_color[3]];
        }
        Ok(())
    }

    /// The place of the material of this name; made plain when no library told of it.
    pub fn material(&mut self, name: &str) -> Result<u16, AssetError> {
        if let Some(&place) = self.by_name.get(name) {
            return Ok(place);
        }
        if self.materials.len() == MAX_MATERIALS {
            return Err(AssetError::TooLarge { what: "materials", limit: MAX_MATERIALS });
        }
        let place = self.materials.len() as u16;
        self.materials.push(Material { name: tidy_name(name, "material"), ..Material::default() });
        self.by_name.insert(name.to_owned(), place);
        Ok(place)
    }

    fn texture(&mut self, statement: &str, notes: &mut Notes) -> Option<usize> {
        // Options come before the name, which may hold spaces when there are none.
        let name = match statement.strip_prefix('-') {
            Some(options) => options.rsplit_once(char::is_whitespace).map_or(options, |(_, name)| name),
            None => statement,
        };
        if let Some(&known) = self.texture_by_name.get(name) {
            return known;
        }
        if self.textures.len() == MAX_TEXTURES {
            return None;
        }
        let bytes = (self.companion)(name);
        if bytes.is_none() {
            let name = tidy_name(name, "texture");
            notes.add(format!("The texture \"{name}\" is not beside the mesh; it is left out."));
        }
        let found = bytes.and_then(|bytes| texture(bytes, stem(name), notes)).map(|texture| {
            self.textures.push(texture);
            self.textures.len() - 1
        });
        self.texture_by_name.insert(name.to_owned(), found);
        found
    }

    pub fn finish(self) -> (Vec<Material>, Vec<Texture>) {
        (self.materials, self.textures)
    }
}

fn rgb(text: &str) -> Option<[f32; 3]> {
    let mut words = text.split_ascii_whitespace();
    let r = fraction(words.next()?)?;
    // One number is a grey.
    let g = words.next().map_or(Some(r), fraction)?;
    Some([r, g, words.next().map_or(Some(r), fraction)?])
}

fn fraction(text: &str) -> Option<f32> {
    text.trim().parse().ok().filter(|value: &f32| value.is_finite()).map(|value| value.clamp(0.0, 1.0))
}

fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
