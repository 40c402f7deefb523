//! The embedded engine: no weights, no network. One picture is inflated, several are carved.

mod shape;

pub use shape::Shape;
