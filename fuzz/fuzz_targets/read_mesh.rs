#![no_main]
//! The first byte chooses the format; what follows a line `=====` is every file beside the mesh.

use libfuzzer_sys::fuzz_target;
use oreforge_geometry::asset::{Format, read};

const BESIDE: &[u8] = b"\n=====\n";

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    let format = Format::ALL[usize::from(first) % Format::ALL.len()];
    let cut = rest.windows(BESIDE.len()).position(|window| window == BESIDE);
    let (main, beside) = match cut {
        Some(at) => (&rest[..at], &rest[at + BESIDE.len()..]),
        None => (rest, [].as_slice()),
    };
    if let Ok(imported) = read(main, format, &|_| Some(beside.to_vec())) {
        let asset = imported.asset;
        assert!(asset.triangles.as_flattened().iter().all(|&v| (v as usize) < asset.positions.len()));
        assert!(asset.material_of.iter().all(|&m| usize::from(m) < asset.materials.len()));
    }
});
