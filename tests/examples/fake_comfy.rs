//! The fake ComfyUI by itself, to try the window and the command line against: `fake_comfy [PORT [STEP_MS [MODEL]...]]`,
//! a model being a checkpoint or FOLDER/NAME; its models folder is the one in FAKE_COMFY_MODELS, and it lets in the USER:PASSWORD or the token in FAKE_COMFY_AUTH.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Duration;

use oreforge_tests::fake_comfy::{Auth, FakeComfy, Options};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).map(|word| word.parse::<u64>().unwrap());
    let port = number(0).unwrap_or(8188);
    let step = Duration::from_millis(number(1).unwrap_or(100));
    let mut options = Options { port: u16::try_from(port).unwrap(), step, ..Options::default() };
    if let Some(folder) = std::env::var_os("FAKE_COMFY_MODELS") {
        options.models_folder = folder.into();
    }
    options.auth = std::env::var("FAKE_COMFY_AUTH").ok().map(|auth| match auth.split_once(':') {
        Some((user, password)) => Auth::Basic { user: user.to_owned(), password: password.to_owned() },
        None => Auth::Bearer(auth),
    });
    let fake = FakeComfy::start(options);
    let all = [
        "stable_zero123.ckpt",
        "sv3d_p.safetensors",
        "hunyuan3d-dit-v2.safetensors",
        "hunyuan3d-dit-v2-mv.safetensors",
        "v1-5-pruned-emaonly.safetensors",
    ];
    let (elsewhere, named): (Vec<&str>, Vec<&str>) =
        words.iter().skip(2).map(String::as_str).partition(|name| name.contains('/'));
    fake.set_models("checkpoints", if named.is_empty() { &all } else { &named });
    for (folder, name) in elsewhere.iter().filter_map(|name| name.split_once('/')) {
        fake.set_models(folder, &[name]);
    }
    println!("{}", fake.url());
    loop {
        std::thread::park();
    }
}
