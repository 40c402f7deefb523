use std::path::{Component, Path, PathBuf};

/// input/, output/ and temp/ by the name requests use.
pub(super) fn directory(root: &Path, kind: &str) -> Option<PathBuf> {
    matches!(kind, "input" | "output" | "temp").then(|| root.join(kind))
}

/// `x.png [output]` names its own directory. Cuts nine characters without a look at the blank, as the server does.
pub(super) fn split_annotation(name: &str) -> (&str, Option<&'static str>) {
    for (suffix, kind, cut) in [("[output]", "output", 9), ("[input]", "input", 8), ("[temp]", "temp", 7)] {
        if name.ends_with(suffix) {
            let end = name.char_indices().nth_back(cut - 1).map_or(0, |(index, _)| index);
            return (&name[..end], Some(kind));
        }
    }
    (name, None)
}

/// Where LoadImage looks for a name; absolute paths are taken as they are.
pub(super) fn annotated(root: &Path, name: &str) -> Option<PathBuf> {
    let (name, kind) = split_annotation(name);
    (!name.is_empty()).then(|| root.join(kind.unwrap_or("input")).join(name))
}

/// `folder` below `base`, or None when it leads out of it.
pub(super) fn below(base: &Path, folder: &str) -> Option<PathBuf> {
    let mut path = base.to_path_buf();
    let mut depth = 0;
    for part in Path::new(folder).components() {
        match part {
            Component::Normal(name) => {
                path.push(name);
                depth += 1;
            }
            Component::ParentDir if depth > 0 => {
                path.pop();
                depth -= 1;
            }
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// As Python's mimetypes guesses, for what the fake writes and tests upload.
pub(super) fn content_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("gif") => "image/gif",
        Some("bmp") => "image/bmp",
        Some("tif" | "tiff") => "image/tiff",
        Some("svg") => "image/svg+xml",
        Some("glb") => "model/gltf-binary",
        Some("mp4") => "video/mp4",
        Some("webm") => "video/webm",
        Some("json") => "application/json",
        Some("txt") => "text/plain",
        // Among them html, js and css: the server never lets a browser run what it stores.
        _ => "application/octet-stream",
    }
}

/// The folder, the first free number and the subfolder for `prefix`, as `get_save_image_path` finds them.
pub(super) fn save_place(base: &Path, prefix: &str) -> Result<(PathBuf, u32, String, String), String> {
    let (subfolder, name) = prefix.rsplit_once('/').unwrap_or(("", prefix));
    let folder = below(base, subfolder).ok_or("Saving image outside the output folder is not allowed.")?;
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let taken = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
    let counter = taken
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|file| file.strip_prefix(name)?.strip_prefix('_')?.split('_').next()?.parse::<u32>().ok())
        .max()
        .unwrap_or(0)
        + 1;
    Ok((folder, counter, subfolder.to_owned(), name.to_owned()))
}
