//! How full a slice is at each place of an outline.
//!
//! Another outline of the same slice says how deep its thickest part is, and nothing about a handle beside it.
//! So each outline is blown up by itself, and its rows are scaled to what the other one shows: with q the squared
//! half depth of a column as a share of the row's largest, and r the same of the other outline, the solid is where
//! (1 − q)^(p/2) + (1 − r)^(p/2) ≤ 1. Between two plain stretches that is a superellipse of exponent p; a thin part
//! is as deep as it is wide, and nothing jumps where two parts meet. What sticks out of both outlines alike at one
//! height is no limb but a ring: there every stretch is blown up by itself.

use glam::{Vec2, Vec3};
use oreforge_geometry::filter::gaussian;
use oreforge_geometry::{Cancel, Cancelled, Grid};

use super::super::inflate::cushion;
use super::hull::intervals;
use super::slice::SHARP;
use super::view::{Direction, Silhouette, locate};

/// How much neighbouring rows pull on each other where what sticks out is a ring: hardly.
const RING_ALONG: f32 = 0.02;
/// Where nothing in a row is this thick, it is the end of the object: there the distance to that end says
/// nothing about how round a slice is.
const END_CELLS: f32 = 6.0;
/// Half of an outline's own flare on the other one makes it a whole ring.
const RING_FACTOR: f32 = 2.0;
/// Flares below this are none.
const LEAST_FLARE: f32 = 0.03;
/// Rows over which flares are averaged, as a share of all (standard deviation).
const FLARE_SIGMA: f32 = 0.02;

/// What one outline says about every slice, on the cells of its silhouette.
pub struct Cushion {
    direction: Direction,
    /// Squared half depth as a share of the row's largest; negative outside.
    share: Grid<f32>,
    /// Column of the row's largest, and that half depth in cells.
    peak: Vec<(usize, f32)>,
}

/// One row of a cushion along an axis of the lattice.
pub struct Line {
    pub share: Vec<f32>,
    /// Change of `share` along the axis, and upwards.
    pub across: Vec<f32>,
    pub upwards: Vec<f32>,
    /// First place on the far side of the thickest one.
    pub peak: usize,
}

/// Squared half depth over its row's largest.
struct Blown {
    share: Grid<f32>,
    peak: Vec<(usize, f32)>,
}

impl Blown {
    fn new(distance: &Grid<f32>, along: f32, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let mut share = cushion(distance, along, cancel)?;
        let peak = (0..share.height())
            .map(|y| {
                let peak = normalized(share.row_mut(y));
                let thickest = distance.row(y).iter().copied().fold(0.0, f32::max);
                let end = (1.0 - thickest / END_CELLS).clamp(0.0, 1.0);
                if end > 0.0 && peak.1 > 0.0 {
                    let round = ellipses(distance.row(y));
                    let row = share.row_mut(y);
                    row.iter_mut().zip(&round).for_each(|(q, round)| *q += (round - *q) * end);
                }
                peak
            })
            .collect();
        Ok(Self { share, peak })
    }
}

/// A row as if it went on like that upwards and downwards.
fn ellipses(row: &[f32]) -> Vec<f32> {
    let stretches = intervals(row);
    let widest = stretches.iter().map(|(lo, hi)| hi - lo).fold(1e-3, f32::max);
    let parabola = |x: f32| {
        let of = |&(lo, hi): &(f32, f32)| 4.0 * (x - lo) * (hi - x) / (widest * widest);
        stretches.iter().map(of).fold(-1.0, f32::max)
    };
    (0..row.len()).map(|x| parabola(x as f32)).collect()
}

/// Divides a row by its largest; where that is and its root.
fn normalized(row: &mut [f32]) -> (usize, f32) {
    let (column, largest) =
        row.iter().copied().enumerate().fold((0, 0.0), |best, (x, h)| if h > best.1 { (x, h) } else { best });
    if largest > 0.0 {
        row.iter_mut().for_each(|h| *h /= largest);
    } else {
        row.fill(-1.0);
    }
    (column, largest.sqrt())
}

impl Cushion {
    /// Of all level outlines, one or two at a right angle.
    pub fn of_outlines(level: &[&Silhouette], cancel: Cancel<'_>) -> Result<Vec<Self>, Cancelled> {
        let limbs: Vec<Blown> =
            level.iter().map(|s| Blown::new(&s.distance, 1.0, cancel)).collect::<Result<_, _>>()?;
        let rings: Vec<Blown> =
            level.iter().map(|s| Blown::new(&s.distance, RING_ALONG, cancel)).collect::<Result<_, _>>()?;
        let flares: Vec<Vec<f32>> =
            limbs.iter().zip(&rings).map(|(l, r)| flares(&l.share, &r.share)).collect();
        let mut cushions = Vec::with_capacity(level.len());
        for (i, (limbs, rings)) in limbs.into_iter().zip(rings).enumerate() {
            let Blown { mut share, mut peak } = limbs;
            for other in (0..level.len()).filter(|&other| other != i) {
                let rings_share = ring_shares(&flares[i], &flares[other]);
                for (y, peak) in peak.iter_mut().enumerate() {
                    let row = share.row_mut(y);
                    row.iter_mut()
                        .zip(rings.share.row(y))
                        .for_each(|(limb, &ring)| *limb += (ring - *limb) * rings_share[y]);
                    peak.0 = normalized(row).0;
                }
            }
            cushions.push(Self { direction: level[i].direction, share, peak });
        }
        Ok(cushions)
    }

    /// Whether its columns lie along `axis`.
    pub fn spans(&self, axis: Vec3) -> bool {
        self.direction.right.dot(axis).abs() > 0.5
    }

