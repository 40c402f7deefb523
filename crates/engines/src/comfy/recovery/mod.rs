//! What to do next about one prompt, whatever happened so far: a pure state machine. Time comes in as an
//! argument and nothing goes out but [`Action`]s, so that every interleaving of faults can be tried.
//!
//! The rules:
//! - A prompt is done when `/history` says so. What the socket says only makes us look earlier. One exception:
//!   the success was told of, and then the server forgot its history; the files told of are there.
//! - A prompt is sent again only when the server, known to be alive, has it neither in its queue nor in its
//!   history, twice in a row, and no earlier request can still be on its way.
//! - A prompt that twice took the server with it is set aside.
//! - A stop is a delete while the prompt waits and a targeted interrupt while it runs, each right after a look
//!   that said so, and over again until the prompt is gone.

mod terms;

use std::time::Duration;

pub(crate) use self::terms::{Action, Delivery, End, Event, Heard, Look};
use super::back_off::BackOff;
use super::limits::Limits;

/// A prompt that was lost while it ran, this often, is thought to be what took the server down.
const MAX_CRASHES: u32 = 2;
/// A prompt is sent at most this often.
const MAX_POSTS: u32 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivered {
    No,
    Perhaps { since: Duration },
    Yes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Asked,
    Partial,
    Silent,
}

#[derive(Debug, Clone, Copy)]
struct Stop {
    why: Why,
    since: Duration,
}

#[derive(Debug, Clone, PartialEq)]
enum Next {
    Post {
        at: Duration,
    },
    Look {
        at: Duration,
    },
    Delete,
    Interrupt,
    /// An action was handed out; its event is awaited.
    Awaited,
    End(End),
}

#[derive(Debug, Clone)]
pub(crate) struct Recovery {
    limits: Limits,
    next: Next,
    delivered: Delivered,
    posts: u32,
    crashes: u32,
    /// Was seen running since it was last sent.
    ran: bool,
    ahead: Option<u32>,
    told_success: bool,
    absences: u32,
    unreachable_since: Option<Duration>,
    /// Last sign that the prompt gets on.
    life: Duration,
    /// Last word of the socket about it, and how long may pass until it counts as deaf.
    heard: Duration,
    deaf: Duration,
    stop: Option<Stop>,
    looks: BackOff,
    failures: BackOff,
    endings: BackOff,
    withdrawals: BackOff,
    ending_told: bool,
}

impl Recovery {
    /// A prompt that was never sent.
    pub(crate) fn fresh(limits: Limits, seed: u64, now: Duration) -> Self {
        let endings = (Duration::from_millis(10), limits.look.0);
        let withdrawals = (Duration::from_millis(50), limits.look.1);
        Self {
            next: Next::Post { at: now },
            delivered: Delivered::No,
            posts: 0,
            crashes: 0,
            ran: false,
            ahead: None,
            told_success: false,
            absences: 0,
            unreachable_since: None,
            life: now,
            heard: now,
            deaf: limits.deaf,
            stop: None,
            looks: BackOff::new(limits.look, seed),
            failures: BackOff::new(limits.back_off, seed.wrapping_add(1)),
            endings: BackOff::new(endings, seed.wrapping_add(2)),
            withdrawals: BackOff::new(withdrawals, seed.wrapping_add(3)),
            ending_told: false,
            limits,
        }
    }

    /// A prompt that an earlier process may have sent, that was lost while running `crashes` times, and whose
    /// success that process may have been told of.
    pub(crate) fn resumed(
        limits: Limits,
        seed: u64,
        crashes: u32,
        told_success: bool,
        now: Duration,
    ) -> Self {
        let delivered = if told_success { Delivered::Yes } else { Delivered::Perhaps { since: now } };
        Self {
            next: Next::Look { at: now },
            delivered,
            posts: 1,
            crashes,
            told_success,
            ..Self::fresh(limits, seed, now)
        }
    }

    /// How often the prompt was lost while it ran.
    pub(crate) fn crashes(&self) -> u32 {
        self.crashes
    }

