//! The asset gate: what a mesh is like, and what an engine or a printer would say to it.

use glam::{DVec2, Vec3};
use oreforge_geometry::asset::{Asset, Companion, Format, Imported};
use oreforge_geometry::repair::{self, Defects};
use oreforge_geometry::unwrap::{self, Evenness};
use oreforge_geometry::{Cancel, topology};
use oreforge_protocol::{
    ErrorReport, GateVerdict, MeshDefects, MeshFix, MeshTicket, TextureInfo, TicketCheck, UvReport,
};

use super::{beside, import};

/// Triangles a prop of a game may have without a question.
pub(super) const BUDGET: usize = 100_000;
/// Side of the raster coordinates are counted on, in texels.
const UV_RASTER_PX: usize = 1024;
/// Share of texels claimed twice that rounding explains.
const OVERLAP_BY_ROUNDING: f32 = 0.002;
/// Nine tenths against one tenth of the texel density at which a surface looks patchy.
const UNEVEN_DENSITY: f32 = 4.0;
/// Largest dimension, in metres, at which nobody asks whether the unit is right.
const LIKELY_M: std::ops::RangeInclusive<f32> = 0.005..=200.0;

/// What the file holds; see [`MeshTicket`]. `reference` is a picture that shows its front.
///
/// # Errors
/// When the bytes are no mesh that can be read, or no object can be found in the picture.
pub fn inspect(
    bytes: &[u8],
    file_name: &str,
    companion: Companion<'_>,
    reference: Option<&[u8]>,
) -> Result<MeshTicket, ErrorReport> {
    let (format, Imported { asset, notes }) = import(bytes, file_name, companion)?;
    let compared = reference.map(|picture| beside::checks(&asset, picture)).transpose()?;
    let mut ticket = of(&asset, format, notes);
    ticket.checks.extend(compared.into_iter().flatten());
    ticket.verdict = verdict(&ticket.checks);
    Ok(ticket)
}

fn verdict(checks: &[TicketCheck]) -> GateVerdict {
    let doubtful = checks.iter().any(|check| check.verdict != GateVerdict::Pass);
    if doubtful { GateVerdict::Doubtful } else { GateVerdict::Pass }
}

pub(super) fn of(asset: &Asset, format: Format, notes: Vec<String>) -> MeshTicket {
    let surface = asset.surface();
    let topology = topology::inspect(&surface);
    // Nobody cancels a look.
    let defects = repair::find(&surface, Cancel::never()).unwrap_or_default();
    let (low, high) = surface.bounds().unwrap_or((Vec3::ZERO, Vec3::ZERO));
    let mut ticket = MeshTicket {
        format: format.to_string(),
        vertices: asset.positions.len() as u32,
        triangles: asset.triangles.len() as u32,
        watertight: topology.watertight,
        manifold: topology.manifold,
        consistently_wound: topology.consistently_wound,
        components: topology.components as u32,
        defects: counted(&defects),
        materials: asset.materials.len() as u32,
        textures: asset
            .textures
            .iter()
            .map(|texture| TextureInfo {
                name: texture.name.clone(),
                width_px: texture.width_px,
                height_px: texture.height_px,
                bytes: texture.bytes.len() as u64,
            })
            .collect(),
        has_normals: !asset.normals.is_empty(),
        has_uvs: !asset.uvs.is_empty(),
        uv: (!asset.uvs.is_empty()).then(|| uv_report(asset)),
        bounds_min_m: low.to_array(),
        bounds_max_m: high.to_array(),
        area_m2: topology.area_m2,
        volume_m3: topology.watertight.then_some(topology.volume_m3),
        verdict: GateVerdict::Pass,
        checks: Vec::new(),
        notes,
    };
    ticket.checks = checks(&ticket, (high - low).max_element());
    ticket.verdict = verdict(&ticket.checks);
    ticket
}

pub(crate) fn counted(defects: &Defects) -> MeshDefects {
    MeshDefects {
        split_vertices: defects.split_vertices as u32,
        degenerate_triangles: defects.degenerate_triangles as u32,
        duplicate_triangles: defects.duplicate_triangles as u32,
        holes: defects.holes as u32,
        crowded_edges: defects.crowded_edges as u32,
        pinched_vertices: defects.pinched_vertices as u32,
        turned: defects.turned as u32,
        islands: defects.islands as u32,
        inner_shells: defects.inner_shells as u32,
    }
}