    /// Half depth of every row from the ground up, the largest of them `largest`.
    pub fn half_depths(&self, largest: f32) -> Vec<f32> {
        let deepest = self.peak.iter().map(|p| p.1).fold(1e-3, f32::max);
        self.peak.iter().rev().map(|p| p.1 * largest / deepest).collect()
    }

    /// Without another side: as deep as `half_depth` cells all over.
    pub fn line_of_depth(half_depth: f32, places: usize) -> Line {
        let middle = (places - 1) as f32 * 0.5;
        let scale = 1.0 / (half_depth * half_depth).max(0.25);
        let share = (0..places).map(|i| 1.0 - (i as f32 - middle).powi(2) * scale).collect();
        let across = (0..places).map(|i| -2.0 * (i as f32 - middle) * scale).collect();
        Line { share, across, upwards: vec![0.0; places], peak: places.div_ceil(2) }
    }

    /// The row at `height` cells above the lattice's middle; place i lies at i − (places − 1) / 2 along `axis`.
    pub fn line(&self, axis: Vec3, height: f32, places: usize) -> Line {
        let (columns, rows) = (self.share.width(), self.share.height());
        let column = |i: usize| {
            let offset = axis * (i as f32 - (places - 1) as f32 * 0.5) + Vec3::Y * height;
            let Vec2 { x, y } = locate(&self.direction, columns, rows, offset).round();
            ((x.max(0.0) as usize).min(columns - 1), (y.max(0.0) as usize).min(rows - 1))
        };
        let share: Vec<f32> = (0..places)
            .map(|i| {
                let (x, y) = column(i);
                self.share.get(x, y)
            })
            .collect();
        let across = (0..places)
            .map(|i| (share[(i + 1).min(places - 1)] - share[i.saturating_sub(1)]) / 2.0)
            .collect();
        let upwards = (0..places)
            .map(|i| {
                let (x, y) = column(i);
                (self.share.get(x, y.saturating_sub(1)) - self.share.get(x, (y + 1).min(rows - 1))) / 2.0
            })
            .collect();
        let row = column(0).1;
        let peak = (0..places).find(|&i| column(i).0 == self.peak[row].0).unwrap_or(places / 2);
        Line { share, across, upwards, peak }
    }
}

/// How much thinner each row is as a limb than as a ring, in the mean over its stretches.
fn flares(limbs: &Grid<f32>, rings: &Grid<f32>) -> Vec<f32> {
    let mean = |y: usize| {
        let inside = limbs.row(y).iter().zip(rings.row(y)).filter(|(l, r)| l.min(**r) > 0.0);
        let (sum, count) = inside.fold((0.0, 0.0), |(sum, count), (l, r)| (sum + r - l, count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    };
    smooth((0..limbs.height()).map(mean).collect())
}

/// How much of what sticks out of each row of an outline is a ring: as much as the other one has too.
fn ring_shares(own: &[f32], other: &[f32]) -> Vec<f32> {
    let share = |(&own, &other): (&f32, &f32)| {
        (RING_FACTOR * own * other / (own * own + LEAST_FLARE * LEAST_FLARE)).clamp(0.0, 1.0)
    };
    smooth(own.iter().zip(other).map(share).collect())
}

fn smooth(rows: Vec<f32>) -> Vec<f32> {
    let sigma = rows.len() as f32 * FLARE_SIGMA;
    gaussian(&Grid::from_cells(1, rows.len(), rows), sigma).cells().to_vec()
}

/// What a line adds to a slice, for one exponent.
struct Term {
    /// 1 − (1 − share)^(p/2).
    fullness: f32,
    across: f32,
    upwards: f32,
}

impl Line {
    fn term(&self, i: usize, exponent: f32) -> Term {
        let hollow = (1.0 - self.share[i]).max(0.0);
        let power = hollow.max(1e-6).powf(exponent / 2.0 - 1.0);
        let slope = exponent / 2.0 * power;
        Term {
            fullness: 1.0 - power * hollow,
            across: slope * self.across[i],
            upwards: slope * self.upwards[i],
        }
    }
}

/// Approximate distance to the surface in a slice, positive inside, in cells: rows of `z`, columns of `x`.
/// `exponents` are of the corners: smaller and larger x, each at smaller and larger z. A sharp corner is left to
/// the outlines.
pub fn slice_values(x: &Line, z: &Line, exponents: [[f32; 2]; 2], saturation: f32) -> Vec<f32> {
    let of_x: Vec<[Term; 2]> = (0..x.share.len())
        .map(|i| [0, 1].map(|z_side| x.term(i, exponents[usize::from(i >= x.peak)][z_side].min(SHARP))))
        .collect();
    let of_z: Vec<[Term; 2]> = (0..z.share.len())
        .map(|i| [0, 1].map(|x_side| z.term(i, exponents[x_side][usize::from(i >= z.peak)].min(SHARP))))
        .collect();
    let mut values = Vec::with_capacity(x.share.len() * z.share.len());
    for (iz, of_z) in of_z.iter().enumerate() {
        let z_side = usize::from(iz >= z.peak);
        for (ix, of_x) in of_x.iter().enumerate() {
            let x_side = usize::from(ix >= x.peak);
            if exponents[x_side][z_side] >= SHARP {
                values.push(saturation);
                continue;
            }
            let (a, b) = (&of_x[z_side], &of_z[x_side]);
            let gradient = Vec3::new(a.across, a.upwards + b.upwards, b.across).length();
            let value = (a.fullness + b.fullness - 1.0) / gradient.max(1e-4);
            values.push(value.min(saturation));
        }
    }
    values
}
