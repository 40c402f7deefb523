//! Depth maps of pictures.

use serde::{Deserialize, Serialize};

use crate::{ProfileChoice, SourceRef};

/// How nearness becomes grey. Nearness is 0 at the farthest point of the object that is seen, and 1 at the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct DepthRange {
    /// Nearness that is white, 0..=1; above `far`.
    pub near: f32,
    /// Nearness that is black, 0..=1.
    pub far: f32,
    /// Between the two, 0.1..=10: above 1 the middle is brighter.
    pub gamma: f32,
}

impl Default for DepthRange {
    fn default() -> Self {
        Self { near: 1.0, far: 0.0, gamma: 1.0 }
    }
}

impl DepthRange {
    /// What makes no sense, as sentences for the person who chose it.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (what, value) in [("Near", self.near), ("Far", self.far)] {
            if !(0.0..=1.0).contains(&value) {
                problems.push(format!("{what} is {value}; it goes from 0 to 1."));
            }
        }
        if self.near <= self.far {
            problems
                .push(format!("Near is {} and has to be more than far, which is {}.", self.near, self.far));
        }
        if !(0.1..=10.0).contains(&self.gamma) {
            problems.push(format!("Gamma is {}; it goes from 0.1 to 10.", self.gamma));
        }
        problems
    }

    /// Grey, 0..=1, of a nearness.
    pub fn grey(&self, nearness: f32) -> f32 {
        ((nearness - self.far) / (self.near - self.far)).clamp(0.0, 1.0).powf(1.0 / self.gamma)
    }
}

/// A depth map that is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DepthRequest {
    pub source: SourceRef,
    /// As in `ForgeRequest`.
    #[serde(default)]
    pub mask: Option<SourceRef>,
    /// As in `ForgeParams`.
    #[serde(default)]
    pub profile: ProfileChoice,
    #[serde(default)]
    pub range: DepthRange,
    /// Nearness of the whole picture from elsewhere, such as a prospect job for a depth map; by draft inflation when
    /// absent. White near, of any size; its range over the object is stretched.
    #[serde(default)]
    pub map: Option<SourceRef>,
}

/// A small depth map to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DepthPreview {
    /// PNG in base64, at most 512 px on its longer side: nearness as grey, clear beside the object.
    pub png_base64: String,
    pub width_px: u32,
    pub height_px: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_checked_and_maps_its_ends_to_black_and_white() {
        let range = DepthRange { near: 0.8, far: 0.2, gamma: 2.0 };
        assert!(range.problems().is_empty());
        assert_eq!(
            [range.grey(0.1), range.grey(0.2), range.grey(0.8), range.grey(1.0)],
            [0.0, 0.0, 1.0, 1.0]
        );
        assert!(range.grey(0.5) > 0.5);
        for wrong in [
            DepthRange { near: 0.2, far: 0.2, ..range },
            DepthRange { gamma: 0.0, ..range },
            DepthRange { near: f32::NAN, ..range },
        ] {
            assert!(!wrong.problems().is_empty(), "{wrong:?}");
        }
    }
}
