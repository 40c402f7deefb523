//! sRGB, linear light and CIELAB.
//!
//! sRGB transfer function: IEC 61966-2-1. CIELAB: CIE 15:2004, white D65, L* 0..=100, a* and b* about ±128.

use std::sync::LazyLock;

const WHITE_D65: [f32; 3] = [0.950_47, 1.0, 1.088_83];

static LINEAR_FROM_SRGB: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let s = byte as f32 / 255.0;
        if s <= 0.040_45 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
    })
});

/// Finer than half a step of sRGB everywhere but in the darkest two values.
const SRGB_STEPS: usize = 8192;
static SRGB_FROM_LINEAR: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..=SRGB_STEPS).map(|step| (encode(step as f32 / SRGB_STEPS as f32) * 255.0).round() as u8).collect()
});

fn encode(linear: f32) -> f32 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

/// Linear light 0..=1 of an sRGB byte.
pub fn linear_from_srgb(byte: u8) -> f32 {
    LINEAR_FROM_SRGB[usize::from(byte)]
}

/// sRGB byte of linear light, clamped to 0..=1. The inverse of [`linear_from_srgb`] for every byte.
pub fn srgb_from_linear(linear: f32) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    if linear < 0.02 {
        (encode(linear) * 255.0).round() as u8
    } else {
        SRGB_FROM_LINEAR[(linear * SRGB_STEPS as f32).round() as usize]
    }
}

/// CIELAB (D65) of an sRGB colour.
pub fn lab_from_srgb(srgb: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = srgb.map(linear_from_srgb);
    let xyz = [
        0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b,
        0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b,
        0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b,
    ];
    let f = |axis: usize| {
        let t = xyz[axis] / WHITE_D65[axis];
        if t > 0.008_856_452 { t.cbrt() } else { t * 7.787_037 + 16.0 / 116.0 }
    };
    let (fx, fy, fz) = (f(0), f(1), f(2));
    [116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)]
}

/// sRGB colour of a CIELAB (D65) colour, clamped to the sRGB gamut.
pub fn srgb_from_lab(lab: [f32; 3]) -> [u8; 3] {
    let fy = (lab[0] + 16.0) / 116.0;
    let f = [fy + lab[1] / 500.0, fy, fy - lab[2] / 200.0];
    let xyz: [f32; 3] = std::array::from_fn(|axis| {
        let t = f[axis];
        let t = if t > 0.206_896_55 { t * t * t } else { (t - 16.0 / 116.0) / 7.787_037 };
        t * WHITE_D65[axis]
    });
    [
        3.240_454_2 * xyz[0] - 1.537_138_5 * xyz[1] - 0.498_531_4 * xyz[2],
        -0.969_266 * xyz[0] + 1.876_010_8 * xyz[1] + 0.041_556 * xyz[2],
        0.055_643_4 * xyz[0] - 0.204_025_9 * xyz[1] + 1.057_225_2 * xyz[2],
    ]
    .map(srgb_from_linear)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_byte_survives_linear_light() {
        for byte in 0..=255 {
            assert_eq!(srgb_from_linear(linear_from_srgb(byte)), byte);
        }
    }

    #[test]
    fn lab_of_known_colours() {
        // Lindbloom's calculator, sRGB, D65.
        for (srgb, lab) in [
            ([255, 255, 255], [100.0, 0.0, 0.0]),
            ([255, 0, 0], [53.24, 80.09, 67.20]),
            ([0, 0, 255], [32.30, 79.19, -107.86]),
            ([0, 0, 0], [0.0, 0.0, 0.0]),
        ] {
            for (ours, known) in lab_from_srgb(srgb).into_iter().zip(lab) {
                assert!((ours - known).abs() < 0.05, "{srgb:?}: {ours} instead of {known}");
            }
        }
    }

    proptest! {
        #[test]
        fn lab_goes_there_and_back(srgb: [u8; 3]) {
            for (back, there) in srgb_from_lab(lab_from_srgb(srgb)).into_iter().zip(srgb) {
                prop_assert!(back.abs_diff(there) <= 1);
            }
        }
    }
}
