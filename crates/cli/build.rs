//! Names the commit for `--version`; a source tree without git simply has none.

use std::fs;
use std::path::Path;

fn main() {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let git = Path::new(&manifest).join("../../.git");
    let commit = commit(&git).map_or_else(|| "no commit".to_owned(), |hash| hash.chars().take(12).collect());
    println!("cargo::rustc-env=OREFORGE_COMMIT={commit}");
}

fn commit(git: &Path) -> Option<String> {
    let read = |path: &Path| {
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(path).ok()
    };
    let head = read(&git.join("HEAD"))?;
    let Some(name) = head.trim().strip_prefix("ref: ") else {
        return Some(head.trim().to_owned());
    };
    if let Some(hash) = read(&git.join(name)) {
        return Some(hash.trim().to_owned());
    }
    let packed = read(&git.join("packed-refs"))?;
    packed.lines().find_map(|line| Some(line.strip_suffix(name)?.trim().to_owned()))
}
