#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use glam::Vec3;
use oreforge_geometry::Cancel;
use oreforge_geometry::asset::{
    Asset, Format, Imported, WriteError, WriteOptions, Written, read, thin, write,
};
use oreforge_geometry::topology::inspect;

fn foreign(name: &str) -> Option<Vec<u8>> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(name)).ok()
}

fn crate_with_lid() -> Asset {
    read(&foreign("crate.glb").unwrap(), Format::Glb, &|_| None).unwrap().asset
}

/// A textured ball of many triangles whose coordinates meet in a seam.
fn ball() -> Asset {
    let (rows, columns) = (40u32, 60u32);
    let mut asset = Asset { textures: crate_with_lid().textures, ..Asset::default() };
    asset.materials =
        vec![crate_with_lid().materials.into_iter().find(|m| m.base_color_texture.is_some()).unwrap()];
    for row in 0..=rows {
        for column in 0..=columns {
            let (v, u) = (row as f32 / rows as f32, column as f32 / columns as f32);
            // The seam and the poles close bit for bit.
            let longitude = (column % columns) as f32 / columns as f32 * std::f32::consts::TAU;
            let radius = if row == 0 || row == rows { 0.0 } else { (v * std::f32::consts::PI).sin() };
            let p = Vec3::new(
                radius * longitude.sin(),
                (v * std::f32::consts::PI).cos(),
                radius * longitude.cos(),
            );
            asset.positions.push(p);
            asset.normals.push(p.normalize());
            asset.uvs.push(glam::Vec2::new(u, v));
        }
    }
    for row in 0..rows {
        for column in 0..columns {
            let a = row * (columns + 1) + column;
            let (b, c, d) = (a + 1, a + columns + 1, a + columns + 2);
            if row > 0 {
                asset.triangles.push([a, c, b]);
            }
            if row + 1 < rows {
                asset.triangles.push([b, c, d]);
            }
        }
    }
    asset.material_of = vec![0; asset.triangles.len()];
    asset
}

fn options() -> WriteOptions {
    WriteOptions {
        file_stem: "crate 7".to_owned(),
        object_name: "crate".to_owned(),
        generator: "Oreforge test".to_owned(),
        z_up: false,
        units_per_metre: 1.0,
        compressed: false,
        extras: None,
    }
}

fn read_back(written: &Written, format: Format) -> Asset {
    let beside =
        |name: &str| written.files.iter().find(|file| file.name == name).map(|file| file.bytes.clone());
    let Imported { asset, .. } = read(&written.files.last().unwrap().bytes, format, &beside).unwrap();
    asset
}

/// Area-weighted sums over the surface: where it is, and which texel is there.
fn fingerprint(asset: &Asset) -> (Vec3, glam::Vec2) {
    let mut sums = (Vec3::ZERO, glam::Vec2::ZERO);
    for t in &asset.triangles {
        let [p, q, r] = t.map(|v| asset.positions[v as usize]);
        let area = (q - p).cross(r - p).length() / 2.0;
        sums.0 += (p + q + r) / 3.0 * area;
        if !asset.uvs.is_empty() {
            sums.1 += t.iter().map(|&v| asset.uvs[v as usize]).sum::<glam::Vec2>() / 3.0 * area;
        }
    }
    sums
}

#[test]
fn what_is_written_comes_back() {
    let asset = crate_with_lid();
    let exact = fingerprint(&asset);
    for format in [Format::Glb, Format::Gltf, Format::Obj, Format::Ply, Format::Stl] {
        let written = write(std::slice::from_ref(&asset), format, &options()).unwrap();
        assert!(written.files.iter().all(|file| !file.bytes.is_empty()), "{format}");
        assert_eq!(written.files.last().unwrap().name, format!("crate 7.{}", format.extension()));
        let back = read_back(&written, format);
        let (place, texel) = fingerprint(&back);
        assert!(place.distance(exact.0) < 1e-4, "{format}: {place} {}", exact.0);
        assert!(inspect(&back.surface()).consistently_wound, "{format}");
        if format == Format::Stl {
            assert!(written.notes.iter().any(|note| note.contains("bare shape")));
            continue;
        }
        assert!(texel.distance(exact.1) < 1e-4, "{format}: {texel} {}", exact.1);
        if format == Format::Ply {
            continue;
        }
        assert_eq!(back.textures.len(), 1, "{format}");
        assert_eq!(back.textures[0].bytes, asset.textures[0].bytes, "{format}");
        let planks = back.materials.iter().position(|m| m.base_color_texture.is_some()).unwrap();
        assert_eq!(back.material_of.iter().filter(|&&m| usize::from(m) == planks).count(), 12, "{format}");
    }
}

