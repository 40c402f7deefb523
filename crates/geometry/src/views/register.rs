//! How a mesh from anywhere has to be turned, scaled and shifted to look as its views show it.

use std::f32::consts::FRAC_1_SQRT_2;

use glam::{Mat3, Mat4, Quat, Vec3, Vec4};
use rayon::prelude::*;

use super::outline::Outline;
use super::{Pose, View};
use crate::decimate::decimate;
use crate::{Cancel, Cancelled, TriMesh};

/// Triangles of the stand-ins on which every turn is tried, and on which the best ones are refined.
const ROUGH_TRIANGLES: usize = 1_500;
const FINE_TRIANGLES: usize = 8_000;
const ROUGH_SIDE: usize = 96;
const FINE_SIDE: usize = 320;
/// Between the azimuths that are tried; a right angle is a multiple of it.
const AZIMUTH_STEP_DEG: f32 = 15.0;
/// Turns that are refined.
const FINALISTS: usize = 6;
/// What a mesh that lies as it should, or along the axes, may be worse by, in IoU: outlines of what is round or
/// the same from two sides say too little.
const AS_IS_BONUS: f32 = 0.006;
const ALONG_AXES_BONUS: f32 = 0.003;
/// How little is said by the wish that what no view shows is in the middle.
const CENTRED: f32 = 1e-3;

/// What is up in the mesh, as the turn that brings it to +Y.
const UPRIGHT: [Quat; 6] = [
    Quat::IDENTITY,
    Quat::from_xyzw(-FRAC_1_SQRT_2, 0.0, 0.0, FRAC_1_SQRT_2),
    Quat::from_xyzw(FRAC_1_SQRT_2, 0.0, 0.0, FRAC_1_SQRT_2),
    Quat::from_xyzw(1.0, 0.0, 0.0, 0.0),
    Quat::from_xyzw(0.0, 0.0, FRAC_1_SQRT_2, FRAC_1_SQRT_2),
    Quat::from_xyzw(0.0, 0.0, -FRAC_1_SQRT_2, FRAC_1_SQRT_2),
];
/// The names of the axes that are up then.
const UP_AXES: [&str; 6] = ["+y", "+z", "-z", "-y", "+x", "-x"];

/// A mesh before its views.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// Into a space where the longer side of every view goes from -1 to 1 and its middle is the origin.
    pub views_from_mesh: Pose,
    /// Mean over the views of the intersection over union of the outlines, 0..=1.
    pub iou: f32,
    /// Of each view, in their order; 0 for one that shows nothing.
    pub view_ious: Vec<f32>,
    /// The mesh's axis that is up.
    pub up_axis: &'static str,
    /// Turned by this much about the upright axis.
    pub azimuth_deg: f32,
}

