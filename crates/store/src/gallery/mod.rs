//! What the Gallery shows of the artifacts: listed, counted, marked, put aside.

mod filter;
mod list;
mod marks;
mod overview;
mod trash;

/// What is an entry of the Gallery and not in its trash, as a condition on `artifacts AS a`.
pub(crate) fn entry_condition() -> String {
    filter::Filter::all(false).sql
}
