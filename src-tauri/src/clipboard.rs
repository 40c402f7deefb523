//! A picture, or a picture file, from the clipboard. The web view itself is not allowed to look there.

use std::path::PathBuf;

use arboard::{Clipboard, Error};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use oreforge_protocol::{ErrorCode, ErrorReport, SourceInfo, SourceRef};
use tauri::State;

use crate::core::Core;

/// What pasted pictures are called, as their source had no name.
const PASTED_NAME: &str = "pasted.png";

enum Pasted {
    File(PathBuf),
    Png(Vec<u8>),
}

/// `None` when there is no picture on the clipboard.
#[tauri::command]
pub async fn paste_picture(core: State<'_, Core>) -> Result<Option<SourceInfo>, ErrorReport> {
    let pasted = tauri::async_runtime::spawn_blocking(pasted).await.map_err(unreadable)??;
    match pasted {
        None => Ok(None),
        Some(Pasted::File(path)) => {
            core.import(SourceRef::Path { path: path.display().to_string() }).await.map(Some)
        }
        Some(Pasted::Png(bytes)) => core.forge()?.import_bytes(PASTED_NAME.to_owned(), bytes).await.map(Some),
    }
}

/// Waits for whoever holds the clipboard, so it must not run on the runtime.
fn pasted() -> Result<Option<Pasted>, ErrorReport> {
    let mut clipboard = Clipboard::new().map_err(unreadable)?;
    // Some programs answer the question for files with the picture itself, which counts as an error here.
    if let Some(file) = clipboard.get().file_list().unwrap_or_default().into_iter().next() {
        return Ok(Some(Pasted::File(file)));
    }
    match clipboard.get_image() {
        Ok(picture) => png(&picture).map(|bytes| Some(Pasted::Png(bytes))),
        Err(Error::ContentNotAvailable) => Ok(None),
        Err(error) => Err(unreadable(error)),
    }
}

fn png(picture: &arboard::ImageData<'_>) -> Result<Vec<u8>, ErrorReport> {
    let (Ok(width), Ok(height)) = (u32::try_from(picture.width), u32::try_from(picture.height)) else {
        return Err(ErrorReport::new(
            ErrorCode::PictureTooLarge,
            format!("The picture on the clipboard is {} × {} pixels.", picture.width, picture.height),
        ));
    };
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Sub)
        .write_image(&picture.bytes, width, height, ExtendedColorType::Rgba8)
        .map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(error: impl std::fmt::Display) -> ErrorReport {
    ErrorReport::new(ErrorCode::PictureMissing, "The clipboard could not be read.")
        .with_details(error.to_string())
        .with_hint("Copy the picture again, or open it as a file.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_picture_keeps_its_pixels() {
        let pixels: Vec<u8> = (0..3 * 2 * 4).collect();
        let bytes = png(&arboard::ImageData { width: 3, height: 2, bytes: pixels.clone().into() }).unwrap();
        let read = image::load_from_memory(&bytes).unwrap().to_rgba8();
        assert_eq!(read.dimensions(), (3, 2));
        assert_eq!(read.into_raw(), pixels);
    }
}
