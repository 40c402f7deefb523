//! Pictures, fields and meshes: pure functions, no async, no files, no network.
//!
//! Pictures are `image` buffers, scalar maps are [`Grid`]s with y downwards, meshes live in glTF space: Y up,
//! +Z towards the viewer of the front picture, metres. Functions that may run longer than a few milliseconds
//! take a [`Cancel`] and ask it often enough to stop within 50 ms.

pub mod asset;
pub mod bake;
pub mod bvh;
pub mod cancel;
pub mod color;
pub mod decimate;
pub(crate) mod disjoint_sets;
pub mod distance;
pub mod filter;
pub mod glb;
pub mod grid;
pub mod mesh;
pub mod mips;
pub mod paint;
pub mod picture;
pub mod poisson;
pub mod raster;
pub mod repair;
pub mod resize;
pub mod segment;
pub mod similarity;
pub mod smooth;
pub mod surface_nets;
pub mod tangents;
pub mod topology;
pub mod unwrap;
pub mod views;
pub mod volume;

pub use cancel::{Cancel, Cancelled};
pub use grid::Grid;
pub use mesh::{Detail, TexturedMesh, TriMesh};
pub use paint::Painter;
