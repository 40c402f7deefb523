//! The client of ComfyUI against the fake: everything that can go wrong on the way, and what is merely odd.
#![allow(clippy::unwrap_used)]

mod client;
mod common;
mod faults;
mod recalled;
