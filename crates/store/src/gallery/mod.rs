//! What the Gallery shows of the artifacts: listed, counted, marked, put aside.

mod filter;
mod list;
mod marks;
mod overview;
mod trash;
