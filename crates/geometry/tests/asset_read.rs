#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use glam::Vec3;
use oreforge_geometry::asset::{Asset, AssetError, Format, Imported, read};
use oreforge_geometry::topology::inspect;
use proptest::prelude::*;

fn foreign(name: &str) -> Option<Vec<u8>> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(name)).ok()
}

fn nothing_beside(_: &str) -> Option<Vec<u8>> {
    None
}

fn read_foreign(name: &str) -> Imported {
    let bytes = foreign(name).unwrap();
    read(&bytes, Format::of(&bytes, name).unwrap(), &foreign).unwrap()
}

fn bounds(asset: &Asset) -> (Vec3, Vec3) {
    asset.surface().bounds().unwrap()
}

#[test]
fn what_blender_writes_is_read_the_same_from_every_format() {
    let upright = (Vec3::new(-1.0, 0.0, -0.5), Vec3::new(1.0, 2.0, 0.5));
    // Blender writes PLY with Z up.
    let lying = (Vec3::new(-1.0, -0.5, 0.0), Vec3::new(1.0, 0.5, 2.0));
    for (name, expected) in [
        ("crate.glb", upright),
        ("crate.gltf", upright),
        ("crate.obj", upright),
        ("crate.stl", upright),
        ("crate-ascii.stl", upright),
        ("crate.ply", lying),
        ("crate-ascii.ply", lying),
    ] {
        let Imported { asset, .. } = read_foreign(name);
        assert_eq!(asset.triangles.len(), 20, "{name}");
        assert_eq!(asset.material_of.len(), 20, "{name}");
        let (low, high) = bounds(&asset);
        assert!(low.distance(expected.0) < 1e-5 && high.distance(expected.1) < 2e-2, "{name}: {low} {high}");
        let topology = inspect(&asset.surface());
        assert!(topology.watertight && topology.consistently_wound, "{name}: {topology:?}");
        assert_eq!(topology.components, 2, "{name}");
    }
}

#[test]
fn materials_textures_and_coordinates_agree_between_formats() {
    let glb = read_foreign("crate.glb").asset;
    let corner = |asset: &Asset, triangle: usize, corner: usize| {
        let v = asset.triangles[triangle][corner] as usize;
        (asset.positions[v], asset.uvs[v], asset.normals[v])
    };
    for name in ["crate.glb", "crate.gltf", "crate.obj"] {
        let asset = read_foreign(name).asset;
        let material_of = |name: &str| asset.materials.iter().position(|m| m.name == name).unwrap();
        let (planks, red) = (material_of("Planks"), material_of("Red"));
        let of = |material| asset.material_of.iter().filter(|&&m| usize::from(m) == material).count();
        assert_eq!((of(planks), of(red)), (12, 8), "{name}");
        let [r, g, b, a] = asset.materials[red].base_color;
        assert!((r - 0.8).abs() + (g - 0.05).abs() + (b - 0.05).abs() + (a - 1.0).abs() < 1e-3, "{name}");
        let texture = &asset.textures[asset.materials[planks].base_color_texture.unwrap()];
        assert_eq!((texture.width_px, texture.height_px), (8, 8), "{name}");
        assert!(asset.materials[red].base_color_texture.is_none());
        // Each corner of the GLB is found here with the same coordinate and normal.
        for triangle in (0..20).filter(|&t| usize::from(glb.material_of[t]) == 0) {
            for i in 0..3 {
                let (p, uv, n) = corner(&glb, triangle, i);
                let same = (0..20).flat_map(|t| (0..3).map(move |i| (t, i))).any(|(t, i)| {
                    let (q, wv, m) = corner(&asset, t, i);
                    p.distance(q) < 1e-5 && uv.distance(wv) < 1e-5 && n.distance(m) < 1e-3
                });
                assert!(same, "{name}: {p} {uv} {n}");
            }
        }
    }
}

