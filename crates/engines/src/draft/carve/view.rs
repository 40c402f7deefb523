//! Pictures with a place in the world, and the lattice the solid is carved on.

use glam::{Vec2, Vec3};
use image::RgbaImage;
use oreforge_geometry::distance::{nearest, signed_distance};
use oreforge_geometry::resize::{Window, resize_premultiplied};
use oreforge_geometry::{Cancel, Cancelled, Grid};

/// Where an orthographic camera stands, and its unit axes in world space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Direction {
    /// From +Z (front) towards +X.
    pub azimuth_deg: f32,
    /// Above the ground plane.
    pub elevation_deg: f32,
    pub right: Vec3,
    pub up: Vec3,
    /// From the object to the camera.
    pub toward: Vec3,
}

impl Direction {
    pub fn new(azimuth_deg: f32, elevation_deg: f32) -> Self {
        // Exact at right angles, so that opposite sides and the lattice agree to the last bit.
        let (sin_a, cos_a) = exact_sin_cos(azimuth_deg);
        let (sin_e, cos_e) = exact_sin_cos(elevation_deg);
        Self {
            azimuth_deg,
            elevation_deg,
            right: Vec3::new(cos_a, 0.0, -sin_a),
            up: Vec3::new(-sin_e * sin_a, cos_e, -sin_e * cos_a),
            toward: Vec3::new(cos_e * sin_a, sin_e, cos_e * cos_a),
        }
    }

    /// Looks along the ground: its rows are horizontal slices of the object.
    pub fn is_level(&self) -> bool {
        self.elevation_deg == 0.0
    }

    pub fn is_front(&self) -> bool {
        self.toward.z > 0.99
    }

    /// Sees the same outline mirrored.
    pub fn is_opposite(&self, other: &Self) -> bool {
        self.toward.dot(other.toward) < -0.999
    }
}

fn exact_sin_cos(angle_deg: f32) -> (f32, f32) {
    match angle_deg.rem_euclid(360.0) {
        0.0 => (0.0, 1.0),
        90.0 => (1.0, 0.0),
        180.0 => (0.0, -1.0),
        270.0 => (-1.0, 0.0),
        other => other.to_radians().sin_cos(),
    }
}

/// Where a picture lies on its camera's plane, spanned by `right` and `up` through the world's origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// The top left corner of the picture: along `right`, along `up`.
    pub corner_m: Vec2,
    /// Width and height of a pixel.
    pub pixel_m: Vec2,
}

impl Frame {
    /// Pixels from the top left of a point on the plane.
    pub fn pixel_of(&self, plane_m: Vec2) -> Vec2 {
        Vec2::new(plane_m.x - self.corner_m.x, self.corner_m.y - plane_m.y) / self.pixel_m
    }
}

/// One cut-out of the object, registered.
#[derive(Debug, Clone)]
pub struct View {
    pub direction: Direction,
    /// Straight alpha.
    pub picture: RgbaImage,
    pub frame: Frame,
    /// Its outline shapes the solid; else it only gives colour.
    pub carves: bool,
    /// Factor on the weight of its colours.
    pub trust: f32,
}

/// A box of sample points round the object. Points are named by their offset in cells from its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lattice {
    /// Points along x, y and z.
    pub size: [usize; 3],
    pub cell_m: f32,
    /// Middle of the lattice and of the object's box.
    pub middle_m: Vec3,
}

/// Cells between the object's box and the end of the lattice, so that the field is negative all round.
pub const MARGIN_CELLS: f32 = 3.0;

impl Lattice {
    /// `cells` along the longest side of a box of `extent_m` that stands on the ground.
    pub fn around(extent_m: Vec3, cells: u32) -> Self {
        let cell_m = extent_m.max_element() / (cells as f32 - 2.0 * MARGIN_CELLS).max(4.0);
        let size = (extent_m / cell_m).to_array().map(|n| (n + 2.0 * MARGIN_CELLS).ceil() as usize + 1);
        Self { size, cell_m, middle_m: Vec3::new(0.0, extent_m.y / 2.0, 0.0) }
    }

    /// Offset in cells of the point with index 0.
    pub fn first(&self) -> Vec3 {
        Vec3::from_array(self.size.map(|n| (n - 1) as f32 * -0.5))
    }

    /// Metres of a point given by (fractional) lattice indices.
    pub fn world_of_index(&self, index: Vec3) -> Vec3 {
        (index + self.first()) * self.cell_m + self.middle_m
    }

    pub fn cells_of_world(&self, position_m: Vec3) -> Vec3 {
        (position_m - self.middle_m) / self.cell_m
    }
}

