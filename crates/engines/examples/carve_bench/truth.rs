//! Ground truth to carve: solids with a known shape and colour, their views, and how well a mesh matches.

#![allow(dead_code)]

use std::f32::consts::TAU;

use glam::{Vec2, Vec3};
use image::RgbaImage;
use oreforge_geometry::raster::{Camera, Shading, Surface, render};
use oreforge_geometry::resize::{Window, resize_premultiplied};
use oreforge_geometry::{Cancel, Painter, TriMesh};

pub const HALF_EXTENT_M: f32 = 0.56;

/// Colour as a function of place, with stripes: every view of a point agrees.
pub struct SolidTexture {
    pub middle_m: Vec3,
}

impl Painter for SolidTexture {
    fn albedo(&self, position_m: Vec3, _normal: Vec3, _footprint_m: f32) -> [f32; 3] {
        let v = position_m - self.middle_m;
        if (40.0 * (v.y + 0.3 * v.x)).sin() > 0.55 {
            return [0.95, 0.9, 0.2];
        }
        let wave = |frequency: f32, axis: Vec3| (0.5 + 0.5 * (frequency * v.dot(axis)).sin()) * 0.6 + 0.2;
        [
            wave(9.0, Vec3::new(1.0, 0.3, 0.2)),
            wave(11.0, Vec3::new(-0.3, 1.0, 0.1)),
            wave(13.0, Vec3::new(0.2, 0.1, 1.0)),
        ]
    }
}

/// Wavefront OBJ with positions and triangles only.
pub fn read_obj(text: &str) -> TriMesh {
    let mut mesh = TriMesh::default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("v") => {
                let c: Vec<f32> = words.map(|w| w.parse().expect("a coordinate is a number")).collect();
                mesh.positions.push(Vec3::new(c[0], c[1], c[2]));
            }
            Some("f") => {
                let i: Vec<u32> = words
                    .map(|w| w.split('/').next().and_then(|n| n.parse::<u32>().ok()).expect("an index") - 1)
                    .collect();
                mesh.triangles.push([i[0], i[1], i[2]]);
            }
            _ => {}
        }
    }
    mesh
}

/// A body of revolution round Y from (radius, height) pairs, bottom to top; both ends on the axis.
pub fn revolve(profile: &[Vec2], sections: u32) -> TriMesh {
    let mut mesh = TriMesh::default();
    let rings = profile.len() as u32;
    for p in profile {
        for s in 0..sections {
            let (sin, cos) = (s as f32 / sections as f32 * TAU).sin_cos();
            mesh.positions.push(Vec3::new(p.x * sin, p.y, p.x * cos));
        }
    }
    for ring in 0..rings - 1 {
        for s in 0..sections {
            let t = (s + 1) % sections;
            let [a, b, c, d] = [
                ring * sections + s,
                ring * sections + t,
                (ring + 1) * sections + t,
                (ring + 1) * sections + s,
            ];
            mesh.triangles.push([a, b, c]);
            mesh.triangles.push([a, c, d]);
        }
    }
    mesh
}

pub fn bottle() -> TriMesh {
    let mut profile = vec![Vec2::new(0.0, -0.5)];
    for i in 0..80 {
        let y = -0.5 + i as f32 / 79.0;
        let radius = if y < 0.1 {
            0.17
        } else if y < 0.25 {
            0.17 - (y - 0.1) / 0.15 * 0.12
        } else {
            0.05
        };
        profile.push(Vec2::new(radius, y));
    }
    profile.push(Vec2::new(0.0, 0.5));
    revolve(&profile, 96)
}

pub fn cuboid(extent: Vec3) -> TriMesh {
    let h = extent / 2.0;
    let positions = (0..8)
        .map(|i| {
            Vec3::new(
                if i & 1 == 0 { -h.x } else { h.x },
                if i & 2 == 0 { -h.y } else { h.y },
                if i & 4 == 0 { -h.z } else { h.z },
            )
        })
        .collect();
    let quads = [[4, 5, 7, 6], [1, 0, 2, 3], [5, 1, 3, 7], [0, 4, 6, 2], [6, 7, 3, 2], [0, 1, 5, 4]];
    let triangles = quads.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
    TriMesh { positions, triangles }
}

pub fn ellipsoid(radii: Vec3) -> TriMesh {
    let profile: Vec<Vec2> = (0..=48)
        .map(|i| {
            let (sin, cos) = (i as f32 / 48.0 * TAU / 2.0).sin_cos();
            Vec2::new(sin.max(0.0), -cos)
        })
        .collect();
    let mut mesh = revolve(&profile, 96);
    for p in &mut mesh.positions {
        *p *= radii;
    }
    mesh
}

/// Largest dimension 1 m, standing on the ground over the origin; with its extent.
pub fn stand(mut mesh: TriMesh) -> (TriMesh, Vec3) {
    let (low, high) = mesh.bounds().expect("an object has vertices");
    let scale = 1.0 / (high - low).max_element();
    let middle = (low + high) / 2.0;
    for p in &mut mesh.positions {
        *p = (*p - Vec3::new(middle.x, low.y, middle.z)) * scale;
    }
    (mesh, (high - low) * scale)
}

pub fn camera(extent_m: Vec3, azimuth_deg: f32, elevation_deg: f32) -> Camera {
    Camera {
        azimuth_deg,
        elevation_deg,
        target_m: Vec3::new(0.0, extent_m.y / 2.0, 0.0),
        half_extent_m: HALF_EXTENT_M,
    }
}

