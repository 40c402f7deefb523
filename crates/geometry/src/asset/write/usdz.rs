//! USDZ: what iOS and macOS open. An archive without compression, each file at a multiple of 64 bytes, whose first
//! file describes the scene as text. <https://openusd.org/release/spec_usdz.html>

use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};

use glam::Vec3;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::obj::plain;
use super::{WriteError, WriteOptions};
use crate::asset::{Asset, Format, Material};
use crate::color::linear_from_srgb;

const ALIGNMENT: u16 = 64;
const SCENE: &str = "scene.usda";

pub fn write(asset: &Asset, options: &WriteOptions) -> Result<Vec<u8>, WriteError> {
    let failed = |error: &dyn std::fmt::Display| WriteError::Failed {
        format: Format::Usdz,
        reason: error.to_string(),
    };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .with_alignment(ALIGNMENT);
    let mut put = |name: &str, bytes: &[u8]| -> Result<(), WriteError> {
        archive.start_file(name, stored).map_err(|e| failed(&e))?;
        archive.write_all(bytes).map_err(|e| failed(&e))
    };
    put(SCENE, scene(asset, options).as_bytes())?;
    for index in used_textures(asset) {
        put(&texture_file(asset, index), &asset.textures[index].bytes)?;
    }
    Ok(archive.finish().map_err(|e| failed(&e))?.into_inner())
}

/// Triangles and extent, read out of the archive again.
pub fn reread(bytes: &[u8]) -> Result<(usize, Vec3), String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut text = String::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).map_err(|e| e.to_string())?;
        if file.compression() != CompressionMethod::Stored
            || file.data_start().is_none_or(|start| start % u64::from(ALIGNMENT) != 0)
        {
            return Err(format!("file {i} does not lie as it must"));
        }
        let mut bytes = Vec::new();
        // Reading compares the checksum.
        file.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        if i == 0 {
            text = String::from_utf8(bytes).map_err(|e| e.to_string())?;
        }
    }
    let list = |name: &str| {
        let (_, rest) = text.split_once(name)?;
        Some(rest.split_once('[')?.1.split_once(']')?.0)
    };
    let counts = list("int[] faceVertexCounts").ok_or("it holds no faces")?;
    if counts.split(',').any(|count| count.trim() != "3") {
        return Err("its faces are no triangles".to_owned());
    }
    let points = list("point3f[] points").ok_or("it holds no points")?;
    let numbers: Vec<f32> = points
        .split([',', '(', ')', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().map_err(|_| format!("{word} is no number")))
        .collect::<Result<_, _>>()?;
    let places: Vec<Vec3> = numbers.as_chunks::<3>().0.iter().map(|&p| Vec3::from_array(p)).collect();
    Ok((counts.split(',').count(), super::extent(&places)))
}

fn used_textures(asset: &Asset) -> Vec<usize> {
    let of = |m: &Material| [m.base_color_texture, m.normal_texture, m.occlusion_texture];
    let mut used: Vec<usize> = asset.materials.iter().flat_map(of).flatten().collect();
    used.sort_unstable();
    used.dedup();
    used
}

fn texture_file(asset: &Asset, index: usize) -> String {
    format!("textures/{index}.{}", asset.textures[index].encoding.extension())
}

/// Letters, digits and underscores, no digit first: what things may be called in a scene.
fn identifier(name: &str) -> String {
    let name = plain(name).replace('-', "_");
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() { format!("_{name}") } else { name }
}

fn tuples<const N: usize>(values: impl Iterator<Item = [f32; N]>) -> String {
    let tuple = |value: [f32; N]| format!("({})", joined(value));
    format!("[{}]", joined(values.map(tuple)))
}

