//! What the recovery of a prompt is told, and what it answers.

use std::time::Duration;

use crate::comfy::history::Verdict;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Posted(Delivery),
    Looked(Look),
    /// A delete or an interrupt was sent, or tried; only a look tells what it did.
    Withdrawn,
    /// The socket spoke of the prompt, or of the queue.
    Heard(Heard),
    StopAsked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Accepted,
    /// The server runs only a part of the graph: worthless, and to be stopped.
    AcceptedInPart,
    Refused,
    /// The server has not seen the request.
    NotSent,
    /// The server may have the request, or may still get it.
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Look {
    Pending {
        ahead: u32,
    },
    Running,
    Ended(Verdict),
    /// Said by a server that is alive: neither in its queue nor in its history.
    Absent,
    NoAnswer,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub of_others: bool,
    pub started: bool,
    pub succeeded: bool,
    pub over: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Post,
    Look,
    Delete,
    Interrupt,
    ReopenSocket,
    /// Until this time, unless something happens before.
    Wait(Duration),
    End(End),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    Known(Verdict),
    /// A success was told of; the server does not remember.
    Untold,
    Refused,
    /// `sure` when the prompt is known to be gone.
    Stopped {
        sure: bool,
    },
    /// As `Stopped`, because nothing moved for too long.
    Silent {
        sure: bool,
    },
    Unreachable,
    SetAside,
    /// Lost by the server over and over, though it never ran.
    Vanished,
}
