//! Scalar fields on a regular lattice.

/// Samples of a scalar field at whole-number points, positive inside the object.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    /// Samples along x, y and z.
    pub size: [usize; 3],
    /// x fastest, then y, then z: the sample at `(x, y, z)` is at `(z * size[1] + y) * size[0] + x`.
    pub values: Vec<f32>,
}

impl Volume {
    pub fn filled(size: [usize; 3], value: f32) -> Self {
        Self { size, values: vec![value; size.iter().product()] }
    }

    pub fn index(&self, x: usize, y: usize, z: usize) -> usize {
        (z * self.size[1] + y) * self.size[0] + x
    }
}
