use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

/// Kinds that hold numbers alone.
const PLAIN: [&str; 3] = ["safetensors", "sft", "gguf"];
/// Kinds that Python's pickle reads, and with it programs.
const PICKLES: [&str; 4] = ["ckpt", "pt", "pth", "bin"];
const MAX_NAME_BYTES: usize = 180;
const MAX_FOLDER_DEPTH: usize = 3;
/// Names that Windows keeps for devices.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ModelNameError {
    #[error(
        "\"{0}\" is no name of a model file; those end in .safetensors, .sft, .gguf, .ckpt, .pt, .pth or .bin"
    )]
    Kind(String),
    #[error("\"{0}\" is no folder of models, like checkpoints or loras")]
    Folder(String),
}

/// A file name that stays in its folder and that every file system takes, as near to `name` as possible.
///
/// # Errors
/// When it has no ending of a model file.
pub fn model_file_name(name: &str) -> Result<String, ModelNameError> {
    let refused = || ModelNameError::Kind(name.chars().take(80).collect());
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, ending) = last.rsplit_once('.').ok_or_else(refused)?;
    let ending = ending.to_ascii_lowercase();
    if !PLAIN.contains(&ending.as_str()) && !PICKLES.contains(&ending.as_str()) {
        return Err(refused());
    }
    let stem = tidy(stem);
    if stem.is_empty() { Err(refused()) } else { Ok(format!("{stem}.{ending}")) }
}

/// A folder below the models folder, with `/` between its parts.
///
/// # Errors
/// When a part of it is empty, `.` or `..`, or there are too many.
pub fn model_folder(folder: &str) -> Result<String, ModelNameError> {
    let refused = || ModelNameError::Folder(folder.chars().take(80).collect());
    let parts: Vec<&str> = folder.split(['/', '\\']).collect();
    let named = |part: &&str| !part.is_empty() && tidy(part) == **part;
    if parts.len() > MAX_FOLDER_DEPTH || !parts.iter().all(named) {
        return Err(refused());
    }
    Ok(parts.join("/"))
}

/// The last part of an address.
pub fn file_name_of(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    percent_decode_str(last).decode_utf8_lossy().into_owned()
}

/// Whether a file of this name can hold a program that runs as it is loaded.
pub fn may_run_code(file_name: &str) -> bool {
    let ending = file_name.rsplit('.').next().unwrap_or_default();
    PICKLES.iter().any(|pickle| ending.eq_ignore_ascii_case(pickle))
}

fn tidy(name: &str) -> String {
    let known = |c: char| c.is_alphanumeric() || " -_.+()[]".contains(c);
    let cleaned: String = name.chars().map(|c| if known(c) { c } else { '_' }).collect();
    let bounded = &cleaned[..cleaned.floor_char_boundary(MAX_NAME_BYTES)];
    let trimmed = bounded.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let first = trimmed.split('.').next().unwrap_or_default();
    let numbered = |kind: &str| {
        first.len() == 4
            && first[..3].eq_ignore_ascii_case(kind)
            && first.ends_with(|c: char| c.is_ascii_digit())
    };
    let device = first.is_ascii()
        && (DEVICES.iter().any(|name| first.eq_ignore_ascii_case(name))
            || numbered("com")
            || numbered("lpt"));
    if device { format!("_{trimmed}") } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_a_site_calls_it_the_file_stays_in_its_folder(name in ".*", ending in "safetensors|CKPT") {
            if let Ok(safe) = model_file_name(&format!("{name}.{ending}")) {
                prop_assert_eq!(Path::new(&safe).components().count(), 1);
                prop_assert!(!safe.contains(['/', '\\', ':', '\0', '\n', '<', '>', '|', '?', '*', '"']));
                prop_assert!(!safe.starts_with('.') && safe.len() < 200);
                prop_assert_eq!(model_file_name(&safe), Ok(safe.clone()), "a name that is tidy stays");
            }
        }

        #[test]
        fn a_folder_has_no_way_out(folder in ".*") {
            if let Ok(folder) = model_folder(&folder) {
                prop_assert!(folder.split('/').all(|part| !matches!(part, "" | "." | "..")));
                prop_assert!(Path::new(&folder).is_relative());
            }
        }
    }

    #[test]
    fn only_model_files_have_names() {
        assert_eq!(model_file_name("../../a b.SafeTensors").unwrap(), "a b.safetensors");
        assert_eq!(model_file_name("con.ckpt").unwrap(), "_con.ckpt");
        for name in ["run.sh", "model", ".safetensors", "x.pkl", "x.safetensors.exe"] {
            assert!(model_file_name(name).is_err(), "{name}");
        }
        for folder in ["", "..", "a/../b", "/etc", "a//b", "C:\\x", "a/b/c/d"] {
            assert!(model_folder(folder).is_err(), "{folder}");
        }
        assert_eq!(model_folder("checkpoints\\3d").unwrap(), "checkpoints/3d");
        assert!(may_run_code("a.CKPT") && !may_run_code("a.safetensors"));
    }

    #[test]
    fn the_name_in_an_address_is_decoded() {
        let url = Url::parse("https://host/a/b%20c.safetensors?download=true").unwrap();
        assert_eq!(file_name_of(&url), "b c.safetensors");
    }
}
