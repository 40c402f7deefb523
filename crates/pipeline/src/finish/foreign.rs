//! A surface from elsewhere, made ready for its colours: cleaned, thinned, found before its views, placed.

use std::sync::Arc;

use oreforge_engines::ViewPicture;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::repair::{Repaired, repair};
use oreforge_geometry::views::{PlacedView, View, ViewsPainter, register};
use oreforge_geometry::{Cancel, TriMesh};
use oreforge_protocol::{ErrorCode, ErrorReport, RepairTicket, ViewAgreement, ViewSlot};

use super::dress::{Shaped, Wish};
use crate::contract::StepError;
use crate::meshes::counted;

/// The front is the artist's own picture, the other sides are often guessed from it.
const FRONT_TRUST: f32 = 4.0;
/// Seen at an angle that the four sides between them see better.
const BETWEEN_TRUST: f32 = 0.5;
/// Agreement of the outlines below which colours may lie beside their places.
const DOUBTFUL_IOU: f32 = 0.85;

pub(super) fn settle(
    raw: TriMesh,
    views: &[ViewPicture],
    wish: &Wish,
    progress: &dyn Fn(f32, &str),
    cancel: Cancel<'_>,
) -> Result<Shaped, StepError> {
    progress(0.0, "cleaning the surface");
    let Repaired { mesh, before, after } = repair(raw, cancel)?;
    if mesh.triangles.is_empty() {
        let nothing = ErrorReport::new(
            ErrorCode::MeshUnusable,
            "The mesh encloses nothing: no part of it can be closed.",
        );
        return Err(nothing.with_hint("Make the mesh again, or repair it in a modelling program.").into());
    }
    progress(0.15, "meeting the triangle budget");
    let mut dense = wish.detail_maps.then(|| mesh.clone());
    let mut mesh = decimate(mesh, wish.triangles as usize, cancel)?;

    progress(0.25, "finding the mesh in the views");
    let slots: Vec<ViewSlot> = views.iter().map(|view| view.slot).collect();
    let views: Vec<View> = views.iter().map(view).collect();
    let Some(registered) = register(&mesh, &views, cancel)? else {
        let empty = ErrorReport::new(ErrorCode::ViewUnusable, "None of the views shows an object.");
        return Err(empty.with_hint("Give at least a front view with a transparent background.").into());
    };
    let standing = registered.views_from_mesh.standing(&mesh, wish.size_m);
    for mesh in dense.iter_mut().chain([&mut mesh]) {
        mesh.positions.iter_mut().for_each(|p| *p = standing.world_from_mesh.apply(*p));
    }
    let placed: Vec<PlacedView> = views.iter().map(|view| view.placed(&standing)).collect();
    progress(0.35, "looking from every view");
    let painter = ViewsPainter::new(&placed, Arc::new(mesh.clone()), cancel)?;
    let agreement = ViewAgreement {
        iou: registered.iou,
        views: slots.into_iter().zip(registered.view_ious).collect(),
        up_axis: registered.up_axis.to_owned(),
        azimuth_deg: registered.azimuth_deg,
        seen_share: painter.seen_share(),
    };
    let repaired = RepairTicket { before: counted(&before), after: counted(&after) };
    Ok(Shaped { dense, mesh, repaired, painter: Arc::new(painter), agreement: Some(agreement) })
}

fn view(view: &ViewPicture) -> View {
    let trust = match view.slot {
        ViewSlot::Front => FRONT_TRUST,
        ViewSlot::ThreeQuarter => BETWEEN_TRUST,
        ViewSlot::Right | ViewSlot::Back | ViewSlot::Left | ViewSlot::Top | ViewSlot::Bottom => 1.0,
    };
    View {
        azimuth_deg: view.slot.azimuth_deg(),
        elevation_deg: view.slot.elevation_deg(),
        picture: Arc::new(view.picture.clone()),
        trust,
    }
}

/// What an artist should know of views that do not quite show the mesh.
pub(crate) fn doubt(agreement: &ViewAgreement) -> Option<String> {
    (agreement.iou < DOUBTFUL_IOU).then(|| {
        format!(
            "The outlines of mesh and views agree by {:.0} % only: colours may lie beside their places.",
            agreement.iou * 100.0
        )
    })
}
