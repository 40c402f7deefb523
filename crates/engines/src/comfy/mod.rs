//! A ComfyUI server as an engine.
//!
//! The socket is for speed and for previews; what a prompt came to is decided by `/queue` and `/history`
//! (`recovery/`). Behaviour that is documented nowhere was measured on ComfyUI 0.3.64.

mod address;
mod back_off;
mod desk;
mod download;
mod engine;
mod failure;
mod health;
mod history;
mod http;
mod json;
mod ladder;
mod ledger;
mod limits;
mod message;
mod news;
mod offer;
mod outputs;
mod patience;
pub mod preflight;
mod produce;
mod progress;
mod prospect;
mod queue;
mod recovery;
mod refusal;
mod run;
mod secrets;
mod server;
mod socket;
mod stamp;
mod upload;
mod version;
pub mod workflow;

pub(crate) use address::is_this_computer;
pub(crate) use back_off::BackOff;
pub(crate) use http::{plain, tls};

pub use address::{AddressError, Credentials, ServerAddress};
pub use desk::{Desk, Errand, Ran};
pub use download::DownloadError;
pub use engine::{ComfyEngine, Workflows, in_place_of};
pub use failure::NodeFailure;
pub use health::{Device, Health, ServerInfo};
pub use history::Verdict;
pub use http::{HttpError, OpenError};
pub use ledger::PromptLedger;
pub use limits::Limits;
pub use message::Preview;
pub use news::News;
pub use offer::offers;
pub use patience::PatienceError;
pub use produce::{Made, OnNote, ProduceError, Work};
pub use progress::Progress;
pub use prospect::Prospector;
pub use queue::{Place, Queue};
pub use refusal::{NodeFault, Refusal};
pub use run::{OnSight, RunError, Sight};
pub use secrets::{NoKeyring, keep_secret, secret_of};
pub use server::{Graph, Server};
pub use upload::{Upload, Uploaded};
pub use version::Version;
