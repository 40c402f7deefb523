//! Objects cut out of grounds made in code, and out of a photo with a brush.
#![allow(clippy::unwrap_used)]

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, Luma, RgbImage, Rgba, RgbaImage};
use oreforge_geometry::Cancel;
use oreforge_geometry::segment::{Cutout, MaskHints, MaskMethod, SegmentError, Stroke, cut_out};
use proptest::prelude::*;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const OBJECTS: [&str; 8] = ["amphora", "duck", "house", "mushroom", "penguin", "robot", "t-rex", "teapot"];
/// Side of the composed pictures, and of the object in their middle.
const SIDE: u32 = 512;
const OBJECT_SIDE: u32 = 430;

fn sample(name: &str) -> RgbaImage {
    let path = format!("{}/../../assets/samples/{name}.png", env!("CARGO_MANIFEST_DIR"));
    image::open(path).unwrap().into_rgba8()
}

fn cut(picture: &RgbaImage) -> Result<Cutout, SegmentError> {
    cut_out(picture, &MaskHints::default(), Cancel::never())
}

/// Smooth noise 0..=1 with one value per unit square.
fn value_noise(x: f32, y: f32, seed: u32) -> f32 {
    let hash = |x: i32, y: i32| {
        let mut v = (x as u32).wrapping_mul(374_761_393) ^ (y as u32).wrapping_mul(668_265_263) ^ seed;
        v = (v ^ (v >> 13)).wrapping_mul(1_274_126_177);
        v = (v ^ (v >> 16)).wrapping_mul(2_246_822_519);
        ((v ^ (v >> 13)) & 0xffff) as f32 / 65_535.0
    };
    let (left, top) = (x.floor() as i32, y.floor() as i32);
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (fx, fy) = (ease(x - x.floor()), ease(y - y.floor()));
    let row = |y: i32| hash(left, y) * (1.0 - fx) + hash(left + 1, y) * fx;
    row(top) * (1.0 - fy) + row(top + 1) * fy
}

type Ground = fn(f32, f32) -> [f32; 3];

fn white(_: f32, _: f32) -> [f32; 3] {
    [250.0; 3]
}

fn vignette(x: f32, y: f32) -> [f32; 3] {
    let (u, v) = (x / SIDE as f32 - 0.5, y / SIDE as f32 - 0.5);
    let grey = 200.0 - 90.0 * (u * u + v * v);
    [grey, grey, grey * 1.03]
}

fn sky_over_earth(_: f32, y: f32) -> [f32; 3] {
    let v = y / SIDE as f32;
    if v < 0.7 {
        [150.0 + 60.0 * v, 190.0 + 60.0 * v, 235.0 + 60.0 * v]
    } else {
        [110.0 - 20.0 * v, 95.0 - 20.0 * v, 70.0 - 20.0 * v]
    }
}

fn brick(x: f32, y: f32) -> [f32; 3] {
    let course = (y / 32.0).floor();
    let x = if course as i32 % 2 == 0 { x } else { x + 32.0 };
    let grain = value_noise(x / 2.5, y / 2.5, 9) - 0.5;
    let tone = if y % 32.0 < 4.0 || x % 64.0 < 4.0 {
        175.0 + 40.0 * grain
    } else {
        110.0 + 40.0 * value_noise((x / 64.0).floor(), course, 5) + 50.0 * grain
    };
    [tone, tone * 0.75, tone * 0.65]
}

fn gravel(x: f32, y: f32) -> [f32; 3] {
    let tone =
        60.0 + 130.0 * value_noise(x / 7.0, y / 7.0, 1) + 50.0 * (value_noise(x / 2.5, y / 2.5, 2) - 0.5);
    [tone * 0.9, tone * 0.88, tone * 0.85]
}

fn grass(x: f32, y: f32) -> [f32; 3] {
    let tone = 60.0 + 90.0 * value_noise(x / 3.0, y / 9.0, 3) + 60.0 * value_noise(x / 1.7, y / 4.0, 7);
    [tone * 0.6, tone * 0.9, tone * 0.5]
}

/// The object on a ground, with sensor noise of 2.5 steps and as a JPEG of quality 85; and its true alpha.
fn composed(name: &str, ground: impl Fn(f32, f32) -> [f32; 3]) -> (RgbaImage, GrayImage) {
    let object = image::imageops::resize(
        &sample(name),
        OBJECT_SIDE,
        OBJECT_SIDE,
        image::imageops::FilterType::Triangle,
    );
    let margin = (SIDE - OBJECT_SIDE) / 2;
    let mut alpha = GrayImage::new(SIDE, SIDE);
    let mut picture = RgbImage::new(SIDE, SIDE);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let inside =
            (margin..margin + OBJECT_SIDE).contains(&x) && (margin..margin + OBJECT_SIDE).contains(&y);
        let object = if inside { object.get_pixel(x - margin, y - margin).0 } else { [0; 4] };
        alpha.put_pixel(x, y, Luma([object[3]]));
        let share = f32::from(object[3]) / 255.0;
        let behind = ground(x as f32, y as f32);
        for channel in 0..3 {
            // The sum of four even variables is near enough to a Gaussian one.
            let noise: f32 =
                (0..4_u32).map(|n| value_noise(x as f32, y as f32, 100 + n * 3 + channel as u32) - 0.5).sum();
            let value = f32::from(object[channel]) * share + behind[channel] * (1.0 - share) + noise * 4.3;
            pixel.0[channel] = value.clamp(0.0, 255.0) as u8;
        }
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 85).encode_image(&picture).unwrap();
    (image::load_from_memory(&jpeg).unwrap().into_rgba8(), alpha)
}

