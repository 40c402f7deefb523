use glam::Vec3;
use oreforge_geometry::decimate::decimate;
use oreforge_geometry::surface_nets::surface_nets;
use oreforge_geometry::topology::inspect;
use oreforge_geometry::unwrap::{UnwrapOptions, Unwrapped, unwrap};
use oreforge_geometry::volume::Volume;
use oreforge_geometry::{Cancel, Cancelled, TriMesh};
use proptest::prelude::*;

fn field(size: [usize; 3], triangles: usize, value: impl Fn(Vec3) -> f32) -> TriMesh {
    let mut volume = Volume::filled(size, 0.0);
    for z in 0..size[2] {
        for y in 0..size[1] {
            for x in 0..size[0] {
                let i = volume.index(x, y, z);
                volume.values[i] = value(Vec3::new(x as f32, y as f32, z as f32));
            }
        }
    }
    let mesh = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
    let mut mesh = decimate(mesh, triangles, Cancel::never()).expect("nobody cancels");
    for p in &mut mesh.positions {
        *p /= size[1] as f32;
    }
    mesh
}

fn assert_sound(mesh: &TriMesh, unwrapped: &Unwrapped, options: &UnwrapOptions) {
    assert_eq!(unwrapped.triangles.len(), mesh.triangles.len());
    for (split, whole) in unwrapped.triangles.iter().zip(&mesh.triangles) {
        assert_eq!(split.map(|v| unwrapped.source_vertex[v as usize]), *whole);
    }
    for (i, &source) in unwrapped.source_vertex.iter().enumerate() {
        assert_eq!(unwrapped.positions[i], mesh.positions[source as usize]);
        assert!(unwrapped.normals[i].is_normalized());
    }
    assert!(
        unwrapped.uvs.iter().all(|uv| uv.cmpgt(glam::Vec2::ZERO).all() && uv.cmplt(glam::Vec2::ONE).all())
    );
    assert_eq!(overlapping_texels(unwrapped, options.texture_px), 0);
    assert_eq!(unwrapped.overlap, 0.0);
}

/// Texel centres strictly inside more than one triangle, by edge functions.
fn overlapping_texels(unwrapped: &Unwrapped, texture_px: u32) -> usize {
    let n = texture_px as usize;
    let mut claims = vec![0u8; n * n];
    for triangle in &unwrapped.triangles {
        let [a, b, c] = triangle.map(|v| unwrapped.uvs[v as usize].as_dvec2() * f64::from(texture_px));
        let area = (b - a).perp_dot(c - a);
        let (low, high) = (a.min(b).min(c), a.max(b).max(c));
        for y in low.y as usize..=high.y as usize {
            for x in low.x as usize..=high.x as usize {
                let p = glam::DVec2::new(x as f64 + 0.5, y as f64 + 0.5);
                let inside = [(a, b), (b, c), (c, a)]
                    .iter()
                    .all(|(p0, p1)| (p1 - p0).perp_dot(p - p0) * area.signum() > 1e-6);
                claims[y * n + x] += u8::from(inside);
            }
        }
    }
    claims.iter().filter(|&&c| c > 1).count()
}

fn flat(mesh: &TriMesh, options: &UnwrapOptions) -> Unwrapped {
    unwrap(mesh, options, Cancel::never()).expect("nobody cancels")
}

const OPTIONS: UnwrapOptions =
    UnwrapOptions { texture_px: 512, margin_px: 4, favoured: Some((Vec3::Z, 1.6)) };

#[test]
fn a_ball_fills_the_texture_well() {
    let ball = field([48; 3], 4000, |p| 20.0 - p.distance(Vec3::splat(23.5)));
    let unwrapped = flat(&ball, &OPTIONS);
    assert_sound(&ball, &unwrapped, &OPTIONS);
    assert!(unwrapped.coverage > 0.6, "{}", unwrapped.coverage);
    assert!(unwrapped.charts < 20, "{}", unwrapped.charts);
    assert_eq!(
        inspect(&TriMesh { positions: unwrapped.positions, triangles: unwrapped.triangles }).components,
        unwrapped.charts as usize
    );
}

