//! Kills the program at every planned point, fails its disk and moves its clock there, starts it again, and looks
//! with its own eyes at what is left.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

mod clock;
mod desk;
mod disk;
mod judge;
mod kills;
mod migration;
mod mounts;
mod points;
mod power;
mod projects;
mod sweep;

fn main() -> ExitCode {
    if std::env::var_os(desk::AS_PROGRAM).is_some() {
        return oreforge_cli::run();
    }
    let mut arguments = Arguments::from_args();
    // The tests themselves keep the machine busy.
    arguments.test_threads = Some(1);
    let trials = vec![
        Trial::test("a_forge_is_killed_at_every_point", kills::at_every_point),
        Trial::test("the_power_goes_at_every_point", kills::by_a_power_cut),
        Trial::test("a_resume_is_killed_at_every_point", kills::twice),
        Trial::test("a_request_to_cancel_is_killed_at_every_point", kills::while_asking_for_the_end),
        Trial::test("a_cancelled_forge_is_killed_at_every_point", kills::while_ending),
        Trial::test("a_migration_is_killed_at_every_point", migration::killed_at_every_point),
        Trial::test("a_renamed_project_is_killed_at_every_point", projects::killed_at_every_point),
        Trial::test("a_renamed_project_meets_a_failing_disk", projects::on_a_failing_disk),
        Trial::test("guests_are_killed_beside_an_owner", kills::beside_an_owner),
        Trial::test("the_disk_fails_at_every_use", disk::at_every_use),
        Trial::test("a_real_disk_is_full", mounts::full),
        Trial::test("a_real_disk_turns_read_only", mounts::read_only),
        Trial::test("the_clock_jumps", clock::jumps),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}