fn iou(cutout: &RgbaImage, truth: &GrayImage) -> f64 {
    let (mut both, mut either) = (0_u32, 0_u32);
    for (ours, truth) in cutout.pixels().zip(truth.pixels()) {
        let (ours, truth) = (ours.0[3] > 127, truth.0[0] > 127);
        both += u32::from(ours && truth);
        either += u32::from(ours || truth);
    }
    f64::from(both) / f64::from(either)
}

/// The prototype's means, over more objects, were .987, .930, .960, .957 and .922.
#[test]
fn objects_come_off_plain_and_textured_grounds() {
    let grounds: [(&str, Ground, f64); 6] = [
        ("white", white, 0.99),
        ("vignette", vignette, 0.99),
        ("sky over earth", sky_over_earth, 0.99),
        ("brick", brick, 0.985),
        ("gravel", gravel, 0.985),
        ("grass", grass, 0.985),
    ];
    for (ground_name, ground, least_mean) in grounds {
        let mut sum = 0.0;
        for name in OBJECTS {
            let (picture, truth) = composed(name, ground);
            let cutout = cut(&picture).unwrap_or_else(|e| panic!("{name} on {ground_name}: {e}"));
            let score = iou(&cutout.picture, &truth);
            println!("{ground_name:15} {name:9} {score:.4} confidence {:.2}", cutout.confidence);
            assert!(score > 0.97, "{name} on {ground_name}: {score}");
            sum += score;
        }
        let mean = sum / OBJECTS.len() as f64;
        println!("{ground_name:15} mean      {mean:.4}");
        assert!(mean > least_mean, "{ground_name}: {mean}");
    }
}

/// Clear regions that the object encloses, of 100 pixels or more.
fn holes(clear: impl Fn(u32, u32) -> bool) -> usize {
    let mut seen = vec![false; (SIDE * SIDE) as usize];
    let mut holes = 0;
    for start in 0..SIDE * SIDE {
        let (mut open, mut size, mut at_border) = (vec![start], 0, false);
        while let Some(i) = open.pop() {
            let (x, y) = (i % SIDE, i / SIDE);
            if std::mem::replace(&mut seen[i as usize], true) || !clear(x, y) {
                continue;
            }
            size += 1;
            if x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1 {
                at_border = true;
            } else {
                open.extend([i - 1, i + 1, i - SIDE, i + SIDE]);
            }
        }
        holes += usize::from(size >= 100 && !at_border);
    }
    holes
}

#[test]
fn handles_and_their_holes_survive() {
    for (name, ground, true_holes) in [
        ("amphora", white as Ground, 2),
        ("teapot", vignette, 1),
        ("amphora", brick, 2),
        ("teapot", grass, 1),
    ] {
        let (picture, truth) = composed(name, ground);
        let cutout = cut(&picture).unwrap().picture;
        assert_eq!(holes(|x, y| truth.get_pixel(x, y).0[0] <= 127), true_holes, "the truth about {name}");
        assert_eq!(holes(|x, y| cutout.get_pixel(x, y).0[3] <= 127), true_holes, "{name}");
    }
}

/// Over white, a cut-out still mixed with its white ground would be brighter than the object itself.
#[test]
fn the_rim_is_soft_and_free_of_the_background() {
    let (picture, truth) = composed("t-rex", white);
    let cutout = cut(&picture).unwrap().picture;
    let soft = cutout.pixels().filter(|p| (10..245).contains(&p.0[3])).count();
    assert!(soft > 400, "{soft} soft pixels");
    let (mut error, mut fringe) = (0.0, 0_u32);
    for (ours, truth) in cutout.pixels().zip(truth.pixels()) {
        error += f64::from(ours.0[3].abs_diff(truth.0[0]));
        if ours.0[3] > 10 && ours.0[..3].iter().all(|&channel| channel > 215) {
            fringe += 1;
        }
    }
    assert!(error / soft as f64 <= 60.0, "{} of alpha per rim pixel", error / soft as f64);
    assert_eq!(fringe, 0, "the t-rex has nothing white");
}

#[test]
fn a_cluttered_photo_asks_for_a_person() {
    match cut(&sample("coffee")) {
        Err(SegmentError::NeedsMask { confidence, reason, best_guess }) => {
            assert!(confidence < 0.3, "{confidence}");
            assert!(reason.ends_with('.'), "{reason}");
            assert_eq!(best_guess.picture.dimensions(), (600, 400));
        }
        other => panic!("{:?}", other.map(|cutout| cutout.confidence)),
    }
}

