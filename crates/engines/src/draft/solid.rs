use std::collections::BTreeMap;
use std::sync::Arc;

use glam::{Vec2, Vec3};
use image::RgbaImage;
use oreforge_geometry::mips::Mips;
use oreforge_geometry::smooth::taubin;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::{Cancel, Cancelled, Grid, Painter, TriMesh};
use oreforge_protocol::{BackChoice, ForgeParams};
use rayon::prelude::*;
use serde_json::{Value, json};
use thiserror::Error;

use super::back::{BackFill, REGION_CELLS};
use super::choices::{Back, Choices, Cues, Profile};
use super::depth::{nearness, relief_of};
use super::field::Maps;
use super::frame::{Bounds, Frame, Thumb};
use super::inflate::{InflateOptions, inflate};
use super::paint::{PicturePainter, Placement};
use super::relief::relief;
use super::shape::Shape;
use super::stance::stance;
use super::symmetry::{evened, symmetric};

#[derive(Debug, Error)]
pub enum DraftError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("There is nothing in the cut-out to make a solid from: no pixel of it is more than half opaque.")]
    Empty,
}

/// A solid blown up from one cut-out.
pub struct Solid {
    cutout: Arc<RgbaImage>,
    maps: Maps,
    placement: Placement,
    /// `None`: the front seen through.
    back: Option<Arc<BackFill>>,
    facts: BTreeMap<String, Value>,
}

/// The maps' fineness; a surface may be finer or coarser.
const MAP_CELLS: usize = 256;
const MARGIN_CELLS: usize = 6;
const TAUBIN_ITERATIONS: u32 = 6;
/// With less than this to replace, what a turned body shows is a pattern that runs round it, not a face.
const PATTERN_SHARE: f32 = 0.12;

impl Solid {
    pub fn new(cutout: Arc<RgbaImage>, params: &ForgeParams, cancel: Cancel<'_>) -> Result<Self, DraftError> {
        Self::with_depth(cutout, params, None, cancel)
    }

    /// `depth` is an artist's depth map over the whole picture, 0..=1 and 1 near; the front then runs as it says.
    pub fn with_depth(
        cutout: Arc<RgbaImage>,
        params: &ForgeParams,
        depth: Option<&Grid<f32>>,
        cancel: Cancel<'_>,
    ) -> Result<Self, DraftError> {
        let mirrored = symmetric(&cutout, params.symmetry, cancel)?;
        let is_symmetric = mirrored.is_some();
        let cutout = mirrored.map_or(cutout, Arc::new);
        let frame = Frame::around(&cutout, MAP_CELLS, MARGIN_CELLS).ok_or(DraftError::Empty)?;
        let thumb = Thumb::new(&cutout, frame);
        let inside = thumb.inside();
        let bounds = Bounds::of(&inside).ok_or(DraftError::Empty)?;
        let cues = Cues::of(&thumb, &inside, bounds, cancel)?;
        let choices = cues.decide(params);
        let inflated = inflate(
            &thumb,
            &InflateOptions {
                profile: choices.profile,
                axis_x: cues.mirror.axis_x,
                depth: choices.depth,
                min_base_share: if cues.legs.len() >= 2 { 0.08 } else { 0.27 },
            },
            cancel,
        )?;
        let given = depth.and_then(|depth| {
            relief_of(depth, frame, cutout.dimensions(), &inflated.half_depth2, &inflated.distance)
        });
        let stance = if choices.spread_legs && !is_symmetric && given.is_none() {
            let half_depth = inflated.half_depth2.map(|v| v.max(0.0).sqrt());
            Some(stance(&cues.legs, &half_depth, &thumb, bounds, cancel)?)
        } else {
            None
        };
        let back = back_fill(&thumb, &cues, &choices, params, cancel)?.map(Arc::new);
        let mut facts = facts(&cues, &choices, back.is_some(), inflated.ground_y.is_some());
        facts.insert("symmetric".to_owned(), json!(is_symmetric));
        if depth.is_some() {
            facts.insert("depth_map".to_owned(), json!(given.is_some()));
        }
        let settled = |map: Grid<f32>| if is_symmetric { evened(map) } else { map };
        let relief_behind = back.is_none() && given.is_none();
        let relief = given.unwrap_or_else(|| relief(&thumb.rgb.map(|c| c / 255.0), &inflated.distance));
        let maps = Maps {
            relief: settled(relief),
            distance: settled(inflated.distance),
            half_depth2: settled(inflated.half_depth2),
            stance,
            relief_behind,
            ground_y: inflated.ground_y,
        };
        let placement = placement(&maps, frame, params.size_m).ok_or(DraftError::Empty)?;
        Ok(Self { cutout, maps, placement, back, facts })
    }

    /// How near the front is at every pixel of the cut-out: 1 its nearest point, 0 its farthest.
    pub fn nearness(&self, cancel: Cancel<'_>) -> Result<Grid<f32>, Cancelled> {
        let size = (self.cutout.width() as usize, self.cutout.height() as usize);
        nearness(&self.maps, self.placement.frame, size, cancel)
    }

    /// Pulls the rim back onto the outline, which smoothing has rounded off a little.
    fn snap_to_outline(
        &self,
        positions: &mut [Vec3],
        distance: &Grid<f32>,
        ground_y: Option<f32>,
        normals: &[Vec3],
    ) {
        const REACH_CELLS: f32 = 1.5;
        positions.par_iter_mut().zip(normals).for_each(|(p, normal)| {
            if ground_y.is_some_and(|ground| p.y > ground - 1.0) {
                return;
            }
            let away = distance.sample(p.x, p.y);
            let steep = (1.0 - normal.z.abs() / 0.2).clamp(0.0, 1.0);
            if away.abs() > REACH_CELLS || steep <= 0.0 {
                return;
            }
            let inwards = Vec2::new(
                distance.sample(p.x + 0.5, p.y) - distance.sample(p.x - 0.5, p.y),
                distance.sample(p.x, p.y + 0.5) - distance.sample(p.x, p.y - 0.5),
            );
            let moved = inwards.normalize_or_zero() * (-away * steep);
            p.x += moved.x;
            p.y += moved.y;
        });
    }
}

