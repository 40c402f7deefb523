//! Objects cut out with the help of an alpha channel, a mask or a brush.
#![allow(clippy::unwrap_used)]

mod scenes;

use image::{GrayImage, Luma, Rgba, RgbaImage};
use oreforge_geometry::Cancel;
use oreforge_geometry::segment::{MaskHints, MaskMethod, SegmentError, Stroke, cut_out};
use scenes::{OBJECTS, SIDE, composed, cut, gravel, iou, sample, white};

#[test]
fn strokes_also_correct_a_picture_with_alpha() {
    let duck = image::imageops::resize(&sample("duck"), 512, 512, image::imageops::FilterType::Triangle);
    let beak = Stroke { keep: false, radius_px: 10.0, points: vec![[45.0, 132.0], [60.0, 140.0]] };
    let hints = MaskHints { strokes: vec![beak], mask: None };
    let cutout = cut_out(&duck, &hints, Cancel::never()).unwrap().picture;
    assert_eq!(duck.get_pixel(50, 135).0[3], 255, "there is a beak");
    assert_eq!(cutout.get_pixel(50, 135).0[3], 0);
    assert_eq!(cutout.get_pixel(180, 100).0[3], 255, "the head stays");
    assert!(cutout.pixels().zip(duck.pixels()).all(|(ours, theirs)| ours.0[3] <= theirs.0[3]));
}

fn coffee_strokes() -> MaskHints {
    let stroke = |keep, points: &[[f32; 2]]| Stroke { keep, radius_px: 8.0, points: points.to_vec() };
    MaskHints {
        strokes: vec![
            stroke(true, &[[200.0, 60.0], [280.0, 190.0], [260.0, 330.0]]),
            stroke(false, &[[100.0, 80.0], [40.0, 200.0], [60.0, 350.0]]),
            stroke(false, &[[450.0, 60.0], [540.0, 200.0], [480.0, 370.0]]),
        ],
        mask: None,
    }
}

#[test]
fn strokes_bring_out_the_cup_and_its_saucer() {
    let photo = sample("coffee");
    let cutout = cut_out(&photo, &coffee_strokes(), Cancel::never()).unwrap();
    assert_eq!(cutout.method, MaskMethod::Strokes);
    let alpha = |x, y| cutout.picture.get_pixel(x, y).0[3];
    // Cup, coffee, handle, spoon, saucer on all sides.
    for (x, y) in [
        (290, 30),
        (290, 140),
        (230, 270),
        (365, 290),
        (90, 220),
        (465, 240),
        (370, 210),
        (270, 375),
        (150, 120),
    ] {
        assert_eq!(alpha(x, y), 255, "({x}, {y}) is object");
    }
    for (x, y) in [(20, 20), (500, 100), (560, 380), (30, 300), (70, 120), (490, 300), (150, 40)] {
        assert_eq!(alpha(x, y), 0, "({x}, {y}) is table");
    }
}

#[test]
fn strokes_have_the_last_word() {
    let (picture, _) = composed("mushroom", white);
    let strokes = |keep, point| MaskHints {
        strokes: vec![Stroke { keep, radius_px: 12.0, points: vec![point] }],
        mask: None,
    };
    let removed = cut_out(&picture, &strokes(false, [256.0, 160.0]), Cancel::never()).unwrap();
    assert_eq!(removed.picture.get_pixel(256, 160).0[3], 0);
    let kept = cut_out(&picture, &strokes(true, [40.0, 40.0]), Cancel::never()).unwrap();
    assert_eq!(kept.picture.get_pixel(40, 40).0[3], 255);
    assert_eq!(kept.picture.get_pixel(256, 160).0[3], 255);
}

#[test]
fn strokes_that_are_no_numbers_do_no_harm() {
    let (picture, truth) = composed("mushroom", white);
    let stroke =
        |radius_px, x| Stroke { keep: false, radius_px, points: vec![[x, f32::NAN], [f32::MAX, -x]] };
    let hints = MaskHints {
        strokes: vec![stroke(f32::NAN, 3.0), stroke(-4.0, f32::INFINITY), stroke(2.0, f32::NEG_INFINITY)],
        mask: None,
    };
    let cutout = cut_out(&picture, &hints, Cancel::never()).unwrap();
    assert!(iou(&cutout.picture, &truth) > 0.97);
}

#[test]
fn a_picture_with_alpha_is_cut_by_it() {
    for name in OBJECTS {
        let picture = sample(name);
        let cutout = cut(&picture).unwrap();
        assert_eq!((cutout.method, cutout.confidence), (MaskMethod::Alpha, 1.0));
        let truth = GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
            Luma([picture.get_pixel(x, y).0[3]])
        });
        assert!(iou(&cutout.picture, &truth) > 0.999, "{name}");
        for (ours, theirs) in cutout.picture.pixels().zip(picture.pixels()) {
            if theirs.0[3] == 255 {
                assert_eq!(ours, theirs, "{name}: what is opaque stays as it is");
            }
        }
    }
}

#[test]
fn specks_and_pinholes_of_an_alpha_are_cleaned() {
    let mut picture = RgbaImage::new(200, 200);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if (50..150).contains(&x) && (50..150).contains(&y) {
            *pixel = Rgba([30, 120, 200, 255]);
        }
    }
    picture.put_pixel(100, 100, Rgba([0; 4]));
    picture.put_pixel(10, 10, Rgba([255; 4]));
    let cutout = cut(&picture).unwrap().picture;
    assert_eq!(cutout.get_pixel(100, 100).0, [30, 120, 200, 255]);
    assert_eq!(cutout.get_pixel(10, 10).0, [0; 4]);
}

#[test]
fn nothing_there_is_said() {
    for (picture, word) in [
        (RgbaImage::new(64, 64), "transparent"),
        (RgbaImage::from_pixel(64, 64, Rgba([200, 30, 30, 255])), "one colour"),
    ] {
        let e = cut(&picture).unwrap_err();
        assert!(matches!(e, SegmentError::NothingThere { .. }), "{e:?}");
        assert!(e.to_string().contains(word), "{e}");
    }
}

#[test]
fn a_given_mask_decides_when_it_fits() {
    let (picture, truth) = composed("teapot", gravel);
    let with = |mask: GrayImage| {
        cut_out(&picture, &MaskHints { strokes: Vec::new(), mask: Some(mask) }, Cancel::never())
    };
    let cutout = with(truth.clone()).unwrap();
    assert_eq!(cutout.method, MaskMethod::GivenMask);
    assert!(iou(&cutout.picture, &truth) > 0.999);
    let hard =
        GrayImage::from_fn(SIDE, SIDE, |x, y| Luma([if truth.get_pixel(x, y).0[0] > 127 { 255 } else { 0 }]));
    assert!(iou(&with(hard).unwrap().picture, &truth) > 0.985);
    let small = image::imageops::resize(&truth, 256, 258, image::imageops::FilterType::Triangle);
    assert!(iou(&with(small).unwrap().picture, &truth) > 0.98);
    assert!(matches!(
        with(GrayImage::from_pixel(SIDE, SIDE / 2, Luma([255]))),
        Err(SegmentError::MaskProportions { .. })
    ));
    assert_eq!(with(GrayImage::new(SIDE, SIDE)), Err(SegmentError::MaskEmpty));
    assert_eq!(with(GrayImage::from_pixel(SIDE, SIDE, Luma([255]))), Err(SegmentError::MaskFull));
}