/// Tries every axis of the mesh as the upright one and every azimuth, fits scale and shift to the outlines'
/// boxes, and refines the best. The turn is one about the upright axis only beyond right angles; nothing is
/// mirrored. `None` when no view shows anything or the mesh has no extent.
///
/// # Panics
/// When a triangle names a vertex that is not there or a position is not finite.
pub fn register(mesh: &TriMesh, views: &[View], cancel: Cancel<'_>) -> Result<Option<Registered>, Cancelled> {
    let outlines = |side: usize| -> Vec<Option<Outline>> {
        views.par_iter().map(|view| Outline::of(view, side)).collect()
    };
    let rough: Vec<Outline> = outlines(ROUGH_SIDE).into_iter().flatten().collect();
    let fine = outlines(FINE_SIDE);
    let Some((low, high)) = mesh.bounds().filter(|(low, high)| low != high && !rough.is_empty()) else {
        return Ok(None);
    };
    let middle = (low + high) / 2.0;
    cancel.check()?;
    let mut fine_mesh = decimate(mesh.clone(), FINE_TRIANGLES, cancel)?;
    // Turned about its middle, it stays where it is.
    fine_mesh.positions.iter_mut().for_each(|p| *p -= middle);
    let rough_mesh = decimate(fine_mesh.clone(), ROUGH_TRIANGLES, cancel)?;

    let azimuths = (360.0 / AZIMUTH_STEP_DEG) as usize;
    let tried: Vec<(Guess, f32)> = (0..UPRIGHT.len() * azimuths)
        .into_par_iter()
        .map(|i| {
            cancel.check()?;
            let azimuth_deg = (i % azimuths) as f32 * AZIMUTH_STEP_DEG;
            let guess = Guess::by_boxes(i / azimuths, azimuth_deg, &rough_mesh, &rough);
            Ok((guess, guess.merit(&rough_mesh, &rough)))
        })
        .collect::<Result<_, Cancelled>>()?;
    // The best of their neighbourhood.
    let merit = |up: usize, azimuth: usize| tried[up * azimuths + azimuth % azimuths].1;
    let mut finalists: Vec<(Guess, f32)> = (0..tried.len())
        .filter(|&i| {
            let (up, at) = (i / azimuths, i % azimuths);
            let own = merit(up, at);
            own >= merit(up, at + 1) && own >= merit(up, at + azimuths - 1)
        })
        .map(|i| tried[i])
        .collect();
    finalists.sort_by(|a, b| b.1.total_cmp(&a.1));
    finalists.truncate(FINALISTS);
    // As it is comes first, so that among equals it wins.
    finalists.insert(0, tried[0]);
    let refined: Vec<(Guess, f32)> = finalists
        .into_par_iter()
        .map(|(guess, _)| {
            let merit = |guess: &Guess| guess.merit(&rough_mesh, &rough);
            let fitted = |guess: &Guess| Guess::by_boxes(guess.up, guess.azimuth_deg, &rough_mesh, &rough);
            let guess = refine(guess, &[AZIMUTH], (1.0, 0.1), |g| merit(&fitted(g)), cancel)?;
            let guess = refine(fitted(&guess), &ALL, (0.5, 0.1), merit, cancel)?;
            Ok((guess, merit(&guess)))
        })
        .collect::<Result<_, Cancelled>>()?;
    let Some(&(best, _)) = refined.iter().reduce(|a, b| if b.1 > a.1 { b } else { a }) else {
        return Ok(None);
    };
    let seen: Vec<&Outline> = fine.iter().flatten().collect();
    let mean = |guess: &Guess| {
        let pose = guess.pose();
        let ious: Vec<f32> = seen.par_iter().map(|outline| outline.iou(&fine_mesh, &pose)).collect();
        ious.iter().sum::<f32>() / ious.len() as f32
    };
    let best = refine(best, &ALL, (0.25, 0.02), mean, cancel)?;
    let pose = best.pose();
    let view_ious =
        fine.iter().map(|outline| outline.as_ref().map_or(0.0, |o| o.iou(&fine_mesh, &pose))).collect();
    Ok(Some(Registered {
        views_from_mesh: Pose { offset: pose.offset - pose.turn * middle * pose.scale, ..pose },
        iou: mean(&best),
        view_ious,
        up_axis: UP_AXES[best.up],
        azimuth_deg: best.azimuth_deg.rem_euclid(360.0),
    }))
}

#[derive(Debug, Clone, Copy)]
struct Guess {
    /// Of `UPRIGHT`.
    up: usize,
    azimuth_deg: f32,
    scale: f32,
    offset: Vec3,
}

impl Guess {
    fn turn(up: usize, azimuth_deg: f32) -> Mat3 {
        let upright = Mat3::from_quat(UPRIGHT[up]);
        // Exact along the axes: the quaternions are right to the last bit only nearly.
        let upright = Mat3::from_cols_array(&upright.to_cols_array().map(f32::round));
        Mat3::from_rotation_y(azimuth_deg.to_radians()) * upright
    }

