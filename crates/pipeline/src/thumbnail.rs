//! What a list shows of a file: a small picture on nothing.

use glam::{Vec2, Vec3};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbaImage};
use oreforge_geometry::raster::{self, Camera, Shading, Surface, Texture};
use oreforge_geometry::{Cancel, Cancelled, TriMesh, glb, picture};
use oreforge_protocol::{ErrorCode, ErrorReport};

/// Pixels of the longer side; tiles are up to 320 px wide.
const SIZE_PX: u32 = 320;

/// A preview comes with every step of a sampler, blown up by its server: about 15 kB are enough.
const PREVIEW_SIZE_PX: u32 = 384;
const PREVIEW_QUALITY: u8 = 80;
const PREVIEW_LIMITS: picture::Limits = picture::Limits {
    max_bytes: 8_000_000,
    max_pixels: 2048 * 2048,
    max_decoded_bytes: 64_000_000,
    min_side_px: 1,
};

/// From the front, a little to the right and from above, so that depth shows.
const AZIMUTH_DEG: f32 = 28.0;
const ELEVATION_DEG: f32 = 14.0;

/// Room around the object, as a factor.
const MARGIN: f32 = 1.02;

/// Of a picture: PNG, straight alpha, no larger than it was.
pub fn of_picture(bytes: &[u8]) -> Result<Vec<u8>, ErrorReport> {
    let small =
        picture::decode_to_fit(bytes, &picture::Limits { min_side_px: 1, ..Default::default() }, SIZE_PX)
            .map_err(|error| unreadable(ErrorCode::PictureDamaged, &error))?;
    Ok(picture::encode_png(&small))
}

/// Of what a sampler has so far: JPEG, no larger than it was.
pub fn of_preview(bytes: &[u8]) -> Result<Vec<u8>, ErrorReport> {
    let unreadable = |error: &dyn std::error::Error| unreadable(ErrorCode::PictureDamaged, error);
    let small = picture::decode_to_fit(bytes, &PREVIEW_LIMITS, PREVIEW_SIZE_PX)
        .map_err(|error| unreadable(&error))?;
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, PREVIEW_QUALITY)
        .encode_image(&DynamicImage::ImageRgba8(small).to_rgb8())
        .map_err(|error| unreadable(&error))?;
    Ok(jpeg)
}

/// Of a GLB that a job made: PNG, in soft studio light, in clay when it has no texture.
pub fn of_mesh(bytes: &[u8]) -> Result<Vec<u8>, ErrorReport> {
    let never = Cancel::never();
    let drawn = match glb::read(bytes) {
        Ok(mesh) => draw(Surface::from(&mesh), Shading::Lit(Texture::from(&mesh)), never),
        Err(_) => {
            let mesh = glb::read_raw(bytes).map_err(|error| unreadable(ErrorCode::MeshUnusable, &error))?;
            let TriMesh { positions, triangles } = &mesh;
            let normals = mesh.vertex_normals();
            draw(Surface { positions, normals: &normals, triangles }, Shading::Clay, never)
        }
    };
    let drawn = drawn.map_err(|error| unreadable(ErrorCode::Internal, &error))?;
    Ok(picture::encode_png(&drawn))
}

fn draw(surface: Surface<'_>, shading: Shading<'_>, cancel: Cancel<'_>) -> Result<RgbaImage, Cancelled> {
    raster::render(surface, &framed(surface.positions), SIZE_PX, shading, cancel)
}

/// A camera that the object fills as it is seen, not as it might be from elsewhere.
fn framed(positions: &[Vec3]) -> Camera {
    let camera = Camera {
        azimuth_deg: AZIMUTH_DEG,
        elevation_deg: ELEVATION_DEG,
        target_m: Vec3::ZERO,
        half_extent_m: f32::MIN_POSITIVE,
    };
    let axes = camera.axes();
    let (low, high) = positions
        .iter()
        .map(|p| Vec2::new(p.dot(axes.right), p.dot(axes.up)))
        .fold((Vec2::INFINITY, Vec2::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
    if positions.is_empty() {
        return camera;
    }
    let middle = (low + high) / 2.0;
    Camera {
        target_m: axes.right * middle.x + axes.up * middle.y,
        half_extent_m: ((high - low).max_element() / 2.0 * MARGIN).max(f32::MIN_POSITIVE),
        ..camera
    }
}

fn unreadable(code: ErrorCode, error: &dyn std::error::Error) -> ErrorReport {
    ErrorReport::new(code, "There is no small picture of this file.").with_details(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_fills_its_thumbnail_wherever_it_stands() {
        let corners = [Vec3::new(4.0, 0.0, 0.0), Vec3::new(6.0, 0.0, 0.0), Vec3::new(5.0, 3.0, 0.0)];
        let mesh = TriMesh { positions: corners.to_vec(), triangles: vec![[0, 1, 2]] };
        let png = of_mesh(&glb::write_raw(&mesh, &glb::GlbOptions::default()).unwrap()).unwrap();
        let drawn = image::load_from_memory(&png).unwrap().to_rgba8();
        let rows: Vec<u32> =
            drawn.enumerate_pixels().filter(|(_, _, p)| p.0[3] > 128).map(|(_, y, _)| y).collect();
        let (top, bottom) = (rows.iter().min().unwrap(), rows.iter().max().unwrap());
        assert!(*top < 8 && *bottom > SIZE_PX - 9, "rows {top}..={bottom} of {SIZE_PX}");
        assert_eq!(drawn.get_pixel(0, 0).0[3], 0, "the ground is clear");
        assert!(
            of_preview(b"no picture").is_err()
                && of_mesh(b"no mesh").is_err()
                && of_picture(b"no picture").is_err()
        );
    }
}
