//! The fake ComfyUI against what was captured on the real one.
#![allow(clippy::unwrap_used)]

mod client;
mod faults;
mod graphs;
mod http;
mod transcripts;
mod workflows;
