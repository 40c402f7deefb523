#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use glam::Vec2;
use oreforge_geometry::Cancel;
use oreforge_geometry::asset::{Asset, Format, read, unfold};
use oreforge_geometry::unwrap;

fn crate_with_lid() -> Asset {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/crate.glb");
    read(&fs::read(file).unwrap(), Format::Glb, &|_| None).unwrap().asset
}

/// What is seen in the middle of each triangle, sRGB.
fn middles(asset: &Asset) -> Vec<[i32; 3]> {
    let pictures: Vec<_> =
        asset.textures.iter().map(|t| image::load_from_memory(&t.bytes).unwrap().to_rgb8()).collect();
    let seen = |(triangle, &material): (&[u32; 3], &u16)| {
        let material = &asset.materials[usize::from(material)];
        let Some(picture) = material.base_color_texture.map(|texture| &pictures[texture]) else {
            let linear = |c: f32| i32::from(oreforge_geometry::color::srgb_from_linear(c));
            let [r, g, b, _] = material.base_color;
            return [r, g, b].map(linear);
        };
        let uv = triangle.iter().map(|&v| asset.uvs[v as usize]).sum::<Vec2>() / 3.0;
        let at = uv * Vec2::new(picture.width() as f32, picture.height() as f32);
        picture.get_pixel(at.x as u32, at.y as u32).0.map(i32::from)
    };
    asset.triangles.iter().zip(&asset.material_of).map(seen).collect()
}

#[test]
fn an_unfolded_mesh_looks_as_before_and_no_texel_belongs_to_two_places() {
    let mut old = crate_with_lid();
    // Smooth, so that it does not matter how the test looks colours up.
    let slope = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 4, y as u8 * 4, 128]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    slope.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    old.textures[0].bytes = bytes.into_inner();
    // Every side over the same texels.
    old.uvs.iter_mut().for_each(|uv| *uv = Vec2::new(uv.x % 0.5, uv.y % 0.5));
    let new = unfold(&old, 512, Cancel::never()).unwrap();
    assert_eq!((new.triangles.len(), new.materials.len(), new.textures.len()), (20, 1, 1));
    let (_, overlap) = unwrap::coverage(&new.uvs, &new.triangles, 512, Cancel::never()).unwrap();
    assert_eq!(overlap, 0.0);
    let surface = new.surface();
    assert!(oreforge_geometry::topology::inspect(&surface).watertight);
    let pairs = middles(&old).into_iter().zip(middles(&new));
    for (i, (before, after)) in pairs.enumerate() {
        let off = (0..3).map(|c| (before[c] - after[c]).abs()).max().unwrap();
        assert!(off < 12, "triangle {i}: {before:?} before, {after:?} after");
    }
}

#[test]
fn a_bare_mesh_gets_coordinates_and_its_plain_colour() {
    let mut bare = crate_with_lid();
    (bare.uvs, bare.textures) = (Vec::new(), Vec::new());
    bare.materials.iter_mut().for_each(|m| m.base_color_texture = None);
    let new = unfold(&bare, 256, Cancel::never()).unwrap();
    assert_eq!(new.uvs.len(), new.positions.len());
    assert!(middles(&new).contains(&middles(&bare)[0]));
}
