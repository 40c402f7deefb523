//! Queue, state machine, cancel and resume of jobs; the only writer of the store.
//!
//! One job runs at a time, first in, first out unless somebody moved them or paused the queue. Whatever happens to it is an event in the store's log; a
//! [`hub::Hub`] only wakes those who read that log from their own cursor.

mod downloads;
mod events;
mod follow;
mod hub;
mod inputs;
mod keep_trash;
mod pages;
mod previews;
mod prompts;
mod queue;
mod run_job;
mod runs;
mod sink;
mod take_back;
mod watch_others;

pub use downloads::Downloads;
pub use follow::News;
pub use oreforge_pipeline::{
    Engines, ForgeSpec, Limits, ProspectSpec, StepError, StepHost, StepInputs, StepOutput, StepSink, cutout,
    depth, doctor, guarded, meshes, thumbnail,
};
#[doc(hidden)]
pub use oreforge_store::faults;
pub use oreforge_store::{NewJob, Store, StoreError, StoredSource, safe_file_name, write_atomically};
pub use queue::{HostKind, Jobs};
pub use runs::{JobSpec, PipelineRuns, Run, Runs};
