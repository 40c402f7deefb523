//! The rules against a model of the server, in virtual time.

use std::collections::VecDeque;

use oreforge_protocol::OutputFile;
use proptest::prelude::*;

use super::super::history::Verdict;
use super::*;

const OURS: u32 = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The process goes, and comes back with an empty queue and history.
    Restart {
        down_ms: u64,
    },
    /// The next request arrives, its answer does not.
    LoseAnswer,
    /// The next request arrives this late, and its answer is lost.
    Late {
        ms: u64,
    },
    LoseRequest,
    Deaf,
    Hearing,
    /// Another client queues a prompt.
    Other {
        runs_ms: u64,
    },
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prompt {
    id: u32,
    runs_ms: u64,
}

#[derive(Default)]
struct World {
    now_ms: u64,
    back_at_ms: Option<u64>,
    queue: VecDeque<Prompt>,
    running: Option<(Prompt, u64)>,
    interrupt: bool,
    finished: bool,
    interrupted: bool,
    completed: u32,
    forgotten: u32,
    executions: u32,
    others_done: u32,
    others_lost: u32,
    others_sent: u32,
    in_flight: Vec<(u64, Prompt)>,
    next_request: Option<Fault>,
    deaf: bool,
    told: Heard,
    news: bool,
    runs_ms: u64,
}

impl World {
    fn is_down(&self) -> bool {
        self.back_at_ms.is_some()
    }

    fn copies(&self) -> usize {
        let queued = self.queue.iter().filter(|prompt| prompt.id == OURS).count();
        queued + usize::from(self.running.is_some_and(|(prompt, _)| prompt.id == OURS))
    }

    /// One millisecond passes.
    fn tick(&mut self) {
        self.now_ms += 1;
        if self.back_at_ms.is_some_and(|at| self.now_ms >= at) {
            self.back_at_ms = None;
        }
        let (arrived, waiting) = self.in_flight.iter().partition(|(at, _)| *at <= self.now_ms);
        self.in_flight = waiting;
        let arrived: Vec<(u64, Prompt)> = arrived;
        if !self.is_down() {
            self.queue.extend(arrived.into_iter().map(|(_, prompt)| prompt));
        }
        if self.is_down() {
            return;
        }
        if let Some((prompt, ends_ms)) = self.running {
            let stopped = prompt.id == OURS && self.interrupt;
            if stopped || self.now_ms >= ends_ms {
                self.running = None;
                self.end(prompt, stopped);
            }
        }
        if self.running.is_none()
            && let Some(prompt) = self.queue.pop_front()
        {
            // The real server forgets an interrupt that comes before the start.
            self.interrupt = false;
            self.running = Some((prompt, self.now_ms + prompt.runs_ms));
            if prompt.id == OURS {
                self.executions += 1;
                self.finished = false;
                self.interrupted = false;
            }
            self.tell(prompt.id, Heard { started: true, ..self.told });
        }
    }

    fn end(&mut self, prompt: Prompt, stopped: bool) {
        if prompt.id != OURS {
            self.others_done += 1;
            self.tell(prompt.id, self.told);
        } else if stopped {
            self.interrupted = true;
            self.tell(OURS, Heard { over: true, ..self.told });
        } else {
            self.finished = true;
            self.completed += 1;
            self.tell(OURS, Heard { over: true, succeeded: true, ..self.told });
        }
    }

    fn tell(&mut self, id: u32, heard: Heard) {
        if !self.deaf && id == OURS {
            self.told = heard;
            self.news = true;
        }
    }

    fn restart(&mut self, down_ms: u64) {
        self.back_at_ms = Some(self.now_ms + down_ms.max(1));
        let ours = self.copies() + usize::from(self.finished);
        self.forgotten += u32::try_from(ours).unwrap();
        let others = self.queue.len() + usize::from(self.running.is_some()) - self.copies();
        self.others_lost += u32::try_from(others).unwrap();
        self.queue.clear();
        self.running = None;
        (self.finished, self.interrupted) = (false, false);
    }

    /// Whether the request arrives, and whether its answer does.
    fn request(&mut self) -> (bool, bool) {
        for _ in 0..2 {
            self.tick();
        }
        if self.is_down() {
            return (false, false);
        }
        match self.next_request.take() {
            Some(Fault::LoseRequest) => (false, false),
            Some(Fault::LoseAnswer | Fault::Late { .. }) => (true, false),
            _ => (true, true),
        }
    }

