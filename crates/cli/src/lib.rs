//! `oreforge`: arguments in, text or JSON lines out.

mod args;
mod depth;
mod doctor;
mod exit;
mod finish;
mod follow;
mod forge;
mod interrupt;
mod jobs;
mod mesh;
mod model_files;
mod models;
mod outputs;
mod projects;
mod prospect;
mod serve;
mod show;
mod sprites;
mod staging;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::args::{Args, Verb};
use crate::exit::Exit;

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    let args = Args::parse();
    let verb = match args.verb {
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "oreforge", &mut script);
            // Straight to stdout it would panic over a reader that went away.
            let _ = io::stdout().write_all(&script);
            return ExitCode::SUCCESS;
        }
        verb => verb,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            show::error_line(&format!("Oreforge could not start: {error}"));
            return Exit::Failed.into();
        }
    };
    let ended = runtime.block_on(async {
        match verb {
            Verb::Forge(args) => forge::forge(args).await,
            Verb::Prospect(args) => prospect::prospect(args).await,
            Verb::Models(args) => models::models(args).await,
            Verb::Jobs(args) => jobs::jobs(args).await,
            Verb::Projects(args) => projects::projects(args).await,
            Verb::Doctor(args) => doctor::doctor(args).await,
            Verb::Inspect(args) => mesh::inspect(args).await,
            Verb::Export(args) => mesh::export(args).await,
            Verb::Finish(args) => finish::finish(args).await,
            Verb::Depth(args) => depth::depth(args).await,
            Verb::Sprites(args) => sprites::sprites(args).await,
            Verb::Serve(args) => serve::serve(args).await,
            Verb::Completions { .. } => Ok(Exit::Done),
        }
    });
    // A step that did not stop in time is left behind; its job can be resumed.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => exit::of_error(&error).into(),
    }
}
