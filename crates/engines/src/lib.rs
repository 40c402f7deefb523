//! The engines that invent what a picture does not show: other sides, and a surface.

pub mod comfy;
pub mod draft;
mod engine;

pub use engine::{Engine, EngineError, EngineName, RawSurface, StepContext, SurfaceInput, ViewPicture};
