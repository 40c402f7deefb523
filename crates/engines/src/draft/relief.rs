use glam::Vec3;
use oreforge_geometry::Grid;
use oreforge_geometry::filter::gaussian;

/// Band of detail taken for relief, as standard deviations in cells.
const FINE_CELLS: f32 = 1.2;
const COARSE_CELLS: f32 = 8.0;
/// Height of the strongest detail, as a share of the raster's longer side.
const HEIGHT_SHARE: f32 = 0.0075;
/// Full relief only this far inside the outline.
const INSET_CELLS: f32 = 6.0;

/// How far the front stands out, in cells: bright detail rises, dark lines sink. Of straight sRGB, 0..=1.
pub fn relief(rgb: &Grid<Vec3>, distance: &Grid<f32>) -> Grid<f32> {
    let weight = distance.map(|d| if d > 0.0 { 1.0 } else { 0.0 });
    let mut weighted = rgb.map(|c| c.dot(Vec3::new(0.299, 0.587, 0.114)));
    for (luminance, &w) in weighted.cells_mut().iter_mut().zip(weight.cells()) {
        *luminance *= w;
    }
    let band = |sigma| (gaussian(&weighted, sigma), gaussian(&weight, sigma));
    let ((fine, fine_weight), (coarse, coarse_weight)) = (band(FINE_CELLS), band(COARSE_CELLS));
    let mut detail = fine;
    for (i, cell) in detail.cells_mut().iter_mut().enumerate() {
        let fine = *cell / fine_weight.cells()[i].max(1e-3);
        *cell = (fine - coarse.cells()[i] / coarse_weight.cells()[i].max(1e-3)) * weight.cells()[i];
    }
    let count = weight.cells().iter().sum::<f32>().max(1.0);
    let mean = detail.cells().iter().map(|&d| f64::from(d)).sum::<f64>() / f64::from(count);
    let variance = detail
        .cells()
        .iter()
        .zip(weight.cells())
        .map(|(&d, &w)| f64::from(w) * (f64::from(d) - mean).powi(2))
        .sum::<f64>()
        / f64::from(count);
    let strongest = 3.0 * (variance.sqrt() as f32 + 1e-4);
    let height = HEIGHT_SHARE * distance.width().max(distance.height()) as f32;
    for (cell, &d) in detail.cells_mut().iter_mut().zip(distance.cells()) {
        *cell = (*cell / strongest).clamp(-1.0, 1.0) * (d / INSET_CELLS).clamp(0.0, 1.0) * height;
    }
    detail
}
