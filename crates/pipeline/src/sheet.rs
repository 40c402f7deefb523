//! The contact sheet: one picture that shows a mesh from all sides.

use image::{Rgba, RgbaImage, imageops};
use oreforge_geometry::raster::{self, Camera, Shading, Surface, Texture};
use oreforge_geometry::{Cancel, Cancelled, TexturedMesh};

const TILE_PX: u32 = 320;
const COLUMNS: u32 = 4;
/// Room around the bounding sphere, as a factor.
const MARGIN: f32 = 1.04;
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
    for (index, &(azimuth_deg, elevation_deg, bare)) in (0u32..).zip(&TILES) {
        let framed = Camera::around(&mesh.positions, azimuth_deg, elevation_deg);
        let camera = Camera { half_extent_m: framed.half_extent_m * MARGIN, ..framed };
        let shading = if bare { Shading::Clay } else { Shading::Lit(Texture::from(mesh)) };
        let tile = raster::render(Surface::from(mesh), &camera, TILE_PX, shading, cancel)?;
        let (x, y) = (index % COLUMNS * TILE_PX, index / COLUMNS * TILE_PX);
        imageops::overlay(&mut sheet, &tile, i64::from(x), i64::from(y));
    }
    Ok(sheet)
}
