//! The steps of jobs and the quality gate. Knows no storage: what a step needs comes through
//! [`StepInputs`], what it makes leaves through [`StepSink`] and [`StepOutput`].

mod contract;
pub mod cutout;
pub mod depth;
pub mod doctor;
mod engines;
mod export;
mod finish;
mod gate;
mod likeness;
pub mod meshes;
mod palette;
mod picture_error;
mod prepare;
mod prospect;
mod resemblance;
mod run;
mod sheet;
mod silhouette;
mod space;
mod step_context;
mod swapped;
pub mod thumbnail;
mod views;

pub use contract::{
    ForgeSpec, NewArtifact, ProspectSpec, StepError, StepHost, StepInputs, StepOutput, StepSink,
};
pub use engines::{Engines, ForgeEngines, PlannedModel};
pub use gate::{SeenView, assess};
pub use oreforge_engines::comfy::{Limits, Preview, PromptLedger};
pub use oreforge_engines::guarded;
pub use oreforge_engines::models::{Checkpoint, FetchLedger, discard};
pub use prospect::ProspectRun;
pub use run::ForgeRun;
