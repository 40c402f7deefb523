//! How the corners of every slice are rounded: where the object touches its tangents, and how full it is.
//!
//! Where two neighbouring views see the same rounded corner, their colours tell: the right contact points and
//! exponent are those under which both views show the same colour at each point of the arc (photo-consistency,
//! Seitz and Dyer 1999, on a parametric surface). Every guess is judged at normals evenly spread between the
//! two viewing directions, so that a sharp corner, seen by both only along its edge, competes on equal terms.

use glam::{Vec2, Vec4};
use oreforge_geometry::{Cancel, Cancelled, Grid};
use rayon::prelude::*;

use super::hull::Hull;
use super::slice::{Arc, Piece, Polygon, SHARP};
use super::view::{Lattice, View, locate, on_lattice};

const CONTACTS: [f32; 7] = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
const EXPONENTS: [f32; 7] = [1.4, 1.7, 2.0, 2.6, 3.6, 6.0, SHARP];
const MIDDLE: usize = 3;
const ROUND: usize = 2;
const GUESSES: usize = CONTACTS.len() * CONTACTS.len() * EXPONENTS.len();
/// Share of a right angle between the two viewing directions: the normals at which colours are compared.
const TURNS: [f32; 8] = [0.22, 0.3, 0.38, 0.46, 0.54, 0.62, 0.7, 0.78];
/// A larger difference of colour (Euclidean, sRGB 0..=1) says no more than this one.
const LARGEST_DIFFERENCE: f32 = 0.4;
/// Rows whose judgement is shared, as a share of all rows (standard deviation).
const ROW_SIGMA: f32 = 0.03;
/// Rows over which the choice is averaged then.
const CHOICE_SIGMA: f32 = 0.06;
/// Cost of doubling or halving the exponent that was expected.
const EXPONENT_PRIOR: f32 = 0.005;
/// Difference of colour at the best guess that doubles what speaks against unexpected guesses.
const DOUBTFUL_DIFFERENCE: f32 = 0.06;
/// Cost of a contact point away from the middle, times the squared share.
const CONTACT_PRIOR: f32 = 0.3;
/// Below this a slice looks pinched; colours ask for it where contact points lie away from the middle, which a
/// cushion shows by itself.
const LEAST_CORNER: f32 = 1.8;
const SWEEPS: usize = 3;
/// Edges shorter than this, in cells, have too few pixels to judge.
const SHORTEST_EDGE_CELLS: f32 = 5.0;

/// Of one slice, by tangent (see `Hull::tangent`).
#[derive(Debug, Clone, PartialEq)]
struct Row {
    /// Where an edge is touched, as a share of its length.
    contact: Vec<f32>,
    /// Fullness of the corner at an edge's end, as log2 of the exponent.
    log_exponent: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rounding {
    /// From the bottom of the lattice it was judged on to its top.
    rows: Vec<Row>,
    lattice: Lattice,
    /// Mean exponent in use.
    pub exponent: f32,
    /// Share of the corners that were judged by colour.
    pub judged: f32,
    /// Mean difference of colour between the views at the chosen corners (Euclidean, sRGB 0..=1).
    pub mismatch: f32,
}

/// Costs of all guesses for one corner of one slice.
type Costs = Box<[f32; GUESSES]>;

fn guess(a: usize, b: usize, p: usize) -> usize {
    (a * CONTACTS.len() + b) * EXPONENTS.len() + p
}

/// Colours of a level view on the lattice, unmixed from the background.
struct Witness {
    view_azimuth: Vec2,
    direction: super::view::Direction,
    colors: Grid<Vec4>,
}

impl Witness {
    fn at(&self, q: Vec2, y: f32) -> Option<Vec4> {
        let place =
            locate(&self.direction, self.colors.width(), self.colors.height(), glam::Vec3::new(q.x, y, q.y));
        let color = oreforge_geometry::resize::bilinear(&self.colors, place.x, place.y);
        (color.w > 0.3).then(|| color / color.w)
    }
}

impl Rounding {
    /// Every corner alike, touched in the middle.
    pub fn uniform(hull: &Hull, exponent: f32) -> Self {
        let tangents = 2 * hull.axes.len();
        let row = Row { contact: vec![0.5; tangents], log_exponent: vec![exponent.log2(); tangents] };
        Self { rows: vec![row; hull.rows.len()], lattice: hull.lattice, exponent, judged: 0.0, mismatch: 0.0 }
    }

