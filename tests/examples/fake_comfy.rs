//! The fake ComfyUI by itself, to try the window and the command line against: `fake_comfy [PORT [STEP_MS]]`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Duration;

use oreforge_tests::fake_comfy::{FakeComfy, Options};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u64>().unwrap());
    let port = numbers.next().unwrap_or(8188);
    let step = Duration::from_millis(numbers.next().unwrap_or(100));
    let fake = FakeComfy::start(Options { port: u16::try_from(port).unwrap(), step, ..Options::default() });
    fake.set_models(
        "checkpoints",
        &[
            "stable_zero123.ckpt",
            "sv3d_p.safetensors",
            "hunyuan3d-dit-v2.safetensors",
            "hunyuan3d-dit-v2-mv.safetensors",
            "v1-5-pruned-emaonly.safetensors",
        ],
    );
    println!("{}", fake.url());
    loop {
        std::thread::park();
    }
}
