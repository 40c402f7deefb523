//! The one public API of Oreforge: every host passes a [`Command`](oreforge_protocol::Command) in and gets a
//! reply, an error in words, or a stream of events out.

mod blender;
mod bug_report;
mod depth;
mod dispatch;
mod doctor;
mod gallery;
mod logs;
mod mesh_files;
mod oreforge;
pub mod page_policy;
mod pictures;
mod projects;
mod requests;
mod samples;
mod save;
mod settings;
mod shown;
mod thumbnails;

#[doc(hidden)]
pub use oreforge_jobs::faults;

pub use mesh_files::{Conversion, ConvertedMesh};
pub use oreforge::{Config, Oreforge};
pub use oreforge_jobs::meshes::NamedFile;
pub use oreforge_jobs::{Limits as ComfyLimits, News};
pub use pictures::MAX_PICTURE_BYTES;
pub use shown::{Shown, ShownFile};
