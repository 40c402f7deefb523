//! The order in which jobs wait: what a person makes of it is what runs, whatever happens to the program.
#![allow(clippy::unwrap_used)]

mod common;

use common::{crash, request, run_through};
use oreforge_protocol::{ErrorCode, ErrorReport, JobId, QueueMove};
use oreforge_store::{NewJob, Store};
use proptest::prelude::*;

fn add(store: &Store, in_front: bool) -> JobId {
    let job = NewJob { name: "duck".to_owned(), project: None, request: request(), in_front, failure: None };
    store.create_job(job).unwrap()
}

/// Those that wait, by the places their snapshots give.
fn waiting(store: &Store) -> Vec<JobId> {
    let mut jobs: Vec<_> =
        store.list(100).unwrap().into_iter().filter_map(|job| Some((job.place_in_queue?, job.id))).collect();
    jobs.sort();
    assert!(jobs.iter().map(|(place, _)| *place).eq(0..u32::try_from(jobs.len()).unwrap()));
    jobs.into_iter().map(|(_, id)| id).collect()
}

#[derive(Debug, Clone)]
enum Act {
    Add {
        in_front: bool,
    },
    /// The so manieth that waits.
    Move {
        index: prop::sample::Index,
        to: QueueMove,
        by_guest: bool,
    },
    MoveBefore {
        index: prop::sample::Index,
        next: prop::sample::Index,
    },
    Cancel(prop::sample::Index),
    RunNext,
    Pause(bool),
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    let to = prop_oneof![
        Just(QueueMove::Front),
        Just(QueueMove::Up),
        Just(QueueMove::Down),
        Just(QueueMove::Back)
    ];
    prop_oneof![
        3 => any::<bool>().prop_map(|in_front| Act::Add { in_front }),
        4 => (any::<prop::sample::Index>(), to, any::<bool>())
            .prop_map(|(index, to, by_guest)| Act::Move { index, to, by_guest }),
        2 => (any::<prop::sample::Index>(), any::<prop::sample::Index>())
            .prop_map(|(index, next)| Act::MoveBefore { index, next }),
        1 => any::<prop::sample::Index>().prop_map(Act::Cancel),
        1 => Just(Act::RunNext),
        1 => any::<bool>().prop_map(Act::Pause),
        1 => Just(Act::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_order_is_what_was_asked_for(acts in prop::collection::vec(act(), 1..24)) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let (mut expected, mut paused) = (Vec::<JobId>::new(), false);
        for act in acts {
            match act {
                Act::Add { in_front } => {
                    let id = add(&store, in_front);
                    expected.insert(if in_front { 0 } else { expected.len() }, id);
                }
                Act::Move { index, to, by_guest } if !expected.is_empty() => {
                    let from = index.index(expected.len());
                    let id = expected.remove(from);
                    let place = match to {
                        QueueMove::Front => 0,
                        QueueMove::Up => from.saturating_sub(1),
                        QueueMove::Down => (from + 1).min(expected.len()),
                        QueueMove::Back => expected.len(),
                        QueueMove::Before(other) => {
                            expected.iter().position(|&id| id == other).unwrap_or(from)
                        }
                    };
                    expected.insert(place, id);
                    if by_guest {
                        Store::open(dir.path()).unwrap().move_queued(id, to).unwrap();
                    } else {
                        store.move_queued(id, to).unwrap();
                    }
                }
                Act::MoveBefore { index, next } if expected.len() > 1 => {
                    let id = expected.remove(index.index(expected.len()));
                    let place = next.index(expected.len());
                    store.move_queued(id, QueueMove::Before(expected[place])).unwrap();
                    expected.insert(place, id);
                }
                Act::Cancel(index) if !expected.is_empty() => {
                    store.request_cancel(expected.remove(index.index(expected.len()))).unwrap();
                }
                Act::Move { .. } | Act::MoveBefore { .. } | Act::Cancel(_) => {}
                Act::RunNext => {
                    let next = store.next_queued().unwrap().map(|job| job.id);
                    prop_assert_eq!(next, expected.first().copied());
                    if let Some(id) = next {
                        run_through(&store, id, "run");
                        expected.remove(0);
                    }
                }
                Act::Pause(on) => {
                    store.pause_queue(on).unwrap();
                    paused = on;
                }
                Act::Crash => {
                    crash(dir.path(), store);
                    store = Store::open(dir.path()).unwrap();
                    store.adopt_queued().unwrap();
                }
            }
            prop_assert_eq!(&waiting(&store), &expected);
            prop_assert_eq!(store.queue_is_paused().unwrap(), paused);
        }
    }
}

#[test]
fn what_does_not_wait_is_not_moved() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let done = add(&store, false);
    run_through(&store, done, "done");
    let refused = ErrorReport::from(store.move_queued(done, QueueMove::Front).unwrap_err());
    assert_eq!(
        (refused.code, &*refused.message),
        (ErrorCode::WrongState, "This job is done and does not wait.")
    );
    let (first, second) = (add(&store, false), add(&store, false));
    store.move_queued(second, QueueMove::Before(done)).unwrap();
    store.move_queued(second, QueueMove::Before(second)).unwrap();
    assert_eq!(waiting(&store), [first, second]);
    let gone = ErrorReport::from(store.move_queued(JobId::new(), QueueMove::Up).unwrap_err());
    assert_eq!(gone.code, ErrorCode::JobNotFound);
}

#[test]
fn jobs_of_two_dead_processes_wait_one_behind_the_other_and_can_be_moved() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap());
    let first = add(&one, false);
    // Each puts a job before all that it has.
    let (mut ids, before) = (vec![first], add(&other, false));
    ids.extend([before, add(&other, true), add(&one, true)]);
    drop((one, other));
    let store = Store::open(dir.path()).unwrap();
    store.adopt_queued().unwrap();
    let mut expected = waiting(&store);
    assert_eq!(expected.len(), ids.len());
    let moved = expected.remove(1);
    expected.insert(0, moved);
    store.move_queued(moved, QueueMove::Up).unwrap();
    assert_eq!(waiting(&store), expected);
    assert_eq!(store.next_queued().unwrap().unwrap().id, moved);
}
