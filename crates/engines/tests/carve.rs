//! Solids carved from pictures of objects whose shape is known.
#![allow(clippy::unwrap_used)]

#[path = "../examples/carve_bench/truth.rs"]
mod truth;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use glam::Vec3;
use image::RgbaImage;
use oreforge_engines::draft::Shape;
use oreforge_engines::draft::carve::{CarveError, CarveParams, Carved};
use oreforge_geometry::topology::inspect;
use oreforge_geometry::{Cancel, Painter, TriMesh};
use oreforge_protocol::{ProfileChoice, ViewSlot};
use proptest::prelude::*;
use truth::{
    SolidTexture, bottle, camera, cuboid, ellipsoid, photograph, psnr_db, read_obj, reframed, silhouette_iou,
    stand, volume_iou,
};

const PICTURE_PX: u32 = 256;
const FOUR: [ViewSlot; 4] = [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left];
const SIX: [ViewSlot; 6] =
    [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::Top, ViewSlot::Bottom];

/// One colour all over, so that colours say nothing about the shape.
struct Plain;

impl Painter for Plain {
    fn albedo(&self, _position_m: Vec3, _normal: Vec3, _footprint_m: f32) -> [f32; 3] {
        [0.7, 0.4, 0.3]
    }
}

struct Object {
    mesh: TriMesh,
    extent_m: Vec3,
    paint: Box<dyn Painter>,
}

impl Object {
    fn striped(mesh: TriMesh) -> Self {
        let (mesh, extent_m) = stand(mesh);
        let paint = Box::new(SolidTexture { middle_m: Vec3::new(0.0, extent_m.y / 2.0, 0.0) });
        Self { mesh, extent_m, paint }
    }

    fn plain(mesh: TriMesh) -> Self {
        Self { paint: Box::new(Plain), ..Self::striped(mesh) }
    }

    fn picture(&self, slot: ViewSlot) -> RgbaImage {
        let camera = camera(self.extent_m, slot.azimuth_deg(), slot.elevation_deg());
        photograph(&self.mesh, &*self.paint, &camera, PICTURE_PX)
    }

    fn pictures(&self, slots: &[ViewSlot]) -> BTreeMap<ViewSlot, RgbaImage> {
        slots.iter().map(|&slot| (slot, self.picture(slot))).collect()
    }

    fn silhouette_iou(&self, surface: &TriMesh, slot: ViewSlot) -> f32 {
        let camera = camera(self.extent_m, slot.azimuth_deg(), slot.elevation_deg());
        silhouette_iou(&self.picture(slot), &photograph(surface, &Plain, &camera, PICTURE_PX))
    }
}

fn carve(mut pictures: BTreeMap<ViewSlot, RgbaImage>) -> Result<Carved, CarveError> {
    let front = pictures.remove(&ViewSlot::Front).expect("every set of pictures here has a front");
    let params = CarveParams { size_m: 1.0, profile: ProfileChoice::Auto, depth: 1.0, symmetric: false };
    Carved::from_views(&front, &pictures, &params, Cancel::never())
}

fn warnings(carved: &Carved) -> Vec<String> {
    let facts = carved.facts();
    let list = facts["warnings"].as_array().expect("a list of warnings");
    list.iter().map(|w| w.as_str().expect("a sentence").to_owned()).collect()
}

fn assert_sound(mesh: &TriMesh) {
    let topology = inspect(mesh);
    assert!(topology.watertight && topology.manifold && topology.consistently_wound, "{topology:?}");
}

fn bunny() -> TriMesh {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench/meshes/bunny.obj");
    read_obj(&std::fs::read_to_string(path).unwrap())
}

