use std::fmt::Write;

use super::{NamedFile, WriteOptions, level_name, placed};
use crate::TriMesh;
use crate::asset::{Asset, Texture};

/// The textures, the material library, the mesh; levels of detail as objects.
pub fn write(lods: &[Asset], options: &WriteOptions) -> Vec<NamedFile> {
    let first = &lods[0];
    let names: Vec<String> =
        first.textures.iter().enumerate().map(|(i, texture)| texture_file(options, i, texture)).collect();
    let mut files: Vec<NamedFile> = names
        .iter()
        .zip(&first.textures)
        .map(|(name, texture)| NamedFile { name: name.clone(), bytes: texture.bytes.clone() })
        .collect();
    let library = format!("{}.mtl", plain(&options.file_stem));
    files.push(NamedFile { name: library.clone(), bytes: materials(first, &names, options).into_bytes() });
    let mesh = NamedFile {
        name: format!("{}.obj", options.file_stem),
        bytes: mesh(lods, &library, options).into_bytes(),
    };
    files.push(mesh);
    files
}

/// Plain letters, that need no quotes and no escapes: what files are called inside of other files.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

pub fn texture_file(options: &WriteOptions, index: usize, texture: &Texture) -> String {
    let (stem, name) = (plain(&options.file_stem), plain(&texture.name));
    format!("{stem}_{index}_{name}.{}", texture.encoding.extension())
}

fn material_name(asset: &Asset, index: usize) -> String {
    let name: String =
        asset.materials[index].name.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
    // Names need not be unique elsewhere.
    let is_taken = asset.materials[..index].iter().any(|other| other.name == asset.materials[index].name);
    if is_taken { format!("{name}_{index}") } else { name }
}

// Writing to a string cannot fail, so what `write!` answers is let go below.
fn materials(asset: &Asset, textures: &[String], options: &WriteOptions) -> String {
    let mut text = format!("# {}\n", options.generator);
    for (i, material) in asset.materials.iter().enumerate() {
        let [r, g, b, alpha] = material.base_color;
        let _ = writeln!(text, "newmtl {}\nKd {r} {g} {b}\nKs 0 0 0\nd {alpha}", material_name(asset, i));
        let _ = writeln!(text, "Pr {}\nPm {}\nillum 1", material.roughness, material.metallic);
        if let Some(texture) = material.base_color_texture {
            let _ = writeln!(text, "map_Kd {}", textures[texture]);
        }
        if let Some(texture) = material.normal_texture {
            let _ = writeln!(text, "norm {}", textures[texture]);
        }
    }
    text
}

fn mesh(lods: &[Asset], library: &str, options: &WriteOptions) -> String {
    let mut text = format!("# {}\nmtllib {library}\n", options.generator);
    let (mut v0, mut t0, mut n0) = (1, 1, 1);
    for (level, asset) in lods.iter().enumerate() {
        let _ = writeln!(text, "o {}", level_name(options, lods, level));
        // Places are shared across seams, so that the surface is closed elsewhere too; colours belong to vertices.
        let shared = if asset.colors.is_empty() {
            asset.surface()
        } else {
            TriMesh { positions: asset.positions.clone(), triangles: asset.triangles.clone() }
        };
        for (v, &p) in shared.positions.iter().enumerate() {
            let p = placed(p, options) * options.units_per_metre;
            let _ = write!(text, "v {} {} {}", p.x, p.y, p.z);
            if let Some(color) = asset.colors.get(v) {
                let [r, g, b] = color.map(|c| f32::from(c) / 255.0);
                let _ = write!(text, " {r} {g} {b}");
            }
            text.push('\n');
        }
        for uv in &asset.uvs {
            let _ = writeln!(text, "vt {} {}", uv.x, 1.0 - uv.y);
        }
        for &n in &asset.normals {
            let n = placed(n, options);
            let _ = writeln!(text, "vn {} {} {}", n.x, n.y, n.z);
        }
        for material in 0..asset.materials.len() {
            let corners = shared.triangles.iter().zip(&asset.triangles);
            let of = corners.zip(&asset.material_of).filter(|(_, m)| usize::from(**m) == material);
            let mut named = false;
            for ((places, triangle), _) in of {
                if !std::mem::replace(&mut named, true) {
                    let _ = writeln!(text, "usemtl {}", material_name(asset, material));
                }
                text.push('f');
                for (place, v) in places.iter().zip(triangle) {
                    let place = place + v0;
                    let _ = match (asset.uvs.is_empty(), asset.normals.is_empty()) {
                        (false, false) => write!(text, " {place}/{}/{}", v + t0, v + n0),
                        (false, true) => write!(text, " {place}/{}", v + t0),
                        (true, false) => write!(text, " {place}//{}", v + n0),
                        (true, true) => write!(text, " {place}"),
                    };
                }
                text.push('\n');
            }
        }
        v0 += shared.positions.len() as u32;
        t0 += asset.uvs.len() as u32;
        n0 += asset.normals.len() as u32;
    }
    text
}
