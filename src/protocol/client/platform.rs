//! What the platform says: that the network came or went, that it was asleep, that another client
//! of this identity was opened beside this one.

use super::exchange::ConnectionState;
use super::failures;
use super::link::{AfterClose, Link, Permit};
use super::machine::Client;
use crate::protocol::error::ErrorKind;
use crate::protocol::time::Now;

/// A wall clock that gets ahead of the other by more than this was set, or the machine has slept.
const CLOCK_JUMP_MILLIS: u64 = 10_000;

impl Client {
    /// The platform has a network again, or wakes up: whatever was waited for may work now.
    pub(super) fn online(&mut self, now: Now) {
        self.offline = false;
        self.io.session.probe(now.monotonic);
        self.retry(now);
    }

    /// The platform believes that there is no network. It is often wrong: a network may be gone
    /// that the connection does not use, and this machine reaches itself without any.
    pub(super) fn offline(&mut self, now: Now) {
        self.offline = true;
        self.io.session.probe(now.monotonic);
        if let Link::Waiting(attempt) = self.link {
            self.wait_for_retry(now, attempt);
        }
    }

    /// The same client was opened elsewhere: to go on would only take the connection from it, and
    /// it would take it back.
    pub(super) fn replaced(&mut self, now: Now) {
        let state = self.connection_state();
        if state == ConnectionState::Disconnected {
            return;
        }
        self.permit = Permit::Replaced;
        self.tokens.ask_anew();
        let error = failures::replaced(ErrorKind::ConnectionDropped);
        self.fail_all(&error);
        if state != ConnectionState::Connecting {
            // The hub's close may have been told already, but not that it was the last one.
            self.io.tell_disconnected(Some(error.clone()));
        }
        self.io.background(error);
        self.close(now, AfterClose::Stay);
    }

    /// The monotonic clock of many platforms stands still while the machine sleeps, and with it
    /// every timer.
    pub(super) fn watch_clocks(&mut self, now: Now) {
        let ahead = now.unix_millis.saturating_sub(now.monotonic.as_millis());
        if ahead > self.clocks_apart.saturating_add(CLOCK_JUMP_MILLIS) {
            self.io.session.probe(now.monotonic);
        }
        self.clocks_apart = ahead;
    }
}
