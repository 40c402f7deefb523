//! Whole jobs on ComfyUI servers, through the public commands and the program itself: what works, what goes wrong on
//! the server or on the way, and what is left when the program dies.
#![allow(clippy::unwrap_used)]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

mod cases;
mod deaths;
mod depth;
mod desk;
mod faults;
mod kills;
mod outcomes;
mod several;

fn main() -> ExitCode {
    if std::env::var_os(desk::AS_PROGRAM).is_some() {
        return oreforge_cli::run();
    }
    let arguments = Arguments::from_args();
    // Nobody's own is asked, or written to.
    keyring_core::set_default_store(keyring_core::mock::Store::new().expect("memory is a store"));
    let trials = vec![
        Trial::test("views_and_mesh_come_from_a_server", outcomes::both_steps),
        Trial::test("each_step_has_its_own_engine", outcomes::one_step_each),
        Trial::test("auto_falls_back_to_the_draft_engine_and_says_why", outcomes::fall_back),
        Trial::test("all_that_is_missing_is_said_at_once", outcomes::missing),
        Trial::test("a_server_too_old_for_a_workflow_is_told_apart", outcomes::too_old),
        Trial::test("a_node_that_fails_ends_the_job_in_words", outcomes::node_error),
        Trial::test("a_job_goes_to_the_least_busy_server_that_has_what_it_needs", several::least_busy),
        Trial::test("a_server_that_dies_hands_its_step_to_another", several::hand_over),
        Trial::test("settings_are_kept_and_secrets_are_nowhere", several::kept_without_secrets),
        Trial::test("a_secret_goes_with_its_server", several::forgotten_with_its_server),
        Trial::test("a_server_tells_the_depth_of_a_picture", depth::by_a_server),
        Trial::test("a_depth_map_outlives_the_program_that_asked_for_it", depth::by_the_program),
        Trial::test("a_draft_becomes_a_better_mesh_on_a_server", several::upgraded),
        Trial::test(
            "views_that_are_refused_are_tried_again_and_can_be_used_anyway",
            several::refused_and_accepted,
        ),
        Trial::test("faults_of_every_kind_at_the_boundaries", faults::at_every_boundary),
        Trial::test("a_program_killed_at_any_moment_runs_nothing_twice", deaths::at_every_boundary),
        Trial::test("a_cancel_anywhere_is_honoured", faults::cancel_anywhere),
        Trial::test("a_program_killed_while_its_prompt_runs_takes_the_result_over", kills::while_it_runs),
        Trial::test("a_program_killed_with_its_server_takes_over_what_was_made", kills::with_its_server),
        Trial::test("a_program_killed_while_its_prompt_waits_finds_it_again", kills::while_it_waits),
        Trial::test("a_program_killed_while_it_sends_sends_no_second_one", kills::while_it_is_sent),
        Trial::test("a_cancelled_job_of_a_dead_program_takes_its_prompt_back", kills::then_cancelled),
        Trial::test("an_end_in_good_order_leaves_the_prompt_to_whoever_goes_on", kills::closed_in_good_order),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}
