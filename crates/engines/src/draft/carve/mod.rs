//! Several views: the solid between their outlines, rounded where the object is round.

mod consistency;
mod cushion;
mod field;
mod hull;
mod painter;
mod register;
mod relief;
mod rounding;
mod sight;
mod slice;
mod spread;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::{Vec2, Vec3};
use image::{RgbaImage, imageops};
use oreforge_geometry::smooth::taubin;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::{Cancel, Cancelled, Painter, TriMesh};
use oreforge_protocol::{ProfileChoice, ViewSlot};
use rayon::prelude::*;
use serde_json::{Value, json};
use thiserror::Error;

pub use view::{Direction, Frame, View};

use super::shape::Shape;
use super::symmetry::even_row;
use hull::Hull;
use painter::CarvedPainter;
use register::EmptyPicture;
use relief::Relief;
use rounding::Rounding;
use view::Lattice;

/// Taubin 1995: steps that smooth the lattice's stairs away.
const SMOOTHING_STEPS: u32 = 6;
/// Cells along the longest side of the surface that decides which view sees what.
const VISIBILITY_CELLS: u32 = 128;
/// Cells along the longest side of the lattice on which rounding is judged.
const JUDGED_CELLS: u32 = 128;
/// A side that is not given borrows the mirrored colours of its opposite, where nothing better is known.
const BORROWED_TRUST: f32 = 0.02;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CarveParams {
    /// Largest dimension in metres.
    pub size_m: f32,
    /// `Organic` and `Lathe` round every slice, `Hard` none; `Auto` asks the pictures.
    pub profile: ProfileChoice,
    /// Factor on the depth; only used when no given picture shows it.
    pub depth: f32,
    /// The pictures are their own mirror images; so is the solid to be.
    pub symmetric: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CarveError {
    #[error("cancelled")]
    Cancelled,
    #[error("The {slot} picture shows no object: everything in it is transparent.")]
    Empty { slot: ViewSlot },
    #[error("There is no other side to carve from: give a right, back, left, top or bottom picture.")]
    OneView,
}

impl From<Cancelled> for CarveError {
    fn from(Cancelled: Cancelled) -> Self {
        CarveError::Cancelled
    }
}

/// A solid carved from several views.
pub struct Carved {
    views: Vec<View>,
    extent_m: Vec3,
    rounding: Rounding,
    relief: Option<Relief>,
    symmetric: bool,
    facts: BTreeMap<String, Value>,
}

impl Carved {
    /// From the cut-out of the front and those of other sides, framed as they may be.
    pub fn from_views(
        front: &RgbaImage,
        given: &BTreeMap<ViewSlot, RgbaImage>,
        params: &CarveParams,
        cancel: Cancel<'_>,
    ) -> Result<Self, CarveError> {
        if !given.keys().any(|slot| !matches!(slot, ViewSlot::Front | ViewSlot::ThreeQuarter)) {
            return Err(CarveError::OneView);
        }
        let registered = register::register(front, given, params.size_m, params.depth, cancel)?
            .map_err(|EmptyPicture(slot)| CarveError::Empty { slot })?;
        let extent_m = registered.extent_m;
        let mut warnings = registered.warnings;
        let (slots, mut views): (Vec<ViewSlot>, Vec<View>) = registered.views.into_iter().unzip();
        warnings.extend(consistency::settle(&slots, &mut views, extent_m, cancel)?);
        let mut carved = Self::judged(views, extent_m, params.profile, cancel)?;
        carved.symmetric = params.symmetric;
        carved.relief = carved.relief.map(|relief| if params.symmetric { relief.evened() } else { relief });
        carved.facts.insert("symmetric".to_owned(), json!(params.symmetric));
        for (slot, opposite) in [(ViewSlot::Right, ViewSlot::Left), (ViewSlot::Left, ViewSlot::Right)] {
            if let (None, Some(i)) =
                (slots.iter().position(|&s| s == slot), slots.iter().position(|&s| s == opposite))
            {
                carved.views.push(mirrored(&carved.views[i]));
            }
        }
        carved.facts.insert("views".to_owned(), json!(slots.iter().map(|s| s.as_str()).collect::<Vec<_>>()));
        carved.facts.insert("depth_guessed".to_owned(), json!(registered.depth_guessed));
        carved.facts.insert("warnings".to_owned(), json!(warnings));
        Ok(carved)
    }

    /// From views whose frames are known, also from other directions than the slots'. The object's box of
    /// `extent_m` stands on the ground, its bottom centre at the origin. Of two opposite views only one should
    /// carve.
    pub fn from_registered(views: Vec<View>, extent_m: Vec3, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        Self::judged(views, extent_m, ProfileChoice::Auto, cancel)
    }

    fn judged(
        views: Vec<View>,
        extent_m: Vec3,
        profile: ProfileChoice,
        cancel: Cancel<'_>,
    ) -> Result<Self, Cancelled> {
        let hull = Hull::new(&views, Lattice::around(extent_m, JUDGED_CELLS), cancel)?;
        let rounding = match profile {
            ProfileChoice::Organic | ProfileChoice::Lathe => Rounding::uniform(&hull, 2.0),
            ProfileChoice::Hard => Rounding::uniform(&hull, f32::INFINITY),
            ProfileChoice::Auto => {
                let expected = consistency::expected_exponent(&views, extent_m, cancel)?;
                Rounding::judge(&views, &hull, expected, cancel)?
            }
        };
        let facts = BTreeMap::from([
            ("shape".to_owned(), json!("carved")),
            ("roundness_exponent".to_owned(), json!(rounding.exponent.min(slice::SHARP))),
            ("corners_judged".to_owned(), json!(rounding.judged)),
            ("colour_mismatch".to_owned(), json!(rounding.mismatch)),
        ]);
        let relief = front_of(&views).map(|front| Relief::of(front, extent_m, cancel)).transpose()?;
        Ok(Self { views, extent_m, rounding, relief, symmetric: false, facts })
    }
}

impl Shape for Carved {
    fn surface(&self, cells: u32, cancel: Cancel<'_>) -> Result<TriMesh, Cancelled> {
        let lattice = Lattice::around(self.extent_m, cells);
        let hull = Hull::new(&self.views, lattice, cancel)?.cushioned(cancel)?;
        let mut volume = field::carve(&hull, &self.rounding, cancel)?;
        if self.symmetric {
            // Roundness is judged corner by corner.
            volume.values.par_chunks_mut(volume.size[0]).for_each(even_row);
        }
        let mut mesh = surface_nets(&volume, cancel)?;
        drop(volume);
        taubin(&mut mesh, SMOOTHING_STEPS, 0.5, -0.53, cancel)?;
        for position in &mut mesh.positions {
            *position = lattice.world_of_index(*position);
        }
        if let (Some(relief), Some(front)) = (&self.relief, front_of(&self.views)) {
            relief.raise(&mut mesh, front, &hull, cancel)?;
        }
        Ok(mesh)
    }

    fn painter(self: Arc<Self>, cancel: Cancel<'_>) -> Result<Arc<dyn Painter>, Cancelled> {
        let surface = self.surface(VISIBILITY_CELLS, cancel)?;
        let lattice = Lattice::around(self.extent_m, VISIBILITY_CELLS);
        Ok(Arc::new(CarvedPainter::new(&self.views, &surface, lattice, cancel)?))
    }

    fn facts(&self) -> BTreeMap<String, Value> {
        self.facts.clone()
    }
}

fn front_of(views: &[View]) -> Option<&View> {
    views.iter().find(|v| v.direction.is_front())
}

/// The other side of an object with two alike, colour only.
fn mirrored(view: &View) -> View {
    let width_m = view.picture.width() as f32 * view.frame.pixel_m.x;
    let corner_m = Vec2::new(-view.frame.corner_m.x - width_m, view.frame.corner_m.y);
    View {
        direction: Direction::new((view.direction.azimuth_deg + 180.0).rem_euclid(360.0), 0.0),
        picture: imageops::flip_horizontal(&view.picture),
        frame: Frame { corner_m, ..view.frame },
        carves: false,
        trust: BORROWED_TRUST,
    }
}