    /// What the colours of `views` say; where they say little, corners have the exponent `expected`.
    pub fn judge(views: &[View], hull: &Hull, expected: f32, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        let witnesses: Vec<Witness> = views
            .iter()
            .filter(|v| v.direction.is_level() && v.trust >= 1.0)
            .map(|v| Witness {
                view_azimuth: Vec2::new(v.direction.toward.x, v.direction.toward.z),
                direction: v.direction,
                colors: on_lattice(v, &hull.lattice),
            })
            .collect();
        let tangents = 2 * hull.axes.len();
        let costs: Vec<Vec<Option<Costs>>> = (0..hull.rows.len())
            .into_par_iter()
            .map(|y| {
                cancel.check()?;
                let mut costs: Vec<Option<Costs>> = vec![None; tangents];
                if let Some([polygon]) = hull.rows[y].as_deref() {
                    let height = y as f32 + hull.lattice.first().y;
                    for i in 0..polygon.edges.len() {
                        let tangent = hull.tangent(polygon.edges[i].outline, polygon.edges[i].outward);
                        costs[tangent] = corner_costs(polygon, i, height, &witnesses);
                    }
                }
                Ok(costs)
            })
            .collect::<Result<_, Cancelled>>()?;
        cancel.check()?;
        Ok(Self::choose(hull, &costs, expected.log2()))
    }

    fn choose(hull: &Hull, costs: &[Vec<Option<Costs>>], expected: f32) -> Self {
        let tangents = 2 * hull.axes.len();
        let neighbours: Vec<(usize, usize)> = corner_pairs(hull);
        let mut rows =
            vec![Row { contact: vec![0.5; tangents], log_exponent: vec![expected; tangents] }; costs.len()];
        let smooth: Vec<Vec<Option<Costs>>> = (0..tangents)
            .into_par_iter()
            .map(|t| smoothed(&costs.iter().map(|row| row[t].as_deref()).collect::<Vec<_>>()))
            .collect();
        let (mut corners, mut judged, mut mismatch) = (0u32, 0u32, 0.0);
        for (y, row) in rows.iter_mut().enumerate() {
            let mut contact = vec![MIDDLE; tangents];
            // Where even the best guess leaves a difference, the colours deserve less belief.
            let doubt: Vec<f32> = (0..tangents)
                .map(|t| {
                    let least =
                        smooth[t][y].as_ref().map_or(0.0, |c| c.iter().copied().fold(f32::MAX, f32::min));
                    1.0 + (least / DOUBTFUL_DIFFERENCE).powi(2)
                })
                .collect();
            for _ in 0..SWEEPS {
                for t in 0..tangents {
                    let best = (0..CONTACTS.len()).min_by(|&a, &b| {
                        let total = |share: usize| {
                            let prior = CONTACT_PRIOR * (CONTACTS[share] - 0.5).powi(2) * doubt[t];
                            neighbours
                                .iter()
                                .map(|&(first, second)| {
                                    let Some(costs) = &smooth[first][y] else { return 0.0 };
                                    if first == t {
                                        best_exponent(costs, share, contact[second], expected, doubt[first]).1
                                    } else if second == t {
                                        best_exponent(costs, contact[first], share, expected, doubt[first]).1
                                    } else {
                                        0.0
                                    }
                                })
                                .sum::<f32>()
                                + prior
                        };
                        total(a).total_cmp(&total(b))
                    });
                    contact[t] = best.unwrap_or(MIDDLE);
                }
            }
            for t in 0..tangents {
                row.contact[t] = CONTACTS[contact[t]];
            }
            for &(first, second) in &neighbours {
                corners += 1;
                if let Some(costs) = &smooth[first][y] {
                    judged += 1;
                    let p = best_exponent(costs, contact[first], contact[second], expected, doubt[first]).0;
                    mismatch += costs[guess(contact[first], contact[second], p)];
                    row.log_exponent[first] = EXPONENTS[p].log2();
                }
            }
        }
        let mean =
            rows.iter().flat_map(|r| &r.log_exponent).sum::<f32>() / (rows.len() * tangents).max(1) as f32;
        smooth_rows(&mut rows);
        Self {
            rows,
            lattice: hull.lattice,
            exponent: mean.exp2(),
            judged: judged as f32 / corners.max(1) as f32,
            mismatch: mismatch / judged.max(1) as f32,
        }
    }

