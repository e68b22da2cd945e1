//! How long to wait before a retry of the connection, or of a request on it.

use std::time::Duration;

use super::config::Config;
use crate::protocol::backoff::Backoff;

/// How long a retry waits for the platform to report a network: some never do.
const OFFLINE_RETRY: Duration = Duration::from_secs(60);

/// The longest wait before the client repeats a request that the hub has refused.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// After this many failures in a row, a connection that does not last has another cause than the
/// network.
const EARLY_LOSSES: u32 = 2;

/// A failure is an attempt that failed, or that led to a connection that did not last.
impl Backoff {
    /// Whether another loss probably has a cause other than the network.
    pub(super) fn keeps_failing(&self) -> bool {
        self.failures() >= EARLY_LOSSES
    }

    /// Doubles with each failure up to the largest interval, and is spread by ±20 %. Without a
    /// network, a retry is pointless: the wait ends when there is one, or after a long time.
    pub(super) fn interval(&mut self, config: &Config, offline: bool) -> Duration {
        let interval = self.doubled(config.retry_interval).min(config.retry_max_interval);
        self.spread(if offline { interval.max(OFFLINE_RETRY) } else { interval })
    }

    /// How long to wait while connected. The wait always grows: the hub is there, but it is busy,
    /// or does not offer what was requested.
    pub(super) fn pause(&mut self, config: &Config) -> Duration {
        let first = config.retry_interval;
        self.wait(first, LONGEST_PAUSE.max(first))
    }
}
