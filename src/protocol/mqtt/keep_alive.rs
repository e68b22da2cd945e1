//! Keep alive (section 3.1.2.10): when a PINGREQ is due, and when its answer is overdue.

use std::time::Duration;

use crate::protocol::time::Instant;

/// How long after a PINGREQ the first sign of life may come.
const PING_TIMEOUT: Duration = Duration::from_secs(15);
/// The same where there is reason to think that the connection is dead.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Watches one connection at a time.
#[derive(Debug, Default)]
pub(super) struct KeepAlive {
    idle_limit: Duration,
    last_sent: Instant,
    last_received: Instant,
    /// When a ping will have waited for long enough.
    answer_due: Option<Instant>,
    is_probed: bool,
}

impl KeepAlive {
    /// `interval` is what CONNECT announces. A ping is due after 0.75 of it, so that a timer which
    /// fires late still stays within the 1.5 times that the server waits.
    pub fn new(interval: Duration) -> Self {
        Self { idle_limit: interval * 3 / 4, ..Self::default() }
    }

    pub fn start(&mut self, now: Instant) {
        self.last_sent = now;
        self.received(now);
    }

    pub fn sent(&mut self, now: Instant) {
        self.last_sent = now;
    }

    pub fn ping_sent(&mut self, now: Instant) {
        self.last_sent = now;
        self.answer_due = Some(now + PING_TIMEOUT);
    }

    /// A PINGREQ was written in doubt. An answer that is due earlier stays so, unless that time
    /// passed while the client could not read.
    pub fn probe_sent(&mut self, now: Instant) {
        self.last_sent = now;
        let due = now + PROBE_TIMEOUT;
        let earlier = self.answer_due.filter(|earlier| (now..due).contains(earlier));
        self.answer_due = earlier.or(Some(due));
        self.is_probed = true;
    }

    /// Whether nothing has come since [`KeepAlive::probe_sent`].
    pub fn is_probed(&self) -> bool {
        self.is_probed
    }

    /// A packet of any kind came: the connection lives.
    pub fn received(&mut self, now: Instant) {
        self.last_received = now;
        self.answer_due = None;
        self.is_probed = false;
    }

    /// When there is something to do: to send a PINGREQ, or to give up waiting for its answer.
    pub fn deadline(&self) -> Instant {
        // The server wants to hear of the client, and the client of the server: one that only
        // sends would not notice that nothing arrives.
        let idle = || self.last_sent.min(self.last_received) + self.idle_limit;
        self.answer_due.unwrap_or_else(idle)
    }

    pub fn is_ping_due(&self, now: Instant) -> bool {
        self.answer_due.is_none() && self.deadline() <= now
    }

    /// Whether a ping has waited for its answer for too long.
    pub fn is_dead(&self, now: Instant) -> bool {
        self.answer_due.is_some_and(|due| due <= now)
    }
}
