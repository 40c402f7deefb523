//! Halves of charts that stand in the way of the others.

use glam::DVec2;

use super::chart::{Chart, Projection};
use super::label::neighbours;
use crate::decimate::half_edges::HalfEdges;
use crate::{Cancel, Cancelled, TriMesh};

/// Rounds in which a triangle goes over to where most of its neighbours are: a straighter seam.
const SMOOTHINGS: usize = 3;
const CANCEL_EVERY: usize = 4096;

/// Which way a chart is cut, in its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Upright,
    Level,
}

/// The largest connected piece of a chart beyond its middle: triangles, ascending. All of one chart, they do not
/// lie over each other; what is left of it may have become several.
pub fn half(
    mesh: &TriMesh,
    half_edges: &HalfEdges,
    chart: &Chart,
    cut: Cut,
    cancel: Cancel<'_>,
) -> Result<Vec<u32>, Cancelled> {
    let projection = Projection::new(chart.side, 1.0);
    let mut sum = (DVec2::ZERO, 0.0);
    let mut middles = Vec::with_capacity(chart.triangles.len());
    for (i, &triangle) in chart.triangles.iter().enumerate() {
        if i.is_multiple_of(CANCEL_EVERY) {
            cancel.check()?;
        }
        let [a, b, c] =
            mesh.triangles[triangle as usize].map(|v| projection.project(mesh.positions[v as usize]));
        let (middle, area) = ((a + b + c) / 3.0, (b - a).perp_dot(c - a).abs());
        sum = (sum.0 + middle * area, sum.1 + area);
        middles.push(middle);
    }
    let centre = sum.0 / sum.1;
    let mut piece_of = vec![Piece::Other; mesh.triangles.len()];
    for (&triangle, middle) in chart.triangles.iter().zip(middles) {
        let beyond = match cut {
            Cut::Upright => middle.x > centre.x,
            Cut::Level => middle.y > centre.y,
        };
        piece_of[triangle as usize] = if beyond { Piece::Beyond } else { Piece::Before };
    }
    for _ in 0..SMOOTHINGS {
        cancel.check()?;
        for &triangle in &chart.triangles {
            let own = piece_of[triangle as usize];
            let opposite = if own == Piece::Beyond { Piece::Before } else { Piece::Beyond };
            let around = neighbours(half_edges, triangle as usize).into_iter().flatten();
            if around.filter(|&n| piece_of[n] == opposite).count() >= 2 {
                piece_of[triangle as usize] = opposite;
            }
        }
    }
    let mut largest = Vec::new();
    for &seed in &chart.triangles {
        if piece_of[seed as usize] != Piece::Beyond {
            continue;
        }
        cancel.check()?;
        let mut piece = vec![seed];
        piece_of[seed as usize] = Piece::Other;
        let mut at = 0;
        while let Some(&triangle) = piece.get(at) {
            at += 1;
            for n in neighbours(half_edges, triangle as usize).into_iter().flatten() {
                if piece_of[n] == Piece::Beyond {
                    piece_of[n] = Piece::Other;
                    piece.push(n as u32);
                }
            }
        }
        if piece.len() > largest.len() {
            largest = piece;
        }
    }
    largest.sort_unstable();
    Ok(largest)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Before,
    Beyond,
    /// Of another chart, or already in a piece.
    Other,
}
