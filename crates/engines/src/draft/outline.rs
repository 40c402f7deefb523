use glam::Vec2;
use oreforge_geometry::Grid;

/// What the outline of a silhouette says about the making of the object. Shares are of the perimeter.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OutlineShape {
    /// Share in straight segments longer than a tenth of the raster's side.
    pub straight: f32,
    /// Share in such segments within 5° of horizontal or vertical.
    pub axis_aligned: f32,
    /// Share in such segments within 5° of vertical.
    pub vertical: f32,
    /// Area over the area of the convex hull.
    pub solidity: f32,
}

/// Measures the longest outline alpha = ½.
pub fn outline_shape(alpha: &Grid<f32>) -> OutlineShape {
    let outline = longest_outline(alpha);
    let hull_area = area(&convex_hull(&outline));
    if outline.len() < 8 || hull_area <= 0.0 {
        return OutlineShape::default();
    }
    let side = alpha.width().max(alpha.height()) as f32;
    let corners = simplified(&outline, 0.008 * side);
    let mut shape = OutlineShape { solidity: area(&outline).abs() / hull_area, ..Default::default() };
    let mut perimeter = 0.0;
    for (i, &from) in corners.iter().enumerate() {
        let to = corners[(i + 1) % corners.len()];
        let (start, end) = (outline[from], outline[to]);
        let length = start.distance(end);
        perimeter += length;
        let count = (to + outline.len() - from) % outline.len();
        let between = (0..=count).map(|k| outline[(from + k) % outline.len()]);
        if length <= 0.10 * side || !is_straight(start, end, between, side) {
            continue;
        }
        shape.straight += length;
        let along = (end - start).abs();
        let tilt_deg = along.y.atan2(along.x).to_degrees();
        if !(5.0..=85.0).contains(&tilt_deg) {
            shape.axis_aligned += length;
        }
        if tilt_deg > 85.0 {
            shape.vertical += length;
        }
    }
    for share in [&mut shape.straight, &mut shape.axis_aligned, &mut shape.vertical] {
        *share /= perimeter.max(1e-6);
    }
    shape
}

/// Little scatter about the chord and little sag: a large circle's arc is smooth, but not straight.
fn is_straight(start: Vec2, end: Vec2, points: impl Iterator<Item = Vec2>, side: f32) -> bool {
    let length = start.distance(end);
    let along = (end - start) / length;
    let samples: Vec<(f64, f64)> = points
        .map(|p| (f64::from((p - start).dot(along) / length), f64::from((p - start).perp_dot(along))))
        .filter(|&(t, _)| t > 0.1 && t < 0.9)
        .collect();
    if samples.len() < 6 {
        return false;
    }
    let n = samples.len() as f64;
    let mean = samples.iter().map(|s| s.1).sum::<f64>() / n;
    let scatter = (samples.iter().map(|s| (s.1 - mean).powi(2)).sum::<f64>() / n).sqrt();
    // Least squares of a parabola in t' = t − ½: the quadratic term against the constant one.
    let moment = |k: i32| samples.iter().map(|s| (s.0 - 0.5).powi(k)).sum::<f64>() / n;
    let (m1, m2, m3, m4) = (moment(1), moment(2), moment(3), moment(4));
    let product = |k: i32| samples.iter().map(|s| (s.0 - 0.5).powi(k) * s.1).sum::<f64>() / n;
    let matrix = glam::DMat3::from_cols_array(&[1.0, m1, m2, m1, m2, m3, m2, m3, m4]);
    if matrix.determinant().abs() < 1e-12 {
        return false;
    }
    let quadratic = (matrix.inverse() * glam::DVec3::new(mean, product(1), product(2))).z;
    let sag = quadratic.abs() * 0.8f64.powi(2) / 4.0;
    scatter < f64::from(0.0048 * side) && sag < 0.012 * f64::from(length)
}

/// Marching squares with interpolated crossings; the loop with the most points, inside on one hand.
fn longest_outline(alpha: &Grid<f32>) -> Vec<Vec2> {
    let (width, height) = (alpha.width(), alpha.height());
    if width < 2 || height < 2 {
        return Vec::new();
    }
    // Crossings are named by the lattice edge they lie on: 2·cell for the edge to the right, +1 for the one down.
    let across = |x: usize, y: usize| (2 * (y * width + x)) as u32;
    let down = |x: usize, y: usize| across(x, y) + 1;
    let mut next = vec![u32::MAX; 2 * width * height];
    for y in 0..height - 1 {
        for x in 0..width - 1 {
            let [a, b, c, d] =
                [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)].map(|(x, y)| alpha.get(x, y) > 0.5);
            let (top, right, bottom, left) = (across(x, y), down(x + 1, y), across(x, y + 1), down(x, y));
            let edges = [top, right, bottom, left];
            // Going round a, b, c, d, each step out of the inside is joined to the next step into it.
            let corners = [a, b, c, d];
            for leaving in 0..4 {
                if corners[leaving] && !corners[(leaving + 1) % 4] {
                    let entering =
                        (1..4).map(|k| (leaving + k) % 4).find(|&k| !corners[k] && corners[(k + 1) % 4]);
                    if let Some(entering) = entering {
                        next[edges[leaving] as usize] = edges[entering];
                    }
                }
            }
        }
    }
    let point = |edge: u32| {
        let cell = edge as usize / 2;
        let (x, y) = (cell % width, cell / width);
        let (x1, y1) = if edge.is_multiple_of(2) { (x + 1, y) } else { (x, y + 1) };
        let (from, to) = (alpha.get(x, y), alpha.get(x1, y1));
        let t = ((0.5 - from) / (to - from)).clamp(0.0, 1.0);
        Vec2::new(x as f32, y as f32).lerp(Vec2::new(x1 as f32, y1 as f32), t)
    };
    let mut longest = Vec::new();
    for start in 0..next.len() {
        let mut at = start;
        let mut edges = Vec::new();
        while next[at] != u32::MAX {
            edges.push(at as u32);
            at = std::mem::replace(&mut next[at], u32::MAX) as usize;
        }
        if edges.len() > longest.len() {
            longest = edges;
        }
    }
    longest.into_iter().map(point).collect()
}

