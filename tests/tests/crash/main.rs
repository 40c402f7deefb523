//! Kills the program at every planned point, fails its disk and moves its clock there, starts it again, and looks
//! with its own eyes at what is left.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

mod desk;
mod judge;
mod kills;
mod points;
mod sweep;

fn main() -> ExitCode {
    if std::env::var_os(desk::AS_PROGRAM).is_some() {
        return oreforge_cli::run();
    }
    let mut arguments = Arguments::from_args();
    // The tests themselves keep the machine busy.
    arguments.test_threads = Some(1);
    let trials = vec![Trial::test("killed_at_every_point_nothing_is_lost", kills::at_every_point)];
    libtest_mimic::run(&arguments, trials).exit_code()
}
