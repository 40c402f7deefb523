//! The samples carved from the views of their own drafts: no worse than the drafts.
#![allow(clippy::unwrap_used)]

#[path = "../examples/carve_bench/truth.rs"]
mod truth;

use std::collections::BTreeMap;
use std::sync::Arc;

use image::RgbaImage;
use oreforge_engines::draft::carve::{CarveParams, Carved};
use oreforge_engines::draft::{Shape, Solid};
use oreforge_geometry::topology::inspect;
use oreforge_geometry::{Cancel, TriMesh};
use oreforge_protocol::{ForgeParams, ProfileChoice, ViewSlot};
use truth::{camera, occupancy, photograph, reframed, volume_iou};

const CELLS: u32 = 128;
const PICTURE_PX: u32 = 384;
const SLICES: usize = 96;

struct Sample {
    cutout: Arc<RgbaImage>,
    draft: TriMesh,
    views: BTreeMap<ViewSlot, RgbaImage>,
}

impl Sample {
    fn new(name: &str) -> Self {
        let path = format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"));
        let cutout = Arc::new(image::open(path).unwrap().to_rgba8());
        let solid =
            Arc::new(Solid::new(Arc::clone(&cutout), &ForgeParams::default(), Cancel::never()).unwrap());
        let draft = solid.surface(CELLS, Cancel::never()).unwrap();
        let painter = solid.painter(Cancel::never()).unwrap();
        let (low, high) = draft.bounds().unwrap();
        let views = [ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::Top]
            .map(|slot| {
                let camera = camera(high - low, slot.azimuth_deg(), slot.elevation_deg());
                (slot, photograph(&draft, &*painter, &camera, PICTURE_PX))
            })
            .into();
        Self { cutout, draft, views }
    }

    fn carved(&self, slots: &[ViewSlot]) -> Carved {
        let given = slots
            .iter()
            .map(|slot| (*slot, reframed(&self.views[slot], 17, 5, 1.3)))
            .collect::<BTreeMap<_, _>>();
        let params = CarveParams { size_m: 1.0, profile: ProfileChoice::Auto, depth: 1.0, symmetric: false };
        Carved::from_views(&self.cutout, &given, &params, Cancel::never()).unwrap()
    }
}

/// Depth of what lies between two shares of the width, from the left.
fn depth_between(mesh: &TriMesh, from: f32, to: f32) -> f32 {
    let (low, high) = mesh.bounds().unwrap();
    let at = |share: f32| low.x + (high.x - low.x) * share;
    let within = mesh.positions.iter().filter(|p| (at(from)..=at(to)).contains(&p.x));
    let (near, far) = within.fold((f32::MIN, f32::MAX), |(near, far), p| (near.max(p.z), far.min(p.z)));
    near - far
}

/// Area of each slice, as a share of the largest.
fn slice_areas(mesh: &TriMesh) -> Vec<f32> {
    let (low, high) = mesh.bounds().unwrap();
    let filled = occupancy(mesh, low - 0.01, high + 0.01, SLICES);
    let mut areas = vec![0.0f32; SLICES];
    for (i, _) in filled.iter().enumerate().filter(|&(_, &inside)| inside) {
        areas[i / SLICES % SLICES] += 1.0;
    }
    let largest = areas.iter().copied().fold(0.0, f32::max);
    areas.iter().map(|area| area / largest).collect()
}

/// The largest change from one slice to the next, tops and bottoms left out.
fn largest_step(areas: &[f32]) -> f32 {
    let steps = areas.windows(2).filter(|pair| pair[0].min(pair[1]) > 0.02);
    steps.map(|pair| (pair[0] - pair[1]).abs()).fold(0.0, f32::max)
}

#[test]
fn a_handle_is_no_deeper_than_it_is_in_the_draft() {
    let teapot = Sample::new("teapot");
    for slots in [
        &[ViewSlot::Right, ViewSlot::Back, ViewSlot::Left][..],
        &[ViewSlot::Right],
        &[ViewSlot::Right, ViewSlot::Top],
    ] {
        let carved = teapot.carved(slots).surface(CELLS, Cancel::never()).unwrap();
        for (part, from, to) in [("spout", 0.0, 0.08), ("handle", 0.92, 1.0)] {
            let (draft, carved) = (depth_between(&teapot.draft, from, to), depth_between(&carved, from, to));
            assert!(
                carved < 1.25 * draft && carved > 0.4 * draft,
                "{part} {carved} deep, {draft} in the draft"
            );
        }
        let (draft, carved) =
            (largest_step(&slice_areas(&teapot.draft)), largest_step(&slice_areas(&carved)));
        assert!(carved < draft + 0.03, "a step of {carved} between slices, {draft} in the draft");
    }
}

#[test]
fn samples_carved_from_their_own_views_stay_what_they_are() {
    for (name, least) in [
        ("amphora", 0.9),
        ("duck", 0.85),
        ("mushroom", 0.9),
        ("penguin", 0.85),
        ("robot", 0.85),
        ("t-rex", 0.8),
        ("teapot", 0.85),
    ] {
        let sample = Sample::new(name);
        let carved = sample.carved(&[ViewSlot::Right, ViewSlot::Back, ViewSlot::Left]);
        let surface = carved.surface(CELLS, Cancel::never()).unwrap();
        let topology = inspect(&surface);
        assert!(
            topology.watertight && topology.manifold && topology.consistently_wound,
            "{name} {topology:?}"
        );
        assert_eq!(carved.facts()["warnings"], serde_json::json!([]), "{name}");
        let iou = volume_iou(&sample.draft, &surface, 80);
        println!("{name} {iou}");
        assert!(iou >= least, "{name} {iou}");
    }
}
