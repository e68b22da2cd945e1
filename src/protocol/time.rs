//! Time as the core sees it: always an argument, never read from a clock.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on a clock that never goes backwards, in milliseconds since an arbitrary fixed moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(u64);

impl Instant {
    /// The moment `millis` milliseconds after the clock's zero.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the clock's zero.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// Milliseconds from `self` to `later`; zero if `later` is not later.
    pub fn millis_until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        Duration::from_millis(earlier.millis_until(self))
    }
}

/// The earliest of several moments, without those that are `None`.
pub(super) fn earliest(moments: &[Option<Instant>]) -> Option<Instant> {
    moments.iter().flatten().min().copied()
}

/// The current time, on the two clocks that a client needs.
///
/// They differ: the wall clock can be set, and the monotonic clock of many platforms stands still
/// while the machine sleeps. Intervals are measured on `monotonic`; only token lifetimes are
/// compared with `unix_millis`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For intervals.
    pub monotonic: Instant,
    /// Milliseconds since 1970-01-01 00:00 UTC.
    pub unix_millis: u64,
}

impl Now {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub fn unix_secs(self) -> u64 {
        self.unix_millis / 1000
    }
}
