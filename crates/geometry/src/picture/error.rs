use thiserror::Error;

/// Why bytes are of no use as a picture, in an artist's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PictureError {
    #[error("The file is empty.")]
    Empty,
    #[error("This is not a picture{}.", looks_like.map(|it| format!("; it looks like {it}")).unwrap_or_default())]
    NotAPicture { looks_like: Option<&'static str> },
    /// A picture, of a kind that is not read here.
    #[error("{format} pictures cannot be read here; save it as PNG, JPEG or WebP.")]
    Unsupported { format: String },
    #[error("The {format} picture is damaged or incomplete: {reason}.")]
    Damaged { format: &'static str, reason: String },
    #[error("The file is {} MB; the limit is {} MB.", bytes.div_ceil(1_000_000), max_bytes / 1_000_000)]
    FileTooLarge { bytes: u64, max_bytes: u64 },
    #[error(
        "The picture is {width_px} × {height_px} pixels ({} megapixels); the limit is {}.",
        pixels(*width_px, *height_px).div_ceil(1_000_000),
        max_pixels / 1_000_000
    )]
    TooManyPixels { width_px: u32, height_px: u32, max_pixels: u64 },
    #[error(
        "The picture of {width_px} × {height_px} pixels needs {} MB of memory to read; the limit is {} MB.",
        decoded_bytes.div_ceil(1_000_000),
        max_decoded_bytes / 1_000_000
    )]
    TooMuchMemory { width_px: u32, height_px: u32, decoded_bytes: u64, max_decoded_bytes: u64 },
    #[error("The picture is {width_px} × {height_px} pixels; each side needs at least {min_side_px}.")]
    TooSmall { width_px: u32, height_px: u32, min_side_px: u32 },
}

impl PictureError {
    /// More of something than allowed: bytes, pixels or memory.
    pub fn is_too_large(&self) -> bool {
        matches!(
            self,
            PictureError::FileTooLarge { .. }
                | PictureError::TooManyPixels { .. }
                | PictureError::TooMuchMemory { .. }
        )
    }
}

pub(super) fn pixels(width_px: u32, height_px: u32) -> u64 {
    u64::from(width_px) * u64::from(height_px)
}