#[test]
fn known_objects_meet_the_bars() {
    for (mesh, slots, least) in [
        (bunny(), &FOUR[..], 0.78),
        (bunny(), &SIX[..], 0.83),
        (bottle(), &FOUR[..], 0.96),
        (cuboid(Vec3::new(0.8, 0.7, 0.6)), &FOUR[..], 0.96),
        (cuboid(Vec3::new(0.8, 0.7, 0.6)), &SIX[..], 0.96),
    ] {
        let object = Object::striped(mesh);
        let carved = carve(object.pictures(slots)).unwrap();
        let surface = carved.surface(112, Cancel::never()).unwrap();
        assert_sound(&surface);
        let iou = volume_iou(&object.mesh, &surface, 80);
        assert!(iou >= least, "{iou} of at least {least} from {} views", slots.len());
        assert_eq!(warnings(&carved), Vec::<String>::new());
        for &slot in slots {
            let iou = object.silhouette_iou(&surface, slot);
            assert!(iou >= 0.985, "{slot} outline {iou}");
        }
    }
}

#[test]
fn without_colours_outlines_from_above_tell_round_from_boxy() {
    for mesh in [cuboid(Vec3::new(0.8, 0.7, 0.6)), bottle()] {
        let object = Object::plain(mesh);
        let carved = carve(object.pictures(&SIX)).unwrap();
        let iou = volume_iou(&object.mesh, &carved.surface(96, Cancel::never()).unwrap(), 64);
        assert!(iou >= 0.96, "{iou}, {:?}", carved.facts());
    }
}

#[test]
fn thin_parts_survive() {
    let mut mesh = ellipsoid(Vec3::new(0.3, 0.3, 0.3));
    let mut mast = cuboid(Vec3::new(0.025, 0.4, 0.025));
    for p in &mut mast.positions {
        p.y += 0.45;
    }
    let offset = mesh.positions.len() as u32;
    mesh.positions.extend(mast.positions);
    mesh.triangles.extend(mast.triangles.iter().map(|t| t.map(|i| i + offset)));
    let object = Object::striped(mesh);
    let surface = carve(object.pictures(&FOUR)).unwrap().surface(128, Cancel::never()).unwrap();
    assert_sound(&surface);
    let (_, high) = surface.bounds().unwrap();
    assert!(high.y > 0.985 * object.extent_m.y, "the mast ends at {}", high.y);
    assert!(object.silhouette_iou(&surface, ViewSlot::Front) >= 0.985);
}

#[test]
fn the_front_looks_like_the_front_picture() {
    let object = Object::striped(bunny());
    let carved = Arc::new(carve(object.pictures(&FOUR)).unwrap());
    let surface = carved.surface(160, Cancel::never()).unwrap();
    let painter = carved.painter(Cancel::never()).unwrap();
    let again = photograph(&surface, &*painter, &camera(object.extent_m, 0.0, 0.0), PICTURE_PX);
    let mut given = object.picture(ViewSlot::Front);
    let mut seen = again;
    // Two pixels from the outline the pictures are compared; the outline itself has its own test.
    let inner: Vec<bool> = (0..PICTURE_PX * PICTURE_PX)
        .map(|i| {
            let (x, y) = ((i % PICTURE_PX) as i32, (i / PICTURE_PX) as i32);
            (-3..=3).all(|dy| {
                (-3..=3).all(|dx| {
                    let (x, y) = (x + dx, y + dy);
                    let inside = (0..PICTURE_PX as i32).contains(&x) && (0..PICTURE_PX as i32).contains(&y);
                    inside
                        && given.get_pixel(x as u32, y as u32)[3] > 250
                        && seen.get_pixel(x as u32, y as u32)[3] > 250
                })
            })
        })
        .collect();
    for picture in [&mut given, &mut seen] {
        for (pixel, &inner) in picture.pixels_mut().zip(&inner) {
            if !inner {
                *pixel = image::Rgba([0; 4]);
            }
        }
    }
    let db = psnr_db(&given, &seen);
    assert!(db >= 30.0, "{db} dB");
}