    pub(crate) fn is_sent_again(&self) -> bool {
        self.posts > 1
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// Prompts before this one in the queue, the running one included.
    pub(crate) fn ahead(&self) -> Option<u32> {
        self.ahead
    }

    /// The next thing to do. An action other than `Wait` and `ReopenSocket` is to be answered with its event
    /// before this is asked again.
    pub(crate) fn act(&mut self, now: Duration) -> Action {
        self.check_silence(now);
        match self.next.clone() {
            Next::End(end) => Action::End(end),
            Next::Post { at } if now >= at => self.hand_out(Action::Post),
            Next::Look { at } if now >= at => self.hand_out(Action::Look),
            Next::Delete => self.hand_out(Action::Delete),
            Next::Interrupt => self.hand_out(Action::Interrupt),
            Next::Look { .. } if self.socket_seems_deaf(now) => {
                self.heard = now;
                self.deaf *= 2;
                Action::ReopenSocket
            }
            Next::Post { at } | Next::Look { at } => Action::Wait(at),
            Next::Awaited => Action::Wait(now + self.limits.request),
        }
    }

    fn hand_out(&mut self, action: Action) -> Action {
        if action == Action::Post {
            self.posts += 1;
        }
        self.next = Next::Awaited;
        action
    }

    pub(crate) fn take(&mut self, event: Event, now: Duration) {
        if matches!(self.next, Next::End(_)) {
            return;
        }
        match event {
            Event::Posted(delivery) => self.posted(delivery, now),
            Event::Looked(look) => self.looked(look, now),
            Event::Withdrawn => {
                let pause = self.withdrawals.pause();
                self.look_at(now + pause);
            }
            Event::Heard(heard) => self.heard(heard, now),
            Event::StopAsked => self.stop(Why::Asked, now),
        }
    }

    fn posted(&mut self, delivery: Delivery, now: Duration) {
        match delivery {
            Delivery::Accepted | Delivery::AcceptedInPart => {
                self.answered();
                self.delivered = Delivered::Yes;
                (self.life, self.heard) = (now, now);
                if delivery == Delivery::AcceptedInPart {
                    self.stop(Why::Partial, now);
                }
                self.look_soon(now);
            }
            Delivery::Refused => self.next = Next::End(End::Refused),
            Delivery::NotSent if self.stop.is_some() => self.end_stopped(true),
            Delivery::NotSent => {
                self.posts -= 1;
                let pause = self.failures.pause();
                self.unanswered(Next::Post { at: now + pause }, now);
            }
            Delivery::Unknown => {
                self.delivered = Delivered::Perhaps { since: now };
                let pause = self.failures.pause();
                self.unanswered(Next::Look { at: now + pause }, now);
            }
        }
    }

    fn looked(&mut self, look: Look, now: Duration) {
        if look != Look::NoAnswer {
            self.answered();
        }
        match look {
            Look::NoAnswer => {
                let pause = self.failures.pause();
                self.unanswered(Next::Look { at: now + pause }, now);
            }
            Look::Pending { ahead } => {
                self.there();
                if self.ahead != Some(ahead) {
                    self.ahead = Some(ahead);
                    self.life = now;
                    self.looks.reset();
                }
                if self.stop.is_some() { self.next = Next::Delete } else { self.look_soon(now) }
            }
            Look::Running => {
                self.there();
                self.begin(now);
                if self.stop.is_some() { self.next = Next::Interrupt } else { self.look_soon(now) }
            }
            Look::Ended(_) if self.stop.is_some() => self.end_stopped(true),
            Look::Ended(verdict) => self.next = Next::End(End::Known(verdict)),
            Look::Absent => self.absent(now),
        }
    }

    fn absent(&mut self, now: Duration) {
        self.absences += 1;
        let arrived_by_now = match self.delivered {
            Delivered::Perhaps { since } => now >= since + self.limits.in_flight,
            Delivered::No | Delivered::Yes => true,
        };
        if self.absences < 2 || !arrived_by_now {
            let pause = self.failures.pause();
            self.look_at(now + pause);
        } else if self.stop.is_some() {
            self.end_stopped(true);
        } else if self.told_success {
            self.next = Next::End(End::Untold);
        } else {
            self.lost(now);
        }
    }

    /// The server has it no more, or never had it.
    fn lost(&mut self, now: Duration) {
        // Also one that was next in line may have run, and have taken the server with it before that was told.
        let may_have_run = self.ran || self.ahead.is_none_or(|ahead| ahead == 0);
        self.crashes += u32::from(self.delivered == Delivered::Yes && may_have_run);
        self.next = if self.crashes >= MAX_CRASHES {
            Next::End(End::SetAside)
        } else if self.posts >= MAX_POSTS {
            Next::End(End::Vanished)
        } else {
            Next::Post { at: now }
        };
        self.delivered = Delivered::No;
        (self.ran, self.ahead, self.ending_told) = (false, None, false);
        self.absences = 0;
    }

    fn heard(&mut self, heard: Heard, now: Duration) {
        if heard.of_others {
            // A queue that moves is a good sign for what waits in it, and says nothing about what runs.
            if !self.ran {
                self.life = now;
            }
            return;
        }
        (self.life, self.heard) = (now, now);
        self.deaf = self.limits.deaf;
        if heard.started {
            self.begin(now);
            // A request whose answer was lost arrived after all.
            self.there();
            if matches!(self.next, Next::Post { .. }) {
                self.look_at(now);
            }
        }
        self.told_success = heard.succeeded;
        if heard.over && !self.ending_told {
            self.ending_told = true;
            self.endings.reset();
            if matches!(self.next, Next::Look { .. }) {
                self.look_at(now);
            }
        }
    }

    fn begin(&mut self, now: Duration) {
        if !self.ran {
            self.ran = true;
            (self.life, self.heard) = (now, now);
        }
        self.ahead = None;
    }

    fn stop(&mut self, why: Why, now: Duration) {
        // What a person asked for stays the reason, whatever else comes up.
        if self.stop.is_some_and(|stop| stop.why == Why::Asked || stop.why == why) {
            return;
        }
        self.stop = Some(Stop { why, since: now });
        self.withdrawals.reset();
        match self.next {
            Next::Post { .. } => self.end_stopped(true),
            Next::Look { .. } => self.look_at(now),
            Next::Delete | Next::Interrupt | Next::Awaited | Next::End(_) => {}
        }
    }

    fn end_stopped(&mut self, sure: bool) {
        self.next = Next::End(match self.stop.map(|stop| stop.why) {
            Some(Why::Partial) => End::Refused,
            Some(Why::Silent) => End::Silent { sure },
            Some(Why::Asked) | None => End::Stopped { sure },
        });
    }

    fn there(&mut self) {
        self.delivered = Delivered::Yes;
        self.absences = 0;
    }

    fn answered(&mut self) {
        self.unreachable_since = None;
        self.failures.reset();
    }

    fn unanswered(&mut self, then: Next, now: Duration) {
        // One look between two absences that failed makes the second one the first again.
        self.absences = 0;
        let since = *self.unreachable_since.get_or_insert(now);
        self.next = then;
        match self.stop {
            Some(stop) if now >= stop.since.max(since) + self.limits.stop_unreachable => {
                self.end_stopped(false)
            }
            None if now >= since + self.limits.unreachable => self.next = Next::End(End::Unreachable),
            Some(_) | None => {}
        }
    }

    fn check_silence(&mut self, now: Duration) {
        if self.unreachable_since.is_some() || !matches!(self.next, Next::Look { .. }) {
            return;
        }
        match self.stop {
            None if now >= self.life + self.limits.silence => self.stop(Why::Silent, now),
            Some(stop) if now >= stop.since + self.limits.silence => self.end_stopped(false),
            Some(_) | None => {}
        }
    }

    fn socket_seems_deaf(&self, now: Duration) -> bool {
        self.ran && self.stop.is_none() && now >= self.heard + self.deaf
    }

    /// Right away and more and more rarely once an ending was told; else at the usual pace.
    fn look_soon(&mut self, now: Duration) {
        let pause = if self.ending_told { self.endings.pause() } else { self.looks.pause() };
        self.look_at(now + pause);
    }

    fn look_at(&mut self, at: Duration) {
        self.next = Next::Look { at };
    }
}

#[cfg(test)]
mod tests;
