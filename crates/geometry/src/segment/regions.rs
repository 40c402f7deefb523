//! Connected regions of a mask.

use super::cut::Label;
use crate::{Cancel, Cancelled, Grid};

const CELLS_BETWEEN_CHECKS: usize = 1 << 17;

/// Regions of set cells connected over edges: label of each cell (0 = not set), size of each label (label 0
/// counts as 0).
pub(super) fn label(mask: &Grid<bool>, cancel: Cancel<'_>) -> Result<(Grid<u32>, Vec<usize>), Cancelled> {
    let (width, height) = (mask.width(), mask.height());
    let mut labels = Grid::filled(width, height, 0_u32);
    let mut sizes = vec![0];
    let mut open = Vec::new();
    for start in 0..width * height {
        if start % CELLS_BETWEEN_CHECKS == 0 {
            cancel.check()?;
        }
        if !mask.cells()[start] || labels.cells()[start] != 0 {
            continue;
        }
        let name = sizes.len() as u32;
        let mut size = 0;
        labels.cells_mut()[start] = name;
        open.push(start);
        while let Some(i) = open.pop() {
            size += 1;
            if size % CELLS_BETWEEN_CHECKS == 0 {
                cancel.check()?;
            }
            for j in edge_neighbours(i, width, height) {
                if mask.cells()[j] && labels.cells()[j] == 0 {
                    labels.cells_mut()[j] = name;
                    open.push(j);
                }
            }
        }
        sizes.push(size);
    }
    Ok((labels, sizes))
}

pub(super) fn edge_neighbours(i: usize, width: usize, height: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (i % width, i / width);
    [
        (x > 0).then(|| i - 1),
        (x + 1 < width).then_some(i + 1),
        (y > 0).then(|| i - width),
        (y + 1 < height).then_some(i + width),
    ]
    .into_iter()
    .flatten()
}

/// Keeps the set regions that touch a cell of `seeds`.
pub(super) fn touching(
    mask: &Grid<bool>,
    seeds: &Grid<bool>,
    cancel: Cancel<'_>,
) -> Result<Grid<bool>, Cancelled> {
    let (labels, sizes) = label(mask, cancel)?;
    let mut kept = vec![false; sizes.len()];
    for (&name, &seed) in labels.cells().iter().zip(seeds.cells()) {
        kept[name as usize] |= seed && name > 0;
    }
    Ok(labels.map(|name| kept[name as usize]))
}

/// Drops regions smaller than `fragment` times the largest, and fills holes smaller than `hole` times the area.
/// Holes open to the border stay, and so does every region or hole that `fixed` says something about.
pub(super) fn clean(
    mask: &Grid<bool>,
    fixed: Option<&Grid<Label>>,
    fragment: f32,
    hole: f32,
    cancel: Cancel<'_>,
) -> Result<Grid<bool>, Cancelled> {
    let mark = |labels: &Grid<u32>, marked: &mut [bool], wanted: Label| {
        for (&name, &label) in labels.cells().iter().zip(fixed.map_or(&[][..], |fixed| fixed.cells())) {
            marked[name as usize] |= label == wanted;
        }
    };
    let (labels, sizes) = label(mask, cancel)?;
    let least = fragment * sizes.iter().copied().max().unwrap_or(0) as f32;
    let mut kept: Vec<bool> = sizes.iter().map(|&size| size as f32 >= least).collect();
    mark(&labels, &mut kept, Label::Foreground);
    kept[0] = false;
    let mut cleaned = labels.map(|name| kept[name as usize]);

    let most = hole * count(&cleaned) as f32;
    let (labels, sizes) = label(&cleaned.map(|set| !set), cancel)?;
    let mut open: Vec<bool> = sizes.iter().map(|&size| size as f32 >= most).collect();
    mark(&labels, &mut open, Label::Painted);
    open[0] = true;
    for i in ring_indices(mask.width(), mask.height(), 1) {
        open[labels.cells()[i] as usize] = true;
    }
    for (cell, &name) in cleaned.cells_mut().iter_mut().zip(labels.cells()) {
        *cell |= !open[name as usize];
    }
    Ok(cleaned)
}

pub(super) fn count(mask: &Grid<bool>) -> usize {
    mask.cells().iter().filter(|&&set| set).count()
}

/// Cells closer than `thickness` to the border, row by row.
pub(super) fn ring_indices(width: usize, height: usize, thickness: usize) -> impl Iterator<Item = usize> {
    (0..height).flat_map(move |y| {
        let whole = y < thickness || y + thickness >= height || 2 * thickness >= width;
        let left_end = if whole { width } else { thickness };
        let right_start = if whole { width } else { width - thickness };
        (0..left_end).chain(right_start..width).map(move |x| y * width + x)
    })
}

/// Set cells with all four neighbours set; outside counts as set.
pub(super) fn eroded(mask: &Grid<bool>) -> Grid<bool> {
    let (width, height) = (mask.width(), mask.height());
    let cells = (0..width * height)
        .map(|i| mask.cells()[i] && edge_neighbours(i, width, height).all(|j| mask.cells()[j]))
        .collect();
    Grid::from_cells(width, height, cells)
}

/// Set cells and their four neighbours.
pub(super) fn dilated(mask: &Grid<bool>) -> Grid<bool> {
    eroded(&mask.map(|set| !set)).map(|clear| !clear)
}

/// Intersection over union; 1 for two empty masks.
pub(super) fn iou(a: &Grid<bool>, b: &Grid<bool>) -> f32 {
    let (mut both, mut either) = (0_u32, 0_u32);
    for (&a, &b) in a.cells().iter().zip(b.cells()) {
        both += u32::from(a && b);
        either += u32::from(a || b);
    }
    if either == 0 { 1.0 } else { both as f32 / either as f32 }
}
