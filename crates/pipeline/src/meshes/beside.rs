//! Lines of the ticket that hold a mesh against a picture of its front.

use glam::Vec3;
use image::RgbaImage;
use oreforge_geometry::Cancel;
use oreforge_geometry::asset::Asset;
use oreforge_geometry::raster::{Camera, Surface, layers};
use oreforge_geometry::segment::{self, MaskHints};
use oreforge_protocol::{ErrorReport, GateVerdict, Resemblance, TicketCheck};

use super::look::{Look, normals};
use crate::picture_error::segment_report;
use crate::prepare::read_picture;
use crate::resemblance::{CLEAR_COLOUR, CLEAR_LIKENESS, CLEAR_SILHOUETTE, Looks};
use crate::run::internal;

const FRONT_PX: u32 = 512;
/// Where else the front may be, and what to say of it.
const ELSEWHERE: [(f32, &str); 3] = [(90.0, "right"), (180.0, "back"), (270.0, "left")];
/// How much better another side has to fit before it is named.
const CLEARLY: f32 = 0.1;

/// # Errors
/// When no object can be found in the picture.
pub(super) fn checks(asset: &Asset, picture: &[u8]) -> Result<Vec<TicketCheck>, ErrorReport> {
    let picture = read_picture(picture, "The reference")?;
    let cutout = segment::cut_out(&picture, &MaskHints::default(), Cancel::never())
        .map_err(|error| segment_report(&error).unwrap_or_else(|| internal("cut out the object", &error)))?;
    let Some(looks) = Looks::of(&cutout.picture) else { return Ok(Vec::new()) };
    let (look, normals) = (Look::of(asset), normals(asset));
    let seen_from = |azimuth_deg: f32| -> Result<Resemblance, ErrorReport> {
        let seen = drawn(asset, &look, &normals, azimuth_deg)?;
        looks.beside(&seen, Cancel::never()).map_err(|e| internal("compare the mesh", &e))
    };
    let front = seen_from(0.0)?;
    let is_coloured = look.is_coloured(asset);
    let mut checks = vec![line(
        "silhouette",
        front.silhouette >= CLEAR_SILHOUETTE,
        format!("Its outline fits the picture to {} %.", percent(front.silhouette)),
    )];
    if front.silhouette < CLEAR_SILHOUETTE {
        for (azimuth_deg, side) in ELSEWHERE {
            if seen_from(azimuth_deg)?.silhouette > front.silhouette + CLEARLY {
                checks[0]
                    .says
                    .push_str(&format!(" From the {side} it fits better: its front is to look along +Z."));
                break;
            }
        }
    }
    if !is_coloured {
        return Ok(checks);
    }
    let mend = " `oreforge finish MESH --views DIR` paints it anew.";
    let colour_fits = front.colour >= CLEAR_COLOUR;
    checks.push(line(
        "colour",
        colour_fits,
        format!(
            "Its colours agree with the picture to {} %.{}",
            percent(front.colour),
            if colour_fits { "" } else { mend }
        ),
    ));
    let likeness = front.likeness.unwrap_or_default();
    checks.push(line(
        "likeness",
        likeness >= CLEAR_LIKENESS,
        format!("Side by side its front looks like the picture to {} %.", percent(likeness)),
    ));
    Ok(checks)
}

fn drawn(asset: &Asset, look: &Look, normals: &[Vec3], azimuth_deg: f32) -> Result<RgbaImage, ErrorReport> {
    let surface = Surface { positions: &asset.positions, normals, triangles: &asset.triangles };
    let camera = Camera::around(&asset.positions, azimuth_deg, 0.0);
    let albedo = |triangle: u32, weights: Vec3| look.at(asset, triangle, weights);
    layers(surface, &camera, FRONT_PX, &albedo, Cancel::never())
        .map(|layers| layers.albedo)
        .map_err(|e| internal("draw the mesh", &e))
}

fn line(name: &str, fine: bool, says: String) -> TicketCheck {
    let verdict = if fine { GateVerdict::Pass } else { GateVerdict::Doubtful };
    TicketCheck { name: name.to_owned(), verdict, says, fix: None }
}

fn percent(share: f32) -> f32 {
    (share * 100.0).round()
}
