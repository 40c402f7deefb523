use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use oreforge_protocol::{JobId, QueueMove, StepName};

use super::{ComfyArgs, Common, Engine};

#[derive(Debug, ClapArgs)]
pub struct JobsArgs {
    #[command(subcommand)]
    pub verb: JobsVerb,
}

#[derive(Debug, Subcommand)]
pub enum JobsVerb {
    /// Newest first.
    List {
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[command(flatten)]
        common: Common,
    },
    Show {
        id: JobId,
        #[command(flatten)]
        common: Common,
    },
    /// What happened to a job, oldest first.
    Events {
        id: JobId,
        /// Only what came after this sequence number.
        #[arg(long, value_name = "SEQ", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        after: i64,
        /// Wait for more until the job is over.
        #[arg(long)]
        follow: bool,
        #[command(flatten)]
        common: Common,
    },
    Cancel {
        id: JobId,
        #[command(flatten)]
        common: Common,
    },
    /// Go on after the last finished step.
    Resume {
        id: JobId,
        /// Folder for the results.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Go on with views that the quality gate refused.
        #[arg(long)]
        accept_views: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Change the turn of a job that waits.
    Move {
        id: JobId,
        #[command(flatten)]
        to: MoveTo,
        #[command(flatten)]
        common: Common,
    },
    /// Hold up the jobs that wait in windows and servers; what runs goes on.
    Pause {
        #[command(flatten)]
        common: Common,
    },
    /// Let the jobs that wait go on.
    Unpause {
        #[command(flatten)]
        common: Common,
    },
    /// Run again from a step, a finished job too; the older result stays until the new one is complete.
    Retry {
        id: JobId,
        /// prepare, views, gate, mesh, finish or export, or pictures; at most the step after the last finished one.
        #[arg(long, value_name = "STEP")]
        from: StepName,
        /// Another engine for what comes, from views or mesh.
        #[arg(long, value_enum)]
        engine: Option<Engine>,
        #[command(flatten)]
        comfy: ComfyArgs,
        /// Folder for the results.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct MoveTo {
    /// Before all that wait.
    #[arg(long)]
    to_front: bool,
    /// Before the one that waits before it.
    #[arg(long)]
    up: bool,
    /// Behind the one that waits behind it.
    #[arg(long)]
    down: bool,
    /// Behind all that wait.
    #[arg(long)]
    to_back: bool,
}

impl From<MoveTo> for QueueMove {
    fn from(MoveTo { to_front, up, down, .. }: MoveTo) -> Self {
        match (to_front, up, down) {
            (true, _, _) => QueueMove::Front,
            (_, true, _) => QueueMove::Up,
            (_, _, true) => QueueMove::Down,
            _ => QueueMove::Back,
        }
    }
}
