//! Clean, in budget, in its place, unwrapped, painted and measured: whatever the surface and its colours come from.

use std::sync::Arc;

use glam::Vec3;
use oreforge_engines::ViewPicture;
use oreforge_geometry::repair::{Repaired, repair};
use oreforge_geometry::unwrap::{UnwrapOptions, Unwrapped, unwrap};
use oreforge_geometry::{Cancel, Painter, TexturedMesh, TriMesh, bake, decimate, topology};
use oreforge_protocol::{MeshStats, RepairTicket, ViewAgreement};

use super::foreign::{self, Foreign};
use crate::contract::StepError;
use crate::meshes::counted;

/// The front keeps this much more texels per metre than sides and back: it is the side the artist knows.
const FRONT_DENSITY: f32 = 1.6;

/// Where the colours of a raw surface come from.
pub(crate) enum Colours {
    /// From its engine, that made the surface clean and placed it as an asset lies.
    Painter(Arc<dyn Painter>),
    /// From views, before which a surface from elsewhere has to be found first: of any scale, turned as it may be,
    /// and dirty.
    Views(Vec<ViewPicture>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub triangles: u32,
    pub texture_px: u32,
    /// Largest dimension.
    pub size_m: f32,
}

pub(crate) struct Dressed {
    pub mesh: TexturedMesh,
    pub stats: MeshStats,
    /// Of what came in; what thinning may have done to it included.
    pub repaired: RepairTicket,
    /// How the surface fits its views, when it had to be found.
    pub agreement: Option<ViewAgreement>,
}

pub(crate) fn dress(
    raw: TriMesh,
    colours: Colours,
    wish: &Wish,
    progress: &dyn Fn(f32, &str),
    cancel: Cancel<'_>,
) -> Result<Dressed, StepError> {
    let budget = wish.triangles as usize;
    let (budgeted, repaired, painter, agreement) = match colours {
        Colours::Painter(painter) => {
            progress(0.0, "meeting the triangle budget");
            // The engine's surface is clean; so this only makes sure, and does so where it is quick.
            let thinned = decimate::decimate(raw, budget, cancel)?;
            let Repaired { mesh, before, after } = repair(thinned, cancel)?;
            let ticket = RepairTicket { before: counted(&before), after: counted(&after) };
            (mesh, ticket, painter, None)
        }
        Colours::Views(views) => {
            let Foreign { mesh, repaired, painter, agreement } =
                foreign::settle(raw, &views, budget, wish.size_m, progress, cancel)?;
            (mesh, repaired, painter, Some(agreement))
        }
    };

    progress(0.4, "unfolding the surface");
    let texture_px = wish.texture_px;
    let options = UnwrapOptions {
        texture_px,
        margin_px: (texture_px / 256).max(2),
        favoured: Some((Vec3::Z, FRONT_DENSITY)),
    };
    let mut unwrapped = unwrap(&budgeted, &options, cancel)?;

    progress(0.65, "painting the texture");
    let albedo = bake::bake(&unwrapped, texture_px, &*painter, cancel)?;
    // Painted first: the painter knows the surface as it was placed.
    stand(&mut unwrapped.positions, wish.size_m);
    let stats = measure(&budgeted, &unwrapped, texture_px);
    let mesh = TexturedMesh {
        positions: unwrapped.positions,
        normals: unwrapped.normals,
        uvs: unwrapped.uvs,
        triangles: unwrapped.triangles,
        albedo,
    };
    Ok(Dressed { mesh, stats, repaired, agreement })
}

/// Puts the feet on the ground, the middle over the origin, and makes the largest dimension exactly `size_m`;
/// smoothing and thinning have moved all three by a hair.
fn stand(positions: &mut [Vec3], size_m: f32) {
    let (low, high) = bounds(positions);
    let largest = (high - low).max_element();
    if largest > 0.0 {
        let feet = Vec3::new((low.x + high.x) / 2.0, low.y, (low.z + high.z) / 2.0);
        positions.iter_mut().for_each(|p| *p = (*p - feet) * (size_m / largest));
    }
}

fn bounds(positions: &[Vec3]) -> (Vec3, Vec3) {
    let Some(&first) = positions.first() else { return (Vec3::ZERO, Vec3::ZERO) };
    positions.iter().fold((first, first), |(low, high), &p| (low.min(p), high.max(p)))
}

fn measure(mesh: &TriMesh, unwrapped: &Unwrapped, texture_px: u32) -> MeshStats {
    let topology = topology::inspect(mesh);
    let (low, high) = bounds(&unwrapped.positions);
    MeshStats {
        vertices: unwrapped.positions.len() as u32,
        triangles: unwrapped.triangles.len() as u32,
        watertight: topology.watertight,
        manifold: topology.manifold,
        consistently_wound: topology.consistently_wound && topology.volume_m3 > 0.0,
        components: topology.components as u32,
        degenerate_triangles: topology.degenerate_triangles as u32,
        texture_px,
        uv_coverage: unwrapped.coverage,
        charts: unwrapped.charts,
        uv_overlap: unwrapped.overlap,
        bounds_min_m: low.to_array(),
        bounds_max_m: high.to_array(),
    }
}
