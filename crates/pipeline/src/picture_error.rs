//! Bad pictures in words that cross a boundary.

use oreforge_geometry::picture::PictureError;
use oreforge_geometry::segment::SegmentError;
use oreforge_protocol::{ErrorCode, ErrorReport};

/// `what` names the picture to the artist: "The picture", "The mask".
pub(crate) fn decode_report(error: &PictureError, what: &str) -> ErrorReport {
    let (code, hint) = match error {
        PictureError::Empty => {
            (ErrorCode::PictureEmpty, "Export or copy it again; the copy may have been cut off.")
        }
        PictureError::NotAPicture { .. } => {
            (ErrorCode::NotAPicture, "Choose a picture: PNG, JPEG, WebP, TIFF, BMP, GIF or TGA.")
        }
        PictureError::Unsupported { .. } => {
            (ErrorCode::PictureUnsupported, "Save it as PNG, JPEG or WebP first.")
        }
        PictureError::Damaged { .. } => {
            (ErrorCode::PictureDamaged, "Export or copy it again; the copy may have been cut off.")
        }
        PictureError::FileTooLarge { .. }
        | PictureError::TooManyPixels { .. }
        | PictureError::TooMuchMemory { .. } => {
            (ErrorCode::PictureTooLarge, "Scale it down first; 2048 pixels on the longer side are plenty.")
        }
        PictureError::TooSmall { .. } => {
            (ErrorCode::PictureTooSmall, "Use a larger picture of the same object.")
        }
    };
    ErrorReport::new(code, format!("{what} cannot be used. {error}")).with_hint(hint)
}

/// `None` when it was cancelled.
pub(crate) fn segment_report(error: &SegmentError) -> Option<ErrorReport> {
    Some(match error {
        SegmentError::Cancelled => return None,
        SegmentError::NeedsMask { confidence, .. } => {
            ErrorReport::new(ErrorCode::NeedsMask, error.to_string())
                .with_details(format!("confidence {confidence:.2}"))
                .with_hint("Paint over the object with the keep brush, or give a mask.")
        }
        SegmentError::NothingThere { .. } => ErrorReport::new(ErrorCode::NeedsMask, error.to_string())
            .with_hint("Use a picture that shows one object, or give a mask."),
        SegmentError::MaskProportions { .. } | SegmentError::MaskEmpty | SegmentError::MaskFull => {
            ErrorReport::new(ErrorCode::MaskUnusable, error.to_string())
                .with_hint("White is the object, black the rest, in the proportions of the picture.")
        }
    })
}
