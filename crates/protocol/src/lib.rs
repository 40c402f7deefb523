//! Plain data everybody speaks: ids, commands, events, error codes.
//!
//! This crate knows no runtime, no storage and no host. TypeScript types are generated from it by
//! `npm run gen`.

mod artifact;
mod comfy;
mod command;
mod depth;
mod doctor;
mod error;
mod event;
mod forge;
mod gallery;
mod ids;
mod job;
mod mesh;
mod model;
mod project;
mod prompt;
mod prospect;
mod queue;
mod report;
mod sprite;
mod workflow;

pub use artifact::{Artifact, ArtifactKind, ViewSlot};
pub use comfy::{ComfyChoices, ComfyServer, Secret, SecretKept, ServerAuth, Settings};
pub use command::{
    Command, CutoutPreview, EngineStatus, MaskStroke, Reply, SampleInfo, SavedFile, SourceInfo,
};
pub use depth::{DepthPreview, DepthRange, DepthRequest};
pub use doctor::{Check, CheckState, DoctorReport};
pub use error::{ErrorCode, ErrorReport};
pub use event::{Event, EventBody, LivePreview, LogLevel};
pub use forge::{
    BackChoice, EngineChoice, ForgeParams, ForgeRequest, ProfileChoice, SourceRef, SymmetryChoice,
};
pub use gallery::{
    DayCount, EmptiedTrash, GalleryEntry, GalleryKind, GalleryOverview, GalleryPage, GalleryQuery,
    MarkChange, NamedCount,
};
pub use ids::{ArtifactId, DownloadId, EventSeq, JobId, ParseIdError, SourceId};
pub use job::{
    JobKind, JobRequest, JobSignal, JobSnapshot, JobState, RetrySnapshot, StepName, StepSnapshot, StepState,
};
pub use mesh::{
    BlenderStatus, ExportPreset, ExportRoute, ExportedMesh, FinishedMesh, MeshDefects, MeshExport,
    MeshFinish, MeshFix, MeshRef, MeshTicket, RepairTicket, TextureInfo, TicketCheck, UvReport,
    ViewAgreement,
};
pub use model::{DownloadState, ModelDownload, ModelRequest, ModelSite, ModelsFolder};
pub use project::ProjectInfo;
pub use prompt::{OutputFile, PromptNote, PromptState, ServerFolder};
pub use prospect::{ProspectGoal, ProspectRequest};
pub use queue::{QueueMove, QueueState};
pub use report::{
    GateReport, GateVerdict, MeshStats, Provenance, Report, Resemblance, StepReport, ViewScore,
};
pub use sprite::{SpriteOptions, SpriteRender, SpriteSheet};
pub use workflow::{WorkflowInfo, WorkflowInput, WorkflowInputKind, WorkflowKind, WorkflowModel};