#[test]
fn files_that_are_not_beside_the_mesh_are_said() {
    let bytes = foreign("crate.gltf").unwrap();
    assert_eq!(
        read(&bytes, Format::Gltf, &nothing_beside),
        Err(AssetError::CompanionMissing { name: "crate.bin".to_owned() })
    );
    let obj = read(&foreign("crate.obj").unwrap(), Format::Obj, &nothing_beside).unwrap();
    assert!(obj.notes.iter().any(|note| note.contains("crate.mtl")), "{:?}", obj.notes);
    let no_picture = |name: &str| foreign(name).filter(|_| !name.ends_with("png"));
    let obj = read(&foreign("crate.obj").unwrap(), Format::Obj, &no_picture).unwrap();
    assert!(obj.notes.iter().any(|note| note.contains("planks.png")), "{:?}", obj.notes);
    assert_eq!(obj.asset.triangles.len(), 20);
}

#[test]
fn binary_stl_may_begin_like_text() {
    let mut bytes = foreign("crate.stl").unwrap();
    bytes[..6].copy_from_slice(b"solid ");
    assert_eq!(read(&bytes, Format::Stl, &nothing_beside).unwrap().asset.triangles.len(), 20);
}

#[test]
fn big_endian_ply_with_quads_colours_and_coordinates() {
    let mut bytes = b"ply\r\nformat binary_big_endian 1.0\r\ncomment TextureFile planks.png\r\nelement vertex 4\r\n\
        property double x\r\nproperty float y\r\nproperty float z\r\nproperty uchar red\r\nproperty uchar green\r\n\
        property uchar blue\r\nproperty float s\r\nproperty float t\r\nelement face 1\r\nproperty uchar flags\r\n\
        property list uchar int vertex_index\r\nend_header\r\n"
        .to_vec();
    for (x, y) in [(0.0, 0.0), (1.0, 0.0), (1.0, 2.0), (0.0, 2.0)] {
        bytes.extend(f64::to_be_bytes(x));
        bytes.extend([y, 0.5].map(f32::to_be_bytes).as_flattened());
        bytes.extend([255, 128, 0]);
        bytes.extend([x as f32, y / 2.0].map(f32::to_be_bytes).as_flattened());
    }
    bytes.extend([9, 4]);
    bytes.extend([0i32, 1, 2, 3].map(i32::to_be_bytes).as_flattened());
    let asset = read(&bytes, Format::Ply, &foreign).unwrap().asset;
    assert_eq!(asset.triangles, [[0, 1, 2], [0, 2, 3]]);
    assert_eq!(asset.positions[2], Vec3::new(1.0, 2.0, 0.5));
    assert_eq!((asset.colors[0], asset.uvs[2].y), ([255, 128, 0], 0.0));
    assert_eq!(asset.textures[0].width_px, 8);
}

#[test]
fn mirrored_nodes_turn_their_triangles_back() {
    let text = String::from_utf8(foreign("crate.gltf").unwrap()).unwrap();
    let scale = "\"scale\":[\n\t\t\t\t";
    let mirrored = text.replacen(scale, &format!("{scale}-"), 1);
    assert_ne!(text, mirrored);
    let asset = read(mirrored.as_bytes(), Format::Gltf, &foreign).unwrap().asset;
    assert!(inspect(&asset.surface()).consistently_wound);
    for &triangle in &asset.triangles {
        let [p, q, r] = triangle.map(|v| asset.positions[v as usize]);
        let face = (q - p).cross(r - p);
        assert!(triangle.iter().all(|&v| asset.normals[v as usize].dot(face) > 0.0));
    }
}