fn joined(values: impl IntoIterator<Item = impl ToString>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

// Writing to a string cannot fail, so what `writeln!` answers is let go below.
fn scene(asset: &Asset, options: &WriteOptions) -> String {
    let mut text = format!(
        "#usda 1.0\n(\n    customLayerData = {{\n        string creator = \"{}\"\n    }}\n    \
         defaultPrim = \"Root\"\n    metersPerUnit = 1\n    upAxis = \"Y\"\n)\n\n\
         def Xform \"Root\" (\n    kind = \"component\"\n)\n{{\n",
        options.generator.replace(['"', '\\', '\n'], "")
    );
    mesh(&mut text, asset, &identifier(&options.object_name));
    text.push_str("\n    def Scope \"Materials\"\n    {\n");
    for (index, material) in asset.materials.iter().enumerate() {
        look(&mut text, asset, index, material);
    }
    text.push_str("    }\n}\n");
    text
}

fn material_path(asset: &Asset, index: usize) -> String {
    // Names need not be unique elsewhere.
    format!("/Root/Materials/{}_{index}", identifier(&asset.materials[index].name))
}

fn mesh(text: &mut String, asset: &Asset, name: &str) {
    // The scene's own names are taken.
    let name = if name == "Materials" { "Mesh" } else { name };
    let (low, high) = asset
        .positions
        .iter()
        .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &p| (low.min(p), high.max(p)));
    let bound = "prepend apiSchemas = [\"MaterialBindingAPI\"]";
    let _ = writeln!(text, "    def Mesh \"{name}\" (\n        {bound}\n    )\n    {{");
    let _ = writeln!(text, "        uniform token subdivisionScheme = \"none\"");
    let _ =
        writeln!(text, "        float3[] extent = {}", tuples([low.to_array(), high.to_array()].into_iter()));
    let counts = joined(asset.triangles.iter().map(|_| 3));
    let _ = writeln!(text, "        int[] faceVertexCounts = [{counts}]");
    let indices = joined(asset.triangles.as_flattened());
    let _ = writeln!(text, "        int[] faceVertexIndices = [{indices}]");
    let points = tuples(asset.positions.iter().map(|p| p.to_array()));
    let _ = writeln!(text, "        point3f[] points = {points}");
    let mut per_vertex = |kind: &str, values: String| {
        let _ =
            writeln!(text, "        {kind} = {values} (\n            interpolation = \"vertex\"\n        )");
    };
    if !asset.normals.is_empty() {
        per_vertex("normal3f[] normals", tuples(asset.normals.iter().map(|n| n.to_array())));
    }
    if !asset.uvs.is_empty() {
        per_vertex("texCoord2f[] primvars:st", tuples(asset.uvs.iter().map(|uv| [uv.x, 1.0 - uv.y])));
    }
    if !asset.colors.is_empty() {
        let linear = asset.colors.iter().map(|c| c.map(linear_from_srgb));
        per_vertex("color3f[] primvars:displayColor", tuples(linear));
    }
    if asset.materials.len() == 1 {
        let _ = writeln!(text, "        rel material:binding = <{}>", material_path(asset, 0));
    }
    for index in (0..asset.materials.len()).filter(|_| asset.materials.len() > 1) {
        let faces = (0..).zip(&asset.material_of).filter(|(_, m)| usize::from(**m) == index);
        let faces = joined(faces.map(|(face, _): (usize, _)| face));
        let _ = writeln!(
            text,
            "\n        def GeomSubset \"material_{index}\" (\n            {bound}\n        )\n        {{\n            \
             uniform token elementType = \"face\"\n            uniform token familyName = \"materialBind\"\n            \
             int[] indices = [{faces}]\n            rel material:binding = <{}>\n        }}",
            material_path(asset, index)
        );
    }
    text.push_str("    }\n");
}

fn look(text: &mut String, asset: &Asset, index: usize, material: &Material) {
    let path = material_path(asset, index);
    let name = path.rsplit('/').next().unwrap_or_default();
    let [r, g, b, alpha] = material.base_color;
    let _ = writeln!(text, "        def Material \"{name}\"\n        {{");
    let _ = writeln!(text, "            token outputs:surface.connect = <{path}/surface.outputs:surface>\n");
    let _ = writeln!(text, "            def Shader \"surface\"\n            {{");
    let mut input = |line: String| {
        let _ = writeln!(text, "                {line}");
    };
    input("uniform token info:id = \"UsdPreviewSurface\"".to_owned());
    input(match material.base_color_texture {
        Some(_) => format!("color3f inputs:diffuseColor.connect = <{path}/color.outputs:rgb>"),
        None => format!("color3f inputs:diffuseColor = ({r}, {g}, {b})"),
    });
    input(format!("float inputs:metallic = {}", material.metallic));
    input(format!("float inputs:roughness = {}", material.roughness));
    input(format!("float inputs:opacity = {alpha}"));
    if material.normal_texture.is_some() {
        input(format!("normal3f inputs:normal.connect = <{path}/normal.outputs:rgb>"));
    }
    if material.occlusion_texture.is_some() {
        input(format!("float inputs:occlusion.connect = <{path}/occlusion.outputs:r>"));
    }
    input("token outputs:surface".to_owned());
    text.push_str("            }\n");
    let textures = [
        (
            "color",
            material.base_color_texture,
            "sRGB",
            format!("float4 inputs:scale = ({r}, {g}, {b}, 1)"),
            "float3 outputs:rgb",
        ),
        (
            "normal",
            material.normal_texture,
            "raw",
            "float4 inputs:scale = (2, 2, 2, 1)\n                float4 inputs:bias = (-1, -1, -1, 0)"
                .to_owned(),
            "float3 outputs:rgb",
        ),
        ("occlusion", material.occlusion_texture, "raw", String::new(), "float outputs:r"),
    ];
    if textures.iter().any(|(_, texture, ..)| texture.is_some()) {
        let _ = writeln!(
            text,
            "\n            def Shader \"coordinates\"\n            {{\n                \
             uniform token info:id = \"UsdPrimvarReader_float2\"\n                \
             string inputs:varname = \"st\"\n                float2 outputs:result\n            }}"
        );
    }
    for (name, texture, space, range, output) in textures {
        let Some(texture) = texture else { continue };
        let _ = writeln!(
            text,
            "\n            def Shader \"{name}\"\n            {{\n                \
             uniform token info:id = \"UsdUVTexture\"\n                \
             asset inputs:file = @{}@\n                \
             float2 inputs:st.connect = <{path}/coordinates.outputs:result>\n                \
             token inputs:sourceColorSpace = \"{space}\"\n                \
             token inputs:wrapS = \"repeat\"\n                token inputs:wrapT = \"repeat\"\n                {range}\n                {output}\n            }}",
            texture_file(asset, texture)
        );
    }
    text.push_str("        }\n");
}
