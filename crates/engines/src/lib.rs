//! The engines that invent what a picture does not show: other sides, and a surface.

mod blocking;
pub mod comfy;
pub mod draft;
mod engine;
pub mod models;

pub use blocking::{blocking, guarded, off_runtime};
pub use engine::{Engine, EngineError, EngineName, RawSurface, StepContext, SurfaceInput, ViewPicture};