    /// The rounded pieces of a slice of any lattice round the same box; empty where the hull alone decides.
    pub fn pieces(&self, hull: &Hull, y: usize) -> Vec<Piece> {
        let Some(polygons) = &hull.rows[y] else { return Vec::new() };
        let height_m = (hull.lattice.first().y + y as f32) * hull.lattice.cell_m;
        let row = self.row_at(height_m / self.lattice.cell_m - self.lattice.first().y);
        polygons.iter().map(|polygon| piece(hull, &row, polygon)).collect()
    }

    /// Exponents of a slice between outlines along x and z: smaller and larger x, each at smaller and larger z.
    pub fn corners(&self, hull: &Hull, y: usize) -> [[f32; 2]; 2] {
        let height_m = (hull.lattice.first().y + y as f32) * hull.lattice.cell_m;
        let row = self.row_at(height_m / self.lattice.cell_m - self.lattice.first().y);
        let pairs = corner_pairs(hull);
        [-1.0, 1.0].map(|x| {
            [-1.0, 1.0].map(|z| {
                let between = |t: usize| outward(hull, t).dot(Vec2::new(x, z)) > 0.0;
                let corner = pairs.iter().find(|&&(a, b)| between(a) && between(b));
                corner.map_or(LEAST_CORNER, |&(first, _)| row.log_exponent[first].exp2().max(LEAST_CORNER))
            })
        })
    }

