//! The one timer of a client.

use std::cell::Cell;
use std::time::Duration;

use gloo_timers::callback::Timeout;

use super::host::Shell;
use crate::protocol::Instant;

/// `setTimeout` counts in 32 bits with a sign and fires immediately beyond them.
const LONGEST_MS: u64 = i32::MAX as u64;

/// A timeout, armed or not. While armed, it keeps the shell alive, so that a client that is waiting
/// for something is not garbage-collected when its last JavaScript reference goes.
#[derive(Default)]
pub struct Timer(Cell<Option<(Instant, Timeout)>>);

impl Timer {
    /// Notifies the shell at `at`, or earlier: the callee checks the time and arms the timer again.
    /// A timeout that would fire before `at` anyway is left alone, which saves one per packet.
    pub fn arm(&self, shell: &Shell, now: Instant, at: Option<Instant>) {
        let current = self.0.take();
        let Some(at) = at else { return };
        if current.as_ref().is_some_and(|(armed, _)| now < *armed && *armed <= at) {
            self.0.set(current);
            return;
        }
        let millis = now.millis_until(at).min(LONGEST_MS);
        let shell = shell.clone();
        let timeout =
            Timeout::new(u32::try_from(millis).unwrap_or(u32::MAX), move || shell.timer_fired());
        self.0.set(Some((now + Duration::from_millis(millis), timeout)));
    }

    /// The timeout has fired, or is no longer needed.
    pub fn disarm(&self) {
        self.0.take();
    }
}
