//! Where things lie in the data folder, in names a person can browse.

use std::path::{Path, PathBuf};

use oreforge_protocol::{ArtifactKind, JobId, ViewSlot};

/// Longest file name stem made from a person's words, in characters and in bytes: endings are added to it, and
/// file systems take 255 bytes.
const MAX_NAME_CHARS: usize = 60;
const MAX_NAME_BYTES: usize = 200;

/// Names that Windows keeps for devices.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A file name stem that every file system takes, as near to `name` as possible.
pub fn safe_file_name(name: &str) -> String {
    let cleaned: String = name
        .chars()
        .map(|c| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c })
        .take(MAX_NAME_CHARS)
        .collect();
    let bounded = &cleaned[..cleaned.floor_char_boundary(MAX_NAME_BYTES)];
    let trimmed = bounded.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let first_part = trimmed.split('.').next().unwrap_or_default().trim_end();
    if trimmed.is_empty() {
        "untitled".to_owned()
    } else if RESERVED.iter().any(|reserved| first_part.eq_ignore_ascii_case(reserved)) {
        format!("_{trimmed}")
    } else {
        trimmed.to_owned()
    }
}

/// `projects/<project>`; `default` for jobs of none.
pub(crate) fn project_folder(project: Option<&str>) -> String {
    format!("projects/{}", safe_file_name(project.unwrap_or("default")))
}

/// `projects/<project>/<name>-<short id>`.
pub(crate) fn job_folder(project: Option<&str>, name: &str, id: JobId) -> String {
    let id = id.to_string();
    // The tail of a version 7 UUID is its random part.
    let short = &id[id.len() - 8..];
    format!("{}/{}-{short}", project_folder(project), safe_file_name(name))
}

/// The name of an artifact's file in its job's folder; `attempt` above 1 tells it from an older one that is
/// still in use.
pub(crate) fn artifact_file(
    job_name: &str,
    kind: ArtifactKind,
    slot: Option<ViewSlot>,
    number: Option<u32>,
    attempt: u32,
) -> String {
    let name = safe_file_name(job_name);
    let stem = match (kind, slot) {
        (ArtifactKind::Mesh, None) => name,
        (ArtifactKind::Picture, None) => format!("{name}-{:02}", u64::from(number.unwrap_or_default()) + 1),
        (ArtifactKind::View, Some(slot)) => format!("views/{slot}"),
        (_, None) => format!("{name}.{}", kind.as_str()),
        (_, Some(slot)) => format!("{name}.{}.{slot}", kind.as_str()),
    };
    let extension = kind.extension();
    if attempt > 1 { format!("{stem}-{attempt}.{extension}") } else { format!("{stem}.{extension}") }
}

/// The absolute path of a stored relative one.
pub(crate) fn absolute(root: &Path, relative: &str) -> PathBuf {
    relative.split('/').fold(root.to_owned(), |path, part| path.join(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn safe_names_stay_in_their_folder(name in ".*") {
            let safe = safe_file_name(&name);
            prop_assert!(!safe.is_empty() && safe != "." && safe != "..");
            prop_assert!(!safe.contains(['/', '\\', ':', '\0', '\n']));
            prop_assert!(safe.len() <= MAX_NAME_BYTES + 1);
            prop_assert_eq!(Path::new(&safe).components().count(), 1);
        }
    }

    #[test]
    fn device_names_and_blanks_get_another_name() {
        assert_eq!(safe_file_name("CON"), "_CON");
        assert_eq!(safe_file_name("nul.png"), "_nul.png");
        assert_eq!(safe_file_name("CON .png"), "_CON .png");
        assert_eq!(safe_file_name(" .. "), "untitled");
        assert_eq!(safe_file_name("blue / duck"), "blue _ duck");
    }
}
