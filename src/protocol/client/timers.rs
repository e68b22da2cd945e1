//! Every timer of a client, in one table.

use crate::protocol::time::{Instant, earliest};

/// What happens when a timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// No CONNACK came: give up the attempt.
    Connect,
    /// The socket does not close: drop it.
    Close,
    /// Retry the connection.
    Retry,
    /// Send a PINGREQ, or notice that its response is overdue.
    KeepAlive,
    /// The oldest unanswered request on the connection has waited for long enough.
    Request,
    /// Replace the token by reconnecting.
    Renewal,
    /// Repeat what the hub has refused or not answered on this connection.
    Repeat,
}

const ALL: [Timer; 7] = [
    Timer::Connect,
    Timer::Close,
    Timer::Retry,
    Timer::KeepAlive,
    Timer::Request,
    Timer::Renewal,
    Timer::Repeat,
];

/// When each timer fires.
#[derive(Debug, Default)]
pub(super) struct TimerTable([Option<Instant>; ALL.len()]);

impl TimerTable {
    /// Sets, moves or (with `None`) stops a timer.
    pub fn set(&mut self, timer: Timer, at: Option<Instant>) {
        self.0[timer as usize] = at;
    }

    /// Stops all of them: none outlives what it was set for, a connection or an attempt.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn at(&self, timer: Timer) -> Option<Instant> {
        self.0[timer as usize]
    }

    /// The time of the timer that fires first.
    pub fn next(&self) -> Option<Instant> {
        earliest(&self.0)
    }

    /// Removes and returns a timer that is due.
    pub fn take_expired(&mut self, now: Instant) -> Option<Timer> {
        let timer = ALL.into_iter().find(|&t| self.0[t as usize].is_some_and(|at| at <= now))?;
        self.set(timer, None);
        Some(timer)
    }
}
