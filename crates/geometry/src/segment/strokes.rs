use super::Stroke;
use super::cut::Label;
use crate::{Cancel, Cancelled, Grid};

/// Paints strokes over a raster that is `scale` times as large as the picture they were made on; later ones
/// cover earlier ones. Points that are no numbers are left out.
pub(super) fn paint(
    labels: &mut Grid<Label>,
    strokes: &[Stroke],
    scale: f32,
    cancel: Cancel<'_>,
) -> Result<(), Cancelled> {
    for stroke in strokes {
        let label = if stroke.keep { Label::Foreground } else { Label::Painted };
        // A brush finer than a cell of the raster still paints the cells it passes.
        let radius = (stroke.radius_px * scale).max(0.75);
        let points: Vec<[f32; 2]> = stroke
            .points
            .iter()
            .filter(|point| point.iter().all(|c| c.is_finite()))
            .map(|point| point.map(|c| c * scale))
            .collect();
        for (i, &start) in points.iter().enumerate() {
            cancel.check()?;
            let end = if i + 1 < points.len() {
                points[i + 1]
            } else if i == 0 {
                start
            } else {
                continue;
            };
            paint_capsule(labels, start, end, radius, label);
        }
    }
    Ok(())
}

fn paint_capsule(labels: &mut Grid<Label>, start: [f32; 2], end: [f32; 2], radius: f32, label: Label) {
    let (width, height) = (labels.width(), labels.height());
    // Float to integer casts saturate, so points far outside end at the edge.
    let range = |axis: usize, size: usize| {
        let low = (start[axis].min(end[axis]) - radius).floor().max(0.0) as usize;
        let high = (start[axis].max(end[axis]) + radius).ceil().max(0.0) as usize;
        low.min(size)..high.saturating_add(1).min(size)
    };
    let along = [end[0] - start[0], end[1] - start[1]];
    let length_squared = (along[0] * along[0] + along[1] * along[1]).max(1e-6);
    for y in range(1, height) {
        for x in range(0, width) {
            let from_start = [x as f32 + 0.5 - start[0], y as f32 + 0.5 - start[1]];
            let t = ((from_start[0] * along[0] + from_start[1] * along[1]) / length_squared).clamp(0.0, 1.0);
            let away = [from_start[0] - t * along[0], from_start[1] - t * along[1]];
            if away[0] * away[0] + away[1] * away[1] <= radius * radius {
                labels.set(x, y, label);
            }
        }
    }
}
