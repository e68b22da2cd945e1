//! Keep alive (section 3.1.2.10): when a PINGREQ is due, and when its answer is overdue.

use std::time::Duration;

use crate::protocol::time::Instant;

/// How long after a PINGREQ the first packet may take to arrive.
const PING_TIMEOUT: Duration = Duration::from_secs(15);
/// The same if there is reason to think that the connection is dead.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Watches one connection at a time.
#[derive(Debug, Default)]
pub(super) struct KeepAlive {
    idle_limit: Duration,
    last_sent: Instant,
    last_received: Instant,
    /// The time at which a ping has waited long enough.
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

    /// A PINGREQ was written to check a doubtful connection. An earlier deadline stays, unless it
    /// passed while the client could not read.
    pub fn probe_sent(&mut self, now: Instant) {
        self.last_sent = now;
        let due = now + PROBE_TIMEOUT;
        let earlier = self.answer_due.filter(|earlier| (now..due).contains(earlier));
        self.answer_due = earlier.or(Some(due));
        self.is_probed = true;
    }

    /// Whether nothing has arrived since [`KeepAlive::probe_sent`].
    pub fn is_probed(&self) -> bool {
        self.is_probed
    }

    /// A packet of any kind arrived: the connection is alive.
    pub fn received(&mut self, now: Instant) {
        self.last_received = now;
        self.answer_due = None;
        self.is_probed = false;
    }

    /// The next deadline: to send a PINGREQ, or to give up waiting for its response.
    pub fn deadline(&self) -> Instant {
        // Both sides need packets from the other: a client that only sends would not notice that
        // nothing arrives.
        let idle = || self.last_sent.min(self.last_received) + self.idle_limit;
        self.answer_due.unwrap_or_else(idle)
    }

    pub fn is_ping_due(&self, now: Instant) -> bool {
        self.answer_due.is_none() && self.deadline() <= now
    }

    /// Whether a ping has waited too long for its response.
    pub fn is_dead(&self, now: Instant) -> bool {
        self.answer_due.is_some_and(|due| due <= now)
    }
}
