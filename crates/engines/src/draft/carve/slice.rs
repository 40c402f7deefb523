//! Horizontal slices: convex pieces between the outlines' tangents, with rounded corners.
//!
//! Every row of a level outline is a set of intervals. One interval of each outline bounds a convex polygon
//! (the visual hull of that slice); the object touches each of its edges somewhere. A corner is rounded by a
//! superellipse quarter in the affine frame of its two edges, tangent to both at their points of contact: an
//! ellipse's quarter for exponent 2 in a rectangle, the bare corner for an infinite one.

use glam::{Mat2, Vec2};

/// Exponents from here on leave a corner as it is.
pub const SHARP: f32 = 24.0;
/// Corners between shorter stretches than this are left alone, in cells.
const SHORTEST_CELLS: f32 = 0.05;
/// A slice with more pieces than this is carved without rounding.
pub const MOST_PIECES: usize = 64;

/// The part of a slice between two parallel tangents: lo ≤ axis · q ≤ hi, in cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strip {
    /// Unit vector in the (x, z) plane.
    pub axis: Vec2,
    pub lo: f32,
    pub hi: f32,
    /// Which level outline, and which interval of its row.
    pub outline: usize,
    pub run: usize,
}

/// An edge of a polygon, from its start to the next edge's start, inside on its left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    pub start: Vec2,
    /// Unit, in the (x, z) plane.
    pub outward: Vec2,
    /// Distance of the edge's line from the middle along `outward`.
    pub reach: f32,
    pub outline: usize,
    pub run: usize,
}

/// Convex, edges inside on their left, azimuth of `outward` decreasing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Polygon {
    pub edges: Vec<Edge>,
}

impl Polygon {
    /// The box between two crossing strips.
    pub fn between(a: &Strip, b: &Strip) -> Option<Self> {
        let far = 4.0 * (a.lo.abs() + a.hi.abs() + b.lo.abs() + b.hi.abs() + 1.0);
        let corners =
            [Vec2::new(far, -far), Vec2::new(far, far), Vec2::new(-far, far), Vec2::new(-far, -far)];
        let outwards = [Vec2::X, Vec2::Y, Vec2::NEG_X, Vec2::NEG_Y];
        let edges = corners
            .into_iter()
            .zip(outwards)
            .map(|(start, outward)| Edge { start, outward, reach: far, outline: usize::MAX, run: 0 })
            .collect();
        Self { edges }.cut_by_strip(a)?.cut_by_strip(b)
    }

    pub fn cut_by_strip(self, strip: &Strip) -> Option<Self> {
        self.cut(strip.axis, strip.hi, strip)?.cut(-strip.axis, -strip.lo, strip)
    }

    /// Keeps outward · q ≤ reach.
    fn cut(self, outward: Vec2, reach: f32, strip: &Strip) -> Option<Self> {
        let count = self.edges.len();
        let beyond: Vec<f32> = self.edges.iter().map(|e| outward.dot(e.start) - reach).collect();
        let mut edges = Vec::with_capacity(count + 1);
        for i in 0..count {
            let next = (i + 1) % count;
            let crossing = || {
                let t = beyond[i] / (beyond[i] - beyond[next]);
                self.edges[i].start.lerp(self.edges[next].start, t)
            };
            match (beyond[i] <= 0.0, beyond[next] <= 0.0) {
                (true, true) => edges.push(self.edges[i]),
                (true, false) => {
                    edges.push(self.edges[i]);
                    edges.push(Edge {
                        start: crossing(),
                        outward,
                        reach,
                        outline: strip.outline,
                        run: strip.run,
                    });
                }
                (false, true) => edges.push(Edge { start: crossing(), ..self.edges[i] }),
                (false, false) => {}
            }
        }
        (edges.len() >= 3).then_some(Self { edges })
    }

    pub fn end(&self, edge: usize) -> Vec2 {
        self.edges[(edge + 1) % self.edges.len()].start
    }
}

/// A rounded corner between contact points `a` on the first edge and `b` on the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arc {
    corner: Vec2,
    inverse: Mat2,
    exponent: f32,
}

impl Arc {
    /// `None` for a corner that stays as it is.
    pub fn new(corner: Vec2, a: Vec2, b: Vec2, exponent: f32) -> Option<Self> {
        let (to_a, to_b) = (a - corner, b - corner);
        if exponent >= SHARP || to_a.length() < SHORTEST_CELLS || to_b.length() < SHORTEST_CELLS {
            return None;
        }
        let frame = Mat2::from_cols(to_a, to_b);
        let flat = to_a.perp_dot(to_b).abs() < 1e-3 * to_a.length() * to_b.length();
        (!flat).then(|| Self { corner, inverse: frame.inverse(), exponent })
    }

    /// The exponent that makes a circle's arc between two equal tangents whose normals turn by `turn_rad`.
    pub fn circular_exponent(turn_rad: f32) -> f32 {
        let half_cos = (turn_rad / 2.0).cos();
        let shoulder = half_cos / (1.0 + half_cos);
        -std::f32::consts::LN_2 / ((1.0 + shoulder) / 2.0).ln()
    }

    /// Approximate distance to the arc in cells, positive inside; infinite where other edges decide.
    pub fn distance(&self, q: Vec2) -> f32 {
        let [s, t] = (Vec2::ONE - self.inverse * (q - self.corner)).to_array();
        let largest = s.max(t);
        // Beside the arc the edges' lines decide; far inside nothing does.
        if s.min(t) <= 0.0 || largest < 0.2 {
            return f32::INFINITY;
        }
        let (u, v) = (s / largest, t / largest);
        let p = self.exponent;
        let (up, vp) = (power(u, p - 1.0), power(v, p - 1.0));
        let sum = up * u + vp * v;
        let norm = largest * power(sum, 1.0 / p);
        // ∇norm = Σ (s / norm)^(p − 1) ∇s.
        let scale = power(largest / norm, p - 1.0);
        let gradient = self.inverse.transpose() * Vec2::new(up * scale, vp * scale);
        (1.0 - norm) / gradient.length().max(1e-6)
    }
}

/// x^p for x ≥ 0.
fn power(x: f32, p: f32) -> f32 {
    if x <= 0.0 { 0.0 } else { (x.log2() * p).exp2() }
}

/// A polygon with its corners rounded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Piece {
    /// Outward unit vector and reach of each edge.
    lines: Vec<(Vec2, f32)>,
    arcs: Vec<Arc>,
}

impl Piece {
    pub fn new(polygon: &Polygon, arcs: Vec<Arc>) -> Self {
        Self { lines: polygon.edges.iter().map(|e| (e.outward, e.reach)).collect(), arcs }
    }

    /// Approximate distance to the piece's outline in cells, positive inside.
    pub fn distance(&self, q: Vec2) -> f32 {
        let to_lines =
            self.lines.iter().map(|&(outward, reach)| reach - outward.dot(q)).fold(f32::INFINITY, f32::min);
        self.arcs.iter().map(|arc| arc.distance(q)).fold(to_lines, f32::min)
    }
}