fn uv_report(asset: &Asset) -> UvReport {
    let uvs = |t: &[u32; 3]| t.map(|v| asset.uvs[v as usize].as_dvec2());
    let inside =
        |t: &&[u32; 3]| uvs(t).iter().all(|uv| uv.min_element() >= -1e-4 && uv.max_element() <= 1.0001);
    // Where there are textures, what has none shares none.
    let any = asset.materials.iter().any(|material| material.base_color_texture.is_some());
    let shows = |material: u16| !any || asset.materials[usize::from(material)].base_color_texture.is_some();
    let shown: Vec<[u32; 3]> = asset
        .triangles
        .iter()
        .zip(&asset.material_of)
        .filter(|&(_, &material)| shows(material))
        .map(|(&triangle, _)| triangle)
        .collect();
    let kept: Vec<[u32; 3]> = shown.iter().filter(inside).copied().collect();
    let (coverage, overlap) =
        unwrap::coverage(&asset.uvs, &kept, UV_RASTER_PX, Cancel::never()).unwrap_or_default();
    let evenness = evenness(asset);
    UvReport {
        coverage,
        overlap,
        outside: 1.0 - kept.len() as f32 / shown.len().max(1) as f32,
        texels_per_m: evenness.map(|evenness| evenness.texels_per_m),
        stretch: evenness.map(|evenness| evenness.stretch),
    }
}

fn evenness(asset: &Asset) -> Option<Evenness> {
    Evenness::of(asset.triangles.iter().zip(&asset.material_of).filter_map(|(triangle, &material)| {
        let texture = &asset.textures[asset.materials[usize::from(material)].base_color_texture?];
        let size_px = DVec2::new(f64::from(texture.width_px), f64::from(texture.height_px));
        let texels = triangle.map(|v| asset.uvs[v as usize].as_dvec2() * size_px);
        Some((triangle.map(|v| asset.positions[v as usize]), texels))
    }))
}

fn checks(ticket: &MeshTicket, largest_m: f32) -> Vec<TicketCheck> {
    let defects = &ticket.defects;
    let mut checks = Vec::new();
    let mut check = |name: &str, fix: Option<MeshFix>, fine: bool, pass: &str, fail: String| {
        checks.push(TicketCheck {
            name: name.to_owned(),
            verdict: if fine { GateVerdict::Pass } else { GateVerdict::Doubtful },
            says: if fine { pass.to_owned() } else { fail },
            fix: fix.filter(|_| !fine),
        });
    };
    let holes = match defects.holes {
        0 => "It is not closed.".to_owned(),
        1 => "It has a hole.".to_owned(),
        n => format!("It has {n} holes."),
    };
    check("watertight", Some(MeshFix::Repair), ticket.watertight, "It is closed.", holes);
    check(
        "manifold",
        Some(MeshFix::Repair),
        ticket.manifold || (!ticket.watertight && defects.crowded_edges + defects.pinched_vertices == 0),
        "Every edge and vertex belongs to one surface.",
        format!(
            "{} edges have more than two triangles, {} vertices join bodies.",
            defects.crowded_edges, defects.pinched_vertices
        ),
    );
    check(
        "winding",
        Some(MeshFix::Repair),
        defects.turned == 0,
        "Every triangle faces outward.",
        format!("Triangles disagree on which side is out in {} places.", defects.turned),
    );
    check(
        "triangles",
        Some(MeshFix::Repair),
        defects.degenerate_triangles + defects.duplicate_triangles == 0,
        "No triangle is there twice or without area.",
        format!(
            "{} triangles have no area, {} are there twice.",
            defects.degenerate_triangles, defects.duplicate_triangles
        ),
    );
    check(
        "parts",
        Some(MeshFix::Repair),
        defects.islands + defects.inner_shells == 0,
        "Nothing floats beside it or hides inside.",
        format!(
            "{} tiny parts float beside it, {} shells hide inside.",
            defects.islands, defects.inner_shells
        ),
    );
    check(
        "budget",
        Some(MeshFix::Thin),
        ticket.triangles as usize <= BUDGET,
        "The triangles are few enough for a game.",
        format!("{} triangles are many for a game.", ticket.triangles),
    );
    check(
        "size",
        None,
        LIKELY_M.contains(&largest_m),
        "Its size is likely in metres.",
        format!("It is {largest_m} m large; the unit may be another than metres."),
    );
    match &ticket.uv {
        None => {
            check("texture", Some(MeshFix::Unfold), false, "", "It has no texture coordinates.".to_owned())
        }
        Some(uv) => {
            check(
                "uv overlap",
                Some(MeshFix::Unfold),
                uv.overlap <= OVERLAP_BY_ROUNDING,
                "No texel belongs to two places.",
                format!("{:.1} % of the used texels belong to two places.", uv.overlap * 100.0),
            );
            if let Some([low, median, high]) = uv.texels_per_m {
                check(
                    "texel density",
                    Some(MeshFix::Unfold),
                    high <= low * UNEVEN_DENSITY,
                    &format!("About {median:.0} texels per metre, evenly."),
                    format!("Texels per metre go from {low:.0} to {high:.0}: parts of it look blurred."),
                );
            }
        }
    }
    checks
}