#[test]
fn a_dark_line_on_the_front_sinks_and_leaves_the_outlines_alone() {
    let object = Object::plain(ellipsoid(Vec3::splat(0.5)));
    let plain = object.pictures(&FOUR);
    let mut lined = plain.clone();
    let front = lined.get_mut(&ViewSlot::Front).unwrap();
    let middle = PICTURE_PX / 2;
    for y in middle - 2..middle + 2 {
        for x in middle - 30..middle + 30 {
            front.put_pixel(x, y, image::Rgba([20, 20, 20, 255]));
        }
    }
    let surface = |pictures| carve(pictures).unwrap().surface(112, Cancel::never()).unwrap();
    let (plain, lined) = (surface(plain), surface(lined));
    assert_sound(&lined);
    let depth_m = |mesh: &TriMesh, side: f32| {
        let on_line = |p: &&Vec3| p.x.abs() < 0.06 && (p.y - object.extent_m.y / 2.0).abs() < 0.007;
        let depths: Vec<f32> =
            mesh.positions.iter().filter(on_line).map(|p| p.z * side).filter(|&z| z > 0.0).collect();
        depths.iter().sum::<f32>() / depths.len() as f32
    };
    let sunk_m = depth_m(&plain, 1.0) - depth_m(&lined, 1.0);
    assert!((0.003..0.01).contains(&sunk_m), "{sunk_m}");
    let behind_m = depth_m(&plain, -1.0) - depth_m(&lined, -1.0);
    assert!(behind_m.abs() < 0.001, "{behind_m}");
    for slot in FOUR {
        let iou = object.silhouette_iou(&lined, slot);
        assert!(iou >= 0.985, "{slot} outline {iou}");
    }
}

#[test]
fn the_same_pictures_give_the_same_bytes() {
    let object = Object::striped(bunny());
    let once = carve(object.pictures(&SIX)).unwrap().surface(64, Cancel::never()).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = pool.install(|| carve(object.pictures(&SIX)).unwrap().surface(64, Cancel::never()).unwrap());
    assert!(once == again);
}

#[test]
fn a_picture_of_something_else_is_named_and_does_not_carve() {
    let object = Object::striped(bunny());
    let mut pictures = object.pictures(&[ViewSlot::Front, ViewSlot::Right, ViewSlot::Left]);
    let other = Object::striped(cuboid(Vec3::new(0.9, 0.2, 0.3)));
    pictures.insert(ViewSlot::Left, other.picture(ViewSlot::Front));
    let carved = carve(pictures).unwrap();
    assert!(warnings(&carved).iter().any(|w| w.contains("left")), "{:?}", warnings(&carved));
    let surface = carved.surface(96, Cancel::never()).unwrap();
    assert!(object.silhouette_iou(&surface, ViewSlot::Right) >= 0.985);
}

#[test]
fn impossible_sets_are_refused_in_words() {
    let object = Object::striped(bottle());
    let mut pictures = object.pictures(&FOUR);
    pictures.insert(ViewSlot::Right, RgbaImage::new(40, 40));
    assert_eq!(carve(pictures).err(), Some(CarveError::Empty { slot: ViewSlot::Right }));
    assert_eq!(carve(object.pictures(&FOUR[..1])).err(), Some(CarveError::OneView));
    let mut pictures = object.pictures(&FOUR[..2]);
    pictures.insert(ViewSlot::Front, RgbaImage::new(0, 0));
    assert_eq!(carve(pictures).err(), Some(CarveError::Empty { slot: ViewSlot::Front }));
}

