//! How large the charts can be, and which of them is better cut.

use super::chart::Chart;
use super::cut::{self, Cut};
use super::label::SIDES;
use super::{Layout, flat_area};
use crate::decimate::half_edges::HalfEdges;
use crate::{Cancel, Cancelled};

/// Final cells along a coarse one.
const COARSE: usize = 4;
/// How near to each other a scale that fits and one that fails are sought.
const SCALE_ENOUGH: f64 = 1.02;
/// How much larger everything has to get for a cut to be worth its seam.
const CUT_GAIN: f64 = 1.03;
/// The side that is never cut: the one that is looked at.
const FRONT: u8 = 0;

/// For the largest scale at which charts fit, on coarse cells.
pub struct Search<'a> {
    pub layout: &'a Layout<'a>,
    pub factors: [f64; SIDES.len()],
    pub charts: Vec<Chart>,
    /// Scales.
    pub fits: f64,
    pub fails: f64,
}

impl Search<'_> {
    fn try_scale(&self, charts: &[Chart], scale: f64, cancel: Cancel<'_>) -> Result<bool, Cancelled> {
        let densities = self.factors.map(|factor| factor * scale);
        Ok(self.layout.place(charts, &densities, self.layout.cell_px * COARSE, cancel)?.is_some())
    }

    pub fn narrow(&mut self, cancel: Cancel<'_>) -> Result<(), Cancelled> {
        while self.fails > self.fits * SCALE_ENOUGH {
            let scale = (self.fits * self.fails).sqrt();
            let fit = self.try_scale(&self.charts, scale, cancel)?;
            *(if fit { &mut self.fits } else { &mut self.fails }) = scale;
        }
        Ok(())
    }

    /// Cuts the largest chart in two, but for those of the front, if all get clearly larger by it. Answers the
    /// triangles of the new chart.
    pub fn cut(&mut self, half_edges: &HalfEdges, cancel: Cancel<'_>) -> Result<Option<Vec<u32>>, Cancelled> {
        let mesh = self.layout.mesh;
        let area = |chart: &Chart| -> f64 {
            chart
                .triangles
                .iter()
                .map(|&t| flat_area(mesh, mesh.triangles[t as usize], chart.side, &self.factors))
                .sum()
        };
        let cuttable = self.charts.iter().enumerate().filter(|(_, chart)| chart.side != FRONT);
        let Some((nth, _)) = cuttable.max_by(|a, b| area(a.1).total_cmp(&area(b.1))) else { return Ok(None) };
        let mut best: Option<(f64, Vec<Chart>, Vec<u32>)> = None;
        for cut in [Cut::Upright, Cut::Level] {
            let half = cut::half(mesh, half_edges, &self.charts[nth], cut, cancel)?;
            let mut charts = self.charts.clone();
            charts[nth].triangles.retain(|t| half.binary_search(t).is_err());
            if half.is_empty() || charts[nth].triangles.is_empty() {
                continue;
            }
            charts.push(Chart { side: charts[nth].side, triangles: half.clone() });
            let mut scale = best.as_ref().map_or(self.fits * CUT_GAIN, |(fits, ..)| fits * SCALE_ENOUGH);
            while self.try_scale(&charts, scale, cancel)? {
                best = Some((scale, charts.clone(), half.clone()));
                scale *= SCALE_ENOUGH;
            }
        }
        let Some((fits, charts, half)) = best else { return Ok(None) };
        (self.fits, self.fails, self.charts) = (fits, fits * SCALE_ENOUGH, charts);
        Ok(Some(half))
    }
}
