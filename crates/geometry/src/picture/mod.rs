//! Pictures from outside: recognised, bounded, decoded, turned upright, brought to a working size.

mod decode;
mod encode;
mod error;
mod shrink;
mod sniff;

pub use decode::{Limits, decode, decode_grey16, decode_to_fit, size};
pub use encode::{encode_png, encode_png_grey, encode_png_grey16};
pub use error::PictureError;
pub use shrink::shrink_to_fit;