pub fn photograph(mesh: &TriMesh, painter: &dyn Painter, camera: &Camera, size_px: u32) -> RgbaImage {
    let normals = mesh.vertex_normals();
    let surface = Surface { positions: &mesh.positions, normals: &normals, triangles: &mesh.triangles };
    render(surface, camera, size_px, Shading::Painted(painter), Cancel::never()).expect("nobody cancels")
}

/// Intersection over union of what alpha covers by half or more.
pub fn silhouette_iou(a: &RgbaImage, b: &RgbaImage) -> f32 {
    let (mut both, mut either) = (0u32, 0u32);
    for (p, q) in a.pixels().zip(b.pixels()) {
        let (p, q) = (p[3] > 127, q[3] > 127);
        both += u32::from(p && q);
        either += u32::from(p || q);
    }
    both as f32 / either.max(1) as f32
}

/// Peak signal to noise ratio in dB on white, where either picture shows the object.
pub fn psnr_db(a: &RgbaImage, b: &RgbaImage) -> f32 {
    let on_white = |p: &image::Rgba<u8>, c: usize| {
        let alpha = f32::from(p[3]) / 255.0;
        f32::from(p[c]) * alpha + 255.0 * (1.0 - alpha)
    };
    let (mut sum, mut count) = (0.0f64, 0u32);
    for (p, q) in a.pixels().zip(b.pixels()) {
        if p[3] > 0 || q[3] > 0 {
            sum += (0..3).map(|c| f64::from((on_white(p, c) - on_white(q, c)).powi(2))).sum::<f64>() / 3.0;
            count += 1;
        }
    }
    (10.0 * (255.0f64.powi(2) / (sum / f64::from(count.max(1))).max(1e-9)).log10()) as f32
}

/// Which of n³ points over `low`..`high` lie inside, by parity along z.
pub fn occupancy(mesh: &TriMesh, low: Vec3, high: Vec3, n: usize) -> Vec<bool> {
    let step = (high - low) / n as f32;
    let mut crossings: Vec<Vec<f32>> = vec![Vec::new(); n * n];
    for &[a, b, c] in &mesh.triangles {
        let [p, q, r] =
            [a, b, c].map(|i| (mesh.positions[i as usize] - low) / step - Vec3::new(0.4987, 0.5011, 0.5));
        let area = (q - p).truncate().perp_dot((r - p).truncate());
        if area == 0.0 {
            continue;
        }
        let (lo, hi) = (p.min(q).min(r), p.max(q).max(r));
        for y in lo.y.ceil().max(0.0) as usize..(hi.y.floor() + 1.0).clamp(0.0, n as f32) as usize {
            for x in lo.x.ceil().max(0.0) as usize..(hi.x.floor() + 1.0).clamp(0.0, n as f32) as usize {
                let at = Vec2::new(x as f32, y as f32);
                let u = (q.truncate() - at).perp_dot(r.truncate() - at) / area;
                let v = (r.truncate() - at).perp_dot(p.truncate() - at) / area;
                let w = 1.0 - u - v;
                if u >= 0.0 && v >= 0.0 && w >= 0.0 {
                    crossings[y * n + x].push(p.z * u + q.z * v + r.z * w);
                }
            }
        }
    }
    let mut inside = vec![false; n * n * n];
    for (column, mut zs) in crossings.into_iter().enumerate() {
        zs.sort_by(f32::total_cmp);
        for pair in zs.chunks_exact(2) {
            for z in pair[0].ceil().max(0.0) as usize..(pair[1].ceil().clamp(0.0, n as f32)) as usize {
                inside[z * n * n + column] = true;
            }
        }
    }
    inside
}

/// Intersection over union of two closed surfaces, on n³ points over both.
pub fn volume_iou(a: &TriMesh, b: &TriMesh, n: usize) -> f32 {
    let ((la, ha), (lb, hb)) = (a.bounds().expect("vertices"), b.bounds().expect("vertices"));
    let (low, high) = (la.min(lb) - 0.01, ha.max(hb) + 0.01);
    let (a, b) = (occupancy(a, low, high, n), occupancy(b, low, high, n));
    let both = a.iter().zip(&b).filter(|&(&p, &q)| p && q).count();
    let either = a.iter().zip(&b).filter(|&(&p, &q)| p || q).count();
    both as f32 / either.max(1) as f32
}

/// The picture with another framing: cropped by at most its empty border, moved and scaled.
pub fn reframed(picture: &RgbaImage, left_px: u32, top_px: u32, scale: f32) -> RgbaImage {
    let (width, height) = (picture.width() as f32 * scale, picture.height() as f32 * scale);
    let window =
        Window { left: 0.0, top: 0.0, width: picture.width() as f32, height: picture.height() as f32 };
    let cells = resize_premultiplied(picture, window, width.round() as usize, height.round() as usize);
    let (width, height) = (cells.width() as u32 + left_px, cells.height() as u32 + top_px);
    RgbaImage::from_fn(width, height, |x, y| {
        if x < left_px || y < top_px {
            return image::Rgba([0; 4]);
        }
        let c = cells.get((x - left_px) as usize, (y - top_px) as usize);
        let color = if c.w > 1e-4 { c / c.w } else { c };
        image::Rgba([color.x, color.y, color.z, c.w].map(|v| (v * 255.0).round().clamp(0.0, 255.0) as u8))
    })
}
