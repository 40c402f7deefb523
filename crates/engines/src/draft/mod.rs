//! The embedded engine: no weights, no network. One picture is inflated, several are carved.

mod back;
pub mod carve;
mod choices;
mod depth;
mod engine;
mod field;
mod frame;
mod inflate;
mod lathe;
mod legs;
mod mirror;
mod outline;
mod paint;
mod relief;
mod shape;
mod solid;
mod stance;
mod symmetry;

pub use engine::DraftEngine;
pub use shape::Shape;
pub use solid::{DraftError, Solid};
