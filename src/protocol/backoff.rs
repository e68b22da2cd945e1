//! How long to wait before a retry: longer with each failure in a row, and at random, so that
//! clients do not retry at the same time.

use std::time::Duration;

/// Counts failures in a row.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    /// Spreads the retries of many clients: the state of splitmix64.
    random: u64,
}

impl Backoff {
    pub fn new(seed: u64) -> Self {
        Self { failures: 0, random: seed }
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// It has failed again.
    pub fn failed(&mut self) {
        self.failures += 1;
    }

    /// The number of failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// `first`, doubled with each failure after the first.
    pub fn doubled(&self, first: Duration) -> Duration {
        first.saturating_mul(1 << self.failures.saturating_sub(1).min(20))
    }

    /// How long to wait now: doubled up to the `longest`, and spread.
    pub fn wait(&mut self, first: Duration, longest: Duration) -> Duration {
        self.spread(self.doubled(first).min(longest))
    }

    /// Within 20 % of a duration.
    pub fn spread(&mut self, duration: Duration) -> Duration {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let thousandths = u32::try_from((bits ^ (bits >> 31)) % 401).unwrap_or(0);
        duration * (800 + thousandths) / 1000
    }
}