#[test]
fn odd_sets_make_a_sound_solid() {
    let object = Object::striped(bunny());
    for slots in [
        &[ViewSlot::Front, ViewSlot::Back][..],
        &[ViewSlot::Front, ViewSlot::Top],
        &[ViewSlot::Front, ViewSlot::Right],
        &[ViewSlot::Front, ViewSlot::Left, ViewSlot::Bottom, ViewSlot::ThreeQuarter],
    ] {
        let carved = Arc::new(carve(object.pictures(slots)).unwrap());
        let surface = carved.surface(72, Cancel::never()).unwrap();
        assert_sound(&surface);
        assert!(object.silhouette_iou(&surface, ViewSlot::Front) >= 0.96, "{slots:?}");
        let painter = carved.painter(Cancel::never()).unwrap();
        for (&p, n) in surface.positions.iter().zip(surface.vertex_normals()).step_by(97) {
            let color = painter.albedo(p, n, 0.01);
            assert!(color.iter().all(|c| (-1e-3..=1.001).contains(c)), "{color:?} at {p}");
        }
    }
    let dot = RgbaImage::from_fn(9, 9, |x, y| image::Rgba([9, 9, 9, if (x, y) == (4, 4) { 255 } else { 0 }]));
    let line = RgbaImage::from_fn(90, 9, |_, y| image::Rgba([9, 9, 9, if y == 4 { 255 } else { 0 }]));
    for (front, right) in [(&dot, &line), (&line, &dot), (&dot, &dot), (&line, &line)] {
        let pictures = BTreeMap::from([(ViewSlot::Front, front.clone()), (ViewSlot::Right, right.clone())]);
        let carved = carve(pictures).unwrap();
        let surface = carved.surface(48, Cancel::never()).unwrap();
        // What is thinner than half a cell both ways may vanish, but never breaks.
        if !surface.triangles.is_empty() {
            assert_sound(&surface);
        }
    }
}

#[test]
fn cancelling_stops_the_work_wherever_it_happens() {
    let object = Object::striped(bunny());
    let mut pictures = object.pictures(&SIX);
    let front = pictures.remove(&ViewSlot::Front).unwrap();
    let params = CarveParams { size_m: 1.0, profile: ProfileChoice::Auto, depth: 1.0, symmetric: false };
    let run = |cancel: Cancel<'_>| -> Result<(), CarveError> {
        let carved = Arc::new(Carved::from_views(&front, &pictures, &params, cancel)?);
        carved.surface(256, cancel)?;
        carved.painter(cancel)?;
        Ok(())
    };
    let asked = AtomicU32::new(0);
    run(Cancel::new(&|| {
        asked.fetch_add(1, Ordering::Relaxed);
        false
    }))
    .unwrap();
    let total = asked.load(Ordering::Relaxed);
    for share in 1..8 {
        let (asked, stop_at) = (AtomicU32::new(0), total * share / 8);
        let result = run(Cancel::new(&|| asked.fetch_add(1, Ordering::Relaxed) >= stop_at));
        assert_eq!(result, Err(CarveError::Cancelled));
        // Every thread may be at work on a stretch of its own, and ask once at its end.
        let late = asked.load(Ordering::Relaxed) - stop_at;
        let most = 8 * rayon::current_num_threads() as u32;
        assert!(late <= most, "{late} questions after the answer at {share}/8 of {total}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn ellipsoids_and_boxes_come_back_in_any_framing(
        extent in (0.3f32..1.0, 0.3f32..1.0, 0.3f32..1.0),
        round in any::<bool>(),
        six in any::<bool>(),
        margins in prop::collection::vec((0u32..60, 0u32..60, 0.6f32..1.7), 6),
    ) {
        let extent = Vec3::new(extent.0, extent.1, extent.2);
        let object = Object::striped(if round { ellipsoid(extent / 2.0) } else { cuboid(extent) });
        let exact = object.pictures(if six { &SIX } else { &FOUR });
        let framed = exact
            .iter()
            .zip(&margins)
            .map(|((&slot, picture), &(left, top, scale))| (slot, reframed(picture, left, top, scale)))
            .collect();
        let exact = carve(exact).unwrap().surface(160, Cancel::never()).unwrap();
        // As fine as the engine makes it: an outline is good to a share of a cell.
        let framed = carve(framed).unwrap().surface(256, Cancel::never()).unwrap();
        assert_sound(&framed);
        let iou = volume_iou(&object.mesh, &framed, 160);
        prop_assert!(iou >= 0.95, "volume {iou}");
        let same = volume_iou(&exact, &framed, 160);
        prop_assert!(same >= 0.97, "framing changes the solid: {same}");
        for slot in FOUR {
            let iou = object.silhouette_iou(&framed, slot);
            prop_assert!(iou >= 0.985, "{slot} outline {iou}");
        }
    }
}
