//! Model files from sites that misbehave, and by a program that dies.
#![allow(clippy::unwrap_used)]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

mod fetch;
mod program;

/// Set for this binary to be the program instead of the tests.
const AS_PROGRAM: &str = "OREFORGE_TEST_AS_PROGRAM";

fn main() -> ExitCode {
    if std::env::var_os(AS_PROGRAM).is_some() {
        return oreforge_cli::run();
    }
    let trials = vec![
        Trial::test("a_broken_line_is_gone_on_with", fetch::broken_lines),
        Trial::test("another_version_is_fetched_anew", fetch::another_version),
        Trial::test("without_a_validator_nothing_is_gone_on_with", fetch::no_way_to_tell_versions),
        Trial::test("what_is_no_whole_model_is_thrown_away", fetch::bad_bodies),
        Trial::test("a_checksum_decides_and_nothing_is_replaced", fetch::checksums),
        Trial::test("a_stall_ends_and_what_came_is_kept", fetch::stalls_and_cancels),
        Trial::test("a_token_goes_to_its_site_alone", fetch::tokens_stay_at_home),
        Trial::test("refusals_are_said_in_words", fetch::refusals_in_words),
        Trial::test("no_more_comes_than_the_disk_takes", fetch::no_room),
        Trial::test("a_program_killed_half_way_goes_on_where_it_was", program::killed_half_way),
        Trial::test("two_are_fetched_at_once_each_by_one_program", program::two_at_once),
        Trial::test("failures_are_listed_and_cleared", program::failures_are_listed_and_cleared),
        Trial::test("what_is_not_safe_is_refused", program::what_is_refused),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
