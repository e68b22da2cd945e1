//! Reports from the platform: the network came or went, the machine slept, another client of this
//! identity was opened.

use super::failures;
use super::link::{AfterClose, Link, Permit};
use super::machine::Client;
use crate::protocol::error::ErrorKind;
use crate::protocol::exchange::ConnectionState;
use crate::protocol::time::Now;

/// If the wall clock gains more than this on the monotonic one, it was set, or the machine has
/// slept.
const CLOCK_JUMP_MILLIS: u64 = 10_000;

impl Client {
    /// The platform has a network again, or wakes up: whatever the client is waiting for may work
    /// now.
    pub(super) fn online(&mut self, now: Now) {
        self.offline = false;
        self.io.session.probe(now.monotonic);
        self.retry(now);
    }

    /// The platform believes that there is no network. It is often wrong: the connection may use
    /// another network, and this machine reaches itself without any.
    pub(super) fn offline(&mut self, now: Now) {
        self.offline = true;
        self.io.session.probe(now.monotonic);
        if let Link::Waiting(attempt) = self.link {
            self.wait_for_retry(now, attempt);
        }
    }

    /// The same client was opened elsewhere: reconnecting would only take the connection from it,
    /// and it would take it back.
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
            // The lost connection may have been reported already, but not that the client will not
            // reconnect.
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