/// Indices of the corners that stay: Douglas & Peucker 1973, on a closed line split at two far points.
fn simplified(outline: &[Vec2], tolerance: f32) -> Vec<usize> {
    let farthest_from = |p: Vec2| {
        (0..outline.len()).fold(0, |far, i| {
            if outline[i].distance_squared(p) > outline[far].distance_squared(p) { i } else { far }
        })
    };
    let first = farthest_from(outline[0]);
    let second = farthest_from(outline[first]);
    let (low, high) = (first.min(second), first.max(second));
    let mut keep = vec![low, high];
    let mut open = vec![(low, high), (high, low + outline.len())];
    while let Some((from, to)) = open.pop() {
        let at = |i: usize| outline[i % outline.len()];
        let chord = (at(to) - at(from)).try_normalize();
        let away = |i: usize| match chord {
            Some(chord) => (at(i) - at(from)).perp_dot(chord).abs(),
            None => at(i).distance(at(from)),
        };
        let far = (from + 1..to).fold(from, |far, i| if away(i) > away(far) { i } else { far });
        if far != from && away(far) > tolerance {
            keep.push(far % outline.len());
            open.push((from, far));
            open.push((far, to));
        }
    }
    keep.sort_unstable();
    keep.dedup();
    keep
}

fn area(polygon: &[Vec2]) -> f32 {
    let twice: f32 =
        polygon.iter().enumerate().map(|(i, p)| p.perp_dot(polygon[(i + 1) % polygon.len()])).sum();
    twice / 2.0
}

/// Andrew's monotone chain, counter-clockwise.
fn convex_hull(points: &[Vec2]) -> Vec<Vec2> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let mut hull: Vec<Vec2> = Vec::new();
    for pass in 0..2 {
        let base = hull.len();
        for &point in &sorted {
            while hull.len() >= base + 2
                && (hull[hull.len() - 1] - hull[hull.len() - 2]).perp_dot(point - hull[hull.len() - 2]) <= 0.0
            {
                hull.pop();
            }
            hull.push(point);
        }
        hull.pop();
        if pass == 0 {
            sorted.reverse();
        }
    }
    hull
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(inside: impl Fn(f32, f32) -> bool) -> Grid<f32> {
        let mut grid = Grid::filled(200, 200, 0.0f32);
        for y in 0..200 {
            for x in 0..200 {
                let hits = (0..16).filter(|k| {
                    inside(x as f32 + (k % 4) as f32 / 4.0 - 0.375, y as f32 + (k / 4) as f32 / 4.0 - 0.375)
                });
                grid.set(x, y, hits.count() as f32 / 16.0);
            }
        }
        grid
    }

    #[test]
    fn a_box_is_straight_and_a_disc_is_not() {
        let block = outline_shape(&drawn(|x, y| (30.0..170.0).contains(&x) && (60.0..150.0).contains(&y)));
        assert!(block.straight > 0.9 && block.axis_aligned > 0.9, "{block:?}");
        assert!((block.vertical - 90.0 / 230.0).abs() < 0.05, "{block:?}");
        assert!(block.solidity > 0.98, "{block:?}");
        let disc = outline_shape(&drawn(|x, y| (x - 100.0).hypot(y - 100.0) < 80.0));
        assert!(disc.straight < 0.05 && disc.solidity > 0.98, "{disc:?}");
    }

    #[test]
    fn a_turned_square_is_straight_but_not_aligned() {
        let diamond = outline_shape(&drawn(|x, y| (x - 100.0).abs() + (y - 100.0).abs() < 80.0));
        assert!(diamond.straight > 0.9 && diamond.axis_aligned < 0.01, "{diamond:?}");
    }

    #[test]
    fn a_cross_is_far_from_its_hull() {
        let cross = outline_shape(&drawn(|x, y| {
            let (x, y) = ((x - 100.0).abs(), (y - 100.0).abs());
            x.max(y) < 80.0 && x.min(y) < 15.0
        }));
        assert!(cross.solidity < 0.6, "{cross:?}");
    }
}