impl Shape for Solid {
    fn surface(&self, cells: u32, cancel: Cancel<'_>) -> Result<TriMesh, Cancelled> {
        let factor = cells as f32 / MAP_CELLS as f32;
        let resampled = (factor != 1.0).then(|| self.maps.scaled(factor));
        let maps = resampled.as_ref().unwrap_or(&self.maps);
        cancel.check()?;
        let (volume, middle) = maps.volume(cancel)?;
        let mut mesh = surface_nets(&volume, cancel)?;
        drop(volume);
        taubin(&mut mesh, TAUBIN_ITERATIONS, 0.5, -0.53, cancel)?;
        let normals = mesh.vertex_normals();
        self.snap_to_outline(&mut mesh.positions, &maps.distance, maps.ground_y, &normals);
        cancel.check()?;
        for p in &mut mesh.positions {
            let in_map_cells = Vec3::new(
                (p.x + 0.5) / factor - 0.5,
                (p.y + 0.5) / factor - 0.5,
                (p.z - middle as f32) / factor,
            );
            *p = self.placement.world_from_cell(in_map_cells);
        }
        // Rows run downwards, the world upwards.
        for triangle in &mut mesh.triangles {
            triangle.swap(1, 2);
        }
        Ok(mesh)
    }

    fn painter(self: Arc<Self>, cancel: Cancel<'_>) -> Result<Arc<dyn Painter>, Cancelled> {
        let front = Mips::new(&self.cutout, self.placement.frame.window(), cancel)?;
        Ok(Arc::new(PicturePainter { placement: self.placement, front, back: self.back.clone() }))
    }

    fn facts(&self) -> BTreeMap<String, Value> {
        self.facts.clone()
    }
}

/// `None` where the back shows the front seen through.
fn back_fill(
    thumb: &Thumb,
    cues: &Cues,
    choices: &Choices,
    params: &ForgeParams,
    cancel: Cancel<'_>,
) -> Result<Option<BackFill>, Cancelled> {
    if choices.back == Back::Mirror {
        return Ok(None);
    }
    let regions = BackFill::by_regions(&thumb.with_longer_side(REGION_CELLS), cancel)?;
    if choices.profile != Profile::Lathe {
        return Ok(Some(regions));
    }
    if params.back == BackChoice::Auto && regions.replaced < PATTERN_SHARE {
        return Ok(None);
    }
    BackFill::by_rows(thumb, cues.mirror.axis_x, cancel).map(Some)
}

/// Stands the solid on the origin and makes its largest dimension `size_m`.
fn placement(maps: &Maps, frame: Frame, size_m: f32) -> Option<Placement> {
    let distance = &maps.distance;
    let (width, height) = (distance.width(), distance.height());
    let columns: Vec<f32> =
        (0..width).map(|x| (0..height).map(|y| distance.get(x, y)).fold(f32::MIN, f32::max)).collect();
    let rows: Vec<f32> =
        (0..height).map(|y| distance.row(y).iter().copied().fold(f32::MIN, f32::max)).collect();
    let (left, right) = extent(&columns)?;
    let (top, lowest) = extent(&rows)?;
    let bottom = maps.ground_y.unwrap_or(lowest);
    let (front, behind) = maps.depth_range();
    let largest = (right - left).max(bottom - top).max(front + behind);
    Some(Placement {
        frame,
        metres_per_cell: size_m / largest,
        origin_x: (left + right) / 2.0,
        origin_y: bottom,
        origin_z: (front - behind) / 2.0,
    })
}

/// First and last crossing of zero.
fn extent(depths: &[f32]) -> Option<(f32, f32)> {
    let first = depths.iter().position(|&d| d > 0.0)?;
    let last = depths.iter().rposition(|&d| d > 0.0)?;
    let beyond = |inner: usize, outer: Option<&f32>| {
        outer.map_or(0.0, |&outer| (depths[inner] / (depths[inner] - outer)).clamp(0.0, 1.0))
    };
    let before = first.checked_sub(1).and_then(|i| depths.get(i));
    Some((first as f32 - beyond(first, before), last as f32 + beyond(last, depths.get(last + 1))))
}

fn facts(cues: &Cues, choices: &Choices, filled: bool, on_ground: bool) -> BTreeMap<String, Value> {
    let rounded = |v: f32| (f64::from(v) * 1000.0).round() / 1000.0;
    let profile = match choices.profile {
        Profile::Organic => "organic",
        Profile::Lathe => "lathe",
        Profile::Hard => "hard",
    };
    let back = if filled { "fill" } else { "mirror" };
    [
        ("profile", json!(profile)),
        ("back", json!(back)),
        ("side_on", json!(choices.side_on)),
        ("flat_ground", json!(on_ground)),
        ("legs", json!(if choices.spread_legs { cues.legs.len() } else { 0 })),
        ("mirror_iou", json!(rounded(cues.mirror.iou))),
        ("mirror_chroma_difference", json!(rounded(cues.mirror.chroma_difference))),
        ("hard_probability", json!(rounded(choices.hard_probability))),
        ("single_rows", json!(rounded(cues.single_rows))),
        ("depth", json!(rounded(choices.depth))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
