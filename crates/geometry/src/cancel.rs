//! How long work is told to stop.

use thiserror::Error;

/// The work was told to stop. Not a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Asked between chunks of work; cheap.
#[derive(Clone, Copy)]
pub struct Cancel<'a>(&'a (dyn Fn() -> bool + Sync));

impl<'a> Cancel<'a> {
    /// `asked` answers true from the moment the work should stop.
    pub fn new(asked: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self(asked)
    }

    /// Work that nobody will stop.
    pub const fn never() -> Cancel<'static> {
        Cancel(&|| false)
    }

    pub fn check(self) -> Result<(), Cancelled> {
        if (self.0)() { Err(Cancelled) } else { Ok(()) }
    }
}