#[test]
fn the_fbx_holds_what_ufbx_finds() {
    let asset = crate_with_lid();
    for z_up in [false, true] {
        let written =
            write(std::slice::from_ref(&asset), Format::Fbx, &WriteOptions { z_up, ..options() }).unwrap();
        assert_eq!(written.files.len(), 1);
        // Whatever the file's own axes: metres, Y up.
        let wanted = ufbx::LoadOpts {
            target_axes: ufbx::axes_right_handed_y_up(),
            target_unit_meters: 1.0,
            ..Default::default()
        };
        let scene = ufbx::load_memory(&written.files[0].bytes, wanted).unwrap();
        let mesh = &scene.meshes[0];
        assert_eq!((mesh.num_triangles, mesh.materials.len()), (20, asset.materials.len()));
        assert!(mesh.vertex_uv.exists && mesh.vertex_normal.exists);
        let world = scene.nodes.iter().find(|node| node.mesh.is_some()).unwrap().geometry_to_world;
        let high = mesh.vertices.iter().fold(Vec3::NEG_INFINITY, |high, &p| {
            let p = ufbx::transform_position(&world, p);
            high.max(Vec3::new(p.x as f32, p.y as f32, p.z as f32))
        });
        assert!(high.distance(Vec3::new(1.0, 2.0, 0.5)) < 2e-2, "{high}");
        assert_eq!(&*scene.videos[0].content, asset.textures[0].bytes.as_slice());
        let red = scene.materials.iter().find(|m| &*m.element.name == "Red").unwrap();
        assert!((red.fbx.diffuse_color.value_vec4.x - 0.8).abs() < 1e-3);
    }
}

#[test]
fn axes_and_units_are_those_asked_for() {
    let asset = crate_with_lid();
    let print = WriteOptions { z_up: true, units_per_metre: 1000.0, ..options() };
    let written = write(std::slice::from_ref(&asset), Format::Ply, &print).unwrap();
    let (low, high) = read_back(&written, Format::Ply).surface().bounds().unwrap();
    assert!(
        low.distance(Vec3::new(-1000.0, -500.0, 0.0)) < 1.0 && (high.z - 2000.0).abs() < 1.0,
        "{low} {high}"
    );
    let empty = Asset { triangles: Vec::new(), ..asset };
    assert!(matches!(write(&[empty], Format::Glb, &options()), Err(WriteError::Empty)));
}

#[test]
fn a_thinned_ball_stays_closed_and_keeps_its_seam() {
    let asset = ball();
    assert!(inspect(&asset.surface()).watertight);
    for target in [2000, 600] {
        let thinned = thin(&asset, target, Cancel::never()).unwrap();
        assert!(thinned.triangles.len() <= target && thinned.triangles.len() > target / 2);
        let topology = inspect(&thinned.surface());
        assert!(topology.watertight && topology.manifold, "{topology:?}");
        // Nobody sees a triangle that runs over the whole texture.
        for t in &thinned.triangles {
            let [a, b, c] = t.map(|v| thinned.uvs[v as usize].x);
            assert!(a.max(b).max(c) - a.min(b).min(c) < 0.5);
        }
        // Vertices are a choice of the old ones.
        assert!(thinned.positions.iter().all(|p| asset.positions.contains(p)));
    }
}

#[test]
fn materials_keep_their_triangles_when_thinned() {
    let asset = crate_with_lid();
    let thinned = thin(&asset, 18, Cancel::never()).unwrap();
    assert!(inspect(&thinned.surface()).watertight);
    for (triangle, &material) in thinned.triangles.iter().zip(&thinned.material_of) {
        let lid = asset.materials[usize::from(material)].name == "Red";
        let middle = triangle.iter().map(|&v| thinned.positions[v as usize].y).sum::<f32>() / 3.0;
        assert_eq!(lid, middle > 1.0 + 1e-3, "{middle}");
    }
}

#[test]
fn levels_of_detail_lie_in_one_file_or_beside() {
    let fine = ball();
    let coarse = thin(&fine, 500, Cancel::never()).unwrap();
    let lods = [fine.clone(), coarse];
    let glb = write(&lods, Format::Glb, &options()).unwrap();
    // A reader that knows no levels sees the finest alone.
    assert_eq!(read_back(&glb, Format::Glb).triangles.len(), fine.triangles.len());
    let stl = write(&lods, Format::Stl, &options()).unwrap();
    let names: Vec<&str> = stl.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["crate 7_LOD1.stl", "crate 7.stl"]);
}