#[test]
fn a_brown_house_on_brown_wood_asks_for_a_person() {
    let photo = sample("coffee");
    let wood = |x: f32, y: f32| {
        let scale = 1.0 / SIDE as f32;
        let pixel = photo.get_pixel(430 + (x * scale * 169.0) as u32, (y * scale * 399.0) as u32).0;
        [f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])]
    };
    let (picture, _) = composed("house", wood);
    assert!(matches!(cut(&picture), Err(SegmentError::NeedsMask { .. })));
    // What differs from the wood does come off it.
    let (picture, truth) = composed("penguin", wood);
    assert!(iou(&cut(&picture).unwrap().picture, &truth) > 0.97);
}

#[test]
fn an_object_may_run_out_of_a_plain_picture() {
    let (picture, truth) = composed("penguin", vignette);
    let (x, y, width, height) = (0, 0, SIDE, SIDE * 3 / 5);
    let picture = image::imageops::crop_imm(&picture, x, y, width, height).to_image();
    let truth = image::imageops::crop_imm(&truth, x, y, width, height).to_image();
    assert!(iou(&cut(&picture).unwrap().picture, &truth) > 0.97);
}

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

#[test]
fn the_same_picture_gives_the_same_bytes_on_any_number_of_threads() {
    let (picture, _) = composed("robot", brick);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = pool.install(|| cut(&picture).unwrap());
    assert_eq!(cut(&picture).unwrap(), alone);
}

/// Asked for a while, it says yes; the longest silence between two questions is how late a cancel may come.
#[test]
fn cancel_is_asked_for_often_in_every_phase() {
    let big = |name, ground| {
        let (picture, _) = composed(name, ground);
        image::imageops::resize(&picture, 2048, 2048, image::imageops::FilterType::Triangle)
    };
    let mask = GrayImage::from_fn(2048, 2048, |x, _| Luma([if x < 900 { 255 } else { 0 }]));
    let alpha = image::imageops::resize(&sample("duck"), 2048, 2048, image::imageops::FilterType::Triangle);
    for (what, picture, hints) in [
        ("colours", big("amphora", gravel), MaskHints::default()),
        ("alpha", alpha.clone(), MaskHints::default()),
        ("mask", alpha, MaskHints { strokes: Vec::new(), mask: Some(mask) }),
    ] {
        let asked = Mutex::new((Instant::now(), Duration::ZERO, 0_u32));
        let question = || {
            let mut asked = asked.lock().unwrap();
            let silence = asked.0.elapsed();
            *asked = (Instant::now(), asked.1.max(silence), asked.2 + 1);
            false
        };
        let start = Instant::now();
        cut_out(&picture, &hints, Cancel::new(&question)).unwrap();
        let total = start.elapsed();
        question();
        let (_, longest, times) = *asked.lock().unwrap();
        println!("{what}: {total:.0?}, asked {times} times, longest silence {longest:.0?}");
        assert!(times > 10, "{what}: {times}");
        // Generous: the machine is shared while tests run.
        assert!(longest < Duration::from_millis(250), "{what}: {longest:?}");

        let stop_at = times / 2;
        let count = std::sync::atomic::AtomicU32::new(0);
        let stop = || count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= stop_at;
        assert_eq!(cut_out(&picture, &hints, Cancel::new(&stop)), Err(SegmentError::Cancelled), "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn no_picture_brings_it_down(
        width in 1..60_u32,
        height in 1..60_u32,
        block in 1..20_u32,
        colors in prop::collection::vec(any::<[u8; 4]>(), 1..6),
        with_alpha: bool,
        stroke in prop::option::of((any::<bool>(), -5.0..40.0_f32, prop::collection::vec([-80.0..80.0_f32, -80.0..80.0_f32], 0..5))),
    ) {
        let picture = RgbaImage::from_fn(width, height, |x, y| {
            let mut color = colors[((x / block) * 7 + (y / block) * 3) as usize % colors.len()];
            if !with_alpha {
                color[3] = 255;
            }
            Rgba(color)
        });
        let strokes = stroke.map(|(keep, radius_px, points)| Stroke { keep, radius_px, points }).into_iter().collect();
        match cut_out(&picture, &MaskHints { strokes, mask: None }, Cancel::never()) {
            Ok(cutout) => {
                prop_assert_eq!(cutout.picture.dimensions(), (width, height));
                prop_assert!(cutout.picture.pixels().any(|p| p.0[3] > 0));
                prop_assert!((0.0..=1.0).contains(&cutout.confidence));
            }
            Err(SegmentError::NeedsMask { confidence, best_guess, .. }) => {
                prop_assert!((0.0..0.5).contains(&confidence));
                prop_assert_eq!(best_guess.picture.dimensions(), (width, height));
            }
            Err(SegmentError::NothingThere { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
