//! How long to wait before a retry of the connection, or of a request on it.

use std::time::Duration;

use super::config::Config;

/// How long a retry waits for the platform to report a network: some never do.
const OFFLINE_RETRY: Duration = Duration::from_secs(60);

/// The longest wait before the client repeats a request that the hub has refused.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// After this many failures in a row, a connection that does not last has another cause than the
/// network.
const EARLY_LOSSES: u32 = 2;

#[derive(Debug)]
pub(super) struct Backoff {
    /// Attempts in a row that failed, or led to a connection that did not last.
    failures: u32,
    /// The state of splitmix64, which spreads the retries of many clients.
    random: u64,
}

impl Backoff {
    pub fn new(seed: u64) -> Self {
        Self { failures: 0, random: seed }
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// An attempt has failed, or a connection has not lasted.
    pub fn failed(&mut self) {
        self.failures += 1;
    }

    /// Whether one more loss must have another cause than the network.
    pub fn keeps_failing(&self) -> bool {
        self.failures >= EARLY_LOSSES
    }

    /// Doubles with each failure up to the largest interval, varied by ±20 %. Without a network, a
    /// retry would be pointless: the wait ends when there is one, or after a long time.
    pub fn interval(&mut self, config: &Config, offline: bool) -> Duration {
        let interval = self.doubled(config.retry_interval).min(config.retry_max_interval);
        self.spread(if offline { interval.max(OFFLINE_RETRY) } else { interval })
    }

    /// How long to wait while connected. It always grows: the hub is there, but busy, or does not
    /// offer what the client requests.
    pub fn pause(&mut self, config: &Config) -> Duration {
        let longest = LONGEST_PAUSE.max(config.retry_interval);
        let pause = self.doubled(config.retry_interval).min(longest);
        self.spread(pause)
    }

    fn doubled(&self, interval: Duration) -> Duration {
        interval.saturating_mul(1 << self.failures.saturating_sub(1).min(20))
    }

    fn spread(&mut self, duration: Duration) -> Duration {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let thousandths = u32::try_from((bits ^ (bits >> 31)) % 401).unwrap_or(0);
        duration * (800 + thousandths) / 1000
    }
}