#[test]
fn the_favoured_side_gets_more_texels() {
    let ball = field([48; 3], 4000, |p| 20.0 - p.distance(Vec3::splat(23.5)));
    let unwrapped = flat(&ball, &OPTIONS);
    let density = |side: Vec3| {
        let mut sum = (0.0, 0.0);
        for t in &unwrapped.triangles {
            let [p, q, r] = t.map(|v| unwrapped.positions[v as usize]);
            let normal = (q - p).cross(r - p);
            if normal.normalize_or_zero().dot(side) > 0.9 {
                let [a, b, c] = t.map(|v| unwrapped.uvs[v as usize]);
                sum.0 += (b - a).perp_dot(c - a).abs();
                sum.1 += normal.length();
            }
        }
        (sum.0 / sum.1).sqrt()
    };
    let ratio = density(Vec3::Z) / density(Vec3::NEG_Z);
    assert!((ratio - 1.6).abs() < 0.05, "{ratio}");
}

/// Two discs leave much of a square empty; the one at the back gives way, the one in front stays whole.
#[test]
fn the_back_of_a_lens_is_cut_and_its_front_is_not() {
    let lens = field([72, 72, 36], 6000, |p| {
        30.0 - ((p - Vec3::new(35.5, 35.5, 17.5)) * Vec3::new(1.0, 1.0, 2.5)).length()
    });
    for favoured in [None, OPTIONS.favoured] {
        let options = UnwrapOptions { texture_px: 1024, favoured, ..OPTIONS };
        let unwrapped = flat(&lens, &options);
        assert_sound(&lens, &unwrapped, &options);
        assert!(unwrapped.coverage > 0.64, "{}", unwrapped.coverage);
        let side = |towards: f32| {
            let facing = |t: &&[u32; 3]| {
                let [p, q, r] = t.map(|v| unwrapped.positions[v as usize]);
                (q - p).cross(r - p).normalize_or_zero().z * towards > 0.7
            };
            TriMesh {
                positions: unwrapped.positions.clone(),
                triangles: unwrapped.triangles.iter().filter(facing).copied().collect(),
            }
        };
        let pieces = |towards| inspect(&side(towards)).components;
        assert!(pieces(1.0) == 1 && pieces(-1.0) > 1, "{} and {}", pieces(1.0), pieces(-1.0));
    }
}

#[test]
fn layers_over_each_other_get_charts_of_their_own() {
    // A coil: all its turns face up and lie over each other.
    let coil = field([48, 60, 48], 8000, |p| {
        let q = p - Vec3::new(23.5, 0.0, 23.5);
        let angle = q.z.atan2(q.x) / std::f32::consts::TAU;
        let turn = ((p.y - 8.0) / 12.0 - angle).round().clamp(0.0, 3.0);
        let height = 8.0 + (turn + angle) * 12.0;
        3.2 - (q.x.hypot(q.z) - 16.0).hypot(p.y - height)
    });
    assert_sound(&coil, &flat(&coil, &OPTIONS), &OPTIONS);
}

#[test]
fn nothing_and_crumbs_do_not_panic() {
    assert_eq!(flat(&TriMesh::default(), &OPTIONS).charts, 0);
    let sliver = TriMesh {
        positions: vec![Vec3::ZERO, Vec3::X, Vec3::X * 2.0],
        triangles: vec![[0, 1, 2], [2, 1, 0]],
    };
    assert_eq!(flat(&sliver, &OPTIONS).triangles.len(), 2);
    let ball = field([20; 3], 200, |p| 8.0 - p.distance(Vec3::splat(9.5)));
    for texture_px in [1, 2, 16, 37] {
        flat(&ball, &UnwrapOptions { texture_px, ..OPTIONS });
    }
}

#[test]
fn cancel_is_heard_and_threads_do_not_matter() {
    let ball = field([32; 3], 1500, |p| 13.0 - p.distance(Vec3::splat(15.5)));
    assert_eq!(unwrap(&ball, &OPTIONS, Cancel::new(&|| true)), Err(Cancelled));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(|| flat(&ball, &OPTIONS))
    };
    assert_eq!(with(1), with(4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn noise_has_no_overlap(seed: u64, threshold in 0.0f32..0.3, texture_px in prop::sample::select(vec![256u32, 300, 512])) {
        let mut state = seed | 1;
        let mut volume = Volume::filled([9, 8, 7], 0.0);
        for value in &mut volume.values {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *value = (state >> 40) as f32 / (1 << 24) as f32 - 0.5 - threshold;
        }
        let mesh = surface_nets(&volume, Cancel::never()).expect("nobody cancels");
        let options = UnwrapOptions { texture_px, margin_px: 2, favoured: None };
        assert_sound(&mesh, &flat(&mesh, &options), &options);
    }
}
