//! The contact sheet: one picture that shows a mesh from all sides.

use glam::Vec3;
use image::{Rgba, RgbaImage, imageops};
use oreforge_geometry::raster::{self, Camera, Shading};
use oreforge_geometry::{Cancel, Cancelled, TexturedMesh};

const TILE_PX: u32 = 320;
const COLUMNS: u32 = 4;
const GROUND: Rgba<u8> = Rgba([0x20, 0x1f, 0x1e, 0xff]);

/// Azimuth and elevation in degrees, and whether the tile shows the bare shape.
const TILES: [(f32, f32, bool); 8] = [
    (0.0, 0.0, false),
    (35.0, 15.0, false),
    (90.0, 0.0, false),
    (145.0, 15.0, false),
    (180.0, 0.0, false),
    (270.0, 0.0, false),
    (35.0, 15.0, true),
    (90.0, 0.0, true),
];

/// Four columns of two rows of tiles, each the mesh lit by a soft studio light.
pub(crate) fn contact_sheet(mesh: &TexturedMesh, cancel: Cancel<'_>) -> Result<RgbaImage, Cancelled> {
    let rows = (TILES.len() as u32).div_ceil(COLUMNS);
    let mut sheet = RgbaImage::from_pixel(COLUMNS * TILE_PX, rows * TILE_PX, GROUND);
    let (target_m, radius_m) = bounding_sphere(&mesh.positions);
    for (index, &(azimuth_deg, elevation_deg, bare)) in (0u32..).zip(&TILES) {
        let camera = Camera { azimuth_deg, elevation_deg, target_m, half_extent_m: radius_m * 1.04 };
        let shading = if bare { Shading::Clay } else { Shading::Lit };
        let tile = raster::render_textured(mesh, &camera, TILE_PX, shading, cancel)?;
        let (x, y) = (index % COLUMNS * TILE_PX, index / COLUMNS * TILE_PX);
        imageops::overlay(&mut sheet, &tile, i64::from(x), i64::from(y));
    }
    Ok(sheet)
}

/// Centre of the bounding box and the distance of the farthest point from it, never 0.
fn bounding_sphere(positions: &[Vec3]) -> (Vec3, f32) {
    let (low, high) = positions
        .iter()
        .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &p| (low.min(p), high.max(p)));
    if low.x > high.x {
        return (Vec3::ZERO, 1.0);
    }
    let centre = (low + high) / 2.0;
    let radius = positions.iter().map(|&p| p.distance_squared(centre)).fold(0.0, f32::max).sqrt();
    (centre, radius.max(1e-6))
}
