//! Views in each other's place: told by the colours that neighbouring sides share.

use std::collections::BTreeMap;

use glam::Vec3;
use image::{Rgba, RgbaImage};
use oreforge_geometry::{Cancel, Cancelled};
use oreforge_protocol::ViewSlot;

/// Heights, or widths, at which neighbouring sides are compared.
const PLACES: usize = 24;
/// Neighbours must disagree this much more as they are than exchanged.
const SWAPPED_FACTOR: f32 = 1.5;
/// Neighbours that disagree less than this are in place (Euclidean, sRGB 0..=1).
const LEAST_MISMATCH: f32 = 0.06;

#[derive(Clone, Copy)]
enum Half {
    Left,
    Right,
    Top,
    Bottom,
}

use Half::{Bottom as B, Left as L, Right as R, Top as T};

type Part = (ViewSlot, Half);

/// Which half of a side lies beside which half of another, and whether their shared edge runs the other way there.
const NEIGHBOURS: [(Part, Part, bool); 12] = [
    ((ViewSlot::Front, R), (ViewSlot::Right, L), false),
    ((ViewSlot::Front, L), (ViewSlot::Left, R), false),
    ((ViewSlot::Back, L), (ViewSlot::Right, R), false),
    ((ViewSlot::Back, R), (ViewSlot::Left, L), false),
    ((ViewSlot::Front, T), (ViewSlot::Top, B), false),
    ((ViewSlot::Front, B), (ViewSlot::Bottom, T), false),
    ((ViewSlot::Back, T), (ViewSlot::Top, T), true),
    ((ViewSlot::Back, B), (ViewSlot::Bottom, B), true),
    ((ViewSlot::Right, T), (ViewSlot::Top, R), true),
    ((ViewSlot::Left, T), (ViewSlot::Top, L), false),
    ((ViewSlot::Right, B), (ViewSlot::Bottom, R), false),
    ((ViewSlot::Left, B), (ViewSlot::Bottom, L), true),
];

/// The first of equals is said: exchanging front and back is, but for a turn, exchanging left and right.
const PAIRS: [[ViewSlot; 2]; 3] =
    [[ViewSlot::Left, ViewSlot::Right], [ViewSlot::Front, ViewSlot::Back], [ViewSlot::Top, ViewSlot::Bottom]];

/// Mean colours of the four halves of a picture's object along their shared edge; `None` where there is nothing.
type Profile = Vec<Option<Vec3>>;
struct Side {
    left: Profile,
    right: Profile,
    top: Profile,
    bottom: Profile,
}

impl Side {
    fn half(&self, half: Half) -> &Profile {
        match half {
            Half::Left => &self.left,
            Half::Right => &self.right,
            Half::Top => &self.top,
            Half::Bottom => &self.bottom,
        }
    }

    /// `None` when the picture shows nothing.
    fn of(picture: &RgbaImage, cancel: Cancel<'_>) -> Result<Option<Self>, Cancelled> {
        let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
        for (y, row) in (0..).zip(picture.rows()) {
            cancel.check()?;
            for (x, _) in (0..).zip(row).filter(|(_, pixel)| is_solid(pixel)) {
                (left, right) = (left.min(x), right.max(x + 1));
                (top, bottom) = (top.min(y), y + 1);
            }
        }
        if right == 0 {
            return Ok(None);
        }
        let share = |at: u32, low: u32, high: u32| (at - low) as f32 / (high - low) as f32;
        let place = |share: f32| ((share * PLACES as f32) as usize).min(PLACES - 1);
        let mut sums = [[(Vec3::ZERO, 0u32); PLACES]; 4];
        for (y, row) in (0..).zip(picture.rows()) {
            cancel.check()?;
            for (x, pixel) in (0..).zip(row).filter(|(_, pixel)| is_solid(pixel)) {
                let (across, down) = (share(x, left, right), share(y, top, bottom));
                let colour = Vec3::from_array([0, 1, 2].map(|i| f32::from(pixel.0[i]) / 255.0));
                for (half, place) in
                    [(usize::from(across >= 0.5), place(down)), (2 + usize::from(down >= 0.5), place(across))]
                {
                    let (sum, count) = &mut sums[half][place];
                    *sum += colour;
                    *count += 1;
                }
            }
        }
        let [left, right, top, bottom] =
            sums.map(|places| places.map(|(sum, count)| (count > 0).then(|| sum / count as f32)).to_vec());
        Ok(Some(Self { left, right, top, bottom }))
    }
}