/// Covered by less than this a cell holds nothing.
const HAIR_COVERAGE: f32 = 0.05;
/// Distance from a hair's middle to its outline.
const HAIR_CELLS: f32 = 0.3;
/// From this distance to the outline on a part is thick enough to look after itself.
const SOLID_CELLS: f32 = 0.75;

/// A view resampled to the lattice's spacing; for a view along an axis its cells lie on lattice points.
#[derive(Debug, Clone)]
pub struct Silhouette {
    pub direction: Direction,
    /// Cells to the outline, positive inside.
    pub distance: Grid<f32>,
}

/// Columns and rows of a picture that covers the lattice from `direction`.
pub fn plane_size(direction: &Direction, lattice: &Lattice) -> (usize, usize) {
    let steps = Vec3::from_array(lattice.size.map(|n| (n - 1) as f32));
    let along = |axis: Vec3| (axis.abs().dot(steps) - 1e-3).ceil() as usize + 1;
    (along(direction.right), along(direction.up))
}

/// Premultiplied colours of a view at the lattice's spacing.
pub fn on_lattice(view: &View, lattice: &Lattice) -> Grid<glam::Vec4> {
    let (width, height) = plane_size(&view.direction, lattice);
    let extent = Vec2::new(width as f32, height as f32) * lattice.cell_m;
    let middle =
        Vec2::new(lattice.middle_m.dot(view.direction.right), lattice.middle_m.dot(view.direction.up));
    let top_left = view.frame.pixel_of(middle + extent * Vec2::new(-0.5, 0.5));
    let size_px = extent / view.frame.pixel_m;
    let window = Window { left: top_left.x, top: top_left.y, width: size_px.x, height: size_px.y };
    resize_premultiplied(&view.picture, window, width, height)
}

impl Silhouette {
    pub fn new(view: &View, lattice: &Lattice, cancel: Cancel<'_>) -> Result<Self, Cancelled> {
        cancel.check()?;
        let alpha = on_lattice(view, lattice).map(|c| c.w);
        let mut distance = signed_distance(&alpha, cancel)?;
        keep_thin_parts(&alpha, &mut distance, cancel)?;
        Ok(Self { direction: view.direction, distance })
    }

    /// Column and row of a point given in cells from the lattice's middle.
    pub fn locate(&self, offset: Vec3) -> Vec2 {
        locate(&self.direction, self.distance.width(), self.distance.height(), offset)
    }

    pub fn at(&self, offset: Vec3) -> f32 {
        let place = self.locate(offset);
        self.distance.sample(place.x, place.y)
    }
}

/// Between two lattice points a hair would vanish: where nothing thicker is near, the most covered cell across
/// it counts as inside.
fn keep_thin_parts(alpha: &Grid<f32>, distance: &mut Grid<f32>, cancel: Cancel<'_>) -> Result<(), Cancelled> {
    const NEAR: isize = 2;
    let (width, height) = (alpha.width() as isize, alpha.height() as isize);
    let at = |grid: &Grid<f32>, x: isize, y: isize| {
        if (0..width).contains(&x) && (0..height).contains(&y) {
            grid.get(x as usize, y as usize)
        } else {
            f32::MIN
        }
    };
    let mut hairs = Grid::filled(alpha.width(), alpha.height(), false);
    let mut any = false;
    for y in 0..height {
        for x in 0..width {
            let own = at(alpha, x, y);
            // Two cells may share a hair's coverage; a wide pale area is none.
            let crest = |dx: isize, dy: isize| {
                let beside = at(alpha, x - dx, y - dy).max(at(alpha, x + dx, y + dy));
                let beyond =
                    at(alpha, x - NEAR * dx, y - NEAR * dy).max(at(alpha, x + NEAR * dx, y + NEAR * dy));
                own >= 0.98 * beside && beyond < 0.6 * own
            };
            let thin = own > HAIR_COVERAGE
                && at(distance, x, y) < HAIR_CELLS
                && (crest(1, 0) || crest(0, 1))
                && (-NEAR..=NEAR)
                    .all(|dy| (-NEAR..=NEAR).all(|dx| at(distance, x + dx, y + dy) < SOLID_CELLS));
            if thin {
                hairs.set(x as usize, y as usize, true);
                any = true;
            }
        }
    }
    if any {
        let (squared, _) = nearest(&hairs, cancel)?;
        for (cell, &squared) in distance.cells_mut().iter_mut().zip(squared.cells()) {
            *cell = cell.max(HAIR_CELLS - squared.sqrt());
        }
    }
    Ok(())
}

pub fn locate(direction: &Direction, width: usize, height: usize, offset: Vec3) -> Vec2 {
    Vec2::new(
        offset.dot(direction.right) + (width - 1) as f32 * 0.5,
        (height - 1) as f32 * 0.5 - offset.dot(direction.up),
    )
}