    fn post(&mut self) -> Delivery {
        if self.is_down() {
            self.tick();
            return Delivery::NotSent;
        }
        let late_ms = if let Some(Fault::Late { ms }) = self.next_request { Some(ms) } else { None };
        let prompt = Prompt { id: OURS, runs_ms: self.runs_ms };
        match (self.request(), late_ms) {
            ((true, _), Some(ms)) => {
                self.in_flight.push((self.now_ms + ms, prompt));
                Delivery::Unknown
            }
            ((true, answered), None) => {
                self.queue.push_back(prompt);
                assert_eq!(self.copies(), 1, "the server has it twice");
                if answered { Delivery::Accepted } else { Delivery::Unknown }
            }
            ((false, _), _) => Delivery::Unknown,
        }
    }

    fn look(&mut self) -> Look {
        if self.request() != (true, true) {
            return Look::NoAnswer;
        }
        if self.finished {
            return Look::Ended(Verdict::Success(Vec::<OutputFile>::new()));
        }
        if self.interrupted {
            return Look::Ended(Verdict::Interrupted);
        }
        if self.running.is_some_and(|(prompt, _)| prompt.id == OURS) {
            return Look::Running;
        }
        match self.queue.iter().position(|prompt| prompt.id == OURS) {
            Some(at) => Look::Pending { ahead: u32::try_from(at + 1).unwrap() },
            None => Look::Absent,
        }
    }

    fn withdraw(&mut self, action: &Action) {
        let (arrived, _) = self.request();
        if arrived && *action == Action::Delete {
            self.queue.retain(|prompt| prompt.id != OURS);
        } else if arrived && self.running.is_some_and(|(prompt, _)| prompt.id == OURS) {
            self.interrupt = true;
        }
    }
}

struct Outcome {
    end: End,
    world: World,
    stop_asked: bool,
    resumed: bool,
}

fn limits() -> Limits {
    Limits { reopen: Duration::from_millis(100), ..Limits::default() }
}

fn play(mut faults: Vec<(u64, Fault)>, runs_ms: u64, seed: u64, crash_at: Option<u64>) -> Outcome {
    faults.sort_by_key(|(at, _)| *at);
    let mut faults = VecDeque::from(faults);
    let mut world = World { runs_ms, ..World::default() };
    let mut machine = Recovery::fresh(limits(), seed, Duration::ZERO);
    let (mut stop_asked, mut resumed) = (false, false);
    loop {
        let now = Duration::from_millis(world.now_ms);
        assert!(world.now_ms < 4 * 3_600_000, "it waits for ever: {machine:?}");
        while faults.front().is_some_and(|(at, _)| *at <= world.now_ms) {
            match faults.pop_front().unwrap().1 {
                Fault::Restart { down_ms } => world.restart(down_ms),
                Fault::Deaf => world.deaf = true,
                Fault::Hearing => world.deaf = false,
                Fault::Stop => {
                    stop_asked = true;
                    machine.take(Event::StopAsked, now);
                }
                Fault::Other { runs_ms } if !world.is_down() => {
                    world.others_sent += 1;
                    world.queue.push_back(Prompt { id: world.others_sent, runs_ms });
                }
                Fault::Other { .. } => {}
                request => world.next_request = Some(request),
            }
        }
        if crash_at.is_some_and(|at| world.now_ms >= at) && !resumed {
            // Our own process ends and starts again; it asks for a stop again, as that is durable.
            resumed = true;
            machine = Recovery::resumed(limits(), seed, machine.crashes(), false, now);
            world.told = Heard::default();
            if stop_asked {
                machine.take(Event::StopAsked, now);
            }
        }
        if std::mem::take(&mut world.news) {
            machine.take(Event::Heard(world.told), now);
        }
        let action = machine.act(now);
        let event = match &action {
            Action::End(end) => {
                let end = end.clone();
                return Outcome { end, world, stop_asked, resumed };
            }
            Action::Wait(_) | Action::ReopenSocket => {
                world.tick();
                continue;
            }
            Action::Post => {
                world.told = Heard::default();
                world.news = false;
                Event::Posted(world.post())
            }
            Action::Look => Event::Looked(world.look()),
            Action::Delete | Action::Interrupt => {
                world.withdraw(&action);
                Event::Withdrawn
            }
        };
        machine.take(event, Duration::from_millis(world.now_ms));
    }
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        2 => (1u64..60_000).prop_map(|down_ms| Fault::Restart { down_ms }),
        2 => Just(Fault::LoseAnswer),
        2 => (1u64..2_900).prop_map(|ms| Fault::Late { ms }),
        2 => Just(Fault::LoseRequest),
        1 => Just(Fault::Deaf),
        1 => Just(Fault::Hearing),
        2 => (1u64..20_000).prop_map(|runs_ms| Fault::Other { runs_ms }),
        1 => Just(Fault::Stop),
    ]
}