fn is_solid(pixel: &Rgba<u8>) -> bool {
    pixel.0[3] >= 128
}

/// Pairs of slots whose pictures fit the others clearly better when exchanged; at most one, as one exchange
/// changes what the others mean. A side without its opposite may belong in the opposite's place.
pub(crate) fn look_swapped<'a>(
    pictures: impl IntoIterator<Item = (ViewSlot, &'a RgbaImage)>,
    cancel: Cancel<'_>,
) -> Result<Vec<[ViewSlot; 2]>, Cancelled> {
    let mut sides = BTreeMap::new();
    for (slot, picture) in pictures {
        if let Some(side) = Side::of(picture, cancel)? {
            sides.insert(slot, side);
        }
    }
    let Some(as_given) = mismatch(&sides, |slot| slot).filter(|&off| off >= LEAST_MISMATCH) else {
        return Ok(Vec::new());
    };
    let mut best: Option<([ViewSlot; 2], f32)> = None;
    for [one, other] in PAIRS.into_iter().filter(|pair| pair.iter().any(|slot| sides.contains_key(slot))) {
        // The source has no empty slot to go to.
        if one == ViewSlot::Front && !sides.contains_key(&other) {
            continue;
        }
        let exchanged = |slot| match slot {
            slot if slot == one => other,
            slot if slot == other => one,
            slot => slot,
        };
        let Some(off) = mismatch(&sides, exchanged) else { continue };
        if off * SWAPPED_FACTOR < as_given && best.is_none_or(|(_, least)| off < least - 1e-3) {
            best = Some(([one, other], off));
        }
    }
    Ok(best.map(|(pair, _)| pair).into_iter().collect())
}

