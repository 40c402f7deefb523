//! Clean, in budget, in its place, unwrapped, painted and measured: whatever the surface and its colours come from.

use std::sync::Arc;

use glam::Vec3;
use oreforge_engines::ViewPicture;
use oreforge_geometry::repair::{Repaired, repair};
use oreforge_geometry::unwrap::{Evenness, UnwrapOptions, Unwrapped, unwrap};
use oreforge_geometry::{Cancel, Detail, Painter, TexturedMesh, TriMesh, bake, decimate, topology};
use oreforge_protocol::{MeshStats, RepairTicket, ViewAgreement};

use super::foreign;
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
    pub detail_maps: bool,
}

pub(crate) struct Dressed {
    pub mesh: TexturedMesh,
    pub stats: MeshStats,
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
    let Shaped { dense, mesh: budgeted, repaired, painter, agreement } = match colours {
        Colours::Painter(painter) => {
            progress(0.0, "meeting the triangle budget");
            let dense = wish.detail_maps.then(|| raw.clone());
            // The engine's surface is clean; so this only makes sure, and does so where it is quick.
            let thinned = decimate::decimate(raw, wish.triangles as usize, cancel)?;
            let Repaired { mesh, before, after } = repair(thinned, cancel)?;
            let repaired = RepairTicket { before: counted(&before), after: counted(&after) };
            Shaped { dense, mesh, repaired, painter, agreement: None }
        }
        Colours::Views(views) => foreign::settle(raw, &views, wish, progress, cancel)?,
    };

    progress(0.4, "unfolding the surface");
    let texture_px = wish.texture_px;
    let options = UnwrapOptions {
        texture_px,
        margin_px: (texture_px / 256).max(2),
        favoured: Some((Vec3::Z, FRONT_DENSITY)),
    };
    let mut unwrapped = unwrap(&budgeted, &options, cancel)?;

    progress(0.6, "painting the texture");
    let albedo = bake::bake(&unwrapped, texture_px, &*painter, cancel)?;
    progress(0.75, "baking the fine shape");
    let detail = match dense {
        Some(dense) => {
            let tangents = unwrapped.tangents();
            let normal_px = bake::normal_map_px(&unwrapped, &dense, texture_px);
            let normal = bake::normal_map(&unwrapped, &tangents, &dense, normal_px, cancel)?;
            // Light from everywhere is smoother than the shape: half as many texels show it.
            let occlusion = bake::occlusion_map(&unwrapped, &dense, texture_px / 2, cancel)?;
            Some(Detail { tangents, normal, occlusion })
        }
        None => None,
    };
    // Last: painter and dense surface know the mesh as it was placed.
    stand(&mut unwrapped.positions, wish.size_m);
    let stats =
        MeshStats { repaired, detail_maps: detail.is_some(), ..measure(&budgeted, &unwrapped, texture_px) };
    let mesh = TexturedMesh {
        positions: unwrapped.positions,
        normals: unwrapped.normals,
        uvs: unwrapped.uvs,
        triangles: unwrapped.triangles,
        albedo,
        detail,
    };
    Ok(Dressed { mesh, stats, agreement })
}

/// A clean surface in budget and in its place.
pub(super) struct Shaped {
    /// With all of its triangles, when maps are to be baked from it.
    pub dense: Option<TriMesh>,
    pub mesh: TriMesh,
    pub repaired: RepairTicket,
    pub painter: Arc<dyn Painter>,
    pub agreement: Option<ViewAgreement>,
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
    let evenness = Evenness::of(unwrapped.triangles.iter().map(|triangle| {
        let texels = triangle.map(|v| unwrapped.uvs[v as usize].as_dvec2() * f64::from(texture_px));
        (triangle.map(|v| unwrapped.positions[v as usize]), texels)
    }));
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
        texels_per_m: evenness.map_or([0.0; 3], |evenness| evenness.texels_per_m),
        uv_stretch: evenness.map_or(0.0, |evenness| evenness.stretch),
        detail_maps: false,
        repaired: RepairTicket::default(),
        resemblance: None,
        bounds_min_m: low.to_array(),
        bounds_max_m: high.to_array(),
    }
}
