//! `gate`: do the views show the same thing as the picture? A structured answer with reasons, whatever is
//! missing or unreadable.

use image::RgbaImage;
use oreforge_geometry::{Cancel, Cancelled};
use oreforge_protocol::{ErrorCode, ErrorReport, GateReport, GateVerdict, Resemblance, ViewScore, ViewSlot};

use crate::resemblance::{Looks, doubts};
use crate::silhouette::Silhouette;

const PASS_SCORE: u8 = 75;
const REFUSE_SCORE: u8 = 45;
/// How far the heights of two views may differ before a person would see it.
const HEIGHT_TOLERANCE: f32 = 0.04;
/// Likeness that weighs as none, and as all: the front of another thing is at the first or below, what an engine drew
/// anew of the picture around three quarters, its own picture in small at the second.
const LIKENESS_NONE: f32 = 0.35;
const LIKENESS_ALL: f32 = 0.95;

/// A view as it was found, or a sentence why it could not be read.
pub struct SeenView {
    pub slot: ViewSlot,
    pub picture: Result<RgbaImage, String>,
}

/// Compares every view with the reference cut-out. All views are expected at one scale, as
/// `engines::ViewPicture` says. The gate refuses when the front does not show the reference or when no other
/// view is usable; single bad views only make it doubtful.
pub fn assess(
    reference: &RgbaImage,
    views: &[SeenView],
    cancel: Cancel<'_>,
) -> Result<GateReport, Cancelled> {
    let Some(looks) = Looks::of(reference) else {
        return Ok(GateReport {
            verdict: GateVerdict::Refuse,
            views: Vec::new(),
            reasons: vec!["The cut-out is empty, so there is nothing to compare the views with.".to_owned()],
            swapped: Vec::new(),
        });
    };
    let front_height_px = views
        .iter()
        .find(|view| view.slot == ViewSlot::Front)
        .and_then(|view| view.picture.as_ref().ok())
        .and_then(Silhouette::of)
        .map(|silhouette| silhouette.height_px());

    let mut scores = Vec::with_capacity(views.len());
    for view in views {
        cancel.check()?;
        scores.push(match &view.picture {
            Err(reason) => refused(view.slot, format!("The {} view cannot be read: {reason}", view.slot)),
            Ok(picture) => match Silhouette::of(picture) {
                None => refused(view.slot, format!("The {} view is empty.", view.slot)),
                Some(seen) => {
                    // Nothing but the front shows what the picture shows.
                    let likeness = match view.slot {
                        ViewSlot::Front => Some(looks.likeness(picture, &seen, cancel)?),
                        _ => None,
                    };
                    let silhouette = shape_score(view.slot, &looks.outline, &seen, front_height_px);
                    let colour = looks.colour(picture);
                    let scored = score(view.slot, Resemblance { silhouette, colour, likeness });
                    match likeness {
                        Some(likeness) if looks.is_mirrored(picture, likeness, cancel)? => mirrored(scored),
                        _ => scored,
                    }
                }
            },
        });
    }
    Ok(verdict(scores))
}

/// The report with what looks swapped; it then passes no longer.
pub(crate) fn doubting(mut report: GateReport, swapped: Vec<[ViewSlot; 2]>) -> GateReport {
    for [one, other] in &swapped {
        report.reasons.push(format!(
            "{} and {other} look swapped: their colours fit the other sides better the other way round.",
            capital(*one)
        ));
        if report.verdict == GateVerdict::Pass {
            report.verdict = GateVerdict::Doubtful;
        }
    }
    GateReport { swapped, ..report }
}

/// The error a refused gate ends its job with.
pub(crate) fn refusal(report: &GateReport) -> ErrorReport {
    let reasons = report.reasons.join(" ");
    ErrorReport::new(ErrorCode::GateRefused, format!("The views do not show the picture. {reasons}"))
        .with_hint("Try another seed or engine, or give the refused views yourself.")
}