/// A USD library judged the files by hand; here stands what it would stumble over first.
#[test]
fn a_usdz_lies_as_the_format_wants_it() {
    let written = write(&[crate_with_lid()], Format::Usdz, &options()).unwrap();
    let [file] = written.files.as_slice() else { panic!("{} files", written.files.len()) };
    assert_eq!(file.name, "crate 7.usdz");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&file.bytes)).unwrap();
    for (i, name) in ["scene.usda", "textures/0.png"].into_iter().enumerate() {
        let file = archive.by_index(i).unwrap();
        assert_eq!(file.name().unwrap(), name);
        assert_eq!(file.compression(), zip::CompressionMethod::Stored);
        assert_eq!(file.data_start().unwrap_or(1) % 64, 0, "{name}");
    }
    assert_eq!(archive.len(), 2);
    let text = std::io::read_to_string(archive.by_index(0).unwrap()).unwrap();
    assert_eq!(text.matches("def GeomSubset").count(), 2, "{text}");
    assert_eq!(text.matches("def Material").count(), 2);
    assert!(text.contains("@textures/0.png@") && text.contains("metersPerUnit = 1"));
    assert_eq!(text.matches(['{', '(', '[']).count(), text.matches(['}', ')', ']']).count());
    let lods = write(&[ball(), ball()], Format::Usdz, &options()).unwrap();
    assert_eq!(lods.files.len(), 2);
    assert!(lods.notes.iter().any(|note| note.contains("holds one mesh")));
}

#[test]
fn a_compressed_glb_is_smaller_and_says_the_same() {
    let mut bumpy = ball();
    bumpy.textures.push(bumpy.textures[0].clone());
    bumpy.materials[0].normal_texture = Some(1);
    let plain = |asset: &Asset| write(std::slice::from_ref(asset), Format::Glb, &options()).unwrap();
    let compressed = |asset: &Asset| {
        let options = WriteOptions { compressed: true, ..options() };
        write(std::slice::from_ref(asset), Format::Glb, &options).unwrap()
    };
    for (name, asset) in [("crate", crate_with_lid()), ("ball", ball()), ("bumpy ball", bumpy)] {
        let written = compressed(&asset);
        assert!(written.notes.iter().any(|note| note.contains("rounded")), "what is lost is said");
        let back = read_back(&written, Format::Glb);
        assert_eq!(back.triangles.len(), asset.triangles.len(), "{name}");
        assert!(inspect(&back.surface()).watertight, "{name}: no seam opens");
        let ((place, texel), (exact, exact_texel)) = (fingerprint(&back), fingerprint(&asset));
        assert!(place.distance(exact) < 1e-3, "{name}: {place} {exact}");
        assert!(texel.distance(exact_texel) < 1e-3, "{name}: {texel} {exact_texel}");
        for (v, normal) in back.normals.iter().enumerate() {
            assert!((normal.length() - 1.0).abs() < 0.02, "{name}: {normal}");
            if name != "crate" {
                assert!(normal.angle_between(back.positions[v]) < 0.02, "{name}: {normal}");
            }
        }
        for (theirs, ours) in back.textures.iter().zip(&asset.textures) {
            let pixels = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_rgba8();
            assert_eq!(pixels(&theirs.bytes), pixels(&ours.bytes), "{name}");
        }
        if name != "crate" {
            let (small, large) = (written.files[0].bytes.len(), plain(&asset).files[0].bytes.len());
            assert!(small * 3 < large, "{name}: {small} of {large} bytes");
        }
    }
}

/// Packed views are somebody else's bytes too.
#[test]
fn a_damaged_packed_view_is_an_error() {
    let options = WriteOptions { compressed: true, ..options() };
    let whole = write(&[ball()], Format::Glb, &options).unwrap().files.remove(0).bytes;
    let text_end = 20 + u32::from_le_bytes(whole[12..16].try_into().unwrap()) as usize;
    let json = std::str::from_utf8(&whole[20..text_end]).unwrap();
    let damaged = |from: &str, to: &str| {
        let changed = json.replacen(from, to, 1);
        assert_eq!(changed.len(), json.len(), "{from}");
        assert_ne!(changed, json);
        let bytes = [&whole[..20], changed.as_bytes(), &whole[text_end..]].concat();
        read(&bytes, Format::Glb, &|_| None)
    };
    for (from, to) in [
        (r#""mode":"ATTRIBUTES""#, r#""mode":"TRIANGLES!""#),
        (r#""count":2499,"filter""#, r#""count":9999,"filter""#),
        (r#""filter":"OCTAHEDRAL""#, r#""filter":"QUATERNION""#),
    ] {
        assert!(damaged(from, to).is_err(), "{from}");
    }
    let mut cut = whole.clone();
    for byte in &mut cut[text_end + 8..text_end + 40] {
        *byte ^= 0x5A;
    }
    assert!(read(&cut, Format::Glb, &|_| None).is_err(), "its first packed bytes are others");
}