/// Mean difference between the halves that lie beside each other, with every picture in the slot `placed` says; `None`
/// when no two are neighbours.
fn mismatch(sides: &BTreeMap<ViewSlot, Side>, placed: impl Fn(ViewSlot) -> ViewSlot) -> Option<f32> {
    let (mut sum, mut count) = (0.0, 0u32);
    for ((slot, half), (next, next_half), runs_back) in NEIGHBOURS {
        let (Some(side), Some(beside)) = (sides.get(&placed(slot)), sides.get(&placed(next))) else {
            continue;
        };
        let (one, other) = (side.half(half), beside.half(next_half));
        for (place, colour) in one.iter().enumerate() {
            let across = if runs_back { PLACES - 1 - place } else { place };
            if let (Some(a), Some(b)) = (colour, other[across]) {
                sum += a.distance(b);
                count += 1;
            }
        }
    }
    (count > 0).then(|| sum / count as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIX: [ViewSlot; 6] =
        [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::Top, ViewSlot::Bottom];

    /// An orthographic picture of a ball whose colour is a function of the place on it.
    fn ball(slot: ViewSlot, colour: impl Fn(Vec3) -> Vec3) -> RgbaImage {
        const SIDE: u32 = 96;
        let (a, e) = (slot.azimuth_deg().to_radians(), slot.elevation_deg().to_radians());
        let toward = Vec3::new(e.cos() * a.sin(), e.sin(), e.cos() * a.cos());
        let right = Vec3::new(a.cos(), 0.0, -a.sin());
        let up = toward.cross(right);
        RgbaImage::from_fn(SIDE, SIDE, |x, y| {
            let at = |v: u32| (v as f32 + 0.5) / SIDE as f32 * 2.2 - 1.1;
            let (u, v) = (at(x), -at(y));
            let depth2 = 1.0 - u * u - v * v;
            if depth2 <= 0.0 {
                return Rgba([0; 4]);
            }
            let [r, g, b] = colour(right * u + up * v + toward * depth2.sqrt()).to_array();
            Rgba([r, g, b, 1.0].map(|value| (value * 255.0) as u8))
        })
    }

    fn swapped(slots: &[ViewSlot], exchange: [ViewSlot; 2], colour: fn(Vec3) -> Vec3) -> Vec<[ViewSlot; 2]> {
        let shown: Vec<(ViewSlot, RgbaImage)> = slots
            .iter()
            .map(|&slot| match exchange {
                [one, other] if slot == one => (slot, ball(other, colour)),
                [one, other] if slot == other => (slot, ball(one, colour)),
                _ => (slot, ball(slot, colour)),
            })
            .collect();
        look_swapped(shown.iter().map(|(slot, picture)| (*slot, picture)), Cancel::never()).unwrap()
    }

    const NONE: [ViewSlot; 2] = [ViewSlot::Front, ViewSlot::Front];
    const SIDES: [ViewSlot; 2] = [ViewSlot::Left, ViewSlot::Right];

    /// Another colour in every direction.
    fn motley(p: Vec3) -> Vec3 {
        p * 0.5 + 0.5
    }

    /// A creature: alike on both sides, a red face and a blue tail.
    fn faced(p: Vec3) -> Vec3 {
        Vec3::new(0.5 + 0.5 * p.z, 0.4, 0.5 - 0.5 * p.z)
    }

    #[test]
    fn views_in_their_places_are_not_doubted() {
        let plain = |_: Vec3| Vec3::splat(0.6);
        let striped = |p: Vec3| Vec3::splat(if p.y > 0.2 { 0.9 } else { 0.2 });
        for colour in [motley, faced, plain, striped] {
            for count in 2..=SIX.len() {
                assert_eq!(swapped(&SIX[..count], NONE, colour), [] as [[ViewSlot; 2]; 0], "{count} views");
            }
        }
    }

    #[test]
    fn left_and_right_in_each_others_place_are_found() {
        for colour in [motley, faced] {
            assert_eq!(swapped(&SIX, SIDES, colour), [SIDES]);
            assert_eq!(swapped(&SIX[..4], SIDES, colour), [SIDES]);
            let alone = [ViewSlot::Front, ViewSlot::Back, ViewSlot::Right];
            assert_eq!(swapped(&alone, SIDES, colour), [SIDES], "one side in the other's place");
        }
    }

    #[test]
    fn top_and_bottom_and_front_and_back_are_found() {
        let ends = [ViewSlot::Top, ViewSlot::Bottom];
        assert_eq!(swapped(&SIX, ends, motley), [ends]);
        let faces = [ViewSlot::Front, ViewSlot::Back];
        assert_eq!(swapped(&[ViewSlot::Front, ViewSlot::Back, ViewSlot::Top], faces, motley), [faces]);
    }

    #[test]
    fn a_cancel_stops_the_comparison() {
        let picture = ball(ViewSlot::Front, motley);
        let cancelled = look_swapped([(ViewSlot::Front, &picture)], Cancel::new(&|| true));
        assert_eq!(cancelled, Err(Cancelled));
    }

    #[test]
    fn where_colours_say_nothing_nothing_is_said() {
        let plain = |_: Vec3| Vec3::splat(0.6);
        assert_eq!(swapped(&SIX, SIDES, plain), [] as [[ViewSlot; 2]; 0]);
        assert_eq!(look_swapped([], Cancel::never()).unwrap(), [] as [[ViewSlot; 2]; 0]);
    }
}
