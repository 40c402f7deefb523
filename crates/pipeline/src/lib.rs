//! The steps of a forge job and the quality gate. Knows no storage: what a step needs comes through
//! [`StepInputs`], what it makes leaves through [`StepSink`] and [`StepOutput`].

mod contract;

pub use contract::{ForgeSpec, NewArtifact, StepError, StepInputs, StepOutput, StepSink};