/// 0..=1: how well a view's outline fits what the reference says about it.
fn shape_score(slot: ViewSlot, outline: &Silhouette, seen: &Silhouette, front_height_px: Option<f32>) -> f32 {
    let height_fit = |tolerated: f32| match front_height_px {
        None => 1.0,
        Some(front) => {
            let off = (seen.height_px() / front - 1.0).abs();
            (1.0 - (off - tolerated).max(0.0) * 4.0).clamp(0.0, 1.0)
        }
    };
    match slot {
        ViewSlot::Front => outline.iou(seen),
        // A back is the front's outline in a mirror; an engine may add what the front hides.
        ViewSlot::Back => (outline.mirrored().iou(seen) * 1.05).min(1.0) * height_fit(HEIGHT_TOLERANCE),
        ViewSlot::Right | ViewSlot::Left => height_fit(HEIGHT_TOLERANCE),
        // Seen from 15° above, depth adds to the height.
        ViewSlot::ThreeQuarter => height_fit(0.35),
        ViewSlot::Top | ViewSlot::Bottom => 1.0,
    }
}

fn score(slot: ViewSlot, seen: Resemblance) -> ViewScore {
    let likeness = seen.likeness.map(|likeness| (likeness - LIKENESS_NONE) / (LIKENESS_ALL - LIKENESS_NONE));
    let parts: Vec<f32> = [Some(seen.silhouette), Some(seen.colour), likeness]
        .into_iter()
        .flatten()
        .map(|part| part.clamp(0.0, 1.0))
        .collect();
    // A view is as good as its worst part, so that a perfect outline cannot hide wrong colours.
    let mean = parts.iter().sum::<f32>() / parts.len() as f32;
    let worst = parts.iter().copied().fold(1.0, f32::min);
    let value = (100.0 * (0.4 * mean + 0.6 * worst)).round() as u8;
    let verdict = match value {
        PASS_SCORE.. => GateVerdict::Pass,
        REFUSE_SCORE.. => GateVerdict::Doubtful,
        _ => GateVerdict::Refuse,
    };
    ViewScore { slot, score: value, verdict, reasons: doubts(&seen), resemblance: Some(seen) }
}

/// A view that no likeness lets pass.
fn mirrored(mut view: ViewScore) -> ViewScore {
    view.reasons.push("It looks more like the picture in a mirror.".to_owned());
    view.score = view.score.min(PASS_SCORE - 1);
    if view.verdict == GateVerdict::Pass {
        view.verdict = GateVerdict::Doubtful;
    }
    view
}

fn refused(slot: ViewSlot, reason: String) -> ViewScore {
    ViewScore { slot, score: 0, verdict: GateVerdict::Refuse, reasons: vec![reason], resemblance: None }
}

fn verdict(views: Vec<ViewScore>) -> GateReport {
    let mut reasons = Vec::new();
    let front = views.iter().find(|view| view.slot == ViewSlot::Front).map(|view| view.verdict);
    let usable_others =
        views.iter().filter(|v| v.slot != ViewSlot::Front && v.verdict != GateVerdict::Refuse).count();
    for view in views.iter().filter(|view| view.verdict != GateVerdict::Pass) {
        reasons.push(format!("{} scores {}. {}", capital(view.slot), view.score, view.reasons.join(" ")));
    }
    let verdict = match front {
        None => {
            reasons.insert(0, "There is no front view.".to_owned());
            GateVerdict::Refuse
        }
        Some(GateVerdict::Refuse) => GateVerdict::Refuse,
        Some(GateVerdict::Pass | GateVerdict::Doubtful) if usable_others == 0 => {
            reasons.insert(0, "No view but the front is usable.".to_owned());
            GateVerdict::Refuse
        }
        Some(_) if reasons.is_empty() => GateVerdict::Pass,
        Some(_) => GateVerdict::Doubtful,
    };
    GateReport { verdict, views, reasons, swapped: Vec::new() }
}

fn capital(slot: ViewSlot) -> &'static str {
    match slot {
        ViewSlot::Front => "Front",
        ViewSlot::Right => "Right",
        ViewSlot::Back => "Back",
        ViewSlot::Left => "Left",
        ViewSlot::Top => "Top",
        ViewSlot::Bottom => "Bottom",
        ViewSlot::ThreeQuarter => "Three quarter",
    }
}

#[cfg(test)]
mod tests {
    use image::Rgba;
    use oreforge_geometry::Cancel;

    use super::*;

    fn disc(size: u32, radius: f32, colour: [u8; 3]) -> RgbaImage {
        let centre = size as f32 / 2.0;
        RgbaImage::from_fn(size, size, |x, y| {
            let inside = (x as f32 + 0.5 - centre).hypot(y as f32 + 0.5 - centre) < radius;
            Rgba([colour[0], colour[1], colour[2], if inside { 255 } else { 0 }])
        })
    }

    fn seen(slot: ViewSlot, picture: RgbaImage) -> SeenView {
        SeenView { slot, picture: Ok(picture) }
    }

