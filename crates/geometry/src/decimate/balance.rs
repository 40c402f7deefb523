//! Triangles as much outside the surface as inside.

use super::edge_collapse::Decimation;
use super::fan::Fan;
use super::half_edges::NONE;
use crate::{Cancel, Cancelled};

/// How far a vertex moves relative to its height over its neighbours: measured, least mean distance both ways.
const RISE: f32 = 0.08;
/// How far at the most, relative to the deviation of the planes it stands for; none where they meet in it, as at
/// corners and sharp edges.
const MOST_DEVIATIONS: f32 = 1.5;
const CANCEL_EVERY: usize = 4096;

/// A vertex where its planes want it is not far enough out on a bulge for the triangles to lie as much outside
/// the surface as inside, and in a hollow not far enough in. Moves all of them by what is missing.
pub fn balance(work: &mut Decimation, cancel: Cancel<'_>) -> Result<(), Cancelled> {
    let mut fan = Fan::default();
    let mut done = work.half_edges.locked.clone();
    for h in 0..work.half_edges.origin.len() {
        if h % CANCEL_EVERY == 0 {
            cancel.check()?;
        }
        let v = work.half_edges.origin[h];
        if v == NONE
            || std::mem::replace(&mut done[v as usize], true)
            || !fan.look_round(&work.half_edges, h as u32)
        {
            continue;
        }
        let position = |v: u32| work.vertices[v as usize].position;
        let p = position(v);
        let area_normals =
            fan.closed_rim().windows(2).map(|pair| (position(pair[0]) - p).cross(position(pair[1]) - p));
        let Some(normal) = area_normals.sum::<glam::Vec3>().try_normalize() else { continue };
        let neighbours = fan.rim().iter().map(|&v| position(v)).sum::<glam::Vec3>() / fan.rim().len() as f32;
        let most = MOST_DEVIATIONS * work.vertices[v as usize].deviation();
        let point = p + normal * (RISE * (p - neighbours).dot(normal)).clamp(-most, most);
        if work.keeps_shape(v, fan.closed_rim(), point, 0.0) {
            work.vertices[v as usize].position = point;
        }
    }
    Ok(())
}
