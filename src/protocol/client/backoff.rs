//! How long to wait before the connection is tried again, or something on it.

use std::time::Duration;

use super::config::Config;

/// How long a retry waits for the platform to say that there is a network: some never do.
const OFFLINE_RETRY: Duration = Duration::from_secs(60);

/// How long what the hub has refused rests at most before it is asked for again.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// After so many failures in a row there is more behind a connection that does not last than the
/// network.
const EARLY_LOSSES: u32 = 2;

#[derive(Debug)]
pub(super) struct Backoff {
    /// Attempts in a row that failed, or gave a connection that did not last.
    failures: u32,
    /// Spreads retries of many clients: the state of splitmix64.
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

    /// Whether there is more behind one more loss than the network.
    pub fn keeps_failing(&self) -> bool {
        self.failures >= EARLY_LOSSES
    }

    /// Doubles with each failure up to the largest interval, and is spread by ±20 %. Without a
    /// network there is nothing to try: the wait ends when there is one, or after long.
    pub fn interval(&mut self, config: &Config, offline: bool) -> Duration {
        let interval = self.doubled(config.retry_interval).min(config.retry_max_interval);
        self.spread(if offline { interval.max(OFFLINE_RETRY) } else { interval })
    }

    /// How long to wait on a connection that stands. It always grows: the hub is there, and busy, or
    /// does not offer what is asked for.
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