    fn five_of(picture: &RgbaImage) -> Vec<SeenView> {
        [ViewSlot::Front, ViewSlot::Right, ViewSlot::Back, ViewSlot::Left, ViewSlot::ThreeQuarter]
            .map(|slot| seen(slot, picture.clone()))
            .into()
    }

    #[test]
    fn views_of_the_same_thing_pass() {
        let red = disc(200, 70.0, [200, 40, 30]);
        // Another framing of the same disc.
        let report = assess(&disc(300, 140.0, [200, 40, 30]), &five_of(&red), Cancel::never()).unwrap();
        assert_eq!(report.verdict, GateVerdict::Pass, "{report:?}");
        assert!(report.views.iter().all(|view| view.score >= 95), "{report:?}");
    }

    #[test]
    fn a_missing_view_is_a_reason_and_not_an_end() {
        let red = disc(200, 70.0, [200, 40, 30]);
        let mut views = five_of(&red);
        views[2].picture = Err("No such file.".to_owned());
        let report = assess(&red, &views, Cancel::never()).unwrap();
        assert_eq!(report.verdict, GateVerdict::Doubtful);
        assert_eq!(report.views[2].verdict, GateVerdict::Refuse);
        assert!(report.reasons.iter().any(|reason| reason.contains("No such file.")), "{report:?}");
    }

    #[test]
    fn an_unreadable_front_is_refused() {
        let red = disc(200, 70.0, [200, 40, 30]);
        let mut views = five_of(&red);
        views[0].picture = Err("The file ends too early.".to_owned());
        assert_eq!(assess(&red, &views, Cancel::never()).unwrap().verdict, GateVerdict::Refuse);
        assert_eq!(assess(&red, &[], Cancel::never()).unwrap().verdict, GateVerdict::Refuse);
        assert_eq!(
            assess(&RgbaImage::new(8, 8), &five_of(&red), Cancel::never()).unwrap().verdict,
            GateVerdict::Refuse
        );
    }

    #[test]
    fn another_thing_is_refused() {
        let red = disc(200, 70.0, [200, 40, 30]);
        let bar = RgbaImage::from_fn(200, 200, |x, _| {
            Rgba([30, 60, 220, if (90..110).contains(&x) { 255 } else { 0 }])
        });
        let report = assess(&red, &five_of(&bar), Cancel::never()).unwrap();
        assert_eq!(report.verdict, GateVerdict::Refuse, "{report:?}");
    }

    #[test]
    fn wrong_colours_are_told_even_with_the_right_outline() {
        let red = disc(200, 70.0, [200, 40, 30]);
        let mut views = five_of(&red);
        views[2].picture = Ok(disc(200, 70.0, [30, 200, 60]));
        let report = assess(&red, &views, Cancel::never()).unwrap();
        assert_ne!(report.views[2].verdict, GateVerdict::Pass);
        assert!(report.views[2].reasons.iter().any(|reason| reason.contains("colours")), "{report:?}");
    }

    #[test]
    fn a_front_that_shows_something_else_is_told_even_with_outline_and_colours_right() {
        let halves = |left: [u8; 3], right: [u8; 3]| {
            let mut picture = disc(200, 70.0, left);
            picture.enumerate_pixels_mut().filter(|(x, ..)| *x >= 100).for_each(|(.., pixel)| {
                pixel.0[..3].copy_from_slice(&right);
            });
            picture
        };
        let (dark, bright) = ([60, 20, 10], [220, 200, 180]);
        let reference = halves(dark, bright);
        let mut views = five_of(&reference);
        views[0].picture = Ok(halves(bright, dark));
        let report = assess(&reference, &views, Cancel::never()).unwrap();
        assert_eq!(report.verdict, GateVerdict::Refuse, "{report:?}");
        assert!(report.views[0].reasons.iter().any(|reason| reason.contains("looks like")), "{report:?}");
        assert_eq!(report.views[1].resemblance.unwrap().likeness, None, "a side is not the front");
    }

    #[test]
    fn a_view_of_another_height_is_doubted() {
        let red = disc(200, 70.0, [200, 40, 30]);
        let mut views = five_of(&red);
        views[1].picture = Ok(disc(200, 56.0, [200, 40, 30]));
        let report = assess(&red, &views, Cancel::never()).unwrap();
        assert_ne!(report.views[1].verdict, GateVerdict::Pass, "{report:?}");
    }
}
