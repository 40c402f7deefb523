#![no_main]

use libfuzzer_sys::fuzz_target;
use oreforge_geometry::picture::{Limits, decode};

fuzz_target!(|data: &[u8]| {
    // Small enough that a picture which keeps its promises is quick.
    let limits = Limits { max_pixels: 1 << 20, max_decoded_bytes: 1 << 26, ..Limits::default() };
    let _ = decode(data, &limits);
});
