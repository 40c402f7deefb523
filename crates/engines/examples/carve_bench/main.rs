//! How well known objects are carved from their pictures, beside the prototype. See bench/multi_view/README.md.
#![allow(clippy::print_stdout)]

mod chamfer;
mod prototype;
mod truth;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chamfer::chamfer;
use glam::{Vec2, Vec3};
use image::RgbaImage;
use oreforge_engines::draft::Shape;
use oreforge_engines::draft::carve::{CarveParams, Carved, Direction, Frame, View};
use oreforge_geometry::{Cancel, TriMesh};
use oreforge_protocol::{ProfileChoice, ViewSlot};
use prototype::{best_mean_share, best_of};
use truth::{
    HALF_EXTENT_M, SolidTexture, bottle, camera, cuboid, photograph, psnr_db, read_obj, reframed,
    silhouette_iou, stand, volume_iou,
};

const PICTURE_PX: u32 = 384;
const IOU_POINTS: usize = 80;

fn main() -> Result<(), Box<dyn Error>> {
    let cells: u32 = std::env::args().nth(1).map_or(Ok(112), |a| a.parse())?;
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench");
    let prototype = std::fs::read_to_string(bench.join("multi_view/prototype.tsv"))?;
    let objects = [
        ("bunny", read_obj(&std::fs::read_to_string(bench.join("meshes/bunny.obj"))?)),
        ("bottle", bottle()),
        ("crate", cuboid(Vec3::new(0.8, 0.7, 0.6))),
    ];
    println!(
        "{cells} cells; volume IoU, Chamfer in % of the diagonal, silhouette IoU of given and unseen views, PSNR of an"
    );
    println!(
        "unseen view and of the front; in brackets the best of any of the prototype's methods, each by itself"
    );
    println!(
        "object  views  volume         Chamfer      given            unseen         unseen dB    front dB  ms + painter"
    );
    let mut unseen_sums: BTreeMap<u32, (f32, f32)> = BTreeMap::new();
    for (name, mesh) in objects {
        let (mesh, extent_m) = stand(mesh);
        for views in [4, 6, 8, 10] {
            let row = measure(&mesh, extent_m, views, cells)?;
            let best = best_of(&prototype, name, views).ok_or("the prototype measured that")?;
            println!(
                "{name:7} {views:5}  {:.3} ({:.3})  {:.2} ({:.2})  {:.4} ({:.4})  {:.3} ({:.3})  {:.1} ({:.1})  {:8.1}  {:4.0} + {:.0}",
                row.volume_iou,
                best.volume_iou,
                row.chamfer_percent,
                best.chamfer_percent,
                row.given_iou,
                best.given_iou,
                row.unseen_iou,
                best.unseen_iou,
                row.unseen_db,
                best.unseen_db,
                row.front_db,
                row.surface_ms,
                row.painter_ms
            );
            let sums = unseen_sums.entry(views).or_default();
            *sums = (sums.0 + row.unseen_iou / 3.0, sums.1 + best_mean_share(&prototype, views) / 3.0);
        }
    }
    for (views, (ours, theirs)) in unseen_sums {
        println!("mean    {views:5}  unseen {ours:.3} (best single method of the prototype {theirs:.3})");
    }
    Ok(())
}

struct Measured {
    volume_iou: f32,
    given_iou: f32,
    unseen_iou: f32,
    chamfer_percent: f32,
    unseen_db: f32,
    front_db: f32,
    surface_ms: f32,
    painter_ms: f32,
}

fn measure(mesh: &TriMesh, extent_m: Vec3, views: u32, cells: u32) -> Result<Measured, Box<dyn Error>> {
    let paint = SolidTexture { middle_m: Vec3::new(0.0, extent_m.y / 2.0, 0.0) };
    let picture = |a, e| photograph(mesh, &paint, &camera(extent_m, a, e), PICTURE_PX);
    let mut directions: Vec<(f32, f32)> = Vec::new();
    let ring = if views >= 8 { 8 } else { 4 };
    directions.extend((0..ring).map(|k| (k as f32 * 360.0 / ring as f32, 0.0)));
    if views == 6 || views == 10 {
        directions.extend([(0.0, 90.0), (0.0, -90.0)]);
    }
    let pictures: Vec<RgbaImage> = directions.iter().map(|&(a, e)| picture(a, e)).collect();
    let start = Instant::now();
    let carved = if views <= 6 {
        let slots = ViewSlot::ALL.into_iter().filter(|&s| s != ViewSlot::ThreeQuarter);
        let mut given: BTreeMap<ViewSlot, RgbaImage> = BTreeMap::new();
        for (i, (slot, picture)) in slots.zip(&pictures).enumerate() {
            given.insert(slot, reframed(picture, i as u32 * 13, i as u32 * 7, 1.0 + 0.11 * i as f32));
        }
        let front = given.remove(&ViewSlot::Front).ok_or("a front")?;
        let params = CarveParams { size_m: 1.0, profile: ProfileChoice::Auto, depth: 1.0, symmetric: false };
        Carved::from_views(&front, &given, &params, Cancel::never())?
    } else {
        let placed = directions.iter().zip(&pictures).map(|(&(a, e), picture)| {
            let camera = camera(extent_m, a, e);
            let direction = Direction::new(a, e);
            let middle = Vec2::new(camera.target_m.dot(direction.right), camera.target_m.dot(direction.up));
            View {
                direction,
                picture: picture.clone(),
                frame: Frame {
                    corner_m: middle + Vec2::new(-HALF_EXTENT_M, HALF_EXTENT_M),
                    pixel_m: Vec2::splat(2.0 * HALF_EXTENT_M / PICTURE_PX as f32),
                },
                carves: a < 180.0 && e >= 0.0,
                trust: 1.0,
            }
        });
        Carved::from_registered(placed.collect(), extent_m, Cancel::never())?
    };
    let surface = carved.surface(cells, Cancel::never())?;
    let surface_ms = start.elapsed().as_secs_f32() * 1000.0;
    let start = Instant::now();
    let painter = Arc::new(carved).painter(Cancel::never())?;
    let painter_ms = start.elapsed().as_secs_f32() * 1000.0;
    let again = |a, e| photograph(&surface, &*painter, &camera(extent_m, a, e), PICTURE_PX);
    let given_iou = directions
        .iter()
        .zip(&pictures)
        .map(|(&(a, e), picture)| silhouette_iou(picture, &again(a, e)))
        .sum::<f32>()
        / directions.len() as f32;
    let unseen_deg = if views <= 6 { 45.0 } else { 22.5 };
    let (unseen, unseen_again) = (picture(unseen_deg, 15.0), again(unseen_deg, 15.0));
    Ok(Measured {
        volume_iou: volume_iou(mesh, &surface, IOU_POINTS),
        given_iou,
        unseen_iou: silhouette_iou(&unseen, &unseen_again),
        chamfer_percent: chamfer(mesh, &surface) * 100.0,
        unseen_db: psnr_db(&unseen, &unseen_again),
        front_db: psnr_db(&pictures[0], &again(0.0, 0.0)),
        surface_ms,
        painter_ms,
    })
}