/// Files that lie about themselves; each must be refused with a reason, without the memory it asks for.
#[test]
fn hostile_files_are_refused() {
    let gltf = |body: &str| format!(r#"{{"asset":{{"version":"2.0"}},{body}}}"#).into_bytes();
    let ply = |header: &str| format!("ply\nformat {header}\nend_header\n").into_bytes();
    let vertex = "property float x\nproperty float y\nproperty float z";
    let mut far_count = vec![b' '; 80];
    far_count.extend(u32::MAX.to_le_bytes());
    far_count.extend([0; 50]);
    let accessors = |accessor: &str, view: &str| {
        let data = "data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        gltf(&format!(
            r#""buffers":[{{"byteLength":36,"uri":"{data}"}}],"bufferViews":[{view}],"accessors":[{accessor}],
            "meshes":[{{"primitives":[{{"attributes":{{"POSITION":0}}}}]}}]"#
        ))
    };
    let view = r#"{"buffer":0,"byteLength":36}"#;
    let accessor = |count: &str, offset: &str, kind: &str| {
        format!(
            r#"{{"bufferView":0,"byteOffset":{offset},"componentType":5126,"count":{count},"type":"{kind}",
            "min":[0,0,0],"max":[0,0,0]}}"#
        )
    };
    let good = accessors(&accessor("3", "0", "VEC3"), view);
    assert_eq!(read(&good, Format::Gltf, &nothing_beside).unwrap().asset.triangles.len(), 1);
    let nodes = |nodes: &str| {
        let mut text = String::from_utf8(good.clone()).unwrap();
        text.pop();
        format!("{text},\"scene\":0,\"scenes\":[{{\"nodes\":[0]}}],\"nodes\":[{nodes}]}}").into_bytes()
    };
    let corpus: Vec<(Format, Vec<u8>)> = vec![
        (Format::Stl, far_count),
        (Format::Stl, b"solid x\nfacet normal 0 0 0\nouter loop\nvertex 0 0 0\nvertex 1 0\n".to_vec()),
        (Format::Stl, b"solid x\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n".to_vec()),
        (Format::Stl, b"solid x\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 nan 0\nendsolid".to_vec()),
        (Format::Stl, b"solid x\nendsolid x\n".to_vec()),
        (Format::Ply, ply(&format!("ascii 1.0\nelement vertex 18446744073709551615\n{vertex}"))),
        (Format::Ply, ply(&format!("binary_little_endian 1.0\nelement vertex 4000000000\n{vertex}"))),
        (Format::Ply, ply("ascii 1.0\nelement vertex 4000000000\nelement face 3\nproperty float x")),
        (Format::Ply, ply("ascii 1.0\nelement vertex 1\nproperty list int float x")),
        (
            Format::Ply,
            ply("binary_little_endian 1.0\nelement face 0\nproperty list uint uint vertex_indices"),
        ),
        (Format::Ply, [b"ply\n".as_slice(), &[b'x'; 100_000]].concat()),
        (
            Format::Ply,
            [
                ply("binary_little_endian 1.0\nelement face 1\nproperty list uint uchar vertex_indices")
                    .as_slice(),
                &[255; 40],
            ]
            .concat(),
        ),
        (Format::Obj, b"v 0 0 0\nv 1 0 0\nf 1 2 3\n".to_vec()),
        (Format::Obj, b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 -9\n".to_vec()),
        (Format::Obj, b"v 0 0 0\nv 1e39 0 0\nv 0 1 0\nf 1 2 3\n".to_vec()),
        (Format::Obj, b"# nothing\n".to_vec()),
        (Format::Gltf, b"{".to_vec()),
        (Format::Gltf, [vec![b'['; 100_000], vec![b']'; 100_000]].concat()),
        (Format::Gltf, gltf(r#""extensionsRequired":["KHR_draco_mesh_compression"]"#)),
        (Format::Gltf, gltf(r#""buffers":[{"byteLength":99,"uri":"http://example.org/a.bin"}]"#)),
        (Format::Gltf, accessors(&accessor("4", "0", "VEC3"), view)),
        (Format::Gltf, accessors(&accessor("18446744073709551615", "0", "VEC3"), view)),
        (Format::Gltf, accessors(&accessor("3", "18446744073709551615", "VEC3"), view)),
        (Format::Gltf, accessors(&accessor("3", "0", "SCALAR"), view)),
        (Format::Gltf, accessors(&accessor("0", "0", "VEC3"), view)),
        (
            Format::Gltf,
            accessors(&accessor("3", "0", "VEC3"), r#"{"buffer":0,"byteLength":36,"byteOffset":9}"#),
        ),
        (Format::Gltf, accessors(&accessor("3", "0", "VEC3"), r#"{"buffer":7,"byteLength":36}"#)),
        (
            Format::Gltf,
            accessors(
                r#"{"componentType":5126,"count":4000000000,"type":"VEC3","min":[0,0,0],"max":[0,0,0],
                "sparse":{"count":1,"indices":{"bufferView":0,"componentType":5121},"values":{"bufferView":0}}}"#,
                view,
            ),
        ),
        (Format::Gltf, nodes(r#"{"children":[0],"mesh":0}"#)),
        (Format::Gltf, nodes(r#"{"children":[1,1],"mesh":0},{"mesh":0}"#)),
        (Format::Gltf, nodes(r#"{"children":[9],"mesh":0}"#)),
        (Format::Gltf, nodes(r#"{"mesh":0,"scale":[1e39,1,1]}"#)),
        (Format::Gltf, b"glTF{\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec()),
        (Format::Glb, b"glTF\x02\0\0\0\xff\xff\xff\xff\xff\xff\xff\xffJSON{}".to_vec()),
    ];
    for (i, (format, bytes)) in corpus.into_iter().enumerate() {
        let refused = read(&bytes, format, &nothing_beside);
        assert!(refused.is_err(), "{format} {i} was read: {refused:?}");
    }
}

#[test]
fn a_texture_bomb_is_left_out() {
    // A PNG header of 60 000 × 60 000 pixels.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend([0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 6, 0, 0, 0, 0, 0, 0, 0]);
    let beside = |name: &str| if name.ends_with("png") { Some(bomb.clone()) } else { foreign(name) };
    let imported = read(&foreign("crate.obj").unwrap(), Format::Obj, &beside).unwrap();
    assert!(imported.asset.textures.is_empty());
    assert!(imported.notes.iter().any(|note| note.contains("left out")), "{:?}", imported.notes);
}

const FIXTURES: [&str; 8] = [
    "crate.glb",
    "crate.gltf",
    "crate.bin",
    "crate.obj",
    "crate.mtl",
    "crate.stl",
    "crate-ascii.stl",
    "crate-ascii.ply",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]
    /// Damage anywhere, also in the files beside the mesh, ends in a mesh or an error.
    #[test]
    fn damage_is_survived(
        file in prop::sample::select(FIXTURES.as_slice()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(b'-'), Just(b'9'), Just(0)]), 1..12),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut damaged = foreign(file).unwrap();
        for (at, byte) in changes {
            let at = at.index(damaged.len());
            damaged[at] = byte;
        }
        if let Some(cut) = cut {
            damaged.truncate(cut.index(damaged.len() + 1));
        }
        let main = match file {
            "crate.bin" => "crate.gltf",
            "crate.mtl" => "crate.obj",
            file => file,
        };
        let get = |name: &str| if name == file { Some(damaged.clone()) } else { foreign(name) };
        let format: Format = main.rsplit('.').next().unwrap().parse().unwrap();
        if let Ok(Imported { asset, .. }) = read(&get(main).unwrap(), format, &get) {
            prop_assert!(!asset.triangles.is_empty());
            prop_assert!(asset.triangles.as_flattened().iter().all(|&v| (v as usize) < asset.positions.len()));
            prop_assert!(asset.positions.iter().all(|p| p.is_finite()));
            prop_assert!(asset.normals.is_empty() || asset.normals.len() == asset.positions.len());
            prop_assert!(asset.uvs.is_empty() || asset.uvs.len() == asset.positions.len());
            prop_assert!(asset.material_of.iter().all(|&m| usize::from(m) < asset.materials.len()));
            prop_assert!(asset.materials.iter().flat_map(|m| [m.base_color_texture, m.normal_texture]).flatten()
                .all(|t| t < asset.textures.len()));
        }
    }
}