    /// Scale and shift that bring the boxes round the outlines together best, by least squares.
    fn by_boxes(up: usize, azimuth_deg: f32, mesh: &TriMesh, outlines: &[Outline]) -> Self {
        let turn = Self::turn(up, azimuth_deg);
        let reach = |axis: Vec3| {
            let axis = turn.transpose() * axis;
            let along = mesh.positions.iter().map(|p| p.dot(axis));
            along.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)))
        };
        let (mut normal, mut right) = (Mat4::ZERO, Vec4::ZERO);
        let mut equation = |row: Vec4, value: f32, weight: f32| {
            normal += Mat4::from_cols(row * row.x, row * row.y, row * row.z, row * row.w) * weight;
            right += row * value * weight;
        };
        for outline in outlines {
            let sides =
                [(outline.right, outline.low.x, outline.high.x), (outline.up, outline.low.y, outline.high.y)];
            for (axis, low, high) in sides {
                let (mesh_low, mesh_high) = reach(axis);
                equation(axis.extend(mesh_low), low, 1.0);
                equation(axis.extend(mesh_high), high, 1.0);
            }
        }
        for axis in [Vec3::X, Vec3::Y, Vec3::Z] {
            let (low, high) = reach(axis);
            equation(axis.extend((low + high) / 2.0), 0.0, CENTRED);
        }
        let solved = normal.inverse() * right;
        Self { up, azimuth_deg, scale: solved.w, offset: solved.truncate() }
    }

    fn pose(&self) -> Pose {
        let turn = Self::turn(self.up, self.azimuth_deg);
        Pose { turn, scale: self.scale, offset: self.offset }
    }

    /// Mean IoU, and what is likely anyway.
    fn merit(&self, mesh: &TriMesh, outlines: &[Outline]) -> f32 {
        let pose = self.pose();
        if !(pose.scale > 0.0 && pose.offset.is_finite()) {
            return 0.0;
        }
        let mean = outlines.iter().map(|o| o.iou(mesh, &pose)).sum::<f32>() / outlines.len() as f32;
        let off_axes = (self.azimuth_deg / 90.0 - (self.azimuth_deg / 90.0).round()).abs() * 90.0;
        let quarter = (self.azimuth_deg / 90.0).round().rem_euclid(4.0);
        let bonus = match (off_axes < AZIMUTH_STEP_DEG / 2.0, self.up, quarter == 0.0) {
            (true, 0, true) => AS_IS_BONUS,
            (true, ..) => ALONG_AXES_BONUS,
            (false, ..) => 0.0,
        };
        mean + bonus
    }

    fn moved(mut self, parameter: usize, by: f32) -> Self {
        match parameter {
            AZIMUTH => self.azimuth_deg += by * AZIMUTH_STEP_DEG / 2.0,
            1 => self.scale *= 1.0 + by * 0.04,
            axis => self.offset[axis - 2] += by * 0.04,
        }
        self
    }
}

/// What a guess is made of: the azimuth, the scale, and the shift along three axes.
const ALL: [usize; 5] = [AZIMUTH, 1, 2, 3, 4];
const AZIMUTH: usize = 0;

/// Goes along the parameters in turn, with steps that are halved while none is an improvement.
fn refine(
    mut best: Guess,
    parameters: &[usize],
    (first_step, last_step): (f32, f32),
    merit: impl Fn(&Guess) -> f32,
    cancel: Cancel<'_>,
) -> Result<Guess, Cancelled> {
    const MOST_ROUNDS: usize = 40;
    let mut most = merit(&best);
    let mut step = first_step;
    for _ in 0..MOST_ROUNDS {
        let mut better = false;
        for &parameter in parameters {
            for by in [step, -step] {
                cancel.check()?;
                let guess = best.moved(parameter, by);
                let reached = merit(&guess);
                if reached > most {
                    (best, most, better) = (guess, reached, true);
                    break;
                }
            }
        }
        if !better {
            step /= 2.0;
            if step < last_step {
                break;
            }
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_is_named_after_what_it_brings_up() {
        let axes = [Vec3::Y, Vec3::Z, -Vec3::Z, -Vec3::Y, Vec3::X, -Vec3::X];
        for (up, axis) in axes.into_iter().enumerate() {
            assert_eq!(Guess::turn(up, 0.0) * axis, Vec3::Y, "{}", UP_AXES[up]);
        }
    }
}