    fn row_at(&self, index: f32) -> Row {
        let index = index.clamp(0.0, (self.rows.len() - 1) as f32);
        let (low, high) =
            (&self.rows[index as usize], &self.rows[(index as usize + 1).min(self.rows.len() - 1)]);
        let mix = |a: &[f32], b: &[f32]| -> Vec<f32> {
            a.iter().zip(b).map(|(&a, &b)| if a == b { a } else { a + (b - a) * index.fract() }).collect()
        };
        Row {
            contact: mix(&low.contact, &high.contact),
            log_exponent: mix(&low.log_exponent, &high.log_exponent),
        }
    }
}

fn piece(hull: &Hull, row: &Row, polygon: &Polygon) -> Piece {
    let count = polygon.edges.len();
    let tangent = |i: usize| hull.tangent(polygon.edges[i].outline, polygon.edges[i].outward);
    let contact = |i: usize| polygon.edges[i].start.lerp(polygon.end(i), row.contact[tangent(i)]);
    let arcs = (0..count)
        .filter_map(|i| {
            let next = (i + 1) % count;
            let turn = polygon.edges[i].outward.angle_to(polygon.edges[next].outward).abs();
            // The chosen exponent is for a right angle; a blunter corner of the same fullness needs more.
            let exponent = row.log_exponent[tangent(i)].exp2() * Arc::circular_exponent(turn) / 2.0;
            Arc::new(polygon.end(i), contact(i), contact(next), exponent)
        })
        .collect();
    Piece::new(polygon, arcs)
}

fn outward(hull: &Hull, tangent: usize) -> Vec2 {
    hull.axes[tangent / 2] * if tangent.is_multiple_of(2) { 1.0 } else { -1.0 }
}

/// Tangents that follow one another round a slice.
fn corner_pairs(hull: &Hull) -> Vec<(usize, usize)> {
    let outward = |t: usize| outward(hull, t);
    let mut order: Vec<usize> = (0..2 * hull.axes.len()).collect();
    order.sort_by(|&a, &b| outward(a).to_angle().total_cmp(&outward(b).to_angle()));
    order.iter().enumerate().map(|(i, &t)| (t, order[(i + 1) % order.len()])).collect()
}

/// The cheapest exponent's index and its cost, the distance from what was expected included.
fn best_exponent(costs: &[f32; GUESSES], a: usize, b: usize, expected: f32, doubt: f32) -> (usize, f32) {
    let mut best = (ROUND, f32::INFINITY);
    let expected = expected.min(SHARP.log2());
    for (p, exponent) in EXPONENTS.iter().enumerate() {
        let cost = costs[guess(a, b, p)] + EXPONENT_PRIOR * (exponent.log2() - expected).abs() * doubt;
        if cost < best.1 {
            best = (p, cost);
        }
    }
    best
}

/// Costs averaged over neighbouring rows, also for rows that have none of their own.
fn smoothed(costs: &[Option<&[f32; GUESSES]>]) -> Vec<Option<Costs>> {
    let sigma = costs.len() as f32 * ROW_SIGMA;
    let reach = (3.0 * sigma) as usize;
    (0..costs.len())
        .map(|y| {
            let mut sum = Box::new([0.0f32; GUESSES]);
            let mut weights = 0.0;
            for other in y.saturating_sub(reach)..=(y + reach).min(costs.len() - 1) {
                if let Some(costs) = costs[other] {
                    let distance = (other as f32 - y as f32) / sigma;
                    let weight = (-0.5 * distance * distance).exp();
                    weights += weight;
                    for (sum, &cost) in sum.iter_mut().zip(costs) {
                        *sum += weight * cost;
                    }
                }
            }
            if weights < 1e-3 {
                return None;
            }
            for sum in sum.iter_mut() {
                *sum /= weights;
            }
            Some(sum)
        })
        .collect()
}

fn smooth_rows(rows: &mut [Row]) {
    let sigma = rows.len() as f32 * CHOICE_SIGMA;
    let reach = (3.0 * sigma) as usize;
    let old = rows.to_vec();
    for (y, row) in rows.iter_mut().enumerate() {
        let near = y.saturating_sub(reach)..=(y + reach).min(old.len() - 1);
        let weights: Vec<(usize, f32)> =
            near.map(|o| (o, (-0.5 * ((o as f32 - y as f32) / sigma).powi(2)).exp())).collect();
        let total: f32 = weights.iter().map(|w| w.1).sum();
        for t in 0..row.contact.len() {
            row.contact[t] = weights.iter().map(|&(o, w)| old[o].contact[t] * w).sum::<f32>() / total;
            row.log_exponent[t] =
                weights.iter().map(|&(o, w)| old[o].log_exponent[t] * w).sum::<f32>() / total;
        }
    }
}

fn corner_costs(polygon: &Polygon, edge: usize, height: f32, witnesses: &[Witness]) -> Option<Costs> {
    let next = (edge + 1) % polygon.edges.len();
    let (first, second) = (&polygon.edges[edge], &polygon.edges[next]);
    let facing = |outward: Vec2| witnesses.iter().find(|w| w.view_azimuth.dot(outward) > 0.97);
    let (seen_first, seen_second) = (facing(first.outward)?, facing(second.outward)?);
    let corner = second.start;
    let (length_a, length_b) = (first.start.distance(corner), polygon.end(next).distance(corner));
    if length_a.min(length_b) < SHORTEST_EDGE_CELLS {
        return None;
    }
    let mut costs = Box::new([LARGEST_DIFFERENCE; GUESSES]);
    for (ia, &share_a) in CONTACTS.iter().enumerate() {
        let a = first.start.lerp(corner, share_a) - corner;
        for (ib, &share_b) in CONTACTS.iter().enumerate() {
            let b = corner.lerp(polygon.end(next), share_b) - corner;
            for (ip, &exponent) in EXPONENTS.iter().enumerate() {
                let root = 1.0 / (exponent - 1.0);
                let sum: f32 = TURNS
                    .iter()
                    .map(|turn| {
                        let (sin, cos) = (turn * std::f32::consts::FRAC_PI_2).sin_cos();
                        // Near the first contact the normal is the first edge's.
                        let (t, s) = ((a.length() * sin).powf(root), (b.length() * cos).powf(root));
                        let norm = (t.powf(exponent) + s.powf(exponent)).powf(1.0 / exponent);
                        let q = corner + a * (1.0 - t / norm) + b * (1.0 - s / norm);
                        match (seen_first.at(q, height), seen_second.at(q, height)) {
                            (Some(c), Some(d)) => (c - d).length().min(LARGEST_DIFFERENCE),
                            _ => LARGEST_DIFFERENCE,
                        }
                    })
                    .sum();
                costs[guess(ia, ib, ip)] = sum / TURNS.len() as f32;
            }
        }
    }
    Some(costs)
}
