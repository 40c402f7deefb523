use glam::{Vec2, Vec3};
use image::{Rgb, RgbImage};
use oreforge_geometry::glb::{GlbError, GlbOptions, read, read_raw, write, write_raw};
use oreforge_geometry::{TexturedMesh, TriMesh};
use proptest::prelude::*;

fn options() -> GlbOptions {
    GlbOptions {
        name: "crate \"7\" é".into(),
        generator: "Oreforge test".into(),
        extras: Some(serde_json::json!({ "seed": 7 })),
    }
}

fn textured() -> TexturedMesh {
    TexturedMesh {
        positions: vec![Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::new(0.1, -0.3, 7.7)],
        normals: vec![Vec3::Z, Vec3::Z, Vec3::X, Vec3::Y],
        uvs: vec![Vec2::ZERO, Vec2::X, Vec2::new(0.1, 0.7), Vec2::ONE],
        triangles: vec![[0, 1, 2], [2, 1, 3]],
        albedo: RgbImage::from_fn(5, 3, |x, y| Rgb([x as u8 * 50, y as u8 * 80, 9])),
        detail: None,
    }
}

#[test]
fn a_textured_mesh_comes_back_whole() {
    let mesh = textured();
    let bytes = write(&mesh, &options()).expect("a sound mesh is written");
    assert_eq!(read(&bytes).expect("what was written can be read"), mesh);
    assert_eq!(write(&mesh, &options()).expect("a sound mesh is written"), bytes);
    assert_eq!(bytes.len() % 4, 0);
}

#[test]
fn many_vertices_take_wide_indices() {
    for vertices in [65_535u32, 65_536, 70_000] {
        let mesh = TriMesh {
            positions: (0..vertices).map(|i| Vec3::splat(i as f32)).collect(),
            triangles: vec![[0, 1, vertices - 1]],
        };
        let bytes = write_raw(&mesh, &options()).expect("a sound mesh is written");
        assert_eq!(read_raw(&bytes).expect("what was written can be read"), mesh);
    }
}

#[test]
fn what_makes_no_sense_is_not_written() {
    let mut mesh = textured();
    mesh.positions[1].y = f32::NAN;
    assert!(matches!(write(&mesh, &options()), Err(GlbError::NotFinite)));
    let mut mesh = textured();
    mesh.triangles[1][1] = 4;
    assert!(matches!(write(&mesh, &options()), Err(GlbError::IndexOutOfRange)));
    let mut mesh = textured();
    mesh.uvs.pop();
    assert!(matches!(write(&mesh, &options()), Err(GlbError::UnequalAttributes)));
    assert!(matches!(write_raw(&TriMesh::default(), &options()), Err(GlbError::Empty)));
}

#[test]
fn every_cut_is_an_error() {
    let bytes = write(&textured(), &options()).expect("a sound mesh is written");
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
    }
}

/// A GLB of this description over `binary` zeros.
fn glb(text: &str, binary: usize) -> Vec<u8> {
    let mut text = text.as_bytes().to_vec();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut bytes = b"glTF".to_vec();
    for word in [2, (28 + text.len() + binary) as u32, text.len() as u32, 0x4E4F534A] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(text);
    bytes.extend((binary as u32).to_le_bytes());
    bytes.extend(b"BIN\0");
    bytes.resize(bytes.len() + binary, 0);
    bytes
}

#[test]
fn accessors_that_lie_are_refused() {
    let describe = |offset: &str, count: &str, stride: &str| {
        format!(
            r#"{{"asset":{{"version":"2.0"}},"buffers":[{{"byteLength":64}}],
            "bufferViews":[{{"buffer":0,"byteOffset":{offset},"byteLength":48,"byteStride":{stride}}},
                           {{"buffer":0,"byteLength":12}}],
            "accessors":[{{"bufferView":0,"componentType":5126,"count":{count},"type":"VEC3"}},
                         {{"bufferView":1,"componentType":5125,"count":3,"type":"SCALAR"}}],
            "meshes":[{{"primitives":[{{"attributes":{{"POSITION":0}},"indices":1}}]}}]}}"#
        )
    };
    assert!(read_raw(&glb(&describe("0", "4", "12"), 64)).is_ok());
    let max = u64::MAX.to_string();
    let half = (u64::MAX / 2).to_string();
    for (offset, count, stride) in [
        ("0", "5", "12"),
        ("20", "4", "12"),
        (max.as_str(), "4", "12"),
        ("0", max.as_str(), "12"),
        ("0", half.as_str(), half.as_str()),
        ("0", "4", "0"),
        ("0", "4", "4"),
        ("0", "4", max.as_str()),
        ("-1", "4", "12"),
    ] {
        assert!(read_raw(&glb(&describe(offset, count, stride), 64)).is_err(), "{offset} {count} {stride}");
    }
}

proptest! {
    #[test]
    fn a_raw_mesh_comes_back_bit_for_bit(
        positions in prop::collection::vec(prop::array::uniform3(prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO), 3..40),
        corners in prop::collection::vec(prop::array::uniform3(0usize..1000), 1..60),
    ) {
        let vertices = positions.len();
        let mesh = TriMesh {
            positions: positions.into_iter().map(Vec3::from_array).collect(),
            triangles: corners.into_iter().map(|t| t.map(|v| (v % vertices) as u32)).collect(),
        };
        let back = read_raw(&write_raw(&mesh, &options()).expect("a sound mesh is written")).expect("readable");
        prop_assert_eq!(&back.triangles, &mesh.triangles);
        let bits = |mesh: &TriMesh| mesh.positions.iter().map(|p| p.to_array().map(f32::to_bits)).collect::<Vec<_>>();
        prop_assert_eq!(bits(&back), bits(&mesh));
    }

    #[test]
    fn damaged_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = write(&textured(), &options()).expect("a sound mesh is written");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes);
        let _ = read_raw(&bytes);
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
    }
}