fn faults() -> impl Strategy<Value = Vec<(u64, Fault)>> {
    // Half of them where a short prompt is sent, runs and ends.
    proptest::collection::vec((prop_oneof![0u64..200, 0u64..90_000], fault()), 0..10)
}

fn restarts(faults: &[(u64, Fault)]) -> usize {
    faults.iter().filter(|(_, fault)| matches!(fault, Fault::Restart { .. })).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn keeps_the_rules_whatever_happens(
        faults in faults(),
        runs_ms in prop_oneof![1u64..100, 1u64..60_000],
        seed in any::<u64>(),
        crash_at in proptest::option::of(0u64..60_000),
    ) {
        let restarts = restarts(&faults);
        let Outcome { end, world, stop_asked, resumed } = play(faults, runs_ms, seed, crash_at);

        // Run again only after the server forgot it.
        prop_assert!(world.executions <= 1 + world.forgotten, "{} runs, {} forgotten", world.executions, world.forgotten);
        match &end {
            End::Known(Verdict::Success(_)) => prop_assert!(world.completed > 0),
            End::Untold => prop_assert!(world.completed > 0),
            // A stop that is told as true is true.
            End::Stopped { sure: true } => {
                prop_assert!(stop_asked);
                prop_assert_eq!(world.copies(), 0);
                prop_assert!(world.in_flight.is_empty());
            }
            End::Stopped { sure: false } => prop_assert!(stop_asked && restarts > 0),
            End::SetAside => prop_assert!(restarts >= 2),
            End::Vanished => prop_assert!(restarts >= 2),
            end => prop_assert!(false, "ended with {end:?}"),
        }
        if !stop_asked && restarts < 2 {
            prop_assert!(
                matches!(end, End::Known(Verdict::Success(_)) | End::Untold),
                "a result was lost: {end:?}, resumed: {resumed}",
            );
        }
        // Every prompt of others ran, waits or runs, but for those the restarts took.
        let left = world.queue.iter().chain(world.running.iter().map(|(prompt, _)| prompt));
        let left = u32::try_from(left.filter(|prompt| prompt.id != OURS).count()).unwrap();
        prop_assert_eq!(world.others_sent, world.others_done + world.others_lost + left);
    }
}

#[test]
fn an_undisturbed_prompt_takes_one_post_and_few_looks() {
    let outcome = play(Vec::new(), 400, 1, None);
    assert_eq!(outcome.end, End::Known(Verdict::Success(Vec::new())));
    assert!(outcome.world.now_ms < 450, "ended after {} ms", outcome.world.now_ms);
}

#[test]
fn a_prompt_that_takes_the_server_with_it_twice_is_set_aside() {
    let crash = |at| (at, Fault::Restart { down_ms: 20_000 });
    let outcome = play(vec![crash(5_000), crash(45_000)], 30_000, 1, None);
    assert_eq!(outcome.end, End::SetAside);
    assert_eq!(outcome.world.executions, 2);
}

#[test]
fn a_success_that_the_server_forgot_is_not_run_again() {
    // The answers between the end of the run and the restart are all lost.
    let mut faults: Vec<(u64, Fault)> = (400..460).map(|at| (at, Fault::LoseAnswer)).collect();
    faults.push((460, Fault::Restart { down_ms: 5_000 }));
    let outcome = play(faults, 400, 1, None);
    assert_eq!((outcome.end, outcome.world.executions), (End::Untold, 1));
}

#[test]
fn a_success_that_an_earlier_process_was_told_of_is_not_run_again() {
    let mut machine = Recovery::resumed(limits(), 1, 0, true, Duration::ZERO);
    let mut now = Duration::ZERO;
    loop {
        match machine.act(now) {
            Action::Look => machine.take(Event::Looked(Look::Absent), now),
            Action::Wait(until) => now = until,
            Action::End(end) => return assert_eq!(end, End::Untold),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_server_that_stays_away_is_given_up() {
    let outcome = play(vec![(0, Fault::Restart { down_ms: 3_000_000 })], 400, 1, None);
    assert_eq!((outcome.end, outcome.world.executions), (End::Unreachable, 0));
    let stop = vec![(50, Fault::Restart { down_ms: 3_000_000 }), (10_000, Fault::Stop)];
    let outcome = play(stop, 60_000, 1, None);
    assert_eq!(outcome.end, End::Stopped { sure: false });
    assert!(outcome.world.now_ms < 60_000);
}

#[test]
fn silence_is_given_up_and_the_prompt_withdrawn() {
    let outcome = play(vec![(10, Fault::Deaf)], 10_000_000, 1, None);
    assert_eq!(outcome.end, End::Silent { sure: true });
    assert_eq!(outcome.world.copies(), 0);
}
