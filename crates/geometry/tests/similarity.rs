//! Structural similarity beside the values scikit-image 0.26 gives for the same pictures.
#![allow(clippy::unwrap_used)]

use oreforge_geometry::picture::{self, Limits};
use oreforge_geometry::similarity::ssim;
use oreforge_geometry::{Cancel, Grid};

/// Whole numbers, as Python had them: (r + g + b) / 3, whatever the alpha.
fn grey(name: &str) -> Grid<u8> {
    let path = format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"));
    let picture = picture::decode(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    let cells =
        picture.pixels().map(|p| (p.0[..3].iter().map(|&c| u32::from(c)).sum::<u32>() / 3) as u8).collect();
    Grid::from_cells(picture.width() as usize, picture.height() as usize, cells)
}

fn cut(grid: &Grid<u8>, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> Grid<u8> {
    let (width, height) = (columns.len(), rows.len());
    Grid::from_cells(width, height, rows.flat_map(|y| grid.row(y)[columns.clone()].to_vec()).collect())
}

fn mirrored(grid: &Grid<u8>) -> Grid<u8> {
    let cells = (0..grid.height()).flat_map(|y| grid.row(y).iter().rev().copied().collect::<Vec<u8>>());
    Grid::from_cells(grid.width(), grid.height(), cells.collect())
}

fn alike(one: &Grid<u8>, other: &Grid<u8>) -> f32 {
    let values = |grid: &Grid<u8>| grid.map(|value| f32::from(value) / 255.0);
    ssim(&values(one), &values(other), Cancel::never()).unwrap()
}

fn assert_as_scikit_image(ours: f32, theirs: f32) {
    assert!((ours - theirs).abs() < 1e-4, "{ours} is not {theirs}");
}

#[test]
fn two_pictures_are_as_alike_as_scikit_image_says() {
    assert_as_scikit_image(alike(&grey("robot"), &grey("duck")), 0.647_724);
    assert_as_scikit_image(alike(&grey("house"), &grey("t-rex")), 0.654_077);
}

#[test]
fn a_changed_picture_is_as_alike_as_scikit_image_says() {
    let whole = grey("t-rex");
    let part = cut(&whole, 200..951, 100..700);
    assert_as_scikit_image(alike(&part, &mirrored(&part)), 0.478_647);
    assert_as_scikit_image(alike(&part, &part.map(|value| value / 2)), 0.875_412);
    assert_as_scikit_image(alike(&part, &part.map(|value| 255 - value)), 0.485_162);
    let (width, height) = (whole.width(), whole.height());
    let moved = (cut(&whole, 3..width, 0..height), cut(&whole, 0..width - 3, 0..height));
    assert_as_scikit_image(alike(&moved.0, &moved.1), 0.958_186);
}
