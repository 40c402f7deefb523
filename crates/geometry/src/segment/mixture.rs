//! Gaussian mixtures over CIELAB colours.

use glam::{Mat3, Vec3};

/// One over the volume that CIELAB fills.
const UNIFORM_DENSITY: f32 = 1.0 / 1.2e6;
/// Added to every variance; sensor noise and 8-bit steps are never below it. CIELAB units squared.
const VARIANCE_FLOOR: f32 = 0.6;
const LLOYD_ROUNDS: usize = 6;

#[derive(Debug, Clone)]
struct Gaussian {
    mean: Vec3,
    /// Inverse of the covariance.
    precision: Mat3,
    /// Weight over the normalising constant.
    scale: f32,
}

/// A density of colours.
#[derive(Debug, Clone)]
pub(super) struct Mixture {
    components: Vec<Gaussian>,
}

impl Mixture {
    /// Fits at most `count` components: binary splits along the widest principal axis (Orchard and Bouman,
    /// "Color quantization of images", 1991), then Lloyd rounds. Deterministic. `None` without samples.
    pub fn fit(samples: &[Vec3], count: usize) -> Option<Self> {
        if samples.is_empty() {
            return None;
        }
        let mut clusters = vec![Moments::of(samples.iter().copied())];
        while clusters.len() < count {
            let (widest, axis, variance) = clusters
                .iter()
                .enumerate()
                .map(|(i, c)| {
                    let (axis, variance) = principal_axis(c.covariance());
                    (i, axis, variance * c.count)
                })
                .max_by(|a, b| a.2.total_cmp(&b.2))?;
            if variance < clusters[widest].count * 0.5 {
                break;
            }
            let (mean, reach) = (clusters[widest].mean(), axis * (variance / clusters[widest].count).sqrt());
            let mut means: Vec<Vec3> = clusters.iter().map(Moments::mean).collect();
            means[widest] = mean - reach;
            means.push(mean + reach);
            clusters = assign(samples, &means);
        }
        for _ in 0..LLOYD_ROUNDS {
            let means: Vec<Vec3> = clusters.iter().map(Moments::mean).collect();
            clusters = assign(samples, &means);
        }
        let components = clusters
            .iter()
            .filter(|c| c.count >= 1.0)
            .map(|c| {
                let covariance = c.covariance() + Mat3::from_diagonal(Vec3::splat(VARIANCE_FLOOR));
                let weight = c.count / samples.len() as f32;
                let normaliser = (std::f32::consts::TAU.powi(3) * covariance.determinant()).sqrt();
                Gaussian { mean: c.mean(), precision: covariance.inverse(), scale: weight / normaliser }
            })
            .collect();
        Some(Self { components })
    }

    /// Minus the logarithm of the density, with `stray` as the share of colours that belong to no component.
    pub fn energy(&self, color: Vec3, stray: f32) -> f32 {
        let density: f32 = self
            .components
            .iter()
            .map(|g| {
                let d = color - g.mean;
                g.scale * (-0.5 * d.dot(g.precision * d)).exp()
            })
            .sum();
        stray_energy(density, stray)
    }

    /// Mahalanobis distance to the nearest component.
    pub fn distance(&self, color: Vec3) -> f32 {
        self.components
            .iter()
            .map(|g| {
                let d = color - g.mean;
                d.dot(g.precision * d)
            })
            .fold(f32::INFINITY, f32::min)
            .sqrt()
    }
}

/// Minus the logarithm of a density of CIELAB colours of which a share `stray` may be anything.
pub(super) fn stray_energy(density: f32, stray: f32) -> f32 {
    -(density + stray * UNIFORM_DENSITY).ln()
}

#[derive(Clone, Copy, Default)]
struct Moments {
    count: f32,
    sum: glam::DVec3,
    products: [f64; 6],
}

impl Moments {
    fn of(samples: impl Iterator<Item = Vec3>) -> Self {
        let mut moments = Self::default();
        samples.for_each(|s| moments.add(s));
        moments
    }

    fn add(&mut self, sample: Vec3) {
        let s = sample.as_dvec3();
        self.count += 1.0;
        self.sum += s;
        let products = [s.x * s.x, s.y * s.y, s.z * s.z, s.x * s.y, s.x * s.z, s.y * s.z];
        self.products.iter_mut().zip(products).for_each(|(sum, p)| *sum += p);
    }

    fn mean(&self) -> Vec3 {
        (self.sum / f64::from(self.count.max(1.0))).as_vec3()
    }

    fn covariance(&self) -> Mat3 {
        let n = f64::from(self.count.max(1.0));
        let m = self.sum / n;
        let of = |i: usize, a: f64, b: f64| (self.products[i] / n - a * b) as f32;
        let (xx, yy, zz) = (of(0, m.x, m.x), of(1, m.y, m.y), of(2, m.z, m.z));
        let (xy, xz, yz) = (of(3, m.x, m.y), of(4, m.x, m.z), of(5, m.y, m.z));
        Mat3::from_cols_array(&[xx, xy, xz, xy, yy, yz, xz, yz, zz])
    }
}

fn assign(samples: &[Vec3], means: &[Vec3]) -> Vec<Moments> {
    let mut clusters = vec![Moments::default(); means.len()];
    for &sample in samples {
        let nearest = means
            .iter()
            .enumerate()
            .map(|(i, mean)| (i, mean.distance_squared(sample)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0, |(i, _)| i);
        clusters[nearest].add(sample);
    }
    clusters.retain(|c| c.count > 0.0);
    clusters
}

/// By power iteration: the unit axis of the largest variance, and that variance.
fn principal_axis(covariance: Mat3) -> (Vec3, f32) {
    let mut axis = Vec3::new(1.0, 0.7, 0.5);
    for _ in 0..12 {
        let next = covariance * axis;
        let length = next.length();
        if length < 1e-9 {
            return (Vec3::X, 0.0);
        }
        axis = next / length;
    }
    (axis, axis.dot(covariance * axis).max(0.0))
}
